#include "simd.h"

#include <math.h>

#include "support/test.h"

/* Lane by lane against plain arithmetic, at every alignment of a float. */

enum { ROOM = 2 * VF_LANES };

static void operations(void)
{
    float a[ROOM], b[ROOM], out[ROOM];
    for (int i = 0; i < ROOM; i++)
        a[i] = (float)(i * 7 % 11) - 5.0F, b[i] = (float)(i * 5 % 13) - 6.0F;
    for (int shift = 0; shift < VF_LANES; shift++) {
        const vf x = vf_load(a + shift), y = vf_load(b + shift);
        const vf results[] = {vf_fma(x, y, x),
                              vf_min(x, y),
                              vf_max(x, y),
                              vf_select((vi)(x < y), x, y),
                              vf_splat(a[shift]),
                              vf_zero(),
                              x + y,
                              x - y,
                              x * y};
        float sum = 0;
        for (int i = 0; i < VF_LANES; i++) {
            const float p = a[shift + i], q = b[shift + i];
            const float expected[] = {p * q + p,     p < q ? p : q, p > q ? p : q,
                                      p < q ? p : q, a[shift],      0.0F,
                                      p + q,         p - q,         p * q};
            sum += p;
            for (int r = 0; r < 9; r++) {
                vf_store(out + shift, results[r]);
                if (out[shift + i] != expected[r]) {
                    test_fail(__FILE__, __LINE__, "operation %d, lane %d, shift %d: %g, not %g", r,
                              i, shift, (double)out[shift + i], (double)expected[r]);
                }
            }
        }
        CHECK(vf_sum(x) == sum); /* small integers: exact in any order */
    }
}

static void not_a_number_yields_the_second(void)
{
    float out[VF_LANES];
    vf_store(out, vf_max(vf_splat(NAN), vf_splat(2.0F)));
    CHECK(out[0] == 2.0F && out[VF_LANES - 1] == 2.0F);
    vf_store(out, vf_min(vf_splat(NAN), vf_splat(2.0F)));
    CHECK(out[0] == 2.0F);
    vf_store(out, vf_max(vf_splat(2.0F), vf_splat(NAN)));
    CHECK(isnan(out[0]));
    vf_store(out, vf_splat(-0.0F));
    CHECK(signbit(out[0]));
}

static const Test tests[] = {TEST(operations), TEST(not_a_number_yields_the_second)};
TEST_MAIN(tests)

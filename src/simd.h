/*
 * The one vector vocabulary: `vf` holds VF_LANES floats. WebAssembly SIMD has 4 lanes; natively 16, 8 or 4
 * by what the compiler may use. Every compiler the project builds with knows these vector types, so that
 * only the lane count depends on the instruction set.
 */
#ifndef CONVOSCOPE_SIMD_H
#define CONVOSCOPE_SIMD_H

#include <stdint.h>

#if defined(__wasm_simd128__)
#include <wasm_simd128.h>
#elif defined(__AVX__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
#define VF_LANES 16
#elif defined(__AVX__)
#define VF_LANES 8
#else
#define VF_LANES 4
#endif

typedef float vf __attribute__((vector_size(4 * VF_LANES)));
typedef int32_t vi
    __attribute__((vector_size(4 * VF_LANES))); /* masks: all bits of a lane, or none */
typedef float vf_unaligned __attribute__((vector_size(4 * VF_LANES), aligned(4), may_alias));

typedef int32_t vi_unaligned __attribute__((vector_size(4 * VF_LANES), aligned(4), may_alias));

static inline vi vi_load(const int32_t *from)
{
    return *(const vi_unaligned *)from;
}

static inline void vi_store(int32_t *to, vi value)
{
    *(vi_unaligned *)to = value;
}

static inline vf vf_load(const float *from)
{
    return *(const vf_unaligned *)from;
}

static inline void vf_store(float *to, vf value)
{
    *(vf_unaligned *)to = value;
}

static inline vf vf_splat(float value)
{
    return value - (vf){0};
}

static inline vf vf_zero(void)
{
    return (vf){0};
}

/* a * b + c; one rounding where the machine has it. */
static inline vf vf_fma(vf a, vf b, vf c)
{
#if defined(__wasm_relaxed_simd__)
    return __builtin_wasm_fma_f32x4(a, b, c);
#else
    return a * b + c;
#endif
}

/* Lanes of a where the mask is set, of b elsewhere. */
static inline vf vf_select(vi mask, vf a, vf b)
{
    return (vf)(((vi)a & mask) | ((vi)b & ~mask));
}

/* The smaller, the larger; b where either is not a number. */
static inline vf vf_min(vf a, vf b)
{
#if defined(__wasm_simd128__)
    return (vf)wasm_f32x4_pmin((v128_t)b, (v128_t)a);
#elif defined(__AVX512F__)
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX__)
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return vf_select((vi)(a < b), a, b);
#endif
}

static inline vf vf_max(vf a, vf b)
{
#if defined(__wasm_simd128__)
    return (vf)wasm_f32x4_pmax((v128_t)b, (v128_t)a);
#elif defined(__AVX512F__)
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX__)
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return vf_select((vi)(a > b), a, b);
#endif
}

/* Every second lane of a and then of b, from the first or the second on. */
#if VF_LANES == 16
#define VF_EVERY_SECOND(a, b, i)                                                                   \
    __builtin_shufflevector(a, b, i, i + 2, i + 4, i + 6, i + 8, i + 10, i + 12, i + 14, i + 16,   \
                            i + 18, i + 20, i + 22, i + 24, i + 26, i + 28, i + 30)
#elif VF_LANES == 8
#define VF_EVERY_SECOND(a, b, i)                                                                   \
    __builtin_shufflevector(a, b, i, i + 2, i + 4, i + 6, i + 8, i + 10, i + 12, i + 14)
#else
#define VF_EVERY_SECOND(a, b, i) __builtin_shufflevector(a, b, i, i + 2, i + 4, i + 6)
#endif

static inline vf vf_even(vf a, vf b)
{
    return VF_EVERY_SECOND(a, b, 0);
}

static inline vf vf_odd(vf a, vf b)
{
    return VF_EVERY_SECOND(a, b, 1);
}

/* Four floats, whatever VF_LANES is. */
typedef float quad __attribute__((vector_size(16)));
typedef float quad_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

static inline quad quad_load(const float *from)
{
    return *(const quad_unaligned *)from;
}

static inline void quad_store(float *to, quad value)
{
    *(quad_unaligned *)to = value;
}

/* Rows become columns. */
static inline void quad_transpose(quad row[4])
{
    const quad a = __builtin_shufflevector(row[0], row[1], 0, 4, 1, 5);
    const quad b = __builtin_shufflevector(row[0], row[1], 2, 6, 3, 7);
    const quad c = __builtin_shufflevector(row[2], row[3], 0, 4, 1, 5);
    const quad d = __builtin_shufflevector(row[2], row[3], 2, 6, 3, 7);
    row[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
    row[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
    row[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
    row[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

/* Is any lane of the mask set? */
static inline int vi_any(vi mask)
{
#if defined(__wasm_simd128__)
    return wasm_v128_any_true((v128_t)mask);
#else
    int32_t lane[VF_LANES], any = 0;
    vi_store(lane, mask);
    for (int i = 0; i < VF_LANES; i++) any |= lane[i];
    return any != 0;
#endif
}

/* from[index] for each lane. */
static inline vf vf_gather(const float *from, const int32_t *index)
{
#if defined(__wasm_simd128__)
    return (vf)wasm_f32x4_make(from[index[0]], from[index[1]], from[index[2]], from[index[3]]);
#else
    vf lanes = vf_zero();
    for (int i = 0; i < VF_LANES; i++) lanes[i] = from[index[i]];
    return lanes;
#endif
}

/* Sum of the lanes, pairwise from the halves. */
static inline float vf_sum(vf a)
{
    float lane[VF_LANES];
    vf_store(lane, a);
    for (int half = VF_LANES / 2; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) lane[i] += lane[i + half];
    }
    return lane[0];
}

#endif

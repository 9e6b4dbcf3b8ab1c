#include "kernels/conv2d_shape.h"
#include "kernels/depthwise.h"
#include "kernels/direct.h"
#include "simd.h"

/* Whether scattering beats gathering: where there are few channels to write to, in themselves (gathering
 * leaves most of a register tile idle) or beside those that are read (it packs each of them once per tap).
 * The bounds were measured on layers of SqueezeNet, VGG and a style network. */
static bool few_to_write(const Conv2d *c, int write, int read)
{
    return kernel_size(c) > 1 && (write < 5 || (4 * write <= read && write <= 64));
}

/* Below these, transforms cost more than they save. */
enum { WINOGRAD_READ = 8, WINOGRAD_WRITE = 8 };

/* Forward, sums of few products are so exact without it that an error of 6e-7 would show: of two activations
 * that nearly tie, a pool then takes the other one, and the gradient another way. With multiplications and additions
 * fused the transforms are more exact, and where vectors are short, gathering takes twice their time. */
#if defined(__wasm_relaxed_simd__)
enum { WINOGRAD_READ_FORWARD = 16 };
#else
enum { WINOGRAD_READ_FORWARD = 24 };
#endif

/* Forward, of fewer tiles, transformed filters are too much to read: a product of few columns is faster. Measured with
 * 64 to 512 channels, of 8 x 8 pixels and 10 x 10. */
enum { WINOGRAD_TILES_FORWARD = VF_LANES > 4 ? 5 : 1 };

static int tiles_of(const Conv2d *c)
{
    return ((c->out_height + 3) / 4) * ((c->out_width + 3) / 4);
}

/* Whether the tiles of 4 x 4 pixels of an image fill half a vector: less, and a batch is gathered faster. */
static bool fills_vectors(const Conv2d *c)
{
    return c->batch == 1 || 2 * tiles_of(c) >= VF_LANES;
}

static bool fits_winograd(const Conv2d *c, int write, int read)
{
    return c->groups == 1 && c->kernel_height == 3 && c->kernel_width == 3 && c->stride_y == 1 &&
           c->stride_x == 1 && c->dilation_y == 1 && c->dilation_x == 1 && read >= WINOGRAD_READ &&
           write >= WINOGRAD_WRITE && fills_vectors(c);
}

Conv2dAlgorithm conv2d_forward_algorithm(const Conv2d *c)
{
    const int write = out_per_group(c), read = in_per_group(c);
    if (depthwise_fits(c)) return CONV2D_DEPTHWISE;
    if (fits_winograd(c, write, read) && read >= WINOGRAD_READ_FORWARD &&
        (c->batch > 1 || tiles_of(c) >= WINOGRAD_TILES_FORWARD)) {
        return CONV2D_WINOGRAD;
    }
    /* With a stride, an input pixel does not reach the same outputs as its neighbour. */
    if (few_to_write(c, write, read) && c->stride_y == 1 && c->stride_x == 1) return CONV2D_SCATTER;
    if (direct_fits(c)) return CONV2D_DIRECT;
    return is_pointwise(c) ? CONV2D_POINTWISE : CONV2D_GATHER;
}

Conv2dAlgorithm conv2d_input_gradient_algorithm(const Conv2d *c)
{
    const int write = in_per_group(c), read = out_per_group(c);
    if (depthwise_fits(c)) return CONV2D_DEPTHWISE;
    if (fits_winograd(c, write, read)) return CONV2D_WINOGRAD;
    if (few_to_write(c, write, read)) return CONV2D_SCATTER;
    return is_pointwise(c) ? CONV2D_POINTWISE : CONV2D_GATHER;
}

const char *conv2d_algorithm_name(Conv2dAlgorithm algorithm)
{
    static const char *const names[] = {"depthwise", "winograd", "scatter",
                                        "pointwise", "direct",   "gather"};
    return names[algorithm];
}

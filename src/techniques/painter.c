#include "techniques/painter.h"

#include <assert.h>
#include <string.h>

/* Pixels. Networks have a faint taste for some colour of the whole picture, which Adam makes as strong as any
 * other: with all waves it turns purple. Forms are smaller than that. */
static const float longest_wave = 48;

/* Rows of the colours in the network's order of channels; false where they are not red, green and blue. */
static bool order_colours(const Preprocess *preprocess, float colours[9])
{
    static const char order[] = "RGB";
    if (preprocess_channels(preprocess) != 3) return false;
    for (int c = 0; c < 3; c++) {
        const char *at = strchr(order, preprocess->channels[c]);
        if (!at) return false;
        memcpy(colours + 3 * c, colours_rgb + 3 * (at - order), 3 * sizeof *colours);
    }
    return true;
}

static Status create_parameterisation(Run *run, Painter *p)
{
    float colours[9];
    const bool coloured = order_colours(network_preprocess(run_network(run)), colours);
    const bool fourier = p->options.kind == PARAMETERISATION_FOURIER;
    const ParameterisationOptions options = {
        .kind = p->options.kind,
        .range = p->options.range,
        .decay = p->options.falloff,
        .longest = longest_wave,
        .count = p->count,
        .channels = p->channels,
        .height = p->height,
        .width = p->width,
        .colours = coloured && fourier ? colours : NULL,
    };
    TRY(parameterisation_create(&p->parameterisation, run_arena(run), &options));
    float **const buffers[] = {&p->z, &p->dz, &p->pictures, &p->dpictures};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        TRY(run_floats(run, p->size, buffers[i]));
    OptimOptions optimiser = optim_defaults(OPTIM_ADAM);
    optimiser.step = p->options.step;
    return optim_create(&p->optim, OPTIM_ADAM, p->size, &optimiser);
}

Status painter_create(Run *run, Graph *graph, const PainterOptions *options, Painter **painter)
{
    const Preprocess *preprocess = network_preprocess(run_network(run));
    const Value *input = graph_input(graph, 0);
    const Shape *shape = &input->shape;
    if (shape->rank != 4 || shape->dim[1] != preprocess_channels(preprocess)) {
        return status_error(STATUS_UNSUPPORTED,
                            "the input '%s' holds no picture, so none can be painted for it",
                            input->name);
    }
    Painter *p = arena_alloc(run_arena(run), sizeof *p);
    if (!p) return status_no_memory("the painter", sizeof *p);
    *painter = p;
    *p = (Painter){.graph = graph, .input = input, .options = *options};
    assert(options->step_count <= PAINTER_MAX_STEPS);
    memcpy(p->steps, options->steps, (size_t)options->step_count * sizeof *p->steps);
    p->count = shape->dim[0], p->channels = shape->dim[1];
    p->height = shape->dim[2], p->width = shape->dim[3];
    p->plane = shape_span(shape, 2, 4), p->item = shape_span(shape, 1, 4);
    p->size = shape_elements(shape);
    p->random = random_seeded(options->seed);
    p->moves = arena_alloc(run_arena(run), (size_t)p->count * sizeof *p->moves);
    if (!p->moves) return status_no_memory("the painter", (size_t)p->count * sizeof *p->moves);
    for (int c = 0; c < p->channels; c++) {
        float white, level;
        preprocess_bounds(preprocess, c, &p->black[c], &white, &level);
        p->range[c] = white - p->black[c];
    }
    TRY(create_parameterisation(run, p));
    painter_begin_again(p, options->noise);
    return status_ok();
}

void painter_destroy(Painter *painter)
{
    if (painter) optim_destroy(painter->optim);
}

void painter_begin_again(Painter *p, float deviation)
{
    parameterisation_noise(p->parameterisation, deviation, &p->random, p->z);
}

void painter_show(Painter *p, bool transformed)
{
    parameterisation_paint(p->parameterisation, p->z, p->pictures);
    const int steps = transformed ? p->options.step_count : 0;
    for (int n = 0; n < p->count; n++) {
        float *seen = p->input->data + (size_t)n * p->item;
        p->moves[n] = transformation_draw(p->steps, steps, p->options.border, p->height, p->width,
                                          p->height, p->width, &p->random);
        transformation_apply(&p->moves[n], p->pictures + (size_t)n * p->item, p->channels, seen);
        for (size_t i = 0; i < p->item; i++)
            seen[i] = p->black[i / p->plane] + p->range[i / p->plane] * seen[i];
    }
}

void painter_gradient(Painter *p)
{
    for (int n = 0; n < p->count; n++) {
        const size_t at = (size_t)n * p->item;
        transformation_adjoint(&p->moves[n], p->input->grad + at, p->channels, p->dpictures + at);
        /* What is minimised is the objective's negative. */
        for (size_t i = 0; i < p->item; i++) p->dpictures[at + i] *= -p->range[i / p->plane];
    }
    parameterisation_gradient(p->parameterisation, p->dpictures, p->dz);
}

void painter_climb(Painter *p, double objective)
{
    painter_gradient(p);
    optim_tell(p->optim, p->z, -objective, p->dz);
    const float keep = 1 - p->options.decay;
    for (size_t i = 0; i < p->size; i++) p->z[i] *= keep;
}

void painter_rgb(const Painter *p, const Preprocess *preprocess, int n, float *rgb)
{
    preprocess_reorder(preprocess, p->pictures + (size_t)n * p->item, p->height, p->width, rgb);
}

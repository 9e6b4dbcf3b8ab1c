#include <math.h>
#include <stdio.h>
#include <string.h>

#include "network_layers.h"
#include "techniques/dream.h"

/* ---- sizes ---- */

size_t dream_values(const Dream *s, int height, int width)
{
    return (size_t)s->channels * (size_t)height * (size_t)width;
}

/* A network of one size makes one octave of it. */
static Status plan_size(Run *run, Octave o)
{
    Dream *s = run_state(run);
    const GraphRequest request = {.height = o.height, .width = o.width};
    if (s->octave || s->frame) return run_plan(run, &request, &s->graph);
    TRY(plan_sized(run, &request, &s->graph));
    const Shape *shape = &graph_input(s->graph, 0)->shape;
    if (shape->rank != 4 || (shape->dim[2] == o.height && shape->dim[3] == o.width))
        return status_ok();
    s->height = shape->dim[2], s->width = shape->dim[3];
    s->octave_count = 1;
    s->octaves[0] = (Octave){s->height, s->width};
    return status_ok();
}

static void choose_sizes(Run *run)
{
    Dream *s = run_state(run);
    fit_picture(run_picture(run, 0), run_int(run, "size"), DREAM_LEAST_SIDE, &s->height, &s->width);
    const int wanted = run_int(run, "octaves");
    double shrink = 1;
    Octave sizes[DREAM_MAX_OCTAVES];
    while (s->octave_count < wanted) {
        const Octave o = {(int)lround(s->height * shrink), (int)lround(s->width * shrink)};
        if (s->octave_count && (o.height < DREAM_LEAST_SIDE || o.width < DREAM_LEAST_SIDE)) break;
        sizes[s->octave_count++] = o;
        shrink /= (double)run_float(run, "ratio");
    }
    for (int i = 0; i < s->octave_count; i++) s->octaves[i] = sizes[s->octave_count - 1 - i];
}

/* In the later middle: the last style layer whose map is larger than the deepest one's. There whole eyes and heads
 * are known; the deepest size has only a few, faint things to add. */
static Status choose_layer(Run *run, Value **layer)
{
    const Dream *s = run_state(run);
    const char *name = run_text(run, "layer");
    if (strcmp(name, "auto") != 0) return network_layer(run_network(run), s->graph, name, layer);
    LayerList list;
    TRY(style_layers(run_network(run), s->graph, "auto", run_arena(run), &list));
    int at = list.count - 1;
    while (at > 0 && list.layer[at]->shape.dim[2] <= list.layer[list.count - 1]->shape.dim[2]) at--;
    *layer = list.layer[at];
    return status_ok();
}

static Status set_objective(Run *run)
{
    Dream *s = run_state(run);
    Value *layer;
    TRY(choose_layer(run, &layer));
    const int channel = run_int(run, "channel");
    const int channels = layer->shape.rank > 1 ? layer->shape.dim[1] : 1;
    if (channel >= channels) {
        return status_error(STATUS_BAD_INPUT,
                            "dream: layer '%s' has the channels 0 to %d, but no channel %d",
                            layer->name, channels - 1, channel);
    }
    snprintf(s->layer, sizeof s->layer, "%s", layer->name);
    s->term = (Objective){.kind = channel < 0 ? OBJECTIVE_LAYER : OBJECTIVE_CHANNEL,
                          .value = layer,
                          .channel = channel < 0 ? 0 : channel,
                          .weight = 1};
    if (!s->guide) return status_ok();
    s->term.kind = OBJECTIVE_GUIDE;
    s->term.reference = s->guide;
    s->term.reference_positions = s->guide_positions;
    s->term.scratch = s->scratch;
    return status_ok();
}

Status dream_plan(Run *run)
{
    Dream *s = run_state(run);
    TRY(plan_size(run, s->octaves[s->octave]));
    s->input = graph_input(s->graph, 0);
    TRY(check_colour_input(run, "dream", s->input));
    return set_objective(run);
}

Status dream_plan_octaves(Run *run)
{
    choose_sizes(run);
    return dream_plan(run);
}

/* ---- dreaming ---- */

/* The picture at this octave's size, with the detail of the one before. */
Status dream_start_octave(Run *run)
{
    Dream *s = run_state(run);
    const Octave o = s->octaves[s->octave];
    if (!s->graph) TRY(dream_plan(run));
    if (!s->allocated) {
        /* A step of its own, for zeroing the memory takes as long as a layer. */
        s->allocated = true;
        return graph_allocate(s->graph, GRAPH_INPUT_GRADIENT);
    }
    TRY(resample(s->original, s->channels, s->height, s->width, s->base, o.height, o.width));
    memset(s->dreamt, 0, dream_values(s, o.height, o.width) * sizeof *s->dreamt);
    if (s->octave) {
        TRY(resample(s->detail, s->channels, s->from_height, s->from_width, s->dreamt, o.height,
                     o.width));
    }
    for (size_t i = 0; i < dream_values(s, o.height, o.width); i++)
        s->dreamt[i] = fminf(fmaxf(s->dreamt[i] + s->base[i], 0), 255);
    s->done = 0;
    s->started = true;
    return status_ok();
}

void dream_ask_gradient(Run *run)
{
    Dream *s = run_state(run);
    const Octave o = s->octaves[s->octave];
    const int jitter = run_int(run, "jitter");
    const size_t plane = (size_t)o.height * (size_t)o.width;
    s->shift_y = random_shift(&s->random, jitter, o.height);
    s->shift_x = random_shift(&s->random, jitter, o.width);
    roll_planes(s->dreamt, s->input->data, s->channels, o.height, o.width, s->shift_y, s->shift_x);
    for (size_t i = 0; i < (size_t)s->channels * plane; i++)
        s->input->data[i] = s->black[i / plane] + s->level[i / plane] * s->input->data[i];
    run_ask_gradient(run, s->graph, &s->term, 1, &backward_exact);
    /* The cost of an iteration goes with the pixels. */
    double before = 0, all = 0;
    for (int i = 0; i < s->octave_count; i++) {
        const double pixels = (double)s->octaves[i].height * s->octaves[i].width;
        all += pixels;
        if (i < s->octave) before += pixels;
    }
    const double share = (double)plane / s->iterations;
    const double now = before + share * s->done, frames = s->frame_count;
    run_tell_progress(run, (s->frame + now / all) / frames,
                      (s->frame + (now + share) / all) / frames);
}

Status dream_take_step(Run *run)
{
    Dream *s = run_state(run);
    const Octave o = s->octaves[s->octave];
    const size_t plane = (size_t)o.height * (size_t)o.width, count = (size_t)s->channels * plane;
    TRY(check_gradient(s->graph, s->input, s->term.value->name, &backward_exact));
    roll_planes(s->input->grad, s->gradient, s->channels, o.height, o.width,
                (o.height - s->shift_y) % o.height, (o.width - s->shift_x) % o.width);
    double mean = 0;
    for (size_t i = 0; i < count; i++) {
        s->gradient[i] *= s->level[i / plane];
        mean += fabsf(s->gradient[i]);
    }
    mean /= (double)count;
    const float step = (float)(run_float(run, "step") / mean);
    for (size_t i = 0; i < count; i++)
        s->dreamt[i] = fminf(fmaxf(s->dreamt[i] + step * s->gradient[i], 0), 255);
    for (size_t i = 0; i < count; i++) s->detail[i] = s->dreamt[i] - s->base[i];
    s->from_height = o.height, s->from_width = o.width;
    s->last = run_objective(run);
    if (s->done++ == 0) s->first = s->last;
    s->curve[s->curve_count++] = (float)(s->first != 0 ? s->last / s->first : 0);
    run_tell_version(run);
    return status_ok();
}

#include "techniques/run.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

Status run_create(Run **run, const Technique *technique, Network *network)
{
    Run *created = calloc(1, sizeof *created);
    if (created) created->arena = arena_create();
    if (!created || !created->arena) {
        free(created);
        return status_no_memory("the run", sizeof *created);
    }
    created->technique = technique;
    created->network = network;
    created->state = arena_alloc(created->arena, technique->state_bytes);
    Status status = created->state ? params_create(created)
                                   : status_no_memory("the run", technique->state_bytes);
    if (status.code != STATUS_OK) {
        run_destroy(created);
        return status;
    }
    *run = created;
    return status;
}

void run_destroy(Run *run)
{
    if (!run) return;
    if (run->begun && run->technique->end) run->technique->end(run);
    run_destroy(run->nested);
    for (int i = 0; i < run->graph_count; i++) graph_destroy(run->graphs[i]);
    for (int i = 0; i < run->picture_count; i++) picture_release(&run->pictures[i].picture);
    free(run->pictures);
    arena_destroy(run->arena);
    free(run);
}

/* ---- pictures ---- */

Status run_takes_pictures(const Run *run, int count)
{
    const Technique *t = run->technique;
    const int most = technique_most_pictures(t);
    if (count <= most) return status_ok();
    return status_error(STATUS_BAD_INPUT, "%s takes %s%d picture%s, so there is no picture %d",
                        t->id, most > t->pictures ? "at most " : "", most, most == 1 ? "" : "s",
                        most + 1);
}

/* Makes room for the picture; those before it that are not set yet are empty. */
static Status reach_picture(Run *run, int index)
{
    if (index < 0) return status_error(STATUS_BAD_INPUT, "there is no picture %d", index + 1);
    TRY(run_takes_pictures(run, index + 1));
    if (index >= run->picture_room) {
        const int doubled = 2 * run->picture_room, room = index < doubled ? doubled : index + 1;
        RunPicture *grown = realloc(run->pictures, (size_t)room * sizeof *grown);
        if (!grown) return status_no_memory("the pictures", (size_t)room * sizeof *grown);
        run->pictures = grown;
        run->picture_room = room;
    }
    while (run->picture_count <= index) run->pictures[run->picture_count++] = (RunPicture){0};
    return status_ok();
}

static size_t pixels_of(const Picture *picture)
{
    return picture->rgba ? (size_t)picture->width * (size_t)picture->height : 0;
}

Status run_set_picture(Run *run, int index, const Picture *picture)
{
    TRY(reach_picture(run, index));
    Picture *place = &run->pictures[index].picture;
    const size_t pixels = run->pixels - pixels_of(place) + pixels_of(picture);
    if (run->picture_count > 1 && pixels > RUN_MAX_PIXELS) {
        return status_error(STATUS_BAD_INPUT,
                            "the pictures have more than %d million pixels together: give fewer or "
                            "smaller ones",
                            RUN_MAX_PIXELS / 1000000);
    }
    Picture copy = {0};
    TRY(picture_copy(&copy, picture->width, picture->height, picture->rgba));
    picture_release(place);
    *place = copy;
    run->pixels = pixels;
    return status_ok();
}

static Status copy_text(Run *run, const char *text, const char **copy)
{
    *copy = text ? arena_text(run->arena, text, strlen(text)) : NULL;
    return *copy || !text ? status_ok() : status_no_memory("a name", strlen(text));
}

Status run_name_picture(Run *run, int index, const char *name, const char *group)
{
    TRY(reach_picture(run, index));
    TRY(copy_text(run, name, &run->pictures[index].name));
    return copy_text(run, group, &run->pictures[index].group);
}

static Status check_pictures(const Run *run)
{
    const Technique *t = run->technique;
    const int least = t->pictures > run->picture_count ? t->pictures : run->picture_count;
    for (int i = 0; i < least; i++) {
        if (i < run->picture_count && run->pictures[i].picture.rgba) continue;
        if (least == 1)
            return status_error(STATUS_BAD_INPUT, "%s needs a picture: give one", t->id);
        return status_error(STATUS_BAD_INPUT, "%s needs %s%d pictures, and picture %d is missing",
                            t->id, t->most_pictures > t->pictures ? "at least " : "", t->pictures,
                            i + 1);
    }
    return status_ok();
}

Status run_begin(Run *run)
{
    TRY(check_pictures(run));
    run->begun = true;
    return run->technique->begin(run);
}

/* ---- driving ---- */

/* Goes on with the pass for about `seconds`; true when it is over (or none was asked for). */
static bool pass_advance(Run *run, double seconds)
{
    switch (run->phase) {
    case PHASE_IDLE: break;
    case PHASE_FORWARD:
        if (!graph_advance(run->graph, seconds)) return false;
        run->phase = PHASE_IDLE;
        if (!run->gradient) break;
        run->phase = PHASE_SEED;
        return false;
    case PHASE_SEED:
        if (!run->zeroed) {
            run->zeroed = graph_zero_more(run->graph, seconds);
            return false;
        }
        /* One term a slice: a Gram matrix takes as long as a layer. */
        if (run->next_term < run->term_count) {
            const int term = run->next_term++;
            run->term_values[term] = objectives_seed(&run->terms[term], 1, run->graph);
            run->objective += run->term_values[term];
            return false;
        }
        graph_begin_backward(run->graph, run->rule);
        run->phase = PHASE_BACKWARD;
        return false;
    case PHASE_BACKWARD:
        if (!graph_advance(run->graph, seconds)) return false;
        run->phase = PHASE_IDLE;
        break;
    case PHASE_NESTED: return nested_advance(run, seconds);
    }
    return true;
}

Status run_advance(Run *run, double seconds, bool *done)
{
    const double until = clock_seconds() + seconds;
    double left = seconds;
    while (!run->finished) {
        if (pass_advance(run, left)) TRY(run->technique->step(run));
        left = until - clock_seconds();
        if (left <= 0) break;
    }
    *done = run->finished;
    return status_ok();
}

/* Backward costs about twice what forward does. */
static double pass_share(const Run *run)
{
    const double forward = run->gradient ? 1.0 / 3.0 : 1.0;
    switch (run->phase) {
    case PHASE_IDLE: return 1;
    case PHASE_FORWARD: return forward * graph_progress(run->graph);
    case PHASE_SEED: return forward;
    case PHASE_BACKWARD: return forward + (1 - forward) * graph_progress(run->graph);
    case PHASE_NESTED: return run_progress(run->nested);
    }
    return 1;
}

double run_progress(const Run *run)
{
    if (run->finished) return 1;
    if (!run->begun) return 0;
    return run->before + (run->after - run->before) * pass_share(run);
}

int run_version(const Run *run)
{
    return run->version;
}

/* ---- results ---- */

static Status not_finite(const Run *run, const ResultItem *item)
{
    for (int i = 0; i < run->graph_count; i++) {
        const Node *node = graph_first_nonfinite(run->graphs[i]);
        if (!node) continue;
        return status_error(
            STATUS_BAD_INPUT,
            "%s: '%s' is not finite; the first layer whose values are not is %s '%s'",
            run->technique->id, item->title, node->op->name, node->name);
    }
    return status_error(
        STATUS_BAD_INPUT,
        "%s: '%s' is not finite although every activation is: the gradients overflow",
        run->technique->id, item->title);
}

Status run_result(Run *run, Result *result)
{
    *result = (Result){0};
    if (!run->begun) {
        return status_error(STATUS_BAD_INPUT, "%s has not begun yet", run->technique->id);
    }
    TRY(run->technique->result(run, result));
    for (int i = 0; i < result->item_count; i++) {
        const ResultItem *item = &result->items[i];
        const TensorStats stats = tensor_stats(item->data, shape_elements(&item->shape));
        if (stats.nonfinite) return not_finite(run, item);
        const bool zero = stats.min == 0 && stats.max == 0;
        if (i == 0 && item->kind == RESULT_MAP && zero && run->finished) {
            return status_error(STATUS_BAD_INPUT,
                                "%s: '%s' is zero everywhere, so there is nothing "
                                "to see",
                                run->technique->id, item->title);
        }
    }
    return status_ok();
}

/* ---- for techniques ---- */

void *run_state(Run *run)
{
    return run->state;
}

Network *run_network(Run *run)
{
    return run->network;
}

Arena *run_arena(Run *run)
{
    return run->arena;
}

const Picture *run_picture(const Run *run, int index)
{
    return &run->pictures[index].picture;
}

int run_picture_count(const Run *run)
{
    return run->picture_count;
}

const char *run_picture_name(const Run *run, int index)
{
    const char *name = run->pictures[index].name;
    return name ? name : "";
}

const char *run_picture_group(const Run *run, int index)
{
    const char *group = run->pictures[index].group;
    return group ? group : "";
}

Status run_plan(Run *run, const GraphRequest *request, Graph **graph)
{
    if (run->graph_count == RUN_MAX_GRAPHS)
        return status_error(STATUS_UNSUPPORTED, "%s asks for too many graphs", run->technique->id);
    const char *kept[RUN_MAX_KEPT];
    int count = params_layers(run, kept, RUN_MAX_KEPT);
    for (int i = 0; i < request->keep_count && count < RUN_MAX_KEPT; i++)
        kept[count++] = request->keep[i];
    GraphRequest extended = *request;
    extended.keep = kept;
    extended.keep_count = count;
    extended.partial = true; /* a target that can be reached needs no more */
    if (run->redrawn) extended.redrawn = run->redrawn, extended.redraw_seed = run->redraw_seed;
    TRY(network_build(run->network, &extended, graph));
    run->graphs[run->graph_count++] = *graph;
    return status_ok();
}

Status run_build(Run *run, const GraphRequest *request, unsigned flags, Graph **graph)
{
    TRY(run_plan(run, request, graph));
    return graph_allocate(*graph, flags);
}

void run_drop(Run *run, Graph *graph)
{
    for (int i = 0; i < run->graph_count; i++) {
        if (run->graphs[i] != graph) continue;
        graph_destroy(graph);
        run->graphs[i] = run->graphs[--run->graph_count];
        return;
    }
}

Status run_floats(Run *run, size_t count, float **floats)
{
    *floats = arena_alloc(run->arena, count * sizeof(float));
    if (!*floats) return status_no_memory(run->technique->title, count * sizeof(float));
    return status_ok();
}

Status run_load_picture(Run *run, Graph *graph, int index, int n)
{
    const Value *input = graph_input(graph, 0);
    const Preprocess *preprocess = network_preprocess(run->network);
    if (input->shape.rank != 4 || input->shape.dim[1] != preprocess_channels(preprocess)) {
        char text[SHAPE_TEXT_BYTES];
        return status_error(
            STATUS_UNSUPPORTED,
            "the input '%s' is %s, but a picture fills 1x%dxHxW; see `channels` of the "
            "preprocessing",
            input->name, shape_text(&input->shape, text), preprocess_channels(preprocess));
    }
    const size_t item = shape_span(&input->shape, 1, 4);
    return preprocess_apply(preprocess, &run->pictures[index].picture, input->shape.dim[2],
                            input->shape.dim[3], input->data + (size_t)n * item);
}

static void ask(Run *run, Graph *graph, Phase phase)
{
    assert(run->phase == PHASE_IDLE);
    run->graph = graph;
    run->phase = phase;
    run->gradient = false;
    run->before = run->after; /* until the technique tells better */
}

static void ask_terms(Run *run, const Objective *terms, int count, const BackwardRule *rule)
{
    assert(count > 0 && count <= RUN_MAX_TERMS);
    memcpy(run->terms, terms, (size_t)count * sizeof *terms);
    run->term_count = count;
    run->next_term = 0;
    run->zeroed = false;
    run->objective = 0;
    run->rule = rule;
    run->gradient = true;
}

void run_ask_forward(Run *run, Graph *graph, Value *const *targets, int count)
{
    ask(run, graph, PHASE_FORWARD);
    graph_begin_forward(graph, targets, count);
}

/* A pass that reaches the values of all terms; of very many: all of the graph. */
static void begin_forward(Run *run, Graph *graph, const Objective *terms, int count)
{
    enum { MOST = 2 * RUN_MAX_TERMS };
    Value *targets[MOST];
    int reached = 0;
    for (int i = 0; i < count; i++) {
        for (const Objective *t = &terms[i]; t; t = t->plus, reached++) {
            if (reached < MOST) targets[reached] = t->value;
        }
    }
    run_ask_forward(run, graph, targets, reached <= MOST ? reached : 0);
}

void run_ask_objective(Run *run, Graph *graph, const Objective *term)
{
    begin_forward(run, graph, term, 1);
}

void run_ask_gradient(Run *run, Graph *graph, const Objective *terms, int count,
                      const BackwardRule *rule)
{
    begin_forward(run, graph, terms, count);
    ask_terms(run, terms, count, rule);
}

void run_ask_backward(Run *run, Graph *graph, const Objective *terms, int count,
                      const BackwardRule *rule)
{
    ask(run, graph, PHASE_SEED);
    ask_terms(run, terms, count, rule);
}

double run_objective(const Run *run)
{
    return run->objective;
}

double run_term(const Run *run, int index)
{
    return run->term_values[index];
}

void run_tell_progress(Run *run, double before, double after)
{
    /* Never backwards: a line search may ask for the same step again. */
    if (before > run->before) run->before = before;
    run->after = after > run->before ? after : run->before;
}

void run_tell_version(Run *run)
{
    run->version++;
}

void run_finish(Run *run)
{
    run->finished = true;
}

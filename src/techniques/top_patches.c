#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "techniques/common.h"
#include "techniques/sheet.h"

enum { CELL = 112, MOST = 25, COLUMNS = 6 };

static const char *const columns[COLUMNS] = {"rank", "picture", "class", "activation", "y", "x"};

static const Param params[] = {
    TARGET_PARAM("Whose favourites are sought: a channel (channel:NODE:C), a neuron, or a class, "
                 "whose patches are whole pictures."),
    {.name = "count",
     .title = "Patches",
     .type = PARAM_INT,
     .min = 1,
     .max = MOST,
     .step = 1,
     .initial = "9",
     .unit = "",
     .help = "How many are shown, one of each picture; the paper shows nine."},
    {.name = "map",
     .title = "Map",
     .type = PARAM_CHOICE,
     .initial = "deconvnet",
     .choices = "deconvnet|guided|gradient",
     .unit = "",
     .help = "How what excites the unit is brought back to the pixels: deconvnet as the paper has "
             "it, guided is sharper, gradient is the plain derivative."},
};

typedef struct Patch {
    int picture, y, x;
    float activation;
} Patch;

typedef struct Patches {
    Graph *graph;
    Objective unit; /* a channel, or a neuron */
    char target[TARGET_TEXT_BYTES];
    int count, seen, wanted, found, mapped; /* pictures; patches */
    bool resolved;
    Patch best[MOST]; /* highest first */
    float *signal, *rgb, *crop;
    Sheet sheet;
    int across; /* patches in a row of the sheet */
    const char *cells[MOST * COLUMNS];
    float numbers[MOST * COLUMNS];
    ResultTable table;
} Patches;

static const BackwardRule *rule_of(const Run *run)
{
    if (run_choice(run, "map", "guided")) return &backward_guided;
    return run_choice(run, "map", "gradient") ? &backward_exact : &backward_deconvnet;
}

static Status ask_picture(Run *run, int picture)
{
    Patches *s = run_state(run);
    Value *value = s->resolved ? s->unit.value : NULL;
    TRY(run_load_picture(run, s->graph, picture, 0));
    run_ask_forward(run, s->graph, &value, value ? 1 : 0);
    return status_ok();
}

static Status begin(Run *run)
{
    Patches *s = run_state(run);
    s->count = run_picture_count(run);
    s->wanted = run_int(run, "count") < s->count ? run_int(run, "count") : s->count;
    TRY(run_build(run, &(GraphRequest){0}, GRAPH_INPUT_GRADIENT, &s->graph));
    return ask_picture(run, 0);
}

/* ---- the search ---- */

/* The target as one unit, and the memory for its patches. */
static Status resolve(Run *run, Patches *s)
{
    TRY(target_resolve(run, s->graph, &s->unit, s->target));
    const bool unit = s->unit.kind == OBJECTIVE_CHANNEL || s->unit.kind == OBJECTIVE_NEURON;
    if (!unit || s->unit.plus) {
        return status_error(
            STATUS_BAD_INPUT,
            "top-patches: the target '%s' is not one unit: choose a channel, a neuron "
            "or a class",
            s->target);
    }
    s->resolved = true;
    const Shape *input = &graph_input(s->graph, 0)->shape;
    const size_t plane = shape_span(input, 2, 4);
    s->across = s->wanted < 5 ? s->wanted : s->wanted <= 10 ? (s->wanted + 1) / 2 : 5;
    TRY(run_floats(run, 3 * plane, &s->rgb));
    TRY(run_floats(run, 3 * plane, &s->crop));
    return sheet_create(run, 2 * ((s->wanted + s->across - 1) / s->across), s->across, CELL,
                        &s->sheet);
}

/* Where the unit is excited most. */
static Patch strongest(const Patches *s)
{
    const Shape *shape = &s->unit.value->shape;
    const bool map = shape->rank == 4;
    const int width = map ? shape->dim[3] : 1;
    const int cells = map ? shape->dim[2] * width : 1;
    const float *values = s->unit.value->data + (size_t)s->unit.channel * (size_t)cells;
    int best = 0;
    if (s->unit.kind == OBJECTIVE_NEURON) {
        best = s->unit.y * width + s->unit.x;
    } else {
        for (int i = 1; i < cells; i++) best = values[i] > values[best] ? i : best;
    }
    return (Patch){s->seen, best / width, best % width, values[best]};
}

static void keep(Patches *s, Patch patch)
{
    int at = s->found < s->wanted ? s->found++ : s->wanted;
    for (; at > 0 && patch.activation > s->best[at - 1].activation; at--) {
        if (at < s->wanted) s->best[at] = s->best[at - 1];
    }
    if (at < s->wanted) s->best[at] = patch;
}

/* ---- a patch and its map ---- */

typedef struct Box {
    int y, x, height, width;
} Box;

/* What the unit can see, moved into the picture. */
static Box box_of(const Patches *s, const Patch *patch)
{
    const Shape *input = &graph_input(s->graph, 0)->shape;
    const int whole[2] = {input->dim[2], input->dim[3]}, at[2] = {patch->y, patch->x};
    int start[2], size[2];
    for (int a = 0; a < 2; a++) {
        ReceptiveField field;
        start[a] = 0;
        size[a] = whole[a];
        if (!network_receptive_field(s->graph, s->unit.value, a, &field) || field.size >= whole[a])
            continue;
        size[a] = (int)lround(field.size);
        start[a] = (int)lround(field.start + at[a] * field.stride);
        if (start[a] > whole[a] - size[a]) start[a] = whole[a] - size[a];
        if (start[a] < 0) start[a] = 0;
    }
    return (Box){start[0], start[1], size[0], size[1]};
}

static void cut(const Patches *s, const float *planes, Box box)
{
    const Shape *input = &graph_input(s->graph, 0)->shape;
    const size_t height = (size_t)input->dim[2], width = (size_t)input->dim[3];
    for (size_t c = 0; c < 3; c++) {
        for (size_t y = 0; y < (size_t)box.height; y++) {
            memcpy(s->crop + (c * (size_t)box.height + y) * (size_t)box.width,
                   planes + (c * height + y + (size_t)box.y) * width + (size_t)box.x,
                   (size_t)box.width * sizeof(float));
        }
    }
}

static Status ask_map(Run *run)
{
    Patches *s = run_state(run);
    const Patch *patch = &s->best[s->mapped];
    Objective unit = s->unit;
    if (unit.value->shape.rank == 4) {
        unit.kind = OBJECTIVE_NEURON;
        unit.y = patch->y, unit.x = patch->x;
    }
    TRY(run_load_picture(run, s->graph, patch->picture, 0));
    run_ask_gradient(run, s->graph, &unit, 1, rule_of(run));
    run_tell_progress(run, 0.8 + 0.2 * s->mapped / s->found,
                      0.8 + 0.2 * (s->mapped + 1) / s->found);
    return status_ok();
}

static Status cell_text(Run *run, Patches *s, int at, const char *text)
{
    s->cells[at] = arena_text(run_arena(run), text, strlen(text));
    return s->cells[at] ? status_ok() : status_no_memory("the table", strlen(text));
}

static Status describe(Run *run, Patches *s, int rank)
{
    const Patch *patch = &s->best[rank];
    const char *name = run_picture_name(run, patch->picture);
    char number[16];
    const int at = rank * COLUMNS;
    snprintf(number, sizeof number, "%d", patch->picture + 1);
    TRY(cell_text(run, s, at + 1, *name ? name : number));
    TRY(cell_text(run, s, at + 2, run_picture_group(run, patch->picture)));
    s->numbers[at] = (float)(rank + 1);
    s->numbers[at + 3] = patch->activation;
    s->numbers[at + 4] = (float)patch->y;
    s->numbers[at + 5] = (float)patch->x;
    return status_ok();
}

/* The map of patch number `mapped` is there: draws both. */
static Status draw(Run *run, Patches *s)
{
    const Value *input = graph_input(s->graph, 0);
    const int height = input->shape.dim[2], width = input->shape.dim[3];
    const Box box = box_of(s, &s->best[s->mapped]);
    const int row = s->mapped / s->across * 2, column = s->mapped % s->across;
    preprocess_invert(network_preprocess(run_network(run)), input->data, height, width, s->rgb);
    cut(s, s->rgb, box);
    TRY(sheet_put(&s->sheet, row, column, s->crop, box.height, box.width));
    /* Each map on its own scale, as the paper shows them: that of the patch, for the rest of the picture is zero. */
    const size_t count = 3 * (size_t)box.height * (size_t)box.width;
    preprocess_reorder(network_preprocess(run_network(run)), input->grad, height, width, s->rgb);
    cut(s, s->rgb, box);
    around_grey(s->crop, count, quantile_abs(s->crop, count, 0.995), s->crop);
    TRY(sheet_put(&s->sheet, row + 1, column, s->crop, box.height, box.width));
    TRY(describe(run, s, s->mapped));
    s->mapped++;
    run_tell_version(run);
    return status_ok();
}

static Status step(Run *run)
{
    Patches *s = run_state(run);
    if (s->seen < s->count) {
        TRY(check_activations(s->graph));
        if (!s->resolved) TRY(resolve(run, s));
        keep(s, strongest(s));
        s->seen++;
        if (s->seen == s->count) return ask_map(run);
        TRY(ask_picture(run, s->seen));
        run_tell_progress(run, 0.8 * s->seen / s->count, 0.8 * (s->seen + 1) / s->count);
        return status_ok();
    }
    TRY(draw(run, s));
    if (s->mapped < s->found) return ask_map(run);
    run_finish(run);
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    Patches *s = run_state(run);
    if (!s->mapped) return nothing_yet("top-patches");
    s->table = (ResultTable){columns, s->cells};
    sheet_add(out, &s->sheet, "What excites the unit most, each with its map below");
    result_add(out, (ResultItem){.name = "table",
                                 .title = "The pictures, and where in the layer's map it was",
                                 .kind = RESULT_TABLE,
                                 .shape = shape_make(2, (int[]){s->mapped, COLUMNS}),
                                 .data = s->numbers,
                                 .table = &s->table});
    const Box box = box_of(s, &s->best[0]);
    result_fact_text(out, "target", "Target", s->target);
    result_fact(out, "pictures", "Pictures", s->count, "");
    result_fact(out, "highest", "Highest activation", (double)s->best[0].activation, "");
    result_fact(out, "lowest", "Lowest shown", (double)s->best[s->found - 1].activation, "");
    result_fact(out, "width", "Width of a patch", box.width, "px");
    result_fact(out, "height", "Height of a patch", box.height, "px");
    return status_ok();
}

const Technique technique_top_patches = {
    .id = "top-patches",
    .title = "Top patches",
    .question = "want",
    .sentence =
        "Finds the patches of your own pictures that excite a unit most, and what in them does.",
    .read =
        "Each patch is all that the unit sees; the map below shows which of its pixels excite it. "
        "What the patches have in common is what the unit is for.",
    .limits =
        "It finds only what is in your pictures: a unit for cars is not told by a folder of cats. "
        "A deconvnet map shows what excites, not how much each pixel counts.",
    .ask = "Is a unit whose nine patches are all dog faces a dog detector?",
    .answer =
        "It answers to dog faces more than to anything else in these pictures, but look further "
        "down the list: many units answer to wheels, clocks and faces alike, since round things "
        "excite them. A feature picture of the same unit, made from noise, helps to tell.",
    .paper =
        "Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks, section 3 and "
        "figure 2",
    .pictures = 2,
    .most_pictures = RUN_MAX_PICTURES,
    .images = "IMAGE...",
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Patches),
    .begin = begin,
    .step = step,
    .result = result,
};

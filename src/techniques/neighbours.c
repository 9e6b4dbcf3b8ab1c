#include <math.h>
#include <stdio.h>
#include <string.h>

#include "embed/nearest.h"
#include "parallel.h"
#include "techniques/common.h"
#include "techniques/features.h"
#include "techniques/sheet.h"

/* Pixels are compared as pictures of this side: enough for colours and layout, which is all that they tell. */
enum { PIXEL_SIDE = 32, PIXELS = 3 * PIXEL_SIDE * PIXEL_SIDE, CELL = 96, COLUMNS = 7 };

static const char *const columns[COLUMNS] = {"rank",     "by pixels", "class",   "distance",
                                             "by layer", "class",     "distance"};

static const Param params[] = {
    {.name = "count",
     .title = "Neighbours",
     .type = PARAM_INT,
     .min = 1,
     .max = 30,
     .step = 1,
     .initial = "8",
     .unit = "",
     .help = "How many of the nearest pictures are shown."},
    FEATURE_PARAMS,
    {.name = "metric",
     .title = "Distance",
     .type = PARAM_CHOICE,
     .initial = "cosine",
     .choices = "cosine|l2",
     .unit = "",
     .help = "Of features: cosine compares their direction only, l2 their strength too."},
};

/* One of the two spaces: rows, and the neighbours in it. */
typedef struct Space {
    float *rows; /* [count,width], changed */
    int width;
    float *norms;
    int *index;      /* [count,k] */
    float *distance; /* [count,k], squared */
} Space;

typedef struct Neighbours {
    Features features;
    Groups groups;
    Space pixels, layer;
    void *scratch;
    int count, k, drawn,
        searched; /* pictures that were made pixels, rows whose neighbours are there */
    Sheet sheet;
    ResultTable table;
    const char **cells;
    float *numbers;
    bool there;
} Neighbours;

static Status space_allocate(Run *run, const Neighbours *s, Space *space)
{
    const size_t count = (size_t)s->count, found = count * (size_t)s->k;
    TRY(run_floats(run, count, &space->norms));
    TRY(run_floats(run, found, &space->distance));
    space->index = arena_alloc(run_arena(run), found * sizeof *space->index);
    return space->index ? status_ok() : status_no_memory("the neighbours", found * 4);
}

static Status begin(Run *run)
{
    Neighbours *s = run_state(run);
    s->count = run_picture_count(run);
    s->k = run_int(run, "count") < s->count - 1 ? run_int(run, "count") : s->count - 1;
    TRY(features_begin(run, &s->features));
    TRY(run_floats(run, (size_t)s->count * PIXELS, &s->pixels.rows));
    s->pixels.width = PIXELS;
    s->layer.width = s->features.width;
    s->layer.rows = s->features.rows;
    TRY(space_allocate(run, s, &s->pixels));
    return space_allocate(run, s, &s->layer);
}

static Nearest nearest_in(const Neighbours *s, const Space *space)
{
    return (Nearest){space->rows, space->norms, s->count, space->width};
}

static Status prepare(Run *run, const Neighbours *s, Space *space)
{
    float *mean;
    TRY(run_floats(run, (size_t)space->width, &mean));
    nearest_center(space->rows, s->count, space->width, mean);
    nearest_norms(space->rows, s->count, space->width, space->norms);
    return status_ok();
}

static Status prepare_both(Run *run, Neighbours *s)
{
    if (run_choice(run, "metric", "cosine"))
        nearest_normalise(s->layer.rows, s->count, s->layer.width);
    TRY(prepare(run, s, &s->pixels));
    TRY(prepare(run, s, &s->layer));
    TRY(groups_make(run, &s->features, &s->groups));
    const Nearest wider[] = {nearest_in(s, &s->pixels), nearest_in(s, &s->layer)};
    const size_t a = nearest_scratch_bytes(&wider[0], s->k),
                 b = nearest_scratch_bytes(&wider[1], s->k);
    s->scratch = arena_alloc(run_arena(run), a > b ? a : b);
    return s->scratch ? status_ok() : status_no_memory("the neighbours", a > b ? a : b);
}

/* ---- what is shown ---- */

static Status put_cell(Run *run, Neighbours *s, int row, int column, const char *text)
{
    const char *copy = arena_text(run_arena(run), text, strlen(text));
    s->cells[row * COLUMNS + column] = copy;
    return copy ? status_ok() : status_no_memory("the table", strlen(text));
}

static const char *group_name(const Neighbours *s, int picture)
{
    const int group = s->groups.index[picture];
    return group < 0 ? "" : s->groups.points.groups[group];
}

/* The neighbours of the first picture in one space: a row of the sheet, three columns of the table. */
static Status show_space(Run *run, Neighbours *s, const Space *space, int row)
{
    for (int i = 0; i < s->k; i++) {
        const int picture = space->index[i], column = 1 + 3 * row;
        char number[24];
        snprintf(number, sizeof number, "%d", picture + 1);
        const char *name = run_picture_name(run, picture);
        TRY(sheet_put_picture(&s->sheet, row, i + 1, run_picture(run, picture)));
        sheet_frame(&s->sheet, row, i + 1, s->groups.index[picture]);
        TRY(put_cell(run, s, i, column, *name ? name : number));
        TRY(put_cell(run, s, i, column + 1, group_name(s, picture)));
        s->numbers[i * COLUMNS + column + 2] = sqrtf(space->distance[i]);
        s->numbers[i * COLUMNS] = (float)(i + 1);
    }
    return status_ok();
}

static Status show(Run *run, Neighbours *s)
{
    const size_t cells = (size_t)s->k * COLUMNS;
    TRY(sheet_create(run, 2, s->k + 1, CELL, &s->sheet));
    s->cells = arena_alloc(run_arena(run), cells * sizeof *s->cells);
    if (!s->cells) return status_no_memory("the table", cells * sizeof *s->cells);
    TRY(run_floats(run, cells, &s->numbers));
    s->table = (ResultTable){columns, s->cells};
    for (int row = 0; row < 2; row++) {
        TRY(sheet_put_picture(&s->sheet, row, 0, run_picture(run, 0)));
        sheet_frame(&s->sheet, row, 0, s->groups.index[0]);
        TRY(show_space(run, s, row ? &s->layer : &s->pixels, row));
    }
    s->there = true;
    run_tell_version(run);
    return status_ok();
}

static void search(Neighbours *s, int rows)
{
    const Space *spaces[] = {&s->pixels, &s->layer};
    for (int i = 0; i < 2; i++) {
        const Nearest nearest = nearest_in(s, spaces[i]);
        const size_t at = (size_t)s->searched * (size_t)s->k;
        nearest_rows(&nearest, s->searched, rows, s->k, s->scratch, spaces[i]->index + at,
                     spaces[i]->distance + at);
    }
    s->searched += rows;
}

static Status step(Run *run)
{
    Neighbours *s = run_state(run);
    bool there = s->features.done == s->count;
    if (!there) TRY(features_step(run, &s->features, 0.9, &there));
    if (!there) return status_ok();
    if (s->drawn < s->count) {
        TRY(picture_square(run_picture(run, s->drawn), PIXEL_SIDE,
                           s->pixels.rows + (size_t)s->drawn * PIXELS));
        s->drawn++;
        run_tell_progress(run, 0.9, 0.9 + 0.05 * s->drawn / s->count);
        if (s->drawn == s->count) TRY(prepare_both(run, s));
        return status_ok();
    }
    /* All rows are needed only to say how often neighbours are of one class. */
    const int wanted = s->groups.given ? s->count : 1, left = wanted - s->searched;
    search(s, left < NEAREST_MOST_ROWS ? left : NEAREST_MOST_ROWS);
    if (!s->there) TRY(show(run, s));
    run_tell_progress(run, 0.95, 0.95 + 0.05 * s->searched / wanted);
    if (s->searched == wanted) {
        run_tell_version(run);
        run_finish(run);
    }
    return status_ok();
}

static Status result(Run *run, Result *out)
{
    const Neighbours *s = run_state(run);
    if (!s->there) return nothing_yet("neighbours");
    sheet_add(out, &s->sheet, "Nearest to the first picture: above by pixels, below by the layer");
    result_add(out, (ResultItem){.name = "table",
                                 .title = "The nearest, with their distances",
                                 .kind = RESULT_TABLE,
                                 .shape = shape_make(2, (int[]){s->k, COLUMNS}),
                                 .data = s->numbers,
                                 .table = &s->table});
    result_fact(out, "pictures", "Pictures", s->count, "");
    features_facts(&s->features, out);
    if (s->groups.given && s->searched == s->count) {
        const int *groups = s->groups.index;
        fact_percent(out, "pixels-agree", "Of one class, by pixels",
                     nearest_agreement(s->pixels.index, s->count, s->k, groups));
        fact_percent(out, "features-agree", "Of one class, by the layer",
                     nearest_agreement(s->layer.index, s->count, s->k, groups));
    }
    return status_ok();
}

const Technique technique_neighbours = {
    .id = "neighbours",
    .title = "Nearest pictures",
    .question = "alike",
    .sentence =
        "Finds the pictures of a set that are nearest to one of them: by their pixels, and by "
        "what a layer says of them.",
    .read = "Upper row: nearest by pixels (32 x 32, L2), which is colour and layout. Lower row: "
            "nearest "
            "by the layer's features, which is what the network thinks alike. Frames have the "
            "colour of "
            "the class.",
    .limits = "What is near for a network is what helps it tell its own classes apart; it may pay "
              "no heed "
              "to what you would call alike.",
    .ask = "Why do pixels find a cat like a sunset?",
    .answer =
        "The L2 distance of pixels compares each pixel with the one at the same place: a shift by "
        "a "
        "few pixels, another background or another light costs more than another animal. The "
        "features of a late layer hardly change under these, since the network learnt to see past "
        "them.",
    .paper = "Karpathy 2015, CS231n, Image Classification and Visualizing what ConvNets learn; "
             "features: "
             "Krizhevsky et al. 2012, section 6.1",
    .pictures = 2,
    .most_pictures = RUN_MAX_PICTURES,
    .images = "IMAGE OTHER_IMAGE...",
    .returns = "image",
    .params = params,
    .param_count = sizeof params / sizeof *params,
    .state_bytes = sizeof(Neighbours),
    .begin = begin,
    .step = step,
    .result = result,
};

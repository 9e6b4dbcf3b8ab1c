#include "techniques/features.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "techniques/common.h"
#include "techniques/feature_table.h"

enum { MOST_NUMBERS = 100 * 1000 * 1000, MOST_GROUPS = 12 };

static int width_of(const Run *run, const Shape *shape)
{
    const bool maps = shape->rank == 4 && !run_choice(run, "pool", "whole");
    return maps ? shape->dim[1] : (int)shape_span(shape, 1, shape->rank);
}

/* All that a row depends on but the picture; NULL where there is no memory. */
static const char *table_name(Run *run, const Features *f)
{
    Text text = {0};
    text_format(&text, "%s %s ", f->layer->name, run_text(run, "pool"));
    preprocess_json(&text, network_preprocess(run_network(run)));
    const char *name = text.failed ? NULL : arena_text(run_arena(run), text.bytes, text.length);
    text_release(&text);
    return name;
}

/* Looked up whenever it is needed, since other runs may have others made. */
static FeatureTable *table_of(Run *run, const Features *f)
{
    return f->table ? feature_table(run_network(run), f->table, f->width) : NULL;
}

Status features_begin(Run *run, Features *f)
{
    TRY(run_plan(run, &(GraphRequest){0}, &f->graph));
    TRY(network_layer(run_network(run), f->graph, run_text(run, "layer"), &f->layer));
    f->logits = network_class_count(f->graph) > 1 ? network_logits(f->graph) : NULL;
    f->count = run_picture_count(run);
    f->width = width_of(run, &f->layer->shape);
    if ((double)f->count * f->width > MOST_NUMBERS) {
        return status_error(
            STATUS_BAD_INPUT,
            "%d pictures with %d features each are too many numbers: choose the mean "
            "of the maps, or fewer pictures",
            f->count, f->width);
    }
    TRY(graph_allocate(f->graph, GRAPH_FORWARD));
    TRY(run_floats(run, (size_t)f->count * (size_t)f->width, &f->rows));
    f->classes = arena_alloc(run_arena(run), (size_t)f->count * sizeof *f->classes);
    if (!f->classes) return status_no_memory("the features", (size_t)f->count * sizeof(int));
    if (f->logits) TRY(run_floats(run, (size_t)network_class_count(f->graph), &f->scores));
    f->table = table_name(run, f);
    table_of(run, f);
    return status_ok();
}

/* ---- one picture ---- */

static void pool_maps(const Run *run, const Value *layer, float *row)
{
    const Shape *shape = &layer->shape;
    const size_t plane = shape_span(shape, 2, 4);
    const bool largest = run_choice(run, "pool", "max");
    for (int c = 0; c < shape->dim[1]; c++) {
        const float *map = layer->data + (size_t)c * plane;
        double sum = 0;
        float most = map[0];
        for (size_t i = 0; i < plane; i++) {
            sum += map[i];
            most = fmaxf(most, map[i]);
        }
        row[c] = largest ? most : (float)(sum / (double)plane);
    }
}

static Status take(Run *run, Features *f)
{
    float *row = f->rows + (size_t)f->done * (size_t)f->width;
    TRY(check_activations(f->graph));
    if (f->layer->shape.rank == 4 && !run_choice(run, "pool", "whole")) {
        pool_maps(run, f->layer, row);
    } else {
        memcpy(row, f->layer->data, (size_t)f->width * sizeof *row);
    }
    f->classes[f->done] = -1;
    if (f->logits) f->classes[f->done] = top_class(f->graph, 0, f->scores);
    feature_add(table_of(run, f), f->hash, row, f->classes[f->done]);
    f->computed++;
    f->done++;
    return status_ok();
}

/* The row and class of picture `done`, where the table has them; a class has to be one of the network's. */
static bool find(const FeatureTable *table, const Features *f)
{
    int class_index;
    const float *row = feature_find(table, f->hash, &class_index);
    const int classes = f->logits ? network_class_count(f->graph) : 0;
    if (!row || class_index >= classes || class_index < (classes ? 0 : -1)) return false;
    f->classes[f->done] = class_index;
    memcpy(f->rows + (size_t)f->done * (size_t)f->width, row, (size_t)f->width * sizeof *row);
    return true;
}

Status features_step(Run *run, Features *f, double share, bool *there)
{
    if (f->asked) TRY(take(run, f));
    f->asked = false;
    const FeatureTable *table = table_of(run, f);
    for (; f->done < f->count; f->done++) {
        f->hash = picture_hash(run_picture(run, f->done));
        if (!find(table, f)) break;
    }
    *there = f->done == f->count;
    if (*there) return status_ok();
    TRY(run_load_picture(run, f->graph, f->done, 0));
    Value *const targets[] = {f->layer, f->logits};
    run_ask_forward(run, f->graph, targets, f->logits ? 2 : 1);
    run_tell_progress(run, share * f->done / f->count, share * (f->done + 1) / f->count);
    f->asked = true;
    return status_ok();
}

void features_facts(const Features *f, Result *result)
{
    result_fact_text(result, "layer", "Layer", f->layer->name);
    result_fact(result, "features", "Features", f->width, "");
    result_fact(result, "computed", "Computed now, the rest was kept", f->computed, "pictures");
}

/* ---- classes ---- */

static Status groups_allocate(Run *run, int count, int most, Groups *groups, const char ***names)
{
    float *floats;
    groups->index = arena_alloc(run_arena(run), (size_t)count * sizeof *groups->index);
    *names = arena_alloc(run_arena(run), (size_t)most * sizeof **names);
    TRY(run_floats(run, (size_t)count, &floats));
    if (!groups->index || !*names) return status_no_memory("the classes", (size_t)count * 8);
    groups->points = (ResultPoints){.group = floats, .groups = *names};
    return status_ok();
}

/* In the order in which they are met. */
static void given_groups(const Run *run, Groups *groups, const char **names)
{
    int count = 0;
    for (int i = 0; i < run_picture_count(run); i++) {
        const char *group = run_picture_group(run, i);
        int at = 0;
        while (at < count && strcmp(names[at], group) != 0) at++;
        if (*group && at == count) names[count++] = group;
        groups->index[i] = *group ? at : -1;
    }
    groups->points.group_count = count;
}

/* The most frequent first, the rest is one. */
static Status network_groups(Run *run, const Features *f, Groups *groups, const char **names)
{
    const int classes = network_class_count(f->graph);
    int *times = arena_alloc(run_arena(run), (size_t)classes * sizeof *times);
    if (!times) return status_no_memory("the classes", (size_t)classes * sizeof *times);
    for (int i = 0; i < f->count; i++) times[f->classes[i]]++, groups->index[i] = -1;
    int count = 0;
    for (; count < MOST_GROUPS; count++) {
        int best = 0;
        for (int c = 1; c < classes; c++) best = times[c] > times[best] ? c : best;
        if (times[best] == 0) break;
        times[best] = 0;
        char number[16];
        snprintf(number, sizeof number, "class %d", best);
        const char *label = network_label(run_network(run), best);
        names[count] = label ? label : arena_text(run_arena(run), number, strlen(number));
        if (!names[count]) return status_no_memory("the classes", sizeof number);
        for (int i = 0; i < f->count; i++) {
            if (f->classes[i] == best) groups->index[i] = count;
        }
    }
    bool others = false;
    for (int i = 0; i < f->count; i++) {
        if (groups->index[i] >= 0) continue;
        groups->index[i] = count;
        others = true;
    }
    if (others) names[count++] = "other";
    groups->points.group_count = count;
    return status_ok();
}

Status groups_make(Run *run, const Features *f, Groups *groups)
{
    const char **names;
    TRY(groups_allocate(run, f->count, f->count + MOST_GROUPS + 1, groups, &names));
    given_groups(run, groups, names);
    groups->given = groups->points.group_count > 0;
    if (!groups->given && f->logits) TRY(network_groups(run, f, groups, names));
    float *floats = (float *)groups->points.group;
    for (int i = 0; i < f->count; i++) floats[i] = (float)groups->index[i];
    return status_ok();
}

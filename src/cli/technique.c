/* Any technique of the table: its parameters are options, its result becomes pictures, facts and JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/model.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "npy.h"

const Option technique_options[] = {
    {"out", "RESULT.png", "the main result as a picture; further ones become RESULT.NAME.png"},
    {"npy", "RAW.npy", "the values of the result as they are"},
    {"overlay", "STRENGTH", "draw maps over the greyed picture: 0 is the picture, 1 the map"},
    {0},
};

/* Slices are short, so that Ctrl-C is heard soon. */
static const double slice_seconds = 0.05;

typedef struct Job {
    const Args *args;
    Network *network;
    Run *run;
    Picture pictures[2];
    DrawingStyle style;
    float *over;
    double seconds;
    bool partial;
} Job;

static void job_release(Job *job)
{
    run_destroy(job->run);
    network_close(job->network);
    for (int i = 0; i < 2; i++) picture_release(&job->pictures[i]);
    free(job->over);
}

/* ---- setting up ---- */

static Status check_outputs(const Args *args)
{
    const char *out = args_option(args, "out"), *npy = args_option(args, "npy");
    if (out) TRY(file_check_writable(out));
    if (out && !has_ending(out, ".png")) {
        return status_error(STATUS_BAD_INPUT, "the result is a PNG picture: name it '%s.png'", out);
    }
    if (npy) TRY(file_check_writable(npy));
    return status_ok();
}

/* The first picture as the network sees it, in colours of 0..1. */
static Status prepare_overlay(Job *job)
{
    const char *text = args_option(job->args, "overlay");
    if (!text) return status_ok();
    char *end;
    double strength = strtod(text, &end);
    if (end == text || *end || !(strength >= 0 && strength <= 1)) {
        return status_error(STATUS_BAD_INPUT,
                            "--overlay is '%.40s', but has to lie between 0 and 1", text);
    }
    if (job->args->technique->pictures < 1) {
        return status_error(STATUS_BAD_INPUT, "%s takes no picture that --overlay could draw over",
                            job->args->technique->id);
    }
    Preprocess plain = *network_preprocess(job->network);
    if (plain.height < 1)
        plain.height = job->pictures[0].height, plain.width = job->pictures[0].width;
    size_t bytes = 3 * (size_t)plain.height * (size_t)plain.width * sizeof *job->over;
    job->over = malloc(bytes);
    if (!job->over) return status_no_memory("the overlay", bytes);
    strcpy(plain.channels, "RGB");
    plain.range = 1;
    for (int c = 0; c < 3; c++) plain.mean[c] = 0, plain.std[c] = 1;
    TRY(preprocess_apply(&plain, &job->pictures[0], plain.height, plain.width, job->over));
    job->style = (DrawingStyle){job->over, plain.height, plain.width, (float)strength};
    return status_ok();
}

static Status set_up(Job *job)
{
    const Args *args = job->args;
    TRY(check_outputs(args));
    TRY(model_open(args, &job->network));
    TRY(run_create(&job->run, args->technique, job->network));
    for (int i = 0; i < args->option_count; i++) {
        if (!args_is_param(args->technique, args->names[i])) continue;
        TRY(run_set(job->run, args->names[i], args->values[i]));
    }
    for (int i = 0; i < args->technique->pictures && i < 2; i++) {
        TRY(file_read_picture(args->words[1 + i], &job->pictures[i]));
        TRY(run_set_picture(job->run, i, &job->pictures[i]));
    }
    TRY(prepare_overlay(job));
    return run_begin(job->run);
}

static Status work(Job *job)
{
    Progress progress = progress_begin(job->args->technique->id);
    bool done = false;
    Status status = status_ok();
    while (!done && status.code == STATUS_OK && !progress_interrupted()) {
        status = run_advance(job->run, slice_seconds, &done);
        progress_show(&progress, run_progress(job->run));
    }
    job->seconds = progress_end(&progress);
    job->partial = !done;
    return status;
}

/* ---- what comes out ---- */

static void item_json(Text *text, const ResultItem *item, const Drawing *drawing, const char *file)
{
    static const char *const kinds[] = {"map", "image", "tiles", "curve"};
    json_object_begin(text);
    json_key(text, "name"), json_string(text, item->name);
    json_key(text, "title"), json_string(text, item->title);
    json_key(text, "kind"), json_string(text, kinds[item->kind]);
    json_key(text, "shape"), shape_json(text, &item->shape);
    json_key(text, "signed"), json_bool(text, item->is_signed);
    json_key(text, "colormap"), json_string(text, item->colormap);
    json_key(text, "low"), json_number(text, drawing->low);
    json_key(text, "high"), json_number(text, drawing->high);
    json_key(text, "clipped"), json_bool(text, drawing->clipped);
    json_key(text, "file"), json_string(text, file);
    json_object_end(text);
}

static void item_text(Text *text, const ResultItem *item, const Drawing *drawing, const char *file)
{
    char shape[SHAPE_TEXT_BYTES];
    text_format(text, "%s%s: %s, %s", text->length ? "\n" : "", file ? file : item->name,
                item->title, shape_text(&item->shape, shape));
    if (drawing->low == drawing->high) return;
    text_format(text, ", %.4g to %.4g%s", (double)drawing->low, (double)drawing->high,
                drawing->clipped ? " (the 2 % beyond are drawn as these)" : "");
}

/* The item named raw is for --npy: as a picture it would say nothing that the others do not. */
static bool is_drawn(const ResultItem *item)
{
    return strcmp(item->name, "raw") != 0;
}

static Status write_item(const Job *job, const Result *result, int index, Text *text)
{
    const ResultItem *item = &result->items[index];
    const char *out = args_option(job->args, "out");
    char path[PATH_BYTES];
    Drawing drawing = {0};
    if (out && index > 0) TRY(path_with_name(out, item->name, path));
    const char *file = !out || !is_drawn(item) ? NULL : index > 0 ? path : out;
    Status status = status_ok();
    if (file) {
        status = render_item(item, &job->style, &drawing);
        if (status.code == STATUS_OK) {
            status = picture_write_png(file, drawing.rgb, drawing.height, drawing.width);
        }
    } else if (item->kind == RESULT_MAP || item->kind == RESULT_TILES) {
        status = render_range(item, &drawing.low, &drawing.high, &drawing.clipped);
    }
    if (status.code == STATUS_OK) {
        if (args_flag(job->args, "json")) {
            item_json(text, item, &drawing, file);
        } else if (is_drawn(item)) {
            item_text(text, item, &drawing, file);
        }
    }
    drawing_release(&drawing);
    return status;
}

/* The item named raw, or else the main one. */
static Status write_npy(const Job *job, const Result *result)
{
    const char *npy = args_option(job->args, "npy");
    if (!npy) return status_ok();
    const ResultItem *raw = &result->items[0];
    for (int i = 1; i < result->item_count; i++) {
        if (!is_drawn(&result->items[i])) raw = &result->items[i];
    }
    return npy_write(npy, &raw->shape, raw->data);
}

static void facts_json(Text *text, const Result *result)
{
    json_key(text, "facts");
    json_array_begin(text);
    for (int i = 0; i < result->fact_count; i++) {
        const ResultFact *fact = &result->facts[i];
        json_object_begin(text);
        json_key(text, "name"), json_string(text, fact->name);
        json_key(text, "label"), json_string(text, fact->label);
        json_key(text, "value");
        if (fact->text[0]) {
            json_string(text, fact->text);
        } else {
            json_number(text, fact->value);
        }
        json_key(text, "unit"), json_string(text, fact->unit ? fact->unit : "");
        json_object_end(text);
    }
    json_array_end(text);
}

static void facts_text(Text *text, const Result *result, double seconds)
{
    for (int i = 0; i < result->fact_count; i++) {
        const ResultFact *fact = &result->facts[i];
        const char *unit = fact->unit ? fact->unit : "";
        if (fact->text[0]) {
            text_format(text, "\n%s: %s", fact->label, fact->text);
        } else {
            text_format(text, "\n%s: %.6g%s%s", fact->label, fact->value, *unit ? " " : "", unit);
        }
    }
    text_format(text, "\n%.3g s", seconds);
}

static Status report(const Job *job, Text *text)
{
    Result result;
    bool json = args_flag(job->args, "json");
    TRY(run_result(job->run, &result));
    TRY(write_npy(job, &result));
    if (json) {
        json_object_begin(text);
        json_key(text, "technique"), json_string(text, job->args->technique->id);
        json_key(text, "model"), json_string(text, network_name(job->network));
        json_key(text, "items");
        json_array_begin(text);
    }
    for (int i = 0; i < result.item_count; i++) TRY(write_item(job, &result, i, text));
    if (json) {
        json_array_end(text);
        facts_json(text, &result);
        json_key(text, "partial"), json_bool(text, job->partial);
        json_key(text, "seconds"), json_number(text, job->seconds);
        json_object_end(text);
    } else {
        facts_text(text, &result, job->seconds);
    }
    return status_ok();
}

static int finish(Job *job)
{
    Text text = {0};
    Status status = report(job, &text);
    int printed = EXIT_DONE;
    if (status.code == STATUS_OK) printed = cli_print(&text);
    text_release(&text);
    if (!job->partial) return status.code == STATUS_OK ? printed : cli_fail(status);
    if (status.code != STATUS_OK) {
        cli_note("stopped before there was a result");
    } else {
        const char *out = args_option(job->args, "out");
        cli_note("stopped at %.0f %%; this is the partial result%s%s", run_progress(job->run) * 100,
                 out ? ", in " : "", out ? out : "");
    }
    return EXIT_INTERRUPTED;
}

int command_technique(const Args *args)
{
    const char *id = args->technique->id;
    if (!args_option(args, "out") && !args_option(args, "npy") && !args_flag(args, "json")) {
        return cli_usage(id, "%s needs --out RESULT.png, --npy RAW.npy or --json", id);
    }
    Job job = {.args = args};
    Status status = set_up(&job);
    if (status.code == STATUS_OK) status = work(&job);
    int result = status.code == STATUS_OK ? finish(&job) : cli_fail(status);
    job_release(&job);
    return result;
}

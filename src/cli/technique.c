/* Any technique of the table: its parameters are options, its result becomes pictures, facts and JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/model.h"
#include "cli/pictures.h"
#include "cli/progress.h"
#include "cli/save.h"

const Option technique_options[] = {
    {"out", "RESULT.png",
     "the main result as a picture; further ones become RESULT.NAME.png, or .gif when they are "
     "films"},
    {"out", "RESULT.gif",
     "the film of the result, or the parts of its main picture, one after the other"},
    {"npy", "RAW.npy", "the values of the result as they are; further items become RAW.NAME.npy"},
    {"csv", "RAW.csv", "the same as text, for spreadsheets"},
    {"overlay", "STRENGTH", "draw maps over the greyed picture: 0 is the picture, 1 the map"},
    {0},
};

/* Slices are short, so that Ctrl-C is heard soon. */
static const double slice_seconds = 0.05;

typedef struct Job {
    const Args *args;
    Network *network;
    Run *run;
    PicturePaths paths;
    Saving saving;
    float *over;
    double seconds;
    bool partial;
} Job;

static void job_release(Job *job)
{
    run_destroy(job->run);
    network_close(job->network);
    picture_paths_release(&job->paths);
    free(job->over);
}

/* ---- setting up ---- */

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
    if (run_picture_count(job->run) < 1) {
        return status_error(STATUS_BAD_INPUT, "%s takes no picture that --overlay could draw over",
                            job->args->technique->id);
    }
    Preprocess plain = *network_preprocess(job->network);
    const Picture *first = run_picture(job->run, 0);
    if (plain.height < 1) plain.height = first->height, plain.width = first->width;
    size_t bytes = 3 * (size_t)plain.height * (size_t)plain.width * sizeof *job->over;
    job->over = malloc(bytes);
    if (!job->over) return status_no_memory("the overlay", bytes);
    strcpy(plain.channels, "RGB");
    plain.range = 1;
    for (int c = 0; c < 3; c++) plain.mean[c] = 0, plain.std[c] = 1;
    TRY(preprocess_apply(&plain, first, plain.height, plain.width, job->over));
    job->saving.style = (DrawingStyle){.over = job->over,
                                       .over_height = plain.height,
                                       .over_width = plain.width,
                                       .strength = (float)strength};
    return status_ok();
}

static Status set_up(Job *job)
{
    const Args *args = job->args;
    job->saving = (Saving){.out = args_option(args, "out"),
                           .npy = args_option(args, "npy"),
                           .csv = args_option(args, "csv"),
                           .json = args_flag(args, "json")};
    TRY(saving_check(&job->saving));
    TRY(model_open(args, &job->network));
    TRY(run_create(&job->run, args->technique, job->network));
    for (int i = 0; i < args->option_count; i++) {
        if (!args_is_param(args->technique, args->names[i])) continue;
        TRY(run_set(job->run, args->names[i], args->values[i]));
    }
    TRY(picture_paths(args->words + 1, args->word_count - 1, &job->paths));
    TRY(picture_paths_load(&job->paths, job->run, network_preprocess(job->network)));
    TRY(prepare_overlay(job));
    job->saving.style.run = job->run;
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
    const bool json = job->saving.json;
    TRY(run_result(job->run, &result));
    if (json) {
        json_object_begin(text);
        json_key(text, "technique"), json_string(text, job->args->technique->id);
        json_key(text, "model"), json_string(text, network_name(job->network));
        json_key(text, "items");
        json_array_begin(text);
    }
    TRY(save_result(&job->saving, &result, text));
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
    if (!args_option(args, "out") && !args_option(args, "npy") && !args_option(args, "csv") &&
        !args_flag(args, "json")) {
        return cli_usage(id, "%s needs --out RESULT.png, --npy RAW.npy, --csv RAW.csv or --json",
                         id);
    }
    Job job = {.args = args};
    Status status = set_up(&job);
    if (status.code == STATUS_OK) status = work(&job);
    int result = status.code == STATUS_OK ? finish(&job) : cli_fail(status);
    job_release(&job);
    return result;
}

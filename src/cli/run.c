#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/model.h"
#include "cli/progress.h"
#include "npy.h"

const Option run_options[] = {
    {"input", "X.npy", "an input as the network takes it, without any preprocessing"},
    {"out", "Y.npy", "write the output; further outputs become Y.NAME.npy"},
    {"dump", "DIR", "write every activation as DIR/NAME.npy"},
    {0},
};

/* Keeps the values of one run together. */
typedef struct Forward {
    Network *network;
    ModelInput input;
    Graph *graph;
    double seconds;
    bool stopped;
} Forward;

static void forward_release(Forward *forward)
{
    graph_destroy(forward->graph);
    model_input_release(&forward->input);
    network_close(forward->network);
}

static Status check_outputs(const Args *args)
{
    const char *out = args_option(args, "out"), *dump = args_option(args, "dump");
    if (out) TRY(file_check_writable(out));
    if (dump) TRY(folder_make(dump));
    return status_ok();
}

static Status forward_run(const Args *args, Forward *forward)
{
    TRY(check_outputs(args));
    TRY(model_open(args, &forward->network));
    TRY(model_input_read(args, &forward->input));
    TRY(model_graph(forward->network, &forward->input, NULL, 0, GRAPH_FORWARD, &forward->graph));
    Progress progress = progress_begin("run");
    graph_begin_forward(forward->graph, NULL, 0);
    while (!graph_advance(forward->graph, 0.1)) {
        progress_show(&progress, graph_progress(forward->graph));
        if (progress_interrupted()) {
            progress_end(&progress);
            forward->stopped = true;
            return status_ok();
        }
    }
    forward->seconds = progress_end(&progress);
    return status_ok();
}

/* ---- files ---- */

static Status write_outputs(const Graph *graph, const char *out)
{
    for (int i = 0; i < graph_output_count(graph); i++) {
        const Value *value = graph_output(graph, i);
        char path[PATH_BYTES], name[160];
        safe_name(value->name, name);
        if (i > 0) TRY(path_with_name(out, name, path));
        TRY(npy_write(i > 0 ? path : out, &value->shape, value->data));
    }
    return status_ok();
}

/* Names that differ only in what a file name cannot have get a number. */
static bool same_file(const Graph *graph, const Value *value, int until, const char *name)
{
    char other[160];
    for (int i = 0; i < until; i++) {
        const Node *node = graph_node(graph, i);
        for (int k = 0; k < node->out_count; k++) {
            if (node->out[k] == value) return false;
            safe_name(node->out[k]->name, other);
            if (strcmp(other, name) == 0) return true;
        }
    }
    return false;
}

static Status dump_value(const Graph *graph, const Value *value, int index, const char *folder,
                         Text *text)
{
    char name[160], path[PATH_BYTES];
    safe_name(value->name, name);
    bool taken = same_file(graph, value, index, name);
    int length = taken ? snprintf(path, sizeof path, "%s/%s~%d.npy", folder, name, index)
                       : snprintf(path, sizeof path, "%s/%s.npy", folder, name);
    if (length >= PATH_BYTES)
        return status_error(STATUS_BAD_INPUT, "the path '%s' is too long", folder);
    TRY(npy_write(path, &value->shape, value->data));
    json_object_begin(text);
    json_key(text, "name"), json_string(text, value->name);
    json_key(text, "file"), json_string(text, path);
    json_key(text, "shape"), shape_json(text, &value->shape);
    json_object_end(text);
    return status_ok();
}

static Status dump_all(const Graph *graph, const char *folder, Text *text)
{
    for (int i = 0; i < graph_node_count(graph); i++) {
        const Node *node = graph_node(graph, i);
        for (int k = 0; k < node->out_count; k++) {
            if (node->out[k]) TRY(dump_value(graph, node->out[k], i, folder, text));
        }
    }
    return status_ok();
}

/* ---- report ---- */

static void output_json(Text *text, const Value *value)
{
    TensorStats stats = tensor_stats(value->data, shape_elements(&value->shape));
    json_object_begin(text);
    json_key(text, "name"), json_string(text, value->name);
    json_key(text, "shape"), shape_json(text, &value->shape);
    json_key(text, "min"), json_number(text, stats.min);
    json_key(text, "max"), json_number(text, stats.max);
    json_key(text, "mean"), json_number(text, stats.mean);
    json_key(text, "deviation"), json_number(text, stats.deviation);
    json_key(text, "nonfinite"), json_integer(text, (long long)stats.nonfinite);
    json_object_end(text);
}

static void report_text(Text *text, const Forward *forward)
{
    text_format(text, "%.3g s", forward->seconds);
    for (int i = 0; i < graph_output_count(forward->graph); i++) {
        const Value *value = graph_output(forward->graph, i);
        TensorStats stats = tensor_stats(value->data, shape_elements(&value->shape));
        char shape[SHAPE_TEXT_BYTES];
        text_format(text, "\n%s %s: %.6g to %.6g, mean %.6g, deviation %.6g", value->name,
                    shape_text(&value->shape, shape), (double)stats.min, (double)stats.max,
                    (double)stats.mean, (double)stats.deviation);
    }
}

static Status report(const Args *args, const Forward *forward, Text *text)
{
    bool json = args_flag(args, "json");
    const char *out = args_option(args, "out"), *dump = args_option(args, "dump");
    Text files = {0};
    json_array_begin(&files);
    Status status = out ? write_outputs(forward->graph, out) : status_ok();
    if (status.code == STATUS_OK && dump) status = dump_all(forward->graph, dump, &files);
    json_array_end(&files);
    if (json) {
        json_object_begin(text);
        json_key(text, "seconds"), json_number(text, forward->seconds);
        json_key(text, "outputs");
        json_array_begin(text);
        for (int i = 0; i < graph_output_count(forward->graph); i++) {
            output_json(text, graph_output(forward->graph, i));
        }
        json_array_end(text);
        json_key(text, "dump");
        text_append(text, files.bytes ? files.bytes : "[]", files.bytes ? files.length : 2);
        json_object_end(text);
    } else {
        report_text(text, forward);
    }
    if (files.failed) text->failed = true;
    text_release(&files);
    return status;
}

int command_run(const Args *args)
{
    if (args->word_count < 2 && !args_option(args, "input")) {
        return cli_usage("run", "run needs a picture or --input X.npy");
    }
    Forward forward = {0};
    Text text = {0};
    Status status = forward_run(args, &forward);
    if (status.code == STATUS_OK && !forward.stopped) status = report(args, &forward, &text);
    if (status.code == STATUS_OK && !forward.stopped) {
        const Node *node = graph_first_nonfinite(forward.graph);
        if (node) cli_note("layer '%s' has values that are no finite numbers", node->name);
    }
    int result = status.code != STATUS_OK ? cli_fail(status)
                 : forward.stopped        ? EXIT_INTERRUPTED
                                          : cli_print(&text);
    if (forward.stopped) cli_note("stopped; nothing was written");
    text_release(&text);
    forward_release(&forward);
    return result;
}

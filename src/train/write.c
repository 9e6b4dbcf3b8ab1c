/* The trained network as a file. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "onnx/export.h"
#include "train/trainer_internal.h"

static void scaling_text(const float *numbers, int channels, Text *text)
{
    for (int c = 0; c < channels; c++) text_format(text, "%s%g", c ? "," : "", (double)numbers[c]);
}

static Status write_graph(const Trainer *t, const Graph *graph, const char *name, const char *path)
{
    const int channels = t->architecture.channels, side = t->architecture.size;
    Text size = {0}, mean = {0}, deviation = {0}, labels = {0}, bytes = {0};
    text_format(&size, "%dx%d", side, side);
    scaling_text(t->scaling.mean, channels, &mean);
    scaling_text(t->scaling.deviation, channels, &deviation);
    dataset_labels(t->train, &labels);
    Status status = status_ok();
    if (size.failed || mean.failed || deviation.failed || labels.failed) {
        status = status_no_memory("the network's file", labels.length);
    } else {
        const OnnxExportEntry metadata[] = {
            {"convoscope.size", size.bytes},
            {"convoscope.channels", channels == 1 ? "GRAY" : "RGB"},
            {"convoscope.range", "1"},
            {"convoscope.mean", mean.bytes},
            {"convoscope.std", deviation.bytes},
            {"convoscope.labels", labels.bytes},
        };
        const OnnxExportOptions options = {.name = name,
                                           .half = true,
                                           .any_size = true,
                                           .metadata = metadata,
                                           .metadata_count = sizeof metadata / sizeof *metadata};
        status = onnx_export(graph, &options, &bytes);
    }
    if (status.code == STATUS_OK) status = file_write_text(path, &bytes);
    text_release(&size);
    text_release(&mean);
    text_release(&deviation);
    text_release(&labels);
    text_release(&bytes);
    return status;
}

Status trainer_export(Trainer *trainer, const char *name, const char *path)
{
    const BuildRequest request = {.batch = 1,
                                  .size = trainer->architecture.size,
                                  .classes = trainer->train->classes,
                                  .average = trainer->options.average > 0};
    Built built;
    TRY(architecture_build(&trainer->architecture, &trainer->parameters, &request, &built));
    const Status status = write_graph(trainer, built.graph, name, path);
    graph_destroy(built.graph);
    return status;
}

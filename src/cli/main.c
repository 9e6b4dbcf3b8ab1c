/* The native program. Without a command it prints its help. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "parallel.h"

#ifndef CONVOSCOPE_VERSION
#define CONVOSCOPE_VERSION "0.1.0"
#endif

const Command cli_commands[] = {
    {.name = "info",
     .words = "MODEL",
     .sentence =
         "Lists layers, shapes, parameters, multiply-accumulates and memory of a network, its "
         "preprocessing, and what is unsupported.",
     .least = 1,
     .most = 1,
     .model = true,
     .writes_json = true,
     .run = command_info},
    {.name = "classify",
     .words = "MODEL IMAGE...",
     .sentence =
         "Names the likeliest classes of pictures; a folder stands for the JPEG and PNG files in "
         "it and its sub-folders, sorted by name.",
     .options = classify_options,
     .least = 2,
     .most = 1 << 20,
     .model = true,
     .writes_json = true,
     .run = command_classify},
    {.name = "evaluate",
     .words = "MODEL FOLDER",
     .sentence =
         "Counts how many labelled pictures a network names rightly. FOLDER holds a folder of "
         "pictures per class, contact sheets of 64 x 64 tiles with ../classes.tsv, or a picture "
         "per "
         "class.",
     .options = evaluate_options,
     .least = 2,
     .most = 2,
     .model = true,
     .writes_json = true,
     .run = command_evaluate},
    {.name = "train",
     .words = "PICTURES",
     .sentence =
         "Trains a network on labelled pictures, a folder like that of evaluate. Beside NET.onnx "
         "it "
         "leaves NET.csv, a line for each epoch, NET.png, its plot (loss above, share of right "
         "answers below; validation blue, training orange), and NET.state. Given again, the same "
         "command goes on where it was stopped, even by a kill, and ends with the same numbers.",
     .options = train_options,
     .least = 1,
     .most = 1,
     .run = command_train},
    {.name = "train-style",
     .words = "PICTURES",
     .sentence =
         "Trains a feed-forward network that paints any picture in one style, by the pictures of a "
         "folder, JPEG or PNG. Beside STYLE.onnx it leaves STYLE.csv, STYLE.png, its plot (the "
         "loss blue, what of it is content orange, as powers of ten), and STYLE.state; it goes on "
         "as train does. convoscope style-fast STYLE.onnx IMAGE paints.",
     .options = train_style_options,
     .least = 1,
     .most = 1,
     .run = command_train_style},
    {.name = "run",
     .words = "MODEL (IMAGE | --input X.npy)",
     .sentence = "Does one forward pass.",
     .options = run_options,
     .least = 1,
     .most = 2,
     .model = true,
     .writes_json = true,
     .run = command_run},
    {.name = "gradient",
     .words = "MODEL (IMAGE | --input X.npy)",
     .sentence =
         "Computes the derivative of a target with respect to the network's input. With --out "
         "RESULT.png, --view or --overlay it is the technique of that name.",
     .options = gradient_options,
     .least = 1,
     .most = 2,
     .model = true,
     .writes_json = true,
     .run = command_gradient},
    {.name = "techniques",
     .words = "",
     .sentence = "Lists the techniques; convoscope TECHNIQUE --help tells about one.",
     .writes_json = true,
     .run = command_techniques},
    {.name = "bench",
     .words = "MODEL",
     .sentence = "Times a forward pass, and a forward pass with the gradient of the input.",
     .options = bench_options,
     .least = 1,
     .most = 1,
     .model = true,
     .writes_json = true,
     .run = command_bench},
    {.name = "ops",
     .words = "",
     .sentence = "Lists the ONNX operators that networks may be made of.",
     .writes_json = true,
     .run = command_ops},
    {.name = "scenes",
     .words = "FOLDER",
     .sentence =
         "Draws pictures with known classes (solids and patterns) into sub-folders: a set for "
         "neighbours, tsne, top-patches and others.",
     .options = scenes_options,
     .least = 1,
     .most = 1,
     .run = command_scenes},
    {0},
};

const Command cli_technique_command = {.words = "MODEL [IMAGE...]",
                                       .options = technique_options,
                                       .model = true,
                                       .writes_json = true,
                                       .run = command_technique};

static const Command *find_command(const char *name)
{
    for (const Command *command = cli_commands; command->name; command++) {
        if (strcmp(command->name, name) == 0) return command;
    }
    return NULL;
}

static bool asks_for_help(int count, char **words)
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++) {
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0) return true;
    }
    return false;
}

/* `gradient` is a command that writes the raw derivative and a technique that draws it; what is asked for
 * tells them apart. */
static bool draws(int count, char **words)
{
    static const char *const drawing[] = {"--view", "--overlay", "--npy"};
    for (int i = 0; i < count; i++) {
        size_t length = strlen(words[i]);
        if (length > 4 && strcmp(words[i] + length - 4, ".png") == 0) {
            bool with_equals = strncmp(words[i], "--out=", 6) == 0;
            if (with_equals || (i > 0 && strcmp(words[i - 1], "--out") == 0)) return true;
        }
        for (size_t k = 0; k < sizeof drawing / sizeof *drawing; k++) {
            size_t name = strlen(drawing[k]);
            bool named = strncmp(words[i], drawing[k], name) == 0;
            if (named && (words[i][name] == '\0' || words[i][name] == '=')) return true;
        }
    }
    return false;
}

int main(int count, char **words)
{
    if (count < 2) {
        help_all();
        return EXIT_USAGE;
    }
    const char *name = words[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        help_all();
        return EXIT_DONE;
    }
    if (strcmp(name, "--version") == 0) {
        puts("convoscope " CONVOSCOPE_VERSION);
        return EXIT_DONE;
    }
    const Command *command = find_command(name);
    const Technique *technique = technique_find(name);
    if (command && technique && !asks_for_help(count - 2, words + 2)) {
        if (draws(count - 2, words + 2)) command = NULL;
        if (command) technique = NULL;
    }
    if (!command && !technique)
        return cli_usage(NULL, "there is no command or technique '%s'", name);
    if (asks_for_help(count - 2, words + 2)) {
        if (command) help_command(command, NULL);
        if (command && technique) putchar('\n');
        if (technique) help_command(&cli_technique_command, technique);
        return EXIT_DONE;
    }
    if (!command) command = &cli_technique_command;
    limit_memory();
    Args args;
    int status = args_parse(&args, command, technique, count - 2, words + 2);
    if (status == EXIT_DONE) status = command->run(&args);
    args_release(&args);
    parallel_stop();
    return status;
}

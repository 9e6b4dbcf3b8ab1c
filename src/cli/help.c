/* Help made from the tables, so that it cannot fall behind them. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/model.h"

enum { TEXT_COLUMNS = 92, OPTION_COLUMN = 26 };

/* Words of a text from column `column` on, further lines indented to `indent`. */
static void print_wrapped(const char *text, int column, int indent)
{
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > indent && column + 1 + length > TEXT_COLUMNS) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", length, text);
        column += length;
        text += length;
        while (*text == ' ') text++;
    }
    putchar('\n');
}

static void print_option(const char *name, const char *value, const char *help)
{
    int column = printf("  --%s%s%s", name, value ? " " : "", value ? value : "");
    if (column >= OPTION_COLUMN) {
        putchar('\n');
        column = 0;
    }
    printf("%*s", OPTION_COLUMN - column, "");
    print_wrapped(help, OPTION_COLUMN, OPTION_COLUMN);
}

static const char *value_name(const Param *param)
{
    switch (param->type) {
    case PARAM_INT: return "N";
    case PARAM_FLOAT: return "NUMBER";
    case PARAM_CHOICE: return "CHOICE";
    case PARAM_FLAG: return NULL;
    case PARAM_TARGET: return "SPEC";
    case PARAM_LAYER: return "NODE";
    case PARAM_STROKES: return "STROKES";
    case PARAM_TEXT: break;
    }
    return "TEXT";
}

static void print_param(const Param *param)
{
    char facts[256] = "";
    const char *unit = param->unit && *param->unit ? param->unit : "";
    if (param->type == PARAM_INT || param->type == PARAM_FLOAT) {
        char side[24] = "";
        if (param->scaled) snprintf(side, sizeof side, " for %d x %d", PARAM_SIDE, PARAM_SIDE);
        snprintf(facts, sizeof facts, "(%g to %g, default %s%s%s%s)", param->min, param->max,
                 param->initial, *unit ? " " : "", unit, side);
    } else if (param->type == PARAM_CHOICE) {
        snprintf(facts, sizeof facts, "(%s, default %s)", param->choices, param->initial);
    } else if (*param->initial) {
        snprintf(facts, sizeof facts, "(default %s)", param->initial);
    }
    char help[1024];
    snprintf(help, sizeof help, "%s %s", param->help, facts);
    print_option(param->name, value_name(param), help);
}

static void print_options(const char *title, const Option *options, const Technique *technique)
{
    if (title) printf("\n%s\n", title);
    for (; options && options->name; options++) {
        if (args_is_param(technique, options->name)) continue;
        print_option(options->name, options->value, options->help);
    }
}

static void print_technique(const Technique *technique)
{
    printf("convoscope %s MODEL", technique->id);
    if (technique->images) printf(" %s", technique->images);
    for (int i = 0; !technique->images && i < technique->pictures; i++) fputs(" IMAGE", stdout);
    if (!technique->images && technique->most_pictures > technique->pictures)
        fputs(" [IMAGE...]", stdout);
    fputs(" [--PARAM VALUE ...] --out RESULT.png\n\n  ", stdout);
    print_wrapped(technique->sentence, 2, 2);
    printf("\n  Reading it: ");
    print_wrapped(technique->read, 14, 2);
    printf("\n  Its limits: ");
    print_wrapped(technique->limits, 14, 2);
    if (technique->ask) {
        printf("\n  ");
        print_wrapped(technique->ask, 2, 2);
        printf("    ");
        print_wrapped(technique->answer, 4, 4);
    }
    printf("\n  ");
    print_wrapped(technique->paper, 2, 2);
    if (technique->param_count > 0) puts("\nParameters");
    for (int i = 0; i < technique->param_count; i++) print_param(&technique->params[i]);
}

void help_command(const Command *command, const Technique *technique)
{
    if (technique) {
        print_technique(technique);
    } else {
        printf("convoscope %s%s%s\n\n  ", command->name, *command->words ? " " : "",
               command->words);
        print_wrapped(command->sentence, 2, 2);
    }
    if (command->options || command->writes_json) puts("\nOptions");
    print_options(NULL, command->options, technique);
    if (command->writes_json) {
        print_option("json", NULL, "print one JSON value on standard output and nothing else");
    }
    if (command->model) print_options("Network and preprocessing", model_options, technique);
}

void help_all(void)
{
    puts("convoscope: opens a convolutional network and shows what it sees\n");
    for (const Command *command = cli_commands; command->name; command++) {
        printf("  convoscope %s%s%s\n      ", command->name, *command->words ? " " : "",
               command->words);
        print_wrapped(command->sentence, 6, 6);
    }
    puts("  convoscope TECHNIQUE MODEL [IMAGE...] [--PARAM VALUE ...] --out RESULT.png\n"
         "      Runs one of the techniques:");
    for (int i = 0; i < technique_count(); i++) {
        const Technique *technique = technique_at(i);
        int column = printf("        %s", technique->id);
        printf("%*s", column < 28 ? 28 - column : 1, "");
        print_wrapped(technique->sentence, 28, 28);
    }
    puts("\nconvoscope COMMAND --help tells more; convoscope --version prints the version.\n\n"
         "MODEL is an .onnx file or the name of a bundled network; a file MODEL.json beside it "
         "overrides\n"
         "its preprocessing. IMAGE is a JPEG or PNG file, or a folder that stands for those in it, "
         "whose\n"
         "sub-folders are named after classes. Exit status: 0 done; 1 failed, with a sentence "
         "that says why;\n"
         "2 wrong usage; 130 stopped by Ctrl-C, with the partial result written.");
}

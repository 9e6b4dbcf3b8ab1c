#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/files.h"
#include "cli/model.h"

int cli_fail(Status status)
{
    fprintf(stderr, "convoscope: %s\n", status.message);
    return EXIT_FAILED;
}

int cli_usage(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("convoscope: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    if (command) {
        fprintf(stderr, "; see convoscope %s --help\n", command);
    } else {
        fputs("; see convoscope --help\n", stderr);
    }
    return EXIT_USAGE;
}

void cli_note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("convoscope: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int cli_print(Text *text)
{
    bool failed = text->failed;
    if (!failed) puts(text->bytes ? text->bytes : "");
    text_release(text);
    if (failed) return cli_fail(status_no_memory("the text to print", 0));
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return cli_fail(status_error(STATUS_IO, "standard output cannot be written to"));
    }
    return EXIT_DONE;
}

static const Param *find_param(const Technique *technique, const char *name)
{
    for (int i = 0; technique && i < technique->param_count; i++) {
        if (strcmp(technique->params[i].name, name) == 0) return &technique->params[i];
    }
    return NULL;
}

bool args_is_param(const Technique *technique, const char *name)
{
    return find_param(technique, name) != NULL;
}

static const Option *find_option(const Option *options, const char *name)
{
    for (; options && options->name; options++) {
        if (strcmp(options->name, name) == 0) return options;
    }
    return NULL;
}

/* Options of the command itself, those of opening a network, --json. */
static const Option *known_option(const Command *command, const char *name)
{
    static const Option json = {"json", NULL, ""};
    const Option *option = find_option(command->options, name);
    if (!option && command->model) option = find_option(model_options, name);
    if (!option && command->writes_json && strcmp(name, json.name) == 0) option = &json;
    return option;
}

static bool says_yes_or_no(const char *word)
{
    static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "1", "0"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i]) == 0) return true;
    }
    return false;
}

static char yes[] = "true";

/* Reads words[*at], which begins with two dashes, and its value; moves *at past them. */
static int parse_option(Args *args, int count, char **words, int *at)
{
    const char *command = args->technique ? args->technique->id : args->command->name;
    char *name = words[*at] + 2, *equals = strchr(name, '=');
    if (equals) *equals = '\0';
    /* A parameter of the technique comes before an option of opening the network of the same name. */
    const Param *param = find_param(args->technique, name);
    const Option *option = param ? NULL : known_option(args->command, name);
    if (!param && !option) {
        return args->technique ? cli_usage(command, "%s has no parameter --%s", command, name)
                               : cli_usage(command, "%s has no option --%s", command, name);
    }
    ++*at;
    char *value = equals ? equals + 1 : *at < count ? words[*at] : NULL;
    bool flag = param ? param->type == PARAM_FLAG : option->value == NULL;
    if (flag && !equals && !(param && value && says_yes_or_no(value))) {
        value = yes;
    } else if (!value) {
        return cli_usage(command, "--%s needs a value", name);
    } else if (!equals) {
        ++*at;
    }
    args->names[args->option_count] = name;
    args->values[args->option_count++] = value;
    return EXIT_DONE;
}

static int check_words(const Args *args, int least, int most)
{
    const Command *command = args->command;
    const char *name = args->technique ? args->technique->id : command->name;
    if (args->word_count < least) {
        if (!args->technique || args->word_count < 1)
            return cli_usage(name, "%s needs %s", name, command->words);
        if (least == 2) return cli_usage(name, "%s needs MODEL and a picture", name);
        return cli_usage(name, "%s needs MODEL and %s%d pictures, or a folder of them", name,
                         most > least ? "at least " : "", least - 1);
    }
    if (args->word_count <= most) return EXIT_DONE;
    return cli_usage(name, "%s does not know what to do with '%s'", name, args->words[most]);
}

/* A folder stands for as many pictures as are in it. */
static int least_words(const Args *args)
{
    const int pictures = args->technique->pictures;
    for (int i = 1; i < args->word_count; i++) {
        if (is_folder(args->words[i])) return pictures < 1 ? pictures : 1;
    }
    return pictures;
}

int args_parse(Args *args, const Command *command, const Technique *technique, int count,
               char **words)
{
    *args = (Args){.command = command, .technique = technique};
    size_t room = (size_t)count + 1;
    args->words = calloc(3 * room, sizeof *args->words);
    if (!args->words) return cli_fail(status_no_memory("the command line", 3 * room));
    args->names = args->words + room;
    args->values = args->names + room;
    bool options = true;
    for (int at = 0; at < count;) {
        if (options && strcmp(words[at], "--") == 0) {
            options = false;
            at++;
        } else if (options && strncmp(words[at], "--", 2) == 0) {
            int status = parse_option(args, count, words, &at);
            if (status != EXIT_DONE) return status;
        } else if (options && words[at][0] == '-' && words[at][1] != '\0') {
            return cli_usage(technique ? technique->id : command->name,
                             "'%s' is not known: options begin with two dashes", words[at]);
        } else {
            args->words[args->word_count++] = words[at++];
        }
    }
    if (!technique) return check_words(args, command->least, command->most);
    return check_words(args, 1 + least_words(args), 1 + technique_most_pictures(technique));
}

void args_release(Args *args)
{
    free(args->words);
    *args = (Args){0};
}

const char *args_option(const Args *args, const char *name)
{
    for (int i = args->option_count - 1; i >= 0; i--) {
        if (strcmp(args->names[i], name) == 0) return args->values[i];
    }
    return NULL;
}

bool args_flag(const Args *args, const char *name)
{
    const char *value = args_option(args, name);
    return value && strcmp(value, "false") != 0 && strcmp(value, "no") != 0;
}

Status args_int(const Args *args, const char *name, int least, int most, int initial, int *value)
{
    *value = initial;
    const char *text = args_option(args, name);
    if (!text) return status_ok();
    char *end;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < least || number > most) {
        return status_error(STATUS_BAD_INPUT,
                            "--%s is '%.40s', but has to be a whole number from %d to %d", name,
                            text, least, most);
    }
    *value = (int)number;
    return status_ok();
}

Status args_float(const Args *args, const char *name, double least, double most, float *value)
{
    const char *text = args_option(args, name);
    if (!text) return status_ok();
    char *end;
    const double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= least && number <= most)) {
        return status_error(STATUS_BAD_INPUT,
                            "--%s is '%.40s', but has to be a number from %g to %g", name, text,
                            least, most);
    }
    *value = (float)number;
    return status_ok();
}

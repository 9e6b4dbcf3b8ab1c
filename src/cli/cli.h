/*
 * The command line: what the files of this folder share. A command reads its Args, works, and returns the
 * exit status; failures become one sentence on standard error through cli_fail and cli_usage.
 */
#ifndef CONVOSCOPE_CLI_CLI_H
#define CONVOSCOPE_CLI_CLI_H

#include <stdbool.h>

#include "base/status.h"
#include "base/text.h"
#include "techniques/technique.h"

enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_INTERRUPTED = 130, /* Ctrl-C, as a shell has it; the partial result was written */
};

typedef struct Option {
    const char *name;  /* without the dashes */
    const char *value; /* how its value is called in the help; NULL: a flag */
    const char *help;
} Option;

typedef struct Args Args;

typedef struct Command {
    const char *name, *words; /* words: "MODEL IMAGE...", in the help */
    const char *sentence;
    const Option *options; /* ends with a name of NULL; may be NULL */
    int least, most;       /* how many words */
    bool model;            /* opens a network: takes the options of preprocessing and --threads */
    bool writes_json;      /* takes --json */
    int (*run)(const Args *args);
} Command;

/* The commands, in the order of the help; a name of NULL ends them. */
extern const Command cli_commands[];

/* What all techniques share; its name and words are the technique's. */
extern const Command cli_technique_command;

struct Args {
    const Command *command;
    const Technique *technique; /* NULL where the command is none */
    char **words;
    int word_count;
    char **names, **values; /* options as given, without dashes; a flag has the value "true" */
    int option_count;
};

/* Reads the words behind the command's name. Returns EXIT_DONE, or EXIT_USAGE after a sentence. Release with
 * args_release. */
int args_parse(Args *args, const Command *command, const Technique *technique, int count,
               char **words);
void args_release(Args *args);

/* The value of an option, the last one if there are several; NULL when it was not given. */
const char *args_option(const Args *args, const char *name);
bool args_flag(const Args *args, const char *name);

/* Whole number of an option, `initial` when it was not given. */
Status args_int(const Args *args, const char *name, int least, int most, int initial, int *value);

/* Number of an option; *value is left alone when it was not given. */
Status args_float(const Args *args, const char *name, double least, double most, float *value);

/* An option of the technique's table rather than of the command line. */
bool args_is_param(const Technique *technique, const char *name);

/* ---- help.c ---- */

void help_all(void);
void help_command(const Command *command, const Technique *technique);

/* Makes allocations beyond what the machine has fail, rather than the program be killed for them. */
void limit_memory(void);

/* ---- what goes wrong ---- */

/* Prints the sentence, returns EXIT_FAILED. */
int cli_fail(Status status);

/* Prints a sentence and where the help is, returns EXIT_USAGE. command may be NULL. */
int cli_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A remark on standard error that is no failure. */
void cli_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the text as one line and releases it; EXIT_FAILED when memory ran out or nobody reads. */
int cli_print(Text *text);

#endif

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "techniques/run.h"

/* The default for the input of the run's network, in `room` where it is not the one of the table. */
static const char *initial_of(const Run *run, const Param *param, char *room, size_t size)
{
    if (!param->scaled) return param->initial;
    const Preprocess *p = network_preprocess(run->network);
    const int side = p->height < p->width ? p->height : p->width;
    const double value = round(strtod(param->initial, NULL) * side / PARAM_SIDE);
    snprintf(room, size, "%.0f", fmin(fmax(value, param->min), param->max));
    return room;
}

Status params_create(Run *run)
{
    const Technique *t = run->technique;
    const size_t bytes = (size_t)t->param_count * sizeof *run->values;
    run->values = arena_alloc(run->arena, bytes);
    if (!run->values) return status_no_memory("the parameters", bytes);
    for (int i = 0; i < t->param_count; i++) {
        char room[32];
        const char *initial = initial_of(run, &t->params[i], room, sizeof room);
        TRY(run_set(run, t->params[i].name, initial));
    }
    return status_ok();
}

static int find(const Technique *technique, const char *name)
{
    for (int i = 0; i < technique->param_count; i++) {
        if (strcmp(technique->params[i].name, name) == 0) return i;
    }
    return -1;
}

static Status unknown(const Technique *technique, const char *name)
{
    char known[160] = "none";
    size_t length = 0;
    for (int i = 0; i < technique->param_count; i++) {
        const size_t more = strlen(technique->params[i].name);
        if (length + more + 3 > sizeof known) break;
        if (i) memcpy(known + length, ", ", 2), length += 2;
        memcpy(known + length, technique->params[i].name, more);
        length += more;
        known[length] = '\0';
    }
    return status_error(STATUS_BAD_INPUT, "%s has no parameter '%.40s'; it knows %s", technique->id,
                        name, known);
}

static Status read_number(const Technique *technique, const Param *param, const char *text,
                          double *number)
{
    char *end;
    *number = strtod(text, &end);
    while (isspace((unsigned char)*end)) end++;
    const bool whole = param->type == PARAM_INT;
    if (end == text || *end || !isfinite(*number) || (whole && *number != floor(*number))) {
        return status_error(STATUS_BAD_INPUT,
                            "%s: parameter '%s' is '%.40s', which is not a %snumber", technique->id,
                            param->name, text, whole ? "whole " : "");
    }
    if (*number < param->min || *number > param->max) {
        return status_error(STATUS_BAD_INPUT,
                            "%s: parameter '%s' is %g, but has to lie between %g and %g",
                            technique->id, param->name, *number, param->min, param->max);
    }
    return status_ok();
}

static bool is_choice(const char *choices, const char *text)
{
    const size_t length = strlen(text);
    while (*choices) {
        const size_t span = strcspn(choices, "|");
        if (span == length && strncmp(choices, text, span) == 0) return true;
        choices += span + (choices[span] == '|');
    }
    return false;
}

static Status read_flag(const Technique *technique, const Param *param, const char *text,
                        double *number)
{
    static const char *const yes[] = {"true", "1", "yes", "on"};
    static const char *const no[] = {"false", "0", "no", "off"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        const bool set = strcmp(text, yes[i]) == 0;
        *number = set;
        if (set || strcmp(text, no[i]) == 0) return status_ok();
    }
    return status_error(STATUS_BAD_INPUT,
                        "%s: parameter '%s' is '%.40s', but has to be true or false", technique->id,
                        param->name, text);
}

static Status check(const Technique *technique, const Param *param, const char *text,
                    double *number)
{
    switch (param->type) {
    case PARAM_INT:
    case PARAM_FLOAT: return read_number(technique, param, text, number);
    case PARAM_FLAG: return read_flag(technique, param, text, number);
    case PARAM_CHOICE:
        if (is_choice(param->choices, text)) return status_ok();
        return status_error(STATUS_BAD_INPUT,
                            "%s: parameter '%s' is '%.40s', but has to be one of %s", technique->id,
                            param->name, text, param->choices);
    case PARAM_TARGET:
    case PARAM_LAYER:
        if (*text) return status_ok();
        return status_error(STATUS_BAD_INPUT, "%s: parameter '%s' is empty; leave it out for %s",
                            technique->id, param->name, param->initial);
    case PARAM_STROKES:
    case PARAM_TEXT: break;
    }
    return status_ok();
}

Status run_set(Run *run, const char *name, const char *value)
{
    const int index = find(run->technique, name);
    if (index < 0) return unknown(run->technique, name);
    double number = 0;
    TRY(check(run->technique, &run->technique->params[index], value, &number));
    const char *copy = arena_text(run->arena, value, strlen(value));
    if (!copy) return status_no_memory("a parameter", strlen(value));
    run->values[index] = (ParamValue){.text = copy, .number = number};
    return status_ok();
}

/* Techniques ask for parameters of their own table only. */
static const ParamValue *value_of(const Run *run, const char *name)
{
    static const ParamValue none = {.text = ""};
    const int index = find(run->technique, name);
    return index < 0 ? &none : &run->values[index];
}

int run_int(const Run *run, const char *param)
{
    return (int)value_of(run, param)->number;
}

float run_float(const Run *run, const char *param)
{
    return (float)value_of(run, param)->number;
}

bool run_flag(const Run *run, const char *param)
{
    return value_of(run, param)->number != 0;
}

const char *run_text(const Run *run, const char *param)
{
    return value_of(run, param)->text;
}

bool run_choice(const Run *run, const char *param, const char *choice)
{
    return strcmp(value_of(run, param)->text, choice) == 0;
}

/* ---- layers that must stay apart ---- */

/* Copies the nodes that a SPEC names; their number. */
static int spec_nodes(Run *run, const char *spec, const char **names, int most)
{
    SpecNodes nodes;
    network_spec_nodes(spec, &nodes);
    int count = 0;
    while (count < nodes.count && count < most) {
        const char *name = nodes.name[count];
        names[count] = arena_text(run->arena, name, strlen(name));
        if (!names[count]) break; /* what is folded then says so */
        count++;
    }
    return count;
}

int params_layers(Run *run, const char **names, int most)
{
    int count = 0;
    for (int i = 0; i < run->technique->param_count && count < most; i++) {
        const ParamType type = run->technique->params[i].type;
        const char *text = run->values[i].text;
        if (type == PARAM_LAYER && strcmp(text, "auto") != 0) names[count++] = text;
        if (type == PARAM_TARGET) count += spec_nodes(run, text, names + count, most - count);
    }
    return count;
}

/* What a SPEC is made of: terms with their weights, and the nodes that they name. */
#include <stdlib.h>
#include <string.h>

#include "network_internal.h"

static const SpecKind kinds[] = {
    {"class:", OBJECTIVE_CHANNEL, 0},    {"channel:", OBJECTIVE_CHANNEL, 1},
    {"neuron:", OBJECTIVE_NEURON, 3},    {"layer:", OBJECTIVE_LAYER, 0},
    {"gram:", OBJECTIVE_GRAM_ENERGY, 0},
};

const SpecKind *spec_kind(const char *text)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0) return &kinds[i];
    }
    return NULL;
}

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " ");
}

/* Past "+ 0.5 *"; sign and number may be absent. */
static const char *read_weight(const char *text, float *weight)
{
    text = skip_spaces(text);
    const float sign = *text == '-' ? -1.0F : 1.0F;
    if (*text == '+' || *text == '-') text = skip_spaces(text + 1);
    char *end;
    const float number = strtof(text, &end);
    const char *star = skip_spaces(end);
    *weight = sign;
    if (end == text || *star != '*') return text;
    *weight = sign * number;
    return skip_spaces(star + 1);
}

/* Names may hold + and -: one of these ends a term only where another term follows it. */
static bool begins_term(const char *text)
{
    float weight;
    return (*text == '+' || *text == '-') && spec_kind(read_weight(text, &weight));
}

bool spec_next(const char **rest, SpecTerm *term)
{
    const char *begin = read_weight(*rest, &term->weight), *end = begin;
    if (!*begin) return false;
    while (*end && !begins_term(end)) end++;
    *rest = end;
    while (end > begin && end[-1] == ' ') end--;
    term->text = begin;
    term->length = (size_t)(end - begin);
    return true;
}

bool network_spec_is_class(const char *spec)
{
    SpecTerm term;
    return spec_next(&spec, &term) && strncmp(term.text, "class:", 6) == 0 && !*spec &&
           term.weight == 1;
}

void network_spec_nodes(const char *spec, SpecNodes *nodes)
{
    SpecTerm term;
    size_t used = 0;
    *nodes = (SpecNodes){0};
    while (nodes->count < SPEC_MAX_NODES && spec_next(&spec, &term)) {
        const SpecKind *kind = spec_kind(term.text);
        if (!kind || strncmp(term.text, "class:", 6) == 0) continue;
        const size_t prefix = strlen(kind->prefix), length = term.length - prefix;
        if (used + length >= sizeof nodes->text) return;
        char *name = nodes->text + used;
        memcpy(name, term.text + prefix, length);
        for (int n = 0; n < kind->numbers; n++) {
            char *colon = strrchr(name, ':');
            if (colon) *colon = '\0';
        }
        if (*name) nodes->name[nodes->count++] = name;
        used += length + 1;
    }
}

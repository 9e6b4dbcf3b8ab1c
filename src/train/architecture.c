#include "train/architecture.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- built-in networks ---- */

static const struct {
    const char *name, *purpose, *text;
} builtin[] = {
    {"digits", "handwritten-looking digits, 28 x 28, grey",
     "input 28 GRAY\n"
     "conv 8 5\n"
     "max 2 2\n"
     "conv 16 3\n"
     "max 2 2\n"
     "conv 32 3\n"},
    {"tiny", "ten classes, small enough to look at every number",
     "input 64 RGB\n"
     "conv 16 5 2\n"
     "max 2 2\n"
     "conv 24 3\n"
     "conv 32 3\n"
     "max 2 2\n"
     "conv 48 3\n"
     "conv 64 3\n"},
    {"things",
     "two hundred classes, a stack to be looked at: wide 7x7 kernels first, pools between",
     "input 64 RGB\n"
     "conv 64 7 2\n"
     "max 2 2\n"
     "conv 128 3\n"
     "max 2 2\n"
     "conv 192 3\n"
     "conv 192 3\n"
     "max 2 2\n"
     "conv 320 3\n"
     "conv 320 3\n"
     "dropout 0.1\n"},
    {"vgg", "plain stack of convolutions (after Simonyan & Zisserman 2015)",
     "input 64 RGB\n"
     "conv 32 5 2\n"
     "conv 64 3 2\n"
     "conv 64 3\n"
     "conv 128 3 2\n"
     "conv 128 3\n"
     "conv 128 3\n"
     "conv 256 3 2\n"
     "conv 256 3\n"
     "conv 384 3\n"
     "dropout 0.1\n"},
    {"inception", "mixed layers of 1x1 and 3x3 (after Szegedy et al. 2016)",
     "input 64 RGB\n"
     "conv 32 7 2\n"
     "conv 64 3 2\n"
     "inception 32 32 48 16 24 24\n"
     "inception 32 32 64 16 24 24\n"
     "max 3 2\n"
     "inception 64 48 96 24 48 32\n"
     "inception 64 48 96 24 48 32\n"
     "max 3 2\n"
     "inception 96 64 160 32 64 64\n"
     "inception 96 64 160 32 64 64\n"
     "dropout 0.1\n"},
    {"residual", "shortcuts around pairs of convolutions (after He et al. 2016)",
     "input 64 RGB\n"
     "conv 32 5 2\n"
     "conv 64 3 2\n"
     "residual 64\n"
     "residual 128 2\n"
     "residual 256 2\n"
     "dropout 0.1\n"},
};

enum { BUILTIN_COUNT = sizeof builtin / sizeof *builtin };

const char *architecture_builtin(const char *name)
{
    for (int i = 0; i < BUILTIN_COUNT; i++) {
        if (strcmp(name, builtin[i].name) == 0) return builtin[i].text;
    }
    return NULL;
}

const char *architecture_name(int index, const char **purpose)
{
    if (index < 0 || index >= BUILTIN_COUNT) return NULL;
    *purpose = builtin[index].purpose;
    return builtin[index].name;
}

/* ---- the text ---- */

static const struct {
    const char *word;
    LayerKind kind;
    int least, most; /* numbers */
    int odd;         /* index of a number that must be odd, so that maps keep their size; -1 */
    int initial;     /* of what is left out at the end */
} words[] = {
    {"conv", LAYER_CONV, 2, 3, 1, 1},
    {"max", LAYER_MAX, 2, 2, -1, 0},
    {"average", LAYER_AVERAGE, 2, 2, -1, 0},
    {"residual", LAYER_RESIDUAL, 1, 2, -1, 1},
    {"inception", LAYER_INCEPTION, 6, 6, -1, 0},
};

enum { NUMBER_MOST = 4096 };

/* Whole numbers from 1 on, separated by blanks; -1 where there is anything else. */
static int read_numbers(const char *text, int most, int *number)
{
    int count = 0;
    for (;;) {
        while (isblank((unsigned char)*text)) text++;
        if (*text == '\0') return count;
        char *end;
        const long value = strtol(text, &end, 10);
        const bool whole = end != text && (*end == '\0' || isblank((unsigned char)*end));
        if (!whole || count == most || value < 1 || value > NUMBER_MOST) return -1;
        number[count++] = (int)value;
        text = end;
    }
}

static bool read_input(Architecture *a, const char *rest)
{
    char channels[8];
    int end = 0;
    if (sscanf(rest, "%d %7s %n", &a->size, channels, &end) != 2 || rest[end] != '\0') return false;
    a->channels = strcmp(channels, "RGB") == 0 ? 3 : strcmp(channels, "GRAY") == 0 ? 1 : 0;
    return a->channels > 0 && a->size >= 8 && a->size <= 1024;
}

static bool read_dropout(Architecture *a, const char *rest)
{
    char *end;
    a->dropout = strtof(rest, &end);
    return end != rest && *end == '\0' && a->dropout >= 0 && a->dropout < 1;
}

static bool read_layer(Architecture *a, const char *word, const char *rest)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i].word) != 0) continue;
        Layer *layer = &a->layer[a->count++];
        layer->kind = words[i].kind;
        const int count = read_numbers(rest, words[i].most, layer->number);
        for (int k = count; k >= 0 && k < words[i].most; k++) layer->number[k] = words[i].initial;
        const int odd = words[i].odd;
        return count >= words[i].least && (odd < 0 || layer->number[odd] % 2 == 1);
    }
    return false;
}

static bool read_line(Architecture *a, char *line)
{
    line[strcspn(line, "#\r")] = '\0';
    char word[16];
    int end = 0;
    if (sscanf(line, " %15s %n", word, &end) < 1) return true; /* an empty line */
    char *rest = line + end;
    size_t length = strlen(rest);
    while (length > 0 && isblank((unsigned char)rest[length - 1])) rest[--length] = '\0';
    if (strcmp(word, "input") == 0) return read_input(a, rest);
    if (strcmp(word, "dropout") == 0) return read_dropout(a, rest);
    return a->count < ARCHITECTURE_MAX_LAYERS && read_layer(a, word, rest);
}

Status architecture_parse(Architecture *architecture, const char *name, const char *text)
{
    *architecture = (Architecture){0};
    if (strlen(text) >= sizeof architecture->text) {
        return status_error(STATUS_BAD_INPUT, "the network '%s' is longer than %d bytes", name,
                            ARCHITECTURE_TEXT_BYTES - 1);
    }
    strcpy(architecture->text, text);
    int number = 0;
    for (const char *at = text; *at;) {
        char line[256];
        const size_t length = strcspn(at, "\n");
        number++;
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        if (length >= sizeof line || !read_line(architecture, line)) {
            return status_error(STATUS_BAD_INPUT,
                                "the network '%s' is not understood in line %d, '%.*s': write "
                                "input SIZE RGB, conv FILTERS KERNEL STRIDE (an odd kernel), max "
                                "WINDOW STRIDE, average WINDOW STRIDE, residual FILTERS STRIDE, "
                                "inception and six numbers, or dropout SHARE",
                                name, number, length > 60 ? 60 : (int)length, at);
        }
        at += length + (at[length] == '\n');
    }
    if (architecture->size > 0 && architecture->count > 0) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "the network '%s' lacks its input or its layers: begin with input 64 RGB",
                        name);
}

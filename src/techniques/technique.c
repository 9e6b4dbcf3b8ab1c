#include "techniques/technique.h"

#include <stdlib.h>
#include <string.h>

#include "image/colormap.h"

#define TECHNIQUE(identifier) extern const Technique technique_##identifier;
#include "techniques/techniques.def"
#undef TECHNIQUE

static const Technique *const table[] = {
#define TECHNIQUE(identifier) &technique_##identifier,
#include "techniques/techniques.def"
#undef TECHNIQUE
};

int technique_count(void)
{
    return (int)(sizeof table / sizeof *table);
}

const Technique *technique_at(int index)
{
    return table[index];
}

const Technique *technique_find(const char *id)
{
    for (int i = 0; i < technique_count(); i++) {
        if (strcmp(table[i]->id, id) == 0) return table[i];
    }
    return NULL;
}

const char *result_kind_name(ResultKind kind)
{
    switch (kind) {
    case RESULT_MAP: return "map";
    case RESULT_IMAGE: return "image";
    case RESULT_TILES: return "tiles";
    case RESULT_CURVE: return "curve";
    case RESULT_FILM: return "film";
    case RESULT_POINTS: return "points";
    case RESULT_TABLE: return "table";
    }
    return "map";
}

int technique_most_pictures(const Technique *technique)
{
    return technique->most_pictures ? technique->most_pictures : technique->pictures;
}

void result_details_json(const ResultItem *item, Text *text)
{
    if (item->kind == RESULT_POINTS) {
        json_key(text, "groups");
        json_array_begin(text);
        for (int i = 0; i < item->points->group_count; i++) {
            char colour[8];
            colormap_category(i, colour);
            json_object_begin(text);
            json_key(text, "name"), json_string(text, item->points->groups[i]);
            json_key(text, "colour"), json_string(text, colour);
            json_object_end(text);
        }
        json_array_end(text);
    }
    if (item->kind != RESULT_TABLE) return;
    const int rows = item->shape.dim[0], columns = item->shape.dim[1];
    json_key(text, "columns");
    json_array_begin(text);
    for (int c = 0; c < columns; c++) json_string(text, item->table->columns[c]);
    json_array_end(text);
    json_key(text, "rows");
    json_array_begin(text);
    for (int r = 0; r < rows; r++) {
        json_array_begin(text);
        for (int c = 0; c < columns; c++) {
            const char *cell = item->table->cells[r * columns + c];
            if (cell) {
                json_string(text, cell);
            } else {
                json_number(text, item->data[r * columns + c]);
            }
        }
        json_array_end(text);
    }
    json_array_end(text);
}

/* ---- JSON, as docs/architecture.md has it ---- */

static void text_member(Text *text, const char *key, const char *value)
{
    json_key(text, key);
    json_string(text, value);
}

static void number_member(Text *text, const char *key, double value)
{
    json_key(text, key);
    json_number(text, value);
}

void choices_json(Text *text, const char *choices)
{
    json_array_begin(text);
    while (*choices) {
        char choice[64];
        const size_t length = strcspn(choices, "|");
        const size_t kept = length < sizeof choice - 1 ? length : sizeof choice - 1;
        memcpy(choice, choices, kept);
        choice[kept] = '\0';
        json_string(text, choice);
        choices += length + (choices[length] == '|');
    }
    json_array_end(text);
}

static const char *type_name(ParamType type)
{
    switch (type) {
    case PARAM_INT: return "int";
    case PARAM_FLOAT: return "float";
    case PARAM_CHOICE: return "choice";
    case PARAM_FLAG: return "flag";
    case PARAM_TARGET: return "target";
    case PARAM_LAYER: return "layer";
    case PARAM_STROKES: return "strokes";
    case PARAM_TEXT: break;
    }
    return "text";
}

static void param_json(Text *text, const Param *param)
{
    const bool number = param->type == PARAM_INT || param->type == PARAM_FLOAT;
    json_object_begin(text);
    text_member(text, "name", param->name);
    text_member(text, "title", param->title);
    text_member(text, "type", type_name(param->type));
    if (number) {
        number_member(text, "min", param->min);
        number_member(text, "max", param->max);
        number_member(text, "step", param->step);
        number_member(text, "default", strtod(param->initial, NULL));
    } else if (param->type == PARAM_FLAG) {
        json_key(text, "default");
        json_bool(text, strcmp(param->initial, "true") == 0);
    } else {
        text_member(text, "default", param->initial);
    }
    if (param->choices) json_key(text, "choices"), choices_json(text, param->choices);
    text_member(text, "unit", param->unit ? param->unit : "");
    text_member(text, "help", param->help);
    json_key(text, "advanced");
    json_bool(text, param->advanced);
    json_key(text, "scaled");
    json_bool(text, param->scaled);
    json_object_end(text);
}

void techniques_json(Text *text)
{
    json_array_begin(text);
    for (int i = 0; i < technique_count(); i++) {
        const Technique *t = table[i];
        json_object_begin(text);
        text_member(text, "id", t->id);
        text_member(text, "title", t->title);
        text_member(text, "question", t->question);
        text_member(text, "sentence", t->sentence);
        text_member(text, "read", t->read);
        text_member(text, "limits", t->limits);
        text_member(text, "ask", t->ask);
        text_member(text, "answer", t->answer);
        text_member(text, "paper", t->paper);
        json_key(text, "pictures");
        json_integer(text, t->pictures);
        json_key(text, "most_pictures");
        json_integer(text, technique_most_pictures(t));
        text_member(text, "images", t->images ? t->images : "");
        text_member(text, "returns", t->returns);
        json_key(text, "parameters");
        json_array_begin(text);
        for (int p = 0; p < t->param_count; p++) param_json(text, &t->params[p]);
        json_array_end(text);
        json_object_end(text);
    }
    json_array_end(text);
}

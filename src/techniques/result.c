/* What a technique shows: items and facts. */
#include <assert.h>
#include <string.h>

#include "techniques/technique.h"

ResultItem *result_add(Result *result, ResultItem item)
{
    assert(result->item_count < RESULT_MAX_ITEMS);
    result->items[result->item_count] = item;
    return &result->items[result->item_count++];
}

void result_image(Result *result, const char *name, const char *title, int height, int width,
                  const float *data)
{
    result_add(result, (ResultItem){.name = name,
                                    .title = title,
                                    .kind = RESULT_IMAGE,
                                    .shape = shape_make(3, (int[]){3, height, width}),
                                    .data = data});
}

void result_curve(Result *result, const char *name, const char *title, int count, const float *data)
{
    result_add(result, (ResultItem){.name = name,
                                    .title = title,
                                    .kind = RESULT_CURVE,
                                    .shape = shape_make(1, &count),
                                    .data = data});
}

static ResultFact *fact_add(Result *result, const char *name, const char *label, const char *unit)
{
    assert(result->fact_count < RESULT_MAX_FACTS);
    ResultFact *fact = &result->facts[result->fact_count++];
    *fact = (ResultFact){.name = name, .label = label, .unit = unit};
    return fact;
}

void result_fact(Result *result, const char *name, const char *label, double value,
                 const char *unit)
{
    fact_add(result, name, label, unit)->value = value;
}

void result_fact_text(Result *result, const char *name, const char *label, const char *text)
{
    ResultFact *fact = fact_add(result, name, label, "");
    static const char ellipsis[] = "...";
    size_t length = strlen(text);
    if (length < sizeof fact->text) {
        memcpy(fact->text, text, length + 1);
        return;
    }
    length = sizeof fact->text - sizeof ellipsis;
    /* Not in the middle of a UTF-8 character. */
    while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    memcpy(fact->text, text, length);
    memcpy(fact->text + length, ellipsis, sizeof ellipsis);
}

#include "cli/csv.h"

#include "base/file.h"

/* The axes before x, from the right. */
static const char *const axes[] = {"y", "plane", "item"};

static void put_header(Text *text, const Shape *shape)
{
    const int named = (int)(sizeof axes / sizeof *axes);
    for (int i = shape->rank - 2; i >= 0; i--) {
        if (i < named) {
            text_format(text, "%s,", axes[i]);
        } else {
            text_format(text, "axis%d,", shape->rank - 2 - i);
        }
    }
    for (int x = 0; x < shape->dim[shape->rank - 1]; x++) text_format(text, x ? ",x%d" : "x%d", x);
    text_append(text, "\n", 1);
}

/* The indices of line `line`, all axes but the last. */
static void put_indices(Text *text, const Shape *shape, size_t line)
{
    size_t below = 1;
    for (int i = 0; i < shape->rank - 1; i++) below *= (size_t)shape->dim[i];
    for (int i = 0; i < shape->rank - 1; i++) {
        below /= (size_t)shape->dim[i];
        text_format(text, "%zu,", line / below % (size_t)shape->dim[i]);
    }
}

/* In quotes, those within it doubled (RFC 4180). */
static void put_cell(Text *text, const char *cell, bool last)
{
    text_append(text, "\"", 1);
    for (; *cell; cell++) {
        text_append(text, cell, 1);
        if (*cell == '"') text_append(text, cell, 1);
    }
    text_append(text, last ? "\"\n" : "\",", 2);
}

Status csv_write(const char *path, const Shape *shape, const float *data, const ResultTable *table)
{
    Text text = {0};
    const size_t count = shape_elements(shape);
    const size_t across = shape->rank > 1 ? (size_t)shape->dim[shape->rank - 1] : 1;
    if (shape->rank > 2) put_header(&text, shape);
    for (size_t c = 0; table && c < across; c++)
        put_cell(&text, table->columns[c], c + 1 == across);
    for (size_t i = 0; i < count; i++) {
        if (shape->rank > 2 && i % across == 0) put_indices(&text, shape, i / across);
        if (table && table->cells[i]) {
            put_cell(&text, table->cells[i], (i + 1) % across == 0);
            continue;
        }
        text_format(&text, "%.9g%c", (double)data[i], (i + 1) % across ? ',' : '\n');
    }
    return file_write_text(path, &text);
}

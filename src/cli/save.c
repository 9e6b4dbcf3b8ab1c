#include "cli/save.h"

#include <string.h>

#include "cli/csv.h"
#include "cli/files.h"
#include "npy.h"

static const float series_per_second = 2; /* tiles as a GIF: there is time to look at each */

Status saving_check(const Saving *saving)
{
    const char *const paths[] = {saving->out, saving->npy, saving->csv};
    for (int i = 0; i < 3; i++) {
        if (paths[i]) TRY(file_check_writable(paths[i]));
    }
    const char *out = saving->out;
    if (!out || has_ending(out, ".png") || has_ending(out, ".gif")) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "the result is a PNG picture or a GIF: name it '%s.png' or '%s.gif'", out,
                        out);
}

/* ---- what is told ---- */

static void item_json(Text *text, const ResultItem *item, const Drawing *drawing, const char *file)
{
    json_object_begin(text);
    json_key(text, "name"), json_string(text, item->name);
    json_key(text, "title"), json_string(text, item->title);
    json_key(text, "kind"), json_string(text, result_kind_name(item->kind));
    json_key(text, "shape"), shape_json(text, &item->shape);
    json_key(text, "signed"), json_bool(text, item->is_signed);
    json_key(text, "colormap"), json_string(text, item->colormap);
    if (item->lines) json_key(text, "lines"), choices_json(text, item->lines);
    json_key(text, "low"), json_number(text, drawing->low);
    json_key(text, "high"), json_number(text, drawing->high);
    json_key(text, "clipped"), json_bool(text, drawing->clipped);
    json_key(text, "file"), json_string(text, file);
    result_details_json(item, text);
    json_object_end(text);
}

static void table_text(Text *text, const ResultItem *item)
{
    const int rows = item->shape.dim[0], columns = item->shape.dim[1];
    for (int r = -1; r < rows; r++) {
        text_format(text, "\n ");
        for (int c = 0; c < columns; c++) {
            const char *cell =
                r < 0 ? item->table->columns[c] : item->table->cells[r * columns + c];
            if (cell) {
                text_format(text, "  %-18s", cell);
            } else {
                text_format(text, "  %-18.4g", (double)item->data[r * columns + c]);
            }
        }
    }
}

static void item_text(Text *text, const ResultItem *item, const Drawing *drawing, const char *file)
{
    char shape[SHAPE_TEXT_BYTES];
    text_format(text, "%s%s: %s, %s", text->length ? "\n" : "", file ? file : item->name,
                item->title, shape_text(&item->shape, shape));
    if (item->kind == RESULT_TABLE) table_text(text, item);
    if (drawing->low == drawing->high) return;
    text_format(text, ", %.4g to %.4g%s", (double)drawing->low, (double)drawing->high,
                drawing->clipped ? " (the 2 % beyond are drawn as these)" : "");
}

/* ---- pictures ---- */

static bool is_drawn(const ResultItem *item)
{
    return strcmp(item->name, "raw") != 0 && item->kind != RESULT_TABLE;
}

/* The item that takes the very name that was given. */
static int main_item(const Saving *saving, const Result *result)
{
    if (saving->out && has_ending(saving->out, ".gif")) {
        for (int i = 0; i < result->item_count; i++) {
            if (result->items[i].kind == RESULT_FILM) return i;
        }
    }
    return 0;
}

static Status item_path(const Saving *saving, const ResultItem *item, bool is_main,
                        char path[PATH_BYTES])
{
    char named[PATH_BYTES];
    if (is_main) return path_with_ending(saving->out, strrchr(saving->out, '.'), path);
    TRY(path_with_name(saving->out, item->name, named));
    return path_with_ending(named, item->kind == RESULT_FILM ? ".gif" : ".png", path);
}

static Status save_frames(const Saving *saving, const ResultItem *item, const char *path,
                          Drawing *range)
{
    Frames frames;
    Status status = render_frames(item, &saving->style, &frames, range);
    const float given = item->frames_per_second;
    const float per_second = item->kind != RESULT_FILM ? series_per_second
                             : given > 0               ? given
                                                       : FILM_FRAMES_PER_SECOND;
    if (status.code == STATUS_OK) status = gif_write(path, &frames, per_second);
    frames_release(&frames);
    return status;
}

static Status save_picture(const Saving *saving, const ResultItem *item, const char *path,
                           Drawing *drawing)
{
    if (has_ending(path, ".gif")) return save_frames(saving, item, path, drawing);
    TRY(render_item(item, &saving->style, drawing));
    return picture_write_png(path, drawing->rgb, drawing->channels, drawing->height,
                             drawing->width);
}

static Status save_item(const Saving *saving, const ResultItem *item, bool is_main, Text *text)
{
    char path[PATH_BYTES];
    Drawing drawing = {0};
    Status status = status_ok();
    const char *file = saving->out && is_drawn(item) ? path : NULL;
    if (file) {
        status = item_path(saving, item, is_main, path);
        if (status.code == STATUS_OK) status = save_picture(saving, item, path, &drawing);
    } else if (item->kind == RESULT_MAP || item->kind == RESULT_TILES) {
        status = render_range(item, &drawing.low, &drawing.high, &drawing.clipped);
    }
    if (status.code == STATUS_OK) {
        if (saving->json) {
            item_json(text, item, &drawing, file);
        } else if (is_drawn(item) || item->kind == RESULT_TABLE) {
            item_text(text, item, &drawing, file);
        }
    }
    drawing_release(&drawing);
    return status;
}

/* ---- numbers ---- */

static Status save_all_numbers(const char *path, const Result *result,
                               Status (*save)(const char *path, const ResultItem *item))
{
    int first = 0;
    for (int i = 1; i < result->item_count; i++) {
        if (strcmp(result->items[i].name, "raw") == 0) first = i;
    }
    for (int i = 0; i < result->item_count; i++) {
        char named[PATH_BYTES];
        const ResultItem *item = &result->items[i];
        if (i != first) TRY(path_with_name(path, item->name, named));
        TRY(save(i == first ? path : named, item));
    }
    return status_ok();
}

static Status save_npy(const char *path, const ResultItem *item)
{
    return npy_write(path, &item->shape, item->data);
}

static Status save_csv(const char *path, const ResultItem *item)
{
    if (item->kind == RESULT_FILM) return status_ok();
    return csv_write(path, &item->shape, item->data, item->table);
}

Status save_result(const Saving *saving, const Result *result, Text *text)
{
    if (saving->npy) TRY(save_all_numbers(saving->npy, result, save_npy));
    if (saving->csv) TRY(save_all_numbers(saving->csv, result, save_csv));
    const int first = main_item(saving, result);
    for (int i = 0; i < result->item_count; i++)
        TRY(save_item(saving, &result->items[i], i == first, text));
    return status_ok();
}

#include "cli/render.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/colormap.h"

enum {
    GRID_GAP = 2,
    GRID_MAX_SIDE = 6000,
    TILE_LEAST = 48, /* smaller tiles are enlarged, each value a square */
    MAP_LEAST = 128,
};

/* Share of a map's values that may lie beyond the ends of the colour map. Tiles show them all, so that
 * units can be compared. */
static const double outliers = 0.02;

static const float gap_colour = 0.12F;

Status drawing_create(Drawing *drawing, int height, int width)
{
    size_t count = 3 * (size_t)height * (size_t)width;
    *drawing = (Drawing){
        .channels = 3, .height = height, .width = width, .rgb = calloc(count, sizeof(float))};
    return drawing->rgb ? status_ok() : status_no_memory("the drawing", count * sizeof(float));
}

void drawing_release(Drawing *drawing)
{
    free(drawing->rgb);
    *drawing = (Drawing){0};
}

/* ---- range ---- */

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

Status render_range(const ResultItem *item, float *low, float *high, bool *clipped)
{
    size_t count = shape_elements(&item->shape), kept = 0;
    float *sorted = malloc(count * sizeof *sorted);
    if (!sorted) return status_no_memory("the drawing", count * sizeof *sorted);
    for (size_t i = 0; i < count; i++) {
        float value = item->is_signed ? fabsf(item->data[i]) : item->data[i];
        if (isfinite(value)) sorted[kept++] = value;
    }
    if (kept == 0) sorted[kept++] = 0;
    qsort(sorted, kept, sizeof *sorted, compare_floats);
    float most = sorted[kept - 1];
    double beyond = item->kind == RESULT_MAP ? outliers : 0;
    *high = sorted[(size_t)((double)(kept - 1) * (1 - beyond))];
    *low = item->is_signed ? -*high : sorted[0];
    /* A map that is flat but for few places would be drawn as two colours. */
    if (*high <= *low || *high < most * 0.02F) *high = most;
    if (item->is_signed) *low = -*high;
    *clipped = most > *high;
    free(sorted);
    return status_ok();
}

/* ---- maps ---- */

static int map_index(const ResultItem *item)
{
    int index = item->colormap ? colormap_find(item->colormap) : -1;
    return index >= 0 ? index : colormap_find(item->is_signed ? "rdbu" : "viridis");
}

/* Copies planes with each value as scale x scale pixels to [y, x] of the drawing. */
static void put_planes(Drawing *drawing, const float *rgb, int height, int width, int scale, int y,
                       int x)
{
    size_t pixels = (size_t)drawing->height * (size_t)drawing->width;
    for (int c = 0; c < 3; c++) {
        const float *plane = rgb + (size_t)c * (size_t)height * (size_t)width;
        for (int v = 0; v < height * scale; v++) {
            float *to = drawing->rgb + (size_t)c * pixels +
                        (size_t)(y + v) * (size_t)drawing->width + (size_t)x;
            const float *row = plane + (size_t)(v / scale) * (size_t)width;
            for (int u = 0; u < width * scale; u++) to[u] = row[u / scale];
        }
    }
}

static int enlargement(int height, int width, int least)
{
    int side = height > width ? height : width;
    return side >= least ? 1 : (least + side - 1) / side;
}

/* The coloured values, [3,H,W]; *rgb is from malloc. */
static Status coloured(const ResultItem *item, const float *values, size_t count, float low,
                       float high, float **rgb)
{
    *rgb = malloc(3 * count * sizeof **rgb);
    if (!*rgb) return status_no_memory("the drawing", 3 * count * sizeof **rgb);
    colormap_apply(map_index(item), values, count, low, high, *rgb);
    return status_ok();
}

/* Grey picture and colours in proportion; `rgb` becomes the result. */
static void blend(const DrawingStyle *style, float *rgb)
{
    size_t pixels = (size_t)style->over_height * (size_t)style->over_width;
    const float *over = style->over;
    for (size_t i = 0; i < pixels; i++) {
        float grey = 0.299F * over[i] + 0.587F * over[pixels + i] + 0.114F * over[2 * pixels + i];
        for (size_t c = 0; c < 3; c++) {
            float *value = &rgb[c * pixels + i];
            *value = grey + style->strength * (*value - grey);
        }
    }
}

static Status draw_over(const ResultItem *item, const DrawingStyle *style, Drawing *drawing)
{
    int height = style->over_height, width = style->over_width;
    size_t pixels = (size_t)height * (size_t)width;
    float *values = malloc(pixels * sizeof *values);
    if (!values) return status_no_memory("the drawing", pixels * sizeof *values);
    Status status =
        resample(item->data, 1, item->shape.dim[0], item->shape.dim[1], values, height, width);
    if (status.code == STATUS_OK) {
        status = coloured(item, values, pixels, drawing->low, drawing->high, &drawing->rgb);
    }
    free(values);
    if (status.code != STATUS_OK) return status;
    drawing->height = height, drawing->width = width;
    blend(style, drawing->rgb);
    return status_ok();
}

static Status draw_map(const ResultItem *item, const DrawingStyle *style, Drawing *drawing)
{
    float low, high, *rgb;
    bool clipped;
    int height = item->shape.dim[0], width = item->shape.dim[1];
    TRY(render_range(item, &low, &high, &clipped));
    if (style && style->over) {
        *drawing = (Drawing){.channels = 3, .low = low, .high = high, .clipped = clipped};
        return draw_over(item, style, drawing);
    }
    TRY(coloured(item, item->data, (size_t)height * (size_t)width, low, high, &rgb));
    int scale = enlargement(height, width, MAP_LEAST);
    Status status = drawing_create(drawing, height * scale, width * scale);
    if (status.code == STATUS_OK) put_planes(drawing, rgb, height, width, scale, 0, 0);
    free(rgb);
    drawing->low = low, drawing->high = high, drawing->clipped = clipped;
    return status;
}

/* The last [3,H,W] of an image or a film. */
static Status draw_image(const ResultItem *item, Drawing *drawing)
{
    const int rank = item->shape.rank, *dim = item->shape.dim + rank - 3;
    const size_t count = shape_span(&item->shape, rank - 3, rank);
    *drawing = (Drawing){.channels = dim[0],
                         .height = dim[1],
                         .width = dim[2],
                         .rgb = malloc(count * sizeof(float))};
    if (!drawing->rgb) return status_no_memory("the drawing", count * sizeof(float));
    memcpy(drawing->rgb, item->data + shape_elements(&item->shape) - count, count * sizeof(float));
    return status_ok();
}

static Status draw_curve(const ResultItem *item, Drawing *drawing)
{
    const Shape *shape = &item->shape;
    return chart_draw(item->data, shape->rank > 1 ? shape->dim[0] : 1, shape->dim[shape->rank - 1],
                      drawing);
}

/* ---- tiles ---- */

typedef struct Grid {
    int count, height, width; /* tiles */
    int columns, rows, scale;
    int shown; /* fewer than count where the picture would grow too large */
} Grid;

static Grid make_grid(const ResultItem *item)
{
    const int *dim = item->shape.dim, rank = item->shape.rank;
    Grid grid = {.count = dim[0], .height = dim[rank - 2], .width = dim[rank - 1]};
    grid.scale = enlargement(grid.height, grid.width, TILE_LEAST);
    int tile_height = grid.height * grid.scale + GRID_GAP;
    int tile_width = grid.width * grid.scale + GRID_GAP;
    /* About four wide by three high. */
    double columns = sqrt((double)grid.count * tile_height * 4 / (3.0 * tile_width));
    int most_columns = GRID_MAX_SIDE / tile_width, most_rows = GRID_MAX_SIDE / tile_height;
    if (most_columns < 1) most_columns = 1;
    if (most_rows < 1) most_rows = 1;
    grid.columns = grid.count <= 3 ? grid.count : (int)lround(columns);
    if (grid.columns > most_columns) grid.columns = most_columns;
    if (grid.columns > grid.count) grid.columns = grid.count;
    if (grid.columns < 1) grid.columns = 1;
    grid.rows = (grid.count + grid.columns - 1) / grid.columns;
    if (grid.rows > most_rows) grid.rows = most_rows;
    grid.shown = grid.rows * grid.columns < grid.count ? grid.rows * grid.columns : grid.count;
    return grid;
}

static Status draw_tiles(const ResultItem *item, Drawing *drawing)
{
    Grid grid = make_grid(item);
    bool colour = item->shape.rank == 4;
    float low = 0, high = 0, *rgb = NULL;
    bool clipped = false;
    if (!colour) TRY(render_range(item, &low, &high, &clipped));
    TRY(drawing_create(drawing, grid.rows * (grid.height * grid.scale + GRID_GAP) + GRID_GAP,
                       grid.columns * (grid.width * grid.scale + GRID_GAP) + GRID_GAP));
    drawing->low = low, drawing->high = high, drawing->clipped = clipped;
    size_t values = 3 * (size_t)drawing->height * (size_t)drawing->width;
    for (size_t i = 0; i < values; i++) drawing->rgb[i] = gap_colour;
    size_t pixels = (size_t)grid.height * (size_t)grid.width;
    for (int i = 0; i < grid.shown; i++) {
        int y = GRID_GAP + i / grid.columns * (grid.height * grid.scale + GRID_GAP);
        int x = GRID_GAP + i % grid.columns * (grid.width * grid.scale + GRID_GAP);
        const float *tile = item->data + (size_t)i * pixels * (colour ? 3 : 1);
        Status status = colour ? status_ok() : coloured(item, tile, pixels, low, high, &rgb);
        if (status.code != STATUS_OK) {
            drawing_release(drawing);
            return status;
        }
        put_planes(drawing, colour ? tile : rgb, grid.height, grid.width, grid.scale, y, x);
        if (!colour) free(rgb);
    }
    return status_ok();
}

Status render_item(const ResultItem *item, const DrawingStyle *style, Drawing *drawing)
{
    *drawing = (Drawing){0};
    switch (item->kind) {
    case RESULT_MAP: return draw_map(item, style, drawing);
    case RESULT_IMAGE:
    case RESULT_FILM: return draw_image(item, drawing);
    case RESULT_TILES: return draw_tiles(item, drawing);
    case RESULT_CURVE: return draw_curve(item, drawing);
    case RESULT_POINTS: return scatter_draw(item, style ? style->run : NULL, drawing);
    case RESULT_TABLE: break;
    }
    return status_error(STATUS_BAD_INPUT, "'%s' is of a kind that cannot be drawn", item->name);
}

/* ---- frames ---- */

/* Item number `index` of a film or of tiles, as an item of its own. */
static ResultItem frame_item(const ResultItem *item, int index)
{
    const int rank = item->shape.rank - 1;
    ResultItem frame = *item;
    frame.kind = rank == 3 ? RESULT_IMAGE : RESULT_MAP;
    frame.shape = shape_make(rank, item->shape.dim + 1);
    frame.data += (size_t)index * shape_elements(&frame.shape);
    return frame;
}

/* One frame on a common range, as pixels of `scale`. */
static Status draw_frame(const ResultItem *frame, int scale, const Drawing *range, Drawing *drawing)
{
    const int *size = frame->shape.dim + frame->shape.rank - 2;
    float *rgb = NULL;
    TRY(drawing_create(drawing, size[0] * scale, size[1] * scale));
    if (frame->kind == RESULT_MAP) {
        TRY(coloured(frame, frame->data, shape_elements(&frame->shape), range->low, range->high,
                     &rgb));
    }
    put_planes(drawing, rgb ? rgb : frame->data, size[0], size[1], scale, 0, 0);
    free(rgb);
    return status_ok();
}

Status render_frames(const ResultItem *item, const DrawingStyle *style, Frames *frames,
                     Drawing *drawing)
{
    *frames = (Frames){0};
    *drawing = (Drawing){0};
    if (item->kind != RESULT_FILM && item->kind != RESULT_TILES) {
        TRY(render_item(item, style, drawing));
        TRY(frames_create(frames, 1, drawing->height, drawing->width));
        frames_set(frames, 0, drawing->rgb);
        return status_ok();
    }
    const int *size = item->shape.dim + item->shape.rank - 2;
    const int scale = enlargement(size[0], size[1], MAP_LEAST);
    if (item->shape.rank == 3)
        TRY(render_range(item, &drawing->low, &drawing->high, &drawing->clipped));
    TRY(frames_create(frames, item->shape.dim[0], size[0] * scale, size[1] * scale));
    for (int i = 0; i < frames->count; i++) {
        const ResultItem frame = frame_item(item, i);
        Drawing drawn;
        Status status = draw_frame(&frame, scale, drawing, &drawn);
        if (status.code == STATUS_OK) frames_set(frames, i, drawn.rgb);
        drawing_release(&drawn);
        if (status.code != STATUS_OK) return status;
    }
    return status_ok();
}

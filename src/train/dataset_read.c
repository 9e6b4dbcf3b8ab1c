/* What the files hold: decoding, cutting sheets into tiles. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "image/jpeg.h"
#include "train/dataset_files.h"

enum { TILE = 64 }; /* side of a contact sheet's pictures */

/* How many tiles a sheet has, by its header; they all count where the table does not say. */
static Status count_tiles(ClassFile *file)
{
    uint8_t *bytes;
    size_t size;
    JpegFacts facts;
    TRY(file_read(file->path, "the picture", &bytes, &size));
    const bool jpeg = jpeg_facts(&facts, bytes, size);
    const size_t tiles = jpeg ? (size_t)(facts.width / TILE) * (size_t)(facts.height / TILE) : 0;
    free(bytes);
    if (file->pictures == ALL_TILES) file->pictures = tiles;
    if (tiles > 0 && file->pictures <= tiles) return status_ok();
    return status_error(STATUS_BAD_INPUT,
                        "the contact sheet '%s' has %zu tiles of 64 x 64, but classes.tsv tells of "
                        "%zu pictures",
                        file->path, tiles, file->pictures);
}

Status class_files_count(ClassFiles *files, size_t *count)
{
    *count = 0;
    for (int i = 0; i < files->file_count; i++) {
        ClassFile *file = &files->file[i];
        if (files->sheets) TRY(count_tiles(file));
        file->first = *count;
        *count += file->pictures;
    }
    return status_ok();
}

static Status take_tiles(const Picture *sheet, const ClassFile *file, PictureFunction *take,
                         void *context)
{
    uint8_t rgba[TILE * TILE * 4];
    const Picture tile = {.width = TILE, .height = TILE, .rgba = rgba};
    const size_t columns = (size_t)sheet->width / TILE, width = (size_t)sheet->width;
    if (file->pictures > columns * ((size_t)sheet->height / TILE))
        return status_error(STATUS_BAD_INPUT, "'%s' changed while it was read", file->path);
    for (size_t i = 0; i < file->pictures; i++) {
        const uint8_t *from = sheet->rgba + (i / columns * TILE * width + i % columns * TILE) * 4;
        for (size_t y = 0; y < TILE; y++)
            memcpy(rgba + y * TILE * 4, from + y * width * 4, TILE * 4);
        TRY(take(context, &tile, file->first + i, file->class));
    }
    return status_ok();
}

Status class_file_pictures(const ClassFiles *files, const ClassFile *file, PictureFunction *take,
                           void *context)
{
    uint8_t *bytes;
    size_t size;
    Picture picture;
    TRY(file_read(file->path, "the picture", &bytes, &size));
    Status status = picture_decode(&picture, bytes, size, file->path);
    free(bytes);
    if (status.code != STATUS_OK) return status;
    status = files->sheets ? take_tiles(&picture, file, take, context)
                           : take(context, &picture, file->first, file->class);
    picture_release(&picture);
    return status;
}

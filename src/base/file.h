/* Files: read whole, and written whole or not at all. */
#ifndef CONVOSCOPE_BASE_FILE_H
#define CONVOSCOPE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/text.h"

enum { PATH_BYTES = 4096 };

/* All of a regular file, with a zero behind it; *bytes is from malloc. what: "the model". */
Status file_read(const char *path, const char *what, uint8_t **bytes, size_t *size);

/* The same for a file below `folder` ("" for the working folder) whose path came out of another file: no
 * symbolic link is followed on the way, and no `..`. */
Status file_read_below(const char *folder, const char *path, const char *what, uint8_t **bytes,
                       size_t *size);

typedef struct FilePart {
    const void *bytes;
    size_t size;
} FilePart;

/* Writes the parts one after the other to a new file beside path and renames it to path when all of it is
 * written: whatever fails, what was at path before is still there, and nothing else is left. A device or a
 * pipe is written to directly. Fails with STATUS_IO and a sentence that names path. */
Status file_write(const char *path, const FilePart *parts, int count);

/* The same with a text, which is released; fails where memory for it ran out as well. */
Status file_write_text(const char *path, Text *text);

/* Does the name end so, letters large or small? */
bool has_ending(const char *path, const char *ending);

/* What follows the last slash. */
const char *path_name(const char *path);

#endif

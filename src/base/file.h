/* Files that are written whole or not at all. */
#ifndef CONVOSCOPE_BASE_FILE_H
#define CONVOSCOPE_BASE_FILE_H

#include <stddef.h>

#include "base/status.h"

typedef struct FilePart {
    const void *bytes;
    size_t size;
} FilePart;

/* Writes the parts one after the other to a new file beside path and renames it to path when all of it is
 * written: whatever fails, what was at path before is still there, and nothing else is left. A device or a
 * pipe is written to directly. Fails with STATUS_IO and a sentence that names path. */
Status file_write(const char *path, const FilePart *parts, int count);

#endif

/* Reading and writing files, with sentences that name the file. */
#ifndef CONVOSCOPE_CLI_FILES_H
#define CONVOSCOPE_CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/file.h"
#include "image/picture.h"
#include "tensor.h"

/* The picture of a JPEG or PNG file. */
Status file_read_picture(const char *path, Picture *picture);

/* Fails now rather than after long work: the folder is not there, may not be written to, ... */
Status file_check_writable(const char *path);

/* Makes the folder when it is not there; its parent must be. */
Status folder_make(const char *path);

bool file_exists(const char *path);
bool is_folder(const char *path);

/* "RESULT.png" and "loss" make "RESULT.loss.png". */
Status path_with_name(const char *path, const char *name, char result[PATH_BYTES]);

/* The path less its last ending: "a/b.onnx" makes "a/b". */
Status path_with_ending(const char *path, const char *ending, char result[PATH_BYTES]);

/* Replaces what a file name should not have; no path, not empty, not hidden, at most 150 bytes. */
void safe_name(const char *name, char result[160]);

#endif

/* Pictures of the command line: files, and folders that stand for the files in them. */
#ifndef CONVOSCOPE_CLI_PICTURES_H
#define CONVOSCOPE_CLI_PICTURES_H

#include "base/status.h"
#include "techniques/technique.h"

/* One file of a list; group: the class, which is the name of the sub-folder that it lies in, else NULL. */
typedef struct PicturePath {
    char *path, *group; /* from malloc */
    bool from_folder;
} PicturePath;

typedef struct PicturePaths {
    PicturePath *items;
    int count, room;
} PicturePaths;

/* The words in their order; a folder stands for the JPEG and PNG files in it and its sub-folders, sorted by
 * path. Where there are several folders, files without a sub-folder have the folder's name for their class.
 * Fails for a folder without pictures. Release with picture_paths_release. */
Status picture_paths(char *const *words, int count, PicturePaths *paths);
void picture_paths_release(PicturePaths *paths);

/* Reads them, tells the run. Of a set larger ones are made smaller, to what the network or the memory takes; a
 * file of a folder that cannot be read is left out with a remark. */
Status picture_paths_load(const PicturePaths *paths, Run *run, const Preprocess *preprocess);

#endif

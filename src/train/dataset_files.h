/* The files of a dataset: which there are, and what they hold. */
#ifndef CONVOSCOPE_TRAIN_DATASET_FILES_H
#define CONVOSCOPE_TRAIN_DATASET_FILES_H

#include "image/picture.h"
#include "train/dataset.h"

#define ALL_TILES SIZE_MAX

typedef struct ClassFile {
    char *path;
    int class;
    size_t first;    /* number of its first picture in the dataset */
    size_t pictures; /* 1; of a sheet, how many of its tiles count: ALL_TILES until it is known */
} ClassFile;

typedef struct ClassFiles {
    bool sheets;
    char **name, **identifier; /* [class_count] */
    int class_count;
    ClassFile *file;
    int file_count, file_capacity;
} ClassFiles;

/* Looks which files there are; of their bytes only classes.tsv is read. classes: as in DatasetRequest. */
Status class_files_list(ClassFiles *files, const char *folder, const char *classes);
void class_files_release(ClassFiles *files);

/* Sets the number of pictures of each file, and their places in the whole; *count: of all. */
Status class_files_count(ClassFiles *files, size_t *count);

/* Takes one picture; index: its place in the whole. The picture is gone afterwards. */
typedef Status PictureFunction(void *context, const Picture *picture, size_t index, int class);

/* Decodes a file and hands its pictures over one by one, as far as they are taken without a failure. */
Status class_file_pictures(const ClassFiles *files, const ClassFile *file, PictureFunction *take,
                           void *context);

#endif

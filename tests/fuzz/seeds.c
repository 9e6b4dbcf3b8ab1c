/* Writes the seed corpus of the fuzz targets: the networks that the tests write, one file for each name.
 *
 *     fuzz_seeds FOLDER
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "support/onnx_writer.h"
#include "support/tiny_network.h"

static int write_seed(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[4096];
    const FilePart part = {bytes, size};
    snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
    const Status status = file_write(path, &part, 1);
    if (status.code == STATUS_OK) return 0;
    fprintf(stderr, "fuzz_seeds: %s\n", status.message);
    return 1;
}

int main(int count, char **words)
{
    if (count != 2) return 2;
    int failed = 0;
    for (int i = 0; i < EXAMPLE_MODELS; i++) {
        char name[32];
        Text text = example_model(i);
        snprintf(name, sizeof name, "example%d", i);
        failed |= write_seed(words[1], name, text.bytes, text.length);
        text_release(&text);
    }
    size_t size;
    uint8_t *bytes = tiny_network(&size);
    failed |= write_seed(words[1], "tiny", bytes, size);
    free(bytes);
    return failed;
}

/* Weights that lie in files beside the network: where they may lie, and whether they fit. */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "onnx/model.h"
#include "onnx/weights.h"

/* A relative path below the folder of the network: no `..`, no drive, nothing that a file system may take
 * for something else. */
static bool is_safe(const char *location)
{
    if (*location == '\0') return false;
    for (const char *part = location; part; part = strchr(part, '/')) {
        part += *part == '/' && part != location;
        const size_t length = strcspn(part, "/");
        if (length == 0 || (length == 1 && part[0] == '.')) return false;
        if (length == 2 && part[0] == '.' && part[1] == '.') return false;
    }
    for (; *location; location++) {
        if (*location == '\\' || *location == ':') return false;
    }
    return true;
}

Status onnx_external(OnnxModel *model, OnnxTensor *tensor, const char *location, uint64_t offset,
                     const uint64_t *length)
{
    while (strncmp(location, "./", 2) == 0) location += 2;
    if (!is_safe(location)) {
        return status_error(STATUS_BAD_MODEL,
                            "weight '%.60s' lies in '%.80s', which is no plain path below the "
                            "folder of the network: such files are not opened; export again",
                            tensor->name, location);
    }
    const uint64_t bytes = tensor->count * onnx_type_size(tensor->type); /* at most 2^30 x 8 */
    uint64_t end;
    if (length && *length != bytes) {
        return status_error(STATUS_BAD_MODEL,
                            "weight '%.60s' has %llu bytes in '%.60s' where its shape needs %llu: "
                            "the file is damaged",
                            tensor->name, (unsigned long long)*length, location,
                            (unsigned long long)bytes);
    }
    if (!checked_add(offset, bytes, &end)) {
        return status_error(
            STATUS_BAD_MODEL,
            "weight '%.60s' has an impossible offset in '%.80s': the file is damaged", tensor->name,
            location);
    }
    OnnxExternal *external = arena_alloc(model->arena, sizeof *external);
    if (!external) return status_no_memory("the network", sizeof *external);
    *external = (OnnxExternal){model->external, tensor, offset, bytes, !length};
    model->external = external;
    tensor->location = location;
    tensor->is_raw = true;
    return status_ok();
}

const char *onnx_missing(const OnnxModel *model)
{
    for (const OnnxExternal *e = model->external; e; e = e->next) {
        if (!e->tensor->outside) return e->tensor->location;
    }
    return NULL;
}

Status onnx_missing_error(const char *location)
{
    return status_error(STATUS_BAD_INPUT,
                        "the network keeps weights in the file '%.100s', which is missing: open it "
                        "together with the network",
                        location);
}

static Status check_fit(const OnnxExternal *e, size_t size)
{
    const bool within = range_within(e->offset, e->bytes, size);
    if (within && (!e->to_end || size - e->offset == e->bytes)) return status_ok();
    return status_error(STATUS_BAD_MODEL,
                        "'%.80s' has %llu bytes, but weight '%.50s' takes %llu from byte %llu: it "
                        "was cut off or belongs to another network",
                        e->tensor->location, (unsigned long long)size, e->tensor->name,
                        (unsigned long long)e->bytes, (unsigned long long)e->offset);
}

Status onnx_attach(OnnxModel *model, const char *location, uint8_t *bytes, size_t size)
{
    bool found = false;
    for (const OnnxExternal *e = model->external; e; e = e->next) {
        if (strcmp(e->tensor->location, location) != 0) continue;
        if (e->tensor->outside) {
            return status_error(STATUS_BAD_INPUT, "the file '%.150s' was given already", location);
        }
        TRY(check_fit(e, size));
        found = true;
    }
    if (!found) {
        return status_error(STATUS_BAD_INPUT, "the network has no weights in a file '%.150s'",
                            location);
    }
    for (const OnnxExternal *e = model->external; e; e = e->next) {
        if (strcmp(e->tensor->location, location) == 0) e->tensor->outside = bytes + e->offset;
    }
    return status_ok();
}

/* Which operators a network needs that this program lacks: known before anything is built. */
#include <stdio.h>
#include <string.h>

#include "onnx/canonical.h"

static bool is_supported(const OnnxNode *node)
{
    if (node->domain[0] != '\0' && strcmp(node->domain, "ai.onnx") != 0) return false;
    if (!node->dynamic && fold_knows(node->op)) return true;
    return op_find(canonical_op(node->op)) != NULL;
}

Status onnx_find_unsupported(OnnxModel *model)
{
    int count = 0;
    for (int i = 0; i < model->order_count; i++)
        count += !is_supported(&model->nodes[model->order[i]]);
    model->unsupported = arena_alloc(model->arena, (size_t)count * sizeof *model->unsupported);
    if (!model->unsupported) return status_no_memory("the network", (unsigned)count);
    for (int i = 0; i < model->order_count; i++) {
        const OnnxNode *node = &model->nodes[model->order[i]];
        if (is_supported(node)) continue;
        model->unsupported[model->unsupported_count++] =
            (OnnxUnsupported){node->op, node->name, node->domain, model->opset};
    }
    return status_ok();
}

const OnnxUnsupported *onnx_unsupported(const OnnxModel *model, int *count)
{
    *count = model->unsupported_count;
    return model->unsupported;
}

Status onnx_supported(const OnnxModel *model)
{
    const char *missing = onnx_missing(model);
    if (missing) return onnx_missing_error(missing);
    if (model->unsupported_count == 0) return status_ok();
    const OnnxUnsupported *first = &model->unsupported[0];
    const int others = model->unsupported_count - 1;
    char more[48] = "";
    if (others) snprintf(more, sizeof more, ", nor are %d other nodes", others);
    if (others == 1) snprintf(more, sizeof more, ", nor is 1 other node");
    return status_error(STATUS_UNSUPPORTED,
                        "node '%.80s' needs the operator %.60s%s%.60s (opset %d), which is not "
                        "supported%s: export the network without it",
                        first->node, first->domain, first->domain[0] ? "." : "", first->op,
                        first->opset, more);
}

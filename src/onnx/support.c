/* Which operators a network needs that this program lacks: known before anything is built. */
#include <stdio.h>
#include <string.h>

#include "onnx/canonical.h"

/* A subgraph is what If, Loop and Scan run. */
static bool has_subgraph(const OnnxNode *node)
{
    for (int i = 0; i < node->attr_count; i++) {
        if (node->attr[i].type == ONNX_ATTR_GRAPH || node->attr[i].type == ONNX_ATTR_GRAPHS)
            return true;
    }
    return false;
}

static bool is_one_of(const char *op, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(op, *list) == 0) return true;
    }
    return false;
}

static const char *remedy_for(const OnnxNode *node)
{
    static const char *const control[] = {"If", "Loop", "Scan", "SequenceMap", NULL};
    static const char *const recurrent[] = {"LSTM", "GRU", "RNN", NULL};
    static const char *const detection[] = {
        "NonMaxSuppression", "NonZero", "TopK",     "RoiAlign", "ScatterND", "ScatterElements",
        "MaxRoiPool",        "Unique",  "GatherND", "ArgMax",   "ArgMin",    NULL};
    static const char *const quantized[] = {
        "QuantizeLinear", "DequantizeLinear", "QLinearConv",           "QLinearMatMul",
        "ConvInteger",    "MatMulInteger",    "DynamicQuantizeLinear", NULL};
    if (has_subgraph(node) || is_one_of(node->op, control)) {
        return "control flow is not supported: export the network with fixed control flow "
               "(torch.onnx.export traces it)";
    }
    if (is_one_of(node->op, recurrent))
        return "recurrent layers are not supported: export the convolutional part alone";
    if (is_one_of(node->op, detection))
        return "export the network without what comes after its last layer (its post-processing)";
    if (is_one_of(node->op, quantized)) {
        return "export it before quantization, or with quantized weights only (DequantizeLinear of "
               "constants)";
    }
    if (node->domain[0] != '\0' && strcmp(node->domain, "ai.onnx") != 0)
        return "export the network with ONNX's own operators";
    return "export the network without it";
}

static bool is_supported(const OnnxNode *node)
{
    if (has_subgraph(node)) return false;
    if (node->domain[0] != '\0' && strcmp(node->domain, "ai.onnx") != 0) return false;
    if (!node->dynamic && fold_knows(node->op)) return true;
    return op_find(canonical_op(node->op)) != NULL;
}

Status onnx_find_unsupported(OnnxModel *model)
{
    int count = 0;
    for (int i = 0; i < model->order_count; i++) {
        OnnxNode *node = &model->nodes[model->order[i]];
        node->supported = is_supported(node);
        count += !node->supported;
    }
    model->unsupported = arena_alloc(model->arena, (size_t)count * sizeof *model->unsupported);
    if (!model->unsupported) return status_no_memory("the network", (unsigned)count);
    for (int i = 0; i < model->order_count; i++) {
        const OnnxNode *node = &model->nodes[model->order[i]];
        if (node->supported) continue;
        model->unsupported[model->unsupported_count++] =
            (OnnxUnsupported){node->op, node->name, node->domain, model->opset, remedy_for(node)};
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
                        "supported%s: %s",
                        first->node, first->domain, first->domain[0] ? "." : "", first->op,
                        first->opset, more, first->remedy);
}

#include "graph_answer.h"

#include "base/share.h"

uint64_t answer_value_bytes(const Value *value)
{
    return ((uint64_t)shape_elements(&value->shape) * sizeof(float) + 63) & ~(uint64_t)63;
}

static void value_place(Value *value, uint64_t at)
{
    value->data = (float *)(uintptr_t)at; /* NOLINT */
    value->placed = true;
}

/* Whether nobody else reads what the node gives first. */
static bool has_one_reader(const Node *n)
{
    return n->out[0]->readers == 1 && n->out[0]->unread == 1;
}

/* The value that the node may add to, rather than a sum behind it: there already, and read by that sum alone. */
static Value *lies_under(const Node *n)
{
    if (!n->finishes || !has_one_reader(n) || !n->out[0]->reader->adds) return NULL;
    const Node *sum = n->out[0]->reader;
    Value *other = sum->in[sum->in[0] == n->out[0]];
    return other->placed && other->unread == 1 ? other : NULL;
}

static bool takes_place_of_input(const Node *n)
{
    const Value *x = n->in[0];
    return n->in_place && !x->constant && x->producer && x->unread == 1;
}

/* Lets the node that gave the input clamp it, if it can and clamps nothing else. */
static void hand_clamp_over(Node *n)
{
    Node *giver = n->in[0]->producer;
    if (giver->done_by) giver = giver->done_by;
    if (!n->clamp || !giver->finishes || giver->after) return;
    giver->after = n->clamp;
    n->done_by = giver;
}

static void inputs_are_read(const Node *n, bool in_place, Share *share)
{
    for (int i = 0; i < n->in_count; i++) {
        Value *value = n->in[i];
        if (!value || value->constant || !value->producer) continue;
        const bool taken_over = n->done_by || (in_place && i == 0);
        if (--value->unread == 0 && !taken_over)
            share_give(share, (uintptr_t)value->data, answer_value_bytes(value));
    }
}

static void node_plan(Node *n, Share *share)
{
    Value *under = lies_under(n);
    const bool in_place = n->done_by || takes_place_of_input(n);
    if (under) {
        n->onto = true;
        n->out[0]->reader->done_by = n;
    } else if (in_place && !n->done_by) {
        hand_clamp_over(n);
    }
    for (int i = 0; i < n->out_count; i++) {
        const Value *place = i > 0 ? NULL : under ? under : in_place ? n->in[0] : NULL;
        value_place(n->out[i], place ? (uintptr_t)place->data
                                     : share_take(share, answer_value_bytes(n->out[i])));
    }
    inputs_are_read(n, in_place, share);
    for (int i = 0; i < n->out_count; i++) {
        const Value *y = n->out[i];
        if (y->unread == 0) share_give(share, (uintptr_t)y->data, answer_value_bytes(y));
    }
}

uint64_t answer_plan(Node *const *nodes, int count)
{
    Share share = {0};
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < nodes[i]->in_count; j++) {
            if (nodes[i]->in[j]) nodes[i]->in[j]->reader = nodes[i];
        }
    }
    for (int i = 0; i < count; i++) node_plan(nodes[i], &share);
    return share.end;
}

#include "graph_answer.h"

#include "base/share.h"
#include "graph_internal.h"

static void value_lies(Value *value, uint64_t at)
{
    value->data = (float *)(uintptr_t)at; /* NOLINT */
}

/* What lies where the value does when all that take its place have run. */
static Value *value_becomes(Value *value)
{
    while (value->unread == 1 && value->reader && value->reader->in_place &&
           value->reader->in[0] == value) {
        value = value->reader->out[0];
    }
    return value;
}

/* The node that will join the value with others, and how far from the first of them; NULL: there is none, or the value
 * would not begin with a cache line. */
static Node *joined_by(Value *value, uint64_t *before)
{
    const Value *last = value_becomes(value);
    if (last->unread != 1 || !last->reader || !last->reader->joins) return NULL;
    *before = 0;
    for (int i = 0; last->reader->in[i] != last; i++)
        *before += (uint64_t)shape_elements(&last->reader->in[i]->shape) * sizeof(float);
    return *before % 64 == 0 ? last->reader : NULL;
}

/* Memory for a value that takes nobody's place: a part of what will join it with others, or its own. */
static void value_take(Value *value, Share *share)
{
    uint64_t before = 0;
    Node *join = joined_by(value, &before);
    if (!join) {
        value_lies(value, share_take(share, value_bytes(value)));
        return;
    }
    Value *whole = join->out[0];
    if (!whole->awaited) value_take(whole, share);
    whole->awaited = true;
    value_lies(value, (uintptr_t)whole->data + before);
    value->inside = true;
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
        const bool taken_over = n->done_by || (in_place && i == 0) || value->inside;
        if (--value->unread == 0 && !taken_over)
            share_give(share, (uintptr_t)value->data, value_bytes(value));
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
        Value *y = n->out[i];
        const Value *place = i > 0 ? NULL : under ? under : in_place ? n->in[0] : NULL;
        if (place) {
            value_lies(y, (uintptr_t)place->data);
            y->inside = place->inside;
        } else if (!y->awaited) {
            value_take(y, share);
        }
        y->placed = true;
    }
    inputs_are_read(n, in_place, share);
    for (int i = 0; i < n->out_count; i++) {
        const Value *y = n->out[i];
        if (y->unread == 0) share_give(share, (uintptr_t)y->data, value_bytes(y));
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

void answer_forget(Node *const *nodes, int count)
{
    for (int i = 0; i < count; i++) {
        Node *n = nodes[i];
        n->done_by = NULL, n->after = NULL, n->onto = false;
        for (int j = 0; j < n->out_count; j++) {
            Value *y = n->out[j];
            y->data = NULL;
            y->placed = y->awaited = y->inside = false;
        }
    }
}

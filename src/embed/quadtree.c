#include "embed/quadtree.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "parallel.h"
#include "simd.h"

enum {
    LEAF = 8,       /* points of a cell that is not divided, */
    GROUP = 32,     /* and the most of a group */
    LEVELS = 16,    /* bits of a coordinate in the sorting key */
    RADIX = 11,     /* bits of the key that one pass sorts by */
    LIST = 1 << 12, /* what a group sees is worked off in lists of this many */
};

/* A cell is a run of the sorted points. Cells stand in the order in which a walk meets them: the first child
 * follows at once, and `next` is where it goes on when the children are left out. */
typedef struct Cell {
    float x, y, mass;     /* centre of mass */
    float width2;         /* square of the longer side of its points' box */
    int begin, end, next; /* points; cell */
    int leaf;
} Cell;

typedef struct Group {
    int begin, end;
    double z;
} Group;

struct Quadtree {
    Arena *arena;
    int n, cell_count, cell_room, group_count;
    uint32_t *key, *key2; /* Morton codes */
    int32_t *order, *order2;
    float *x, *y; /* [n + lanes] sorted */
    Cell *cells;
    Group *groups;
    float *lists; /* [threads,3,LIST] */
    float theta2;
    float *force; /* of the caller */
};

Status quadtree_create(Quadtree **tree, int n)
{
    Arena *arena = arena_create();
    Quadtree *t = arena ? arena_alloc(arena, sizeof *t) : NULL;
    const size_t count = (size_t)n + VF_LANES;
    if (t) {
        *t = (Quadtree){.arena = arena, .n = n};
        /* Each division leaves at least two children with points. */
        t->cell_room = 2 * n + 1;
        t->key = arena_alloc(arena, count * sizeof *t->key);
        t->key2 = arena_alloc(arena, count * sizeof *t->key2);
        t->order = arena_alloc(arena, count * sizeof *t->order);
        t->order2 = arena_alloc(arena, count * sizeof *t->order2);
        t->x = arena_alloc(arena, count * sizeof *t->x);
        t->y = arena_alloc(arena, count * sizeof *t->y);
        t->cells = arena_alloc(arena, (size_t)t->cell_room * sizeof *t->cells);
        t->groups = arena_alloc(arena, count * sizeof *t->groups);
        t->lists = arena_alloc(arena, (size_t)PARALLEL_MAX_THREADS * 3 * LIST * sizeof *t->lists);
    }
    if (t && t->key && t->key2 && t->order && t->order2 && t->x && t->y && t->cells && t->groups &&
        t->lists) {
        *tree = t;
        return status_ok();
    }
    arena_destroy(arena);
    return status_no_memory("the quadtree", count * (sizeof(Cell) * 2 + 40));
}

void quadtree_destroy(Quadtree *tree)
{
    if (tree) arena_destroy(tree->arena);
}

/* ---- sorting ---- */

/* Spreads 16 bits to every second one. */
static uint32_t spread(uint32_t v)
{
    v = (v | (v << 8)) & 0x00FF00FFU;
    v = (v | (v << 4)) & 0x0F0F0F0FU;
    v = (v | (v << 2)) & 0x33333333U;
    return (v | (v << 1)) & 0x55555555U;
}

static void make_keys(Quadtree *t, const float *points)
{
    float low[2] = {FLT_MAX, FLT_MAX}, high[2] = {-FLT_MAX, -FLT_MAX};
    for (int i = 0; i < t->n; i++) {
        for (int a = 0; a < 2; a++) {
            low[a] = fminf(low[a], points[2 * i + a]);
            high[a] = fmaxf(high[a], points[2 * i + a]);
        }
    }
    const float side = fmaxf(high[0] - low[0], high[1] - low[1]);
    const float scale = side > 0 ? (float)((1 << LEVELS) - 1) / side : 0;
    for (int i = 0; i < t->n; i++) {
        const uint32_t x = (uint32_t)((points[2 * i] - low[0]) * scale);
        const uint32_t y = (uint32_t)((points[2 * i + 1] - low[1]) * scale);
        t->key[i] = spread(x) | (spread(y) << 1);
        t->order[i] = i;
    }
}

/* By keys, equal ones in their order: least significant digits first. */
static void sort_keys(Quadtree *t)
{
    for (int shift = 0; shift < 2 * LEVELS; shift += RADIX) {
        int start[1 << RADIX] = {0}, sum = 0;
        for (int i = 0; i < t->n; i++) start[(t->key[i] >> shift) & ((1 << RADIX) - 1)]++;
        for (int d = 0; d < 1 << RADIX; d++) {
            const int count = start[d];
            start[d] = sum;
            sum += count;
        }
        for (int i = 0; i < t->n; i++) {
            const int to = start[(t->key[i] >> shift) & ((1 << RADIX) - 1)]++;
            t->key2[to] = t->key[i];
            t->order2[to] = t->order[i];
        }
        uint32_t *const key = t->key;
        int32_t *const order = t->order;
        t->key = t->key2, t->key2 = key;
        t->order = t->order2, t->order2 = order;
    }
}

/* ---- cells ---- */

static void weigh(const Quadtree *t, Cell *cell)
{
    float low_x = FLT_MAX, low_y = FLT_MAX, high_x = -FLT_MAX, high_y = -FLT_MAX;
    double x = 0, y = 0;
    for (int i = cell->begin; i < cell->end; i++) {
        x += t->x[i], y += t->y[i];
        low_x = fminf(low_x, t->x[i]), high_x = fmaxf(high_x, t->x[i]);
        low_y = fminf(low_y, t->y[i]), high_y = fmaxf(high_y, t->y[i]);
    }
    const float side = fmaxf(high_x - low_x, high_y - low_y);
    cell->mass = (float)(cell->end - cell->begin);
    cell->x = (float)x / cell->mass;
    cell->y = (float)y / cell->mass;
    cell->width2 = side * side;
}

/* The first point of [begin, end) whose key is not below the bound. */
static int lower_bound(const uint32_t *key, int begin, int end, uint32_t bound)
{
    while (begin < end) {
        const int middle = begin + (end - begin) / 2;
        if (key[middle] < bound) {
            begin = middle + 1;
        } else {
            end = middle;
        }
    }
    return begin;
}

/* Divides [begin, end), whose keys agree above `bits`, into cells; levels that hold one child only are left out.
 * grouped: a group above holds these points already. */
static void divide(Quadtree *t, int begin, int end, int bits, int grouped)
{
    Cell *cell = &t->cells[t->cell_count++];
    *cell = (Cell){.begin = begin, .end = end};
    weigh(t, cell);
    while (bits > 0 && (t->key[begin] >> (bits - 2)) == (t->key[end - 1] >> (bits - 2))) bits -= 2;
    if (!grouped && (end - begin <= GROUP || bits == 0)) {
        for (int at = begin; at < end; at += GROUP)
            t->groups[t->group_count++] = (Group){at, at + GROUP < end ? at + GROUP : end, 0};
        grouped = 1;
    }
    cell->leaf = end - begin <= LEAF || bits == 0;
    if (!cell->leaf) {
        const uint32_t base = bits == 32 ? 0 : t->key[begin] >> bits << bits;
        int at = begin;
        for (uint32_t child = 1; child <= 4; child++) {
            const int to =
                child == 4 ? end : lower_bound(t->key, at, end, base + (child << (bits - 2)));
            if (to > at) divide(t, at, to, bits - 2, grouped);
            at = to;
        }
    }
    cell->next = t->cell_count;
}

void quadtree_build(Quadtree *t, const float *points)
{
    make_keys(t, points);
    sort_keys(t);
    for (int i = 0; i < t->n; i++) {
        t->x[i] = points[2 * t->order[i]];
        t->y[i] = points[2 * t->order[i] + 1];
    }
    t->cell_count = t->group_count = 0;
    divide(t, 0, t->n, 2 * LEVELS, 0);
}

/* ---- forces ---- */

typedef struct List {
    float *x, *y, *mass;
    int count;
} List;

typedef struct Pull {
    float x[GROUP], y[GROUP];
} Pull;

/* What the members of the list do to the points of the group; returns what they add to Z. */
static double act(const Quadtree *t, const Group *group, List *list, Pull *pull)
{
    double z = 0;
    for (; list->count % VF_LANES; list->count++) {
        list->x[list->count] = list->y[list->count] = 0;
        list->mass[list->count] = 0;
    }
    const vf one = vf_splat(1);
    for (int i = group->begin; i < group->end; i += 2) {
        const int other = i + 1 < group->end ? i + 1 : i;
        const vf xa = vf_splat(t->x[i]), ya = vf_splat(t->y[i]);
        const vf xb = vf_splat(t->x[other]), yb = vf_splat(t->y[other]);
        vf za = vf_zero(), fxa = za, fya = za, zb = za, fxb = za, fyb = za;
        for (int l = 0; l < list->count; l += VF_LANES) {
            const vf x = vf_load(list->x + l), y = vf_load(list->y + l);
            const vf mass = vf_load(list->mass + l);
            const vf dxa = xa - x, dya = ya - y, dxb = xb - x, dyb = yb - y;
            const vf qa = one / vf_fma(dxa, dxa, vf_fma(dya, dya, one));
            const vf qb = one / vf_fma(dxb, dxb, vf_fma(dyb, dyb, one));
            const vf ma = mass * qa, mb = mass * qb;
            za += ma, zb += mb;
            const vf wa = ma * qa, wb = mb * qb;
            fxa = vf_fma(wa, dxa, fxa), fya = vf_fma(wa, dya, fya);
            fxb = vf_fma(wb, dxb, fxb), fyb = vf_fma(wb, dyb, fyb);
        }
        const int at = i - group->begin;
        pull->x[at] += vf_sum(fxa), pull->y[at] += vf_sum(fya);
        z += vf_sum(za);
        if (other == i) break;
        pull->x[at + 1] += vf_sum(fxb), pull->y[at + 1] += vf_sum(fyb);
        z += vf_sum(zb);
    }
    list->count = 0;
    return z;
}

static void list_add(List *list, float x, float y, float mass)
{
    list->x[list->count] = x;
    list->y[list->count] = y;
    list->mass[list->count++] = mass;
}

typedef struct Box {
    float x0, y0, x1, y1;
} Box;

static Box box_of(const Quadtree *t, const Group *group)
{
    Box box = {FLT_MAX, FLT_MAX, -FLT_MAX, -FLT_MAX};
    for (int i = group->begin; i < group->end; i++) {
        box.x0 = fminf(box.x0, t->x[i]), box.x1 = fmaxf(box.x1, t->x[i]);
        box.y0 = fminf(box.y0, t->y[i]), box.y1 = fmaxf(box.y1, t->y[i]);
    }
    return box;
}

/* Seen from the nearest point of the box, is the cell small? */
static int is_far(const Cell *cell, const Box *box, float theta2)
{
    const float right = cell->x - box->x1, left = box->x0 - cell->x;
    const float above = cell->y - box->y1, below = box->y0 - cell->y;
    float dx = right > left ? right : left, dy = above > below ? above : below;
    dx = dx > 0 ? dx : 0;
    dy = dy > 0 ? dy : 0;
    return cell->width2 < theta2 * (dx * dx + dy * dy);
}

static void walk(Quadtree *t, Group *group, List list)
{
    const Box box = box_of(t, group);
    Pull pull = {{0}, {0}};
    group->z = 0;
    for (int at = 0; at < t->cell_count;) {
        const Cell *cell = &t->cells[at];
        const int far = is_far(cell, &box, t->theta2);
        if (far) {
            list_add(&list, cell->x, cell->y, cell->mass);
        } else if (cell->leaf) {
            for (int i = cell->begin; i < cell->end; i++) {
                if (list.count >= LIST - VF_LANES) group->z += act(t, group, &list, &pull);
                list_add(&list, t->x[i], t->y[i], 1);
            }
        }
        at = far ? cell->next : at + 1;
        if (list.count >= LIST - VF_LANES) group->z += act(t, group, &list, &pull);
    }
    group->z += act(t, group, &list, &pull);
    for (int i = group->begin; i < group->end; i++) {
        t->force[2 * t->order[i]] = pull.x[i - group->begin];
        t->force[2 * t->order[i] + 1] = pull.y[i - group->begin];
    }
}

static void walk_groups(void *context, size_t begin, size_t end, int thread)
{
    Quadtree *t = context;
    float *memory = t->lists + (size_t)thread * 3 * LIST;
    for (size_t i = begin; i < end; i++)
        walk(t, &t->groups[i], (List){memory, memory + LIST, memory + 2 * LIST, 0});
}

double quadtree_repulsion(Quadtree *t, float theta, float *force)
{
    t->theta2 = theta * theta;
    t->force = force;
    parallel_for((size_t)t->group_count, 8, walk_groups, t);
    double z = 0;
    for (int i = 0; i < t->group_count; i++) z += t->groups[i].z;
    return z - t->n; /* each point met itself */
}

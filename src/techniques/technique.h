/*
 * Technique: one way of looking at a network. One file, one `const Technique`, one line in techniques.def.
 *
 * A technique never runs the network itself: it asks for a pass, returns, and its step is called when the
 * pass is done. So every run reports progress, shows partial results and can be cancelled between two
 * layers, on one thread or many, with no code of its own for that.
 */
#ifndef CONVOSCOPE_TECHNIQUES_TECHNIQUE_H
#define CONVOSCOPE_TECHNIQUES_TECHNIQUE_H

#include "image/picture.h"
#include "network.h"

typedef struct Run Run;

typedef enum ParamType {
    PARAM_INT,
    PARAM_FLOAT,
    PARAM_CHOICE,
    PARAM_FLAG,
    PARAM_TARGET,  /* a SPEC: class:top, channel:NODE:C, ... */
    PARAM_LAYER,   /* a node's name, or auto */
    PARAM_STROKES, /* strokes.h; a page lets them be painted */
    PARAM_TEXT,
} ParamType;

/* Side of the input that sizes in pixels were published for: ImageNet's networks take 224 x 224. */
enum { PARAM_SIDE = 224 };

typedef struct Param {
    const char *name, *title;
    ParamType type;
    double min, max, step; /* numbers */
    const char *initial;   /* default, as text */
    bool scaled;           /* ... for an input of PARAM_SIDE pixels, and in proportion for others */
    const char *choices;   /* "a|b|c" */
    const char *unit;      /* "px", "levels", "" */
    const char *help;      /* one sentence: what it does and how to choose */
    bool advanced;
} Param;

/* Shapes: see docs/architecture.md. */
typedef enum ResultKind {
    RESULT_MAP,
    RESULT_IMAGE,
    RESULT_TILES,
    RESULT_CURVE,
    RESULT_FILM,
    RESULT_POINTS,
    RESULT_TABLE
} ResultKind;

enum {
    RESULT_MAX_ITEMS = 8,
    RESULT_MAX_FACTS = 24,
    RUN_MAX_TERMS = 40,
    FILM_FRAMES_PER_SECOND = 10,
};

/* What one run may hold: a set of pictures is limited by their number and by all their pixels together. */
enum { RUN_MAX_PICTURES = 20000 };
#define RUN_MAX_PIXELS (400 * 1000 * 1000)

/* Classes of points. */
typedef struct ResultPoints {
    const float *group; /* [n]: index into groups, or -1 */
    const char *const *groups;
    int group_count;
} ResultPoints;

/* Texts of a table [rows,columns]. A cell "#rrggbb" is shown as that colour. */
typedef struct ResultTable {
    const char *const *columns; /* titles */
    const char *const *cells;   /* by rows; where NULL, the number of the item's data is the cell */
} ResultTable;

/* One array to be shown; data belongs to the run and stays valid until its next advance or its end. */
typedef struct ResultItem {
    const char *name, *title; /* literals: "adversarial", "The picture that fools it" */
    ResultKind kind;
    Shape shape; /* see docs/architecture.md */
    const float *data;
    bool is_signed;             /* drawn symmetric around zero */
    const char *colormap;       /* suggestion */
    float frames_per_second;    /* of a film: suggestion; 0: FILM_FRAMES_PER_SECOND */
    const char *lines;          /* of a curve [k,n]: their names, "a|b"; NULL: one */
    const ResultPoints *points; /* of points, [n,2] or [n,3]: point i is the run's picture i */
    const ResultTable *table;   /* of a table */
} ResultItem;

typedef struct ResultFact {
    const char *name, *label, *unit;
    double value;
    char text[192]; /* instead of a number, when not empty */
} ResultFact;

typedef struct Result {
    ResultItem items[RESULT_MAX_ITEMS];
    int item_count;
    ResultFact facts[RESULT_MAX_FACTS];
    int fact_count;
} Result;

typedef struct Technique {
    const char *id, *title;
    const char *question; /* see, why, want, fool, paint, alike */
    const char *sentence; /* what it answers */
    const char *read;     /* how to read the result */
    const char *limits;   /* what it does not show */
    const char *ask;      /* the question that a student would ask ... */
    const char *answer;   /* ... and what to say to it, in two to four sentences */
    const char *paper;
    int pictures;        /* how many it takes, at least */
    int most_pictures;   /* and at most; 0: exactly `pictures` */
    const char *images;  /* how the help calls them: "CONTENT_IMAGE STYLE_IMAGE"; NULL: IMAGE */
    const char *returns; /* kind of the main item, as result_kind_name has it */
    const Param *params;
    int param_count;
    size_t state_bytes;

    Status (*begin)(Run *run);                  /* builds its graph, asks for the first pass */
    Status (*step)(Run *run);                   /* the pass asked for is done */
    Status (*result)(Run *run, Result *result); /* any time after begin: also a partial one */
    void (*end)(Run *run); /* may be NULL; arena and graphs of the run go by themselves */
} Technique;

int technique_count(void);
const Technique *technique_at(int index);
const Technique *technique_find(const char *id); /* NULL: no such technique */
int technique_most_pictures(const Technique *technique);
void techniques_json(Text *text);
/* The members `groups` of points, [{name, colour}], and `columns` and `rows` of a table: texts and numbers. */
void result_details_json(const ResultItem *item, Text *text);
const char *result_kind_name(ResultKind kind); /* map, image, tiles, curve, film, points, table */

/* "a|b" as an array of texts. */
void choices_json(Text *text, const char *choices);

/* ---- for those who run a technique ---- */

/* The network is borrowed and must outlive the run. */
Status run_create(Run **run, const Technique *technique, Network *network);
void run_destroy(Run *run); /* NULL is fine */

/* Fails where the technique takes fewer. */
Status run_takes_pictures(const Run *run, int count);

/* Before run_begin. Values are checked against the table: one sentence when out of range or unknown. */
Status run_set(Run *run, const char *param, const char *value);
Status run_set_picture(Run *run, int index, const Picture *picture); /* copied */
/* What the picture and its class are called; either may be NULL. The picture is set first. */
Status run_name_picture(Run *run, int index, const char *name, const char *group);
Status run_begin(Run *run);

/* Works for about `seconds`; *done when finished. After an error only run_destroy makes sense. */
Status run_advance(Run *run, double seconds, bool *done);

/* The result so far; main item first. Fails when there is nothing to show yet, or when a map is all zero or
 * not finite, and says which layer made it so. */
Status run_result(Run *run, Result *result);

double run_progress(const Run *run); /* 0 to 1 */
/* Grows each time a partial result worth drawing is there. */
int run_version(const Run *run);

/* ---- for techniques ---- */

void *run_state(Run *run); /* state_bytes, zeroed */
Network *run_network(Run *run);
Arena *run_arena(Run *run);
int run_picture_count(const Run *run);
const Picture *run_picture(const Run *run, int index);
const char *run_picture_name(const Run *run, int index);  /* "" when it has none */
const char *run_picture_group(const Run *run, int index); /* its class; "" when it has none */

int run_int(const Run *run, const char *param);
float run_float(const Run *run, const char *param);
bool run_flag(const Run *run, const char *param);
const char *run_text(const Run *run, const char *param); /* also choices, targets and layers */
bool run_choice(const Run *run, const char *param, const char *choice);

/* Plans a graph that the run owns. Layers named by the run's parameters are kept apart. */
Status run_plan(Run *run, const GraphRequest *request, Graph **graph);

/* The same, with its memory. */
Status run_build(Run *run, const GraphRequest *request, unsigned flags, Graph **graph);

/* Destroys one of the run's graphs before the run ends. */
void run_drop(Run *run, Graph *graph);

/* Zeroed floats from the run's arena. */
Status run_floats(Run *run, size_t count, float **floats);

/* Picture index, preprocessed into the graph's input, batch item n. */
Status run_load_picture(Run *run, Graph *graph, int index, int n);

/* Asks for a forward pass that reaches the targets (none: everything). A step that asks for nothing and does
 * not finish is called again: so long work of its own is cut into pieces. */
void run_ask_forward(Run *run, Graph *graph, Value *const *targets, int count);

/* The same for what an objective is of. */
void run_ask_objective(Run *run, Graph *graph, const Objective *term);

/* Asks for forward, the objectives' seeds, and backward. terms are copied, at most RUN_MAX_TERMS. */
void run_ask_gradient(Run *run, Graph *graph, const Objective *terms, int count,
                      const BackwardRule *rule);

/* As above after a forward pass that is already there: seeds and backward only. */
void run_ask_backward(Run *run, Graph *graph, const Objective *terms, int count,
                      const BackwardRule *rule);

/* Another technique on the same network and its first picture, as a part of this run: "the map of any method".
 * Set what it needs, ask, and after the next step take its result. It takes the place of the nested run before
 * it, and goes with this one. */
Status run_nest(Run *run, const char *technique, Run **nested);

/* The nested run, not yet begun, sees the network with its last layers drawn anew; see network_redraw. */
void run_redraw(Run *nested, int layers, uint64_t seed);

/* Begins the nested run and asks for all of it. */
void run_ask_nested(Run *run);

/* After that: what it found, or why it found nothing, which the caller may bear. */
Status run_nested_result(Run *run, Result *result);

double run_objective(const Run *run);       /* sum of the terms in the last gradient pass */
double run_term(const Run *run, int index); /* one of them, weighted */

/* 0 to 1: the share of the run that is done before the pass that was asked for, and after it. */
void run_tell_progress(Run *run, double before, double after);
void run_tell_version(Run *run); /* a partial result is worth drawing */
void run_finish(Run *run);

ResultItem *result_add(Result *result, ResultItem item);
/* RGB [3,height,width]. */
void result_image(Result *result, const char *name, const char *title, int height, int width,
                  const float *data);
/* One line, [count]. */
void result_curve(Result *result, const char *name, const char *title, int count,
                  const float *data);
void result_fact(Result *result, const char *name, const char *label, double value,
                 const char *unit);
void result_fact_text(Result *result, const char *name, const char *label, const char *text);

#endif

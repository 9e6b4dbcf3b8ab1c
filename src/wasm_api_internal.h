/* What the files of the boundary share. JavaScript sees none of it. */
#ifndef CONVOSCOPE_WASM_API_INTERNAL_H
#define CONVOSCOPE_WASM_API_INTERNAL_H

#include "network.h"
#include "wasm_api.h"

enum { HANDLES_MAX = 64, KEEP_MAX = 64 };

/* Things by handle; a handle is never given twice. */
typedef struct Handles {
    struct {
        int handle;
        void *thing;
    } slot[HANDLES_MAX];
    int last;
} Handles;

Status handles_add(Handles *handles, void *thing, const char *what, int *handle);
void *handles_find(const Handles *handles, int handle); /* NULL: no such handle */
void handles_remove(Handles *handles, int handle);

/* A graph for one input size, allocated when it is first needed. */
typedef struct Sized {
    Graph *graph;
    int height, width; /* as asked for; 0: the usual size */
    bool allocated;
    bool answers; /* what layers gave is gone when the pass is done */
} Sized;

void sized_release(Sized *sized);
Status sized_plan(const Network *network, Sized *sized, int height, int width,
                  const char *const *keep, int keep_count);
Status sized_allocate(Sized *sized, unsigned flags);

typedef enum Job { JOB_NONE, JOB_LOOK, JOB_GRADIENT_FORWARD, JOB_GRADIENT_BACKWARD } Job;

typedef struct Model {
    Network *network;
    Job job;        /* the pass under way */
    double seconds; /* that it took so far */

    Sized look;
    char *keep[KEEP_MAX]; /* convolutions that the look keeps apart */
    int keep_count;
    bool keeps;   /* somebody asked what layers gave: looks keep it */
    bool seen;    /* a look is complete */
    bool picture; /* of a picture, not of a raw tensor */

    Sized gradient;
    SpecNodes kept; /* the convolutions that the gradient's graph keeps apart */
    char *target;
    const BackwardRule *rule;
    float *scratch; /* of the target */
    double value;   /* of the target */
    bool derived;   /* a gradient is complete */

    float *buffer; /* what the last call handed out */
} Model;

Status model_find(int handle, Model **model);
/* Memory for what a call hands out, in place of what the call before did. */
Status model_buffer(Model *model, size_t floats);
/* Makes sure of a planned graph to look with; what was seen by another one is gone. */
Status look_plan(Model *model, int height, int width);
/* Memory for the pass: all that layers give only where somebody asked for it before, or the network ends early. */
Status look_allocate(Model *model);
/* Begins the pass; the input is filled. */
void look_begin(Model *model, bool picture);

/* Keeps the sentence and returns the negated code; returns `value` where there is no error. */
int boundary_return(Status status, int value);
Text *boundary_text(void); /* emptied */
/* As boundary_return with 0, and fails where memory ran out for the text. */
int boundary_return_text(Status status);
void boundary_close_runs(int model);

/* Runs small convolutions against plain sums; takes a few milliseconds. */
Status self_test(void);

/* Writes the members `shape` and `data`. */
void json_array_of(Text *text, const Shape *shape, const float *data);

#endif

/*
 * The whole boundary to JavaScript: scalars, handles and pointers only.
 *
 * Unless it says otherwise, a function returns 0 or a number that is not negative, and the negated
 * StatusCode when it fails: then convo_error_message() is the sentence. A handle is a small number above 0
 * that is checked at every call and never given twice. What a call has to tell beyond a number it writes as
 * JSON, which convo_text() hands out; arrays stand in it as {"shape": [...], "data": ADDRESS}. Text and
 * arrays belong to the core and are valid until the next call.
 *
 * Long work is begun and then advanced in slices:
 *
 *     int model = convo_network_open("squeezenet.onnx", bytes, size);    // takes the bytes over
 *     convo_look_picture(model, width, height, rgba);
 *     while (convo_advance(model, 0.03) == 0) ...;                       // 1: done
 *     convo_scores(model, 5), puts(convo_text());
 *
 * The core serves one caller: nothing here may be called by two threads at once.
 */
#ifndef CONVOSCOPE_WASM_API_H
#define CONVOSCOPE_WASM_API_H

#include <stddef.h>
#include <stdint.h>

#ifdef __EMSCRIPTEN__
#include <emscripten.h>
#define CONVO_EXPORT EMSCRIPTEN_KEEPALIVE
#else
#define CONVO_EXPORT
#endif

/* ---- the core ---- */

const char *convo_version(void);
int convo_start(int threads);  /* starts the pool; returns how many threads there are */
int convo_expect(int threads); /* lets networks count on so many, until that starts them */
int convo_self_test(
    void); /* known answers of the kernels: fails where this machine computes wrongly */
const char *convo_error_message(void);
const char *convo_error_code(void); /* status_code_name of the last failure */
const char *convo_text(void);
int convo_techniques(void); /* text: the table */
int convo_colormaps(void);  /* text: {"viridis": ADDRESS of 768 bytes, ...} */

/* ---- networks ---- */

/* Takes the bytes (from malloc) over, also on failure. Returns a handle. */
int convo_network_open(const char *name, uint8_t *bytes, size_t size);
/* Text: the location of a file of weights beside the network that was not given yet, or null. The network
 * cannot be planned before. */
int convo_network_missing(int model);
/* Gives that file; takes the bytes (from malloc) over, also on failure. */
int convo_network_attach(int model, const char *location, uint8_t *bytes, size_t size);
int convo_network_close(int model); /* its runs too */
int convo_network_set(int model, const char *key, const char *value);
/* Plans the network for the size of its preprocessing. Text: the description of docs/architecture.md. Where
 * operators are not supported it has `error`, lists them, and describes the layers that can run without
 * them: those can be looked at and aimed at. No layer can run where it has no `layers`. */
int convo_network_describe(int model);

/* ---- looking: a pass forward ----
 *
 * What layers give is kept from the first time on that somebody asks for it: until then layers share memory, of which a
 * fresh one costs more time than many a layer. A function that needs a pass which keeps it begins one, and returns 1:
 * advance, then ask again. */

int convo_look_picture(int model, int width, int height, const uint8_t *rgba);
/* count floats as the network wants them, in its input's shape; height and width 0: the usual size. */
int convo_look_tensor(int model, int height, int width, const float *data, size_t count);
int convo_advance(int model, double seconds); /* 1: done, 0: there is more to do */

/* After a look. Text: {"classes": [{index, label, probability, logit}], "nonfinite": first node with values
 * that are not finite or null, "seconds", "input": RGB [3,H,W] in 0..1 or null}. Or 1. */
int convo_scores(int model, int top);
int convo_output(int model); /* text: the first output */
/* Text: {"name", "shape", "data", "stats"}. Or 1, also where the layer was folded away. */
int convo_activation(int model, const char *layer);
/* Text: [{"name", "width", "height", "data"}], at most 64x64. Or 1. */
int convo_thumbnails(int model);
int convo_weights(int model, const char *layer); /* text: {"shape", "data", "bias"} or null */

/* ---- gradient of a target with respect to the input ---- */

int convo_gradient(int model, int height, int width, const float *data, size_t count,
                   const char *target, const char *rule); /* then convo_advance */
int convo_gradient_result(int model);                     /* text: {"shape", "data", "value"} */

/* ---- the time of each layer ---- */

/* Forward and backward, on a graph of its own that is not sliced. height and width 0: the usual size. Text:
 * {"peak": multiplications and additions per second at best, "layers": [{"name", "op", "detail", "macs",
 * "algorithm" of a convolution forward and backward, "forward", "backward"}]}, seconds. */
int convo_profile(int model, int height, int width, int runs);

/* ---- runs of a technique ---- */

int convo_run_create(int model, const char *technique); /* returns a handle */
int convo_run_set(int run, const char *param, const char *value);
int convo_run_picture(int run, int index, int width, int height, const uint8_t *rgba); /* copied */
/* Of a picture that was given: what it and its class are called; either may be empty. */
int convo_run_name_picture(int run, int index, const char *name, const char *group);
int convo_run_begin(int run);
int convo_run_advance(int run, double seconds); /* 1: done, 0: there is more to do */
double convo_run_progress(int run);             /* 0 to 1; 0 for no such run */
int convo_run_version(int run);                 /* grows with each partial result worth drawing */
int convo_run_result(int run);                  /* text: items and facts of docs/architecture.md */
int convo_run_close(int run);

/* ---- features of pictures, which runs keep with their network ---- */

/* Text: [{"name", "shape": [count,words], "data"}], newest first: tables of records, which say what a layer said of
 * each picture. A run that compares pictures makes its table when it begins, and looks into it when it advances. */
int convo_features(int model);
/* Adds records that a table of that name had, of this network in an earlier instance. */
int convo_features_add(int model, const char *name, int count, int words, const uint32_t *records);

/* ---- points of any kind on a plane ---- */

/* t-SNE of [n,dims], first reduced to 50 components; returns a handle. */
int convo_tsne_create(const float *points, int n, int dims, float perplexity, float theta,
                      int iterations, int seed);
int convo_tsne_advance(int handle, double seconds); /* 1: done, 0: there is more to do */
double convo_tsne_progress(int handle);             /* 0 to 1; 0 for no such embedding */
int convo_tsne_points(int handle); /* text: {"shape": [n,2], "data", "iteration", "divergence"} */
int convo_tsne_close(int handle);

#endif

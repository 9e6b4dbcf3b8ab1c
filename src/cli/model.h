/* Opening what the command line names: networks with their preprocessing, pictures and arrays. */
#ifndef CONVOSCOPE_CLI_MODEL_H
#define CONVOSCOPE_CLI_MODEL_H

#include "cli/cli.h"
#include "cli/files.h"
#include "network.h"

/* The options of every command that opens a network. */
extern const Option model_options[];

/* Opens the network that the first word names, reads MODEL.json and labels beside it, takes the options of
 * preprocessing, starts the threads. Release with network_close. */
Status model_open(const Args *args, Network **network);

/* The network of that path or bundled name with what lies beside it, and where it was found. */
Status model_open_named(const char *word, char path[PATH_BYTES], Network **network);

/* One thread for each processor; for what opens no network. */
void start_all_threads(void);

/* The pool of --threads, or of as many as there are processors. */
Status cli_start_threads(const Args *args);

/* What a pass through the network begins with. */
typedef struct ModelInput {
    Picture picture; /* empty where an array was given */
    Tensor array;    /* empty where a picture was given */
} ModelInput;

/* The picture that the second word names, or --input X.npy. */
Status model_input_read(const Args *args, ModelInput *input);
void model_input_release(ModelInput *input);

/* Fails where a picture has not as many channels as the network's input. */
Status model_check_channels(Network *network, const Shape *shape);

/* network_build with the file's name in the sentence. */
Status model_build(const Network *network, const GraphRequest *request, Graph **graph);

/* Builds and allocates a graph of the size that the input asks for and fills it in. keep: as in
 * GraphRequest. */
Status model_graph(Network *network, const ModelInput *input, const char *const *keep,
                   int keep_count, unsigned flags, Graph **graph);

#endif

/*
 * Trains a feed-forward style network: for each of many pictures its output is to have the content of the picture
 * and the style of one other, as a loss network sees them. Used like the trainer of classes:
 *
 *     StyleTrainer *trainer;
 *     TRY(style_trainer_create(&trainer, &options, &pictures, loss_network, &style));
 *     TRY(style_trainer_load(trainer, "style.state"));
 *     while (!style_trainer_done(trainer)) TRY(style_trainer_step(trainer));
 *     TRY(style_trainer_export(trainer, "name", "style.onnx"));
 *     style_trainer_destroy(trainer);
 *
 * What a step draws depends on the seed and the place alone; see trainer.h.
 */
#ifndef CONVOSCOPE_TRAIN_STYLE_TRAINER_H
#define CONVOSCOPE_TRAIN_STYLE_TRAINER_H

#include "train/dataset.h"
#include "train/perceptual.h"
#include "train/style_network.h"

enum { STYLE_LOG_LINES = 100 }; /* at most, evenly over the steps */

typedef struct StyleOptions {
    StyleNetwork network;
    int batch, steps, seed;
    int crop; /* side of the pictures in a step, a multiple of STYLE_MULTIPLE */
    float
        rate; /* highest learning rate of Adam; rises over 5 % of the steps, then falls as a cosine */
    float content_weight, style_weight, variation_weight;
    int style_side;                           /* longer side at which the style is looked at */
    const char *style_layers, *content_layer; /* borrowed */
} StyleOptions;

/* Means over the steps since the line before. */
typedef struct StyleLine {
    int64_t step;
    double rate;
    double loss, content, style, variation; /* weighted; loss is their sum */
    double seconds, pictures_per_second;
} StyleLine;

typedef struct StyleTrainer StyleTrainer;

StyleOptions style_defaults(void);

/* pictures (colour, at least as large as the crop) and the loss network are borrowed; style may go. */
Status style_trainer_create(StyleTrainer **trainer, const StyleOptions *options,
                            const Dataset *pictures, Network *loss, const Picture *style);
void style_trainer_destroy(StyleTrainer *trainer); /* NULL is fine */

/* One batch. Fails when the loss is not finite. */
Status style_trainer_step(StyleTrainer *trainer);
bool style_trainer_done(const StyleTrainer *trainer);
long style_trainer_steps(const StyleTrainer *trainer); /* done so far */

/* Lines of the log so far; owned by the trainer. */
const StyleLine *style_trainer_log(const StyleTrainer *trainer, int *count);
void style_trainer_log_csv(const StyleTrainer *trainer, Text *text);

/* As trainer_save and trainer_load. */
Status style_trainer_save(StyleTrainer *trainer, const char *path);
Status style_trainer_load(StyleTrainer *trainer, const char *path);

/* The network as float16 ONNX with its preprocessing, for pictures of any size; replaces the file in one step. */
Status style_trainer_export(StyleTrainer *trainer, const char *name, const char *path);

#endif

/*
 * C = A B over packed panels: the engine below matrix products and convolutions.
 *
 * A is packed from strides, B by a function of the caller, so that B need not exist: a convolution packs
 * pixels straight from the picture. (Goto & van de Geijn 2008, Anatomy of High-Performance Matrix
 * Multiplication.)
 */
#ifndef CONVOSCOPE_KERNELS_PANEL_GEMM_H
#define CONVOSCOPE_KERNELS_PANEL_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "kernels/clamp.h"

/* The most columns a panel of B has. */
enum { PANEL_MAX_WIDTH = 64 };

/*
 * Element (i, k) of A lies at data[i * row + k2 * step[0] + k1 * step[1] + k0 * step[2]], where
 * k = (k2 * count[0] + k1) * count[1] + k0. For a plain matrix both counts are 1.
 */
typedef struct PanelLeft {
    const float *data;
    ptrdiff_t row;
    int count[2];
    ptrdiff_t step[3];
} PanelLeft;

/* Writes rows [k, k + depth) of columns [j, j + columns) of B to panel[row * width + column], and zeros to
 * the columns from `columns` to `width`. May write up to one vector past the end of the panel. */
typedef void PanelPack(const void *right, int k, int depth, int j, int columns, int width,
                       float *panel);

/* Writes where columns [j, j + columns) of C lie, relative to the row's first element. */
typedef void PanelColumns(const void *right, int j, int columns, ptrdiff_t *offset);

typedef struct PanelGemm {
    int m, n, k; /* C is [m,n] */
    PanelLeft left;
    const void *right;
    PanelPack *pack;
    const float *plain; /* B itself, if it lies in memory with its rows plain_row apart; or NULL */
    ptrdiff_t plain_row;
    PanelColumns *columns; /* NULL: side by side */
    float *c;
    ptrdiff_t c_row;    /* step between rows of C */
    const float *bias;  /* [m], or NULL */
    bool accumulate;    /* C += A B */
    const Clamp *clamp; /* of what C then is; or NULL */
    int threads;        /* at most; scratch was sized for them */
} PanelGemm;

/* Bytes that panel_gemm needs for [m,k] times [k,n]; SIZE_MAX / 2 where they are more than that. */
size_t panel_gemm_scratch_bytes(int m, int k, int threads);

/* scratch is aligned to 64. The result is the same, to the bit, for every number of threads. */
void panel_gemm(const PanelGemm *g, void *scratch);

#endif

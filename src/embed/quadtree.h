/*
 * The repulsion of t-SNE by Barnes and Hut (van der Maaten 2014, section 4.2): far cells of a quadtree act as
 * one point.
 *
 * Cells are visited once for a group of points that lie together rather than for each (Barnes 1990, A modified
 * tree code): a cell is far when it is for the nearest corner of the group's box, so that no point of it is
 * served worse than by a walk of its own, and the points of a group share one list that vectors run along.
 */
#ifndef CONVOSCOPE_EMBED_QUADTREE_H
#define CONVOSCOPE_EMBED_QUADTREE_H

#include "base/status.h"

typedef struct Quadtree Quadtree;

/* Room for n points. */
Status quadtree_create(Quadtree **tree, int n);
void quadtree_destroy(Quadtree *tree); /* NULL is fine */

/* Sorts points [n,2], finite, into cells. */
void quadtree_build(Quadtree *tree, const float *points);

/* For each point i the force sum_j (y_i - y_j) / (1 + |y_i - y_j|^2)^2, [n,2]. Returns Z, the sum of
 * 1 / (1 + |y_i - y_j|^2) over all pairs i != j. A cell whose points lie within `width` stands for them when
 * width / distance < theta; 0 is exact. The same for every number of threads. */
double quadtree_repulsion(Quadtree *tree, float theta, float *force);

#endif

/*
 * Loops over a fixed pool of threads.
 *
 *     int threads = parallel_start(4);             // 4, or fewer where threads cannot be had
 *     parallel_for(rows, 8, blur_rows, &context);
 *     parallel_stop();
 *
 * Without a pool, or in a build without threads, parallel_for is a plain loop. One loop runs at a time;
 * loops do not nest. The pool is the process's, like its processors.
 */
#ifndef CONVOSCOPE_PARALLEL_H
#define CONVOSCOPE_PARALLEL_H

#include <stddef.h>

enum { PARALLEL_MAX_THREADS = 64 };

/* Works on [begin, end). thread is below parallel_threads() and no two calls at a time have the same: it
 * picks a private buffer. The result must not depend on it, nor on how the range is cut. */
typedef void ParallelFunction(void *context, size_t begin, size_t end, int thread);

/* Starts a pool of that many threads, the caller included, and returns how many there are: fewer where
 * they cannot be started. A pool that runs is stopped first. */
int parallel_start(int threads);

/* Lets plans count on so many threads, the caller included, which parallel_start makes later: until then loops run on the
 * caller alone. Returns how many may be counted on. */
int parallel_expect(int threads);

/* Ends the threads of the pool; one thread is left, the caller. */
void parallel_stop(void);

/* Threads a loop may use, the caller included; at least 1. */
int parallel_threads(void);

/* Runs function over [0, count) in pieces of `grain`, which threads take as they come. */
void parallel_for(size_t count, size_t grain, ParallelFunction *function, void *context);

/* The same with thread below `threads`: for buffers that were planned when the pool was smaller. */
void parallel_for_within(int threads, size_t count, size_t grain, ParallelFunction *function,
                         void *context);

#endif

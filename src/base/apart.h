/*
 * Functions that are not inlined.
 *
 * A browser compiles WebAssembly twice: each function quickly when it is first called, and for speed when its loops have
 * run for a millisecond or so. Then it compiles all that is in the function, and the slow code goes on meanwhile. So a
 * loop that is hot stands in a function without what seldom runs, and without the loops for other cases.
 */
#ifndef CONVOSCOPE_BASE_APART_H
#define CONVOSCOPE_BASE_APART_H

#define APART __attribute__((noinline))

#endif

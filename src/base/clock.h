#ifndef CONVOSCOPE_BASE_CLOCK_H
#define CONVOSCOPE_BASE_CLOCK_H

/* Seconds of a clock that never goes back; its zero means nothing. */
double clock_seconds(void);

#endif

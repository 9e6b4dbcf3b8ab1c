/* Numbers as texts. */
#ifndef CONVOSCOPE_BASE_NUMBER_H
#define CONVOSCOPE_BASE_NUMBER_H

#include <stddef.h>

enum { NUMBER_TEXT_BYTES = 40 };

/* A finite number in the fewest digits, six at least, that read back as the same float: what printf writes with %.6g to %.9g.
 * Returns the length. */
size_t number_text(double value, char text[NUMBER_TEXT_BYTES]);

/* A whole number in decimal digits. */
size_t integer_text(long long value, char text[NUMBER_TEXT_BYTES]);

#endif

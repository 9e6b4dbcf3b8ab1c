/* Errors are values: a code for programs and a sentence for people. */
#ifndef CONVOSCOPE_BASE_STATUS_H
#define CONVOSCOPE_BASE_STATUS_H

typedef enum StatusCode {
    STATUS_OK = 0,
    STATUS_BAD_MODEL,   /* the model file is wrong, truncated or not a model */
    STATUS_UNSUPPORTED, /* a correct file that needs something this program lacks */
    STATUS_BAD_INPUT,   /* a picture, parameter, target or size that does not fit */
    STATUS_NO_MEMORY,
    STATUS_IO,
    STATUS_CANCELLED,
} StatusCode;

enum { STATUS_MESSAGE_BYTES = 508 };

/* Returned by value; the message is one sentence, UTF-8, cut with an ellipsis where too long. */
typedef struct Status {
    StatusCode code;
    char message[STATUS_MESSAGE_BYTES];
} Status;

Status status_ok(void);

/* Makes an error from a printf format. The sentence names what is wrong, where, and the remedy. Control
 * characters, which names out of a file may have, become question marks: it is one line. */
Status status_error(StatusCode code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Replaces what would end a line or steer a terminal by question marks: control characters of ASCII, and those
 * of Unicode as UTF-8. */
void text_disarm(char *text);

/* The sentence for an allocation that failed: "not enough memory for WHAT (N bytes)". */
Status status_no_memory(const char *what, unsigned long long bytes);

/* The code as the word that JavaScript and --json show: "bad-model", "unsupported", ... */
const char *status_code_name(StatusCode code);

/* Leaves the calling function with the error, if there is one. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        Status try_status_ = (expression);                                                         \
        if (try_status_.code != STATUS_OK) return try_status_;                                     \
    } while (0)

#endif

#include "base/status.h"

#include <string.h>

#include "support/test.h"

static Status fails_inside(int *reached)
{
    TRY(status_ok());
    *reached = 1;
    TRY(status_error(STATUS_IO, "disk %d", 3));
    *reached = 2;
    return status_ok();
}

static void errors_are_handed_up(void)
{
    int reached = 0;
    const Status status = fails_inside(&reached);
    CHECK(reached == 1 && status.code == STATUS_IO);
    CHECK_TEXT(status.message, "disk 3");
    CHECK_TEXT(status_ok().message, "");
}

static void long_sentences_are_cut_between_letters(void)
{
    char wide[2 * STATUS_MESSAGE_BYTES + 1];
    /* Two-byte letters, at an even and at an odd position. */
    for (int shift = 0; shift < 2; shift++) {
        for (size_t i = 0; i + 1 < sizeof wide; i++) wide[i] = i % 2 ? '\xA4' : '\xC3';
        wide[sizeof wide - 1] = '\0';
        const Status status = status_error(STATUS_BAD_MODEL, "%s%s", shift ? "x" : "", wide);
        const size_t length = strlen(status.message);
        CHECK(length < STATUS_MESSAGE_BYTES && length > STATUS_MESSAGE_BYTES - 8);
        CHECK_TEXT(status.message + length - 3, "\xE2\x80\xA6");
        CHECK((length - 3 - (size_t)shift) % 2 == 0);
    }
    char fits[STATUS_MESSAGE_BYTES];
    memset(fits, 'a', sizeof fits - 1);
    fits[sizeof fits - 1] = '\0';
    CHECK_TEXT(status_error(STATUS_IO, "%s", fits).message, fits);
}

static void codes_have_names(void)
{
    CHECK_TEXT(status_code_name(STATUS_OK), "ok");
    CHECK_TEXT(status_code_name(STATUS_CANCELLED), "cancelled");
    for (int code = STATUS_OK; code <= STATUS_CANCELLED; code++) {
        CHECK(strcmp(status_code_name((StatusCode)code), "unknown") != 0);
        for (int other = STATUS_OK; other < code; other++) {
            CHECK(strcmp(status_code_name((StatusCode)code), status_code_name((StatusCode)other)) !=
                  0);
        }
    }
    CHECK(strstr(status_no_memory("the picture", 123).message, "the picture (123 bytes)") != NULL);
}

static const Test tests[] = {
    TEST(errors_are_handed_up),
    TEST(long_sentences_are_cut_between_letters),
    TEST(codes_have_names),
};
TEST_MAIN(tests)

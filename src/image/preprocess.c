#include "image/preprocess.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"

static const char *const resize_names[] = {"short", "stretch", "none"};

int preprocess_channels(const Preprocess *preprocess)
{
    if (strcmp(preprocess->channels, "GRAY") == 0) return 1;
    return strcmp(preprocess->channels, "RGBA") == 0 ? 4 : 3;
}

static Status set_size(Preprocess *preprocess, const char *value)
{
    int height = 0, width = 0, end = 0;
    int found = sscanf(value, " %d x %d %n", &height, &width, &end);
    if (found == 1 && sscanf(value, " %d %n", &height, &end) == 1) width = height;
    bool valid = found >= 1 && value[end] == '\0' && height >= 1 && width >= 1 && height <= 8192 &&
                 width <= 8192;
    if (!valid) {
        return status_error(
            STATUS_BAD_INPUT,
            "size '%s' is no size: write height x width in pixels, 1 to 8192, as in "
            "224x224",
            value);
    }
    preprocess->height = height;
    preprocess->width = width;
    return status_ok();
}

static Status set_channels(Preprocess *preprocess, const char *value)
{
    static const struct {
        const char *name, *channels;
    } orders[] = {
        {"RGB", "RGB"}, {"BGR", "BGR"}, {"GRAY", "GRAY"}, {"GREY", "GRAY"}, {"RGBA", "RGBA"},
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        if (strcasecmp(value, orders[i].name) != 0) continue;
        strcpy(preprocess->channels, orders[i].channels);
        return status_ok();
    }
    return status_error(STATUS_BAD_INPUT,
                        "channels '%s' are not known: write RGB, BGR, GRAY or RGBA", value);
}

/* Numbers with commas between; a single one stands for all channels. */
static Status set_numbers(const char *key, const char *value, float *numbers)
{
    float parsed[PREPROCESS_MAX_CHANNELS];
    int count = 0;
    bool more = true;
    const char *at = value;
    while (more && count < PREPROCESS_MAX_CHANNELS) {
        char *end;
        float number = strtof(at, &end);
        if (end == at || !isfinite(number)) break;
        parsed[count++] = number;
        while (isspace((unsigned char)*end)) end++;
        more = *end == ',';
        at = end + more;
    }
    if (more || *at != '\0' || count == 0 || count == 2) {
        return status_error(
            STATUS_BAD_INPUT,
            "%s '%s' is not understood: write one number, or one for each channel as "
            "in 104,117,123",
            key, value);
    }
    for (int c = 0; c < PREPROCESS_MAX_CHANNELS; c++) {
        numbers[c] = count == 1 ? parsed[0] : c < count ? parsed[c] : strcmp(key, "std") == 0;
    }
    return status_ok();
}

static Status set_std(Preprocess *preprocess, const char *value)
{
    float numbers[PREPROCESS_MAX_CHANNELS];
    TRY(set_numbers("std", value, numbers));
    for (int c = 0; c < PREPROCESS_MAX_CHANNELS; c++) {
        if (numbers[c] > 0) continue;
        return status_error(STATUS_BAD_INPUT,
                            "std '%s' must be above 0, since the input is divided by it", value);
    }
    memcpy(preprocess->std, numbers, sizeof numbers);
    return status_ok();
}

static Status set_range(Preprocess *preprocess, const char *value)
{
    char *end;
    float range = strtof(value, &end);
    if (end == value || *end != '\0' || !isfinite(range) || range <= 0) {
        return status_error(
            STATUS_BAD_INPUT,
            "range '%s' must be a number above 0: the value of a white pixel, 255 or 1", value);
    }
    preprocess->range = range;
    return status_ok();
}

static Status set_resize(Preprocess *preprocess, const char *value)
{
    for (int i = 0; i < 3; i++) {
        if (strcmp(value, resize_names[i]) != 0) continue;
        preprocess->resize = (ResizeMode)i;
        return status_ok();
    }
    return status_error(STATUS_BAD_INPUT, "resize '%s' is not known: write short, stretch or none",
                        value);
}

Status preprocess_set(Preprocess *preprocess, const char *key, const char *value)
{
    if (strcmp(key, "size") == 0) return set_size(preprocess, value);
    if (strcmp(key, "channels") == 0) return set_channels(preprocess, value);
    if (strcmp(key, "mean") == 0) return set_numbers(key, value, preprocess->mean);
    if (strcmp(key, "std") == 0) return set_std(preprocess, value);
    if (strcmp(key, "range") == 0) return set_range(preprocess, value);
    if (strcmp(key, "resize") == 0) return set_resize(preprocess, value);
    return status_error(STATUS_BAD_INPUT,
                        "the preprocessing has no '%s': write size, channels, mean, std, range or "
                        "resize",
                        key);
}

static void json_numbers(Text *text, const char *key, const float *numbers, int count)
{
    char line[PREPROCESS_MAX_CHANNELS * NUMBER_TEXT_BYTES];
    size_t length = 0;
    for (int c = 0; c < count; c++) {
        if (c) line[length++] = ',';
        length += number_text((double)numbers[c], line + length);
    }
    json_key(text, key), json_string(text, line);
}

void preprocess_json(Text *text, const Preprocess *preprocess)
{
    char size[32] = "";
    if (preprocess->height > 0) {
        snprintf(size, sizeof size, "%dx%d", preprocess->height, preprocess->width);
    }
    int channels = preprocess_channels(preprocess);
    json_object_begin(text);
    json_key(text, "size"), json_string(text, size);
    json_key(text, "channels"), json_string(text, preprocess->channels);
    json_numbers(text, "mean", preprocess->mean, channels);
    json_numbers(text, "std", preprocess->std, channels);
    json_numbers(text, "range", &preprocess->range, 1);
    json_key(text, "resize"), json_string(text, resize_names[preprocess->resize]);
    const char *source = preprocess->source ? preprocess->source : "guess";
    json_key(text, "source"), json_string(text, source);
    if (preprocess->reason && strcmp(source, "guess") == 0)
        json_key(text, "reason"), json_string(text, preprocess->reason);
    json_object_end(text);
}

/* Which channel of the input holds plane c of RGB. */
static int channel_of(const Preprocess *preprocess, int c)
{
    if (strcmp(preprocess->channels, "GRAY") == 0) return 0;
    return strcmp(preprocess->channels, "BGR") == 0 ? 2 - c : c;
}

void preprocess_invert(const Preprocess *preprocess, const float *input, int height, int width,
                       float *rgb)
{
    size_t pixels = (size_t)height * (size_t)width;
    for (int c = 0; c < 3; c++) {
        int channel = channel_of(preprocess, c);
        const float *from = input + (size_t)channel * pixels;
        float *to = rgb + (size_t)c * pixels;
        float mean = preprocess->mean[channel], std = preprocess->std[channel];
        for (size_t i = 0; i < pixels; i++) to[i] = (from[i] * std + mean) / preprocess->range;
    }
}

void preprocess_reorder(const Preprocess *preprocess, const float *input, int height, int width,
                        float *rgb)
{
    size_t pixels = (size_t)height * (size_t)width;
    for (int c = 0; c < 3; c++) {
        const float *from = input + (size_t)channel_of(preprocess, c) * pixels;
        memcpy(rgb + (size_t)c * pixels, from, pixels * sizeof *rgb);
    }
}

void preprocess_bounds(const Preprocess *preprocess, int channel, float *black, float *white,
                       float *level)
{
    float mean = preprocess->mean[channel], std = preprocess->std[channel];
    *black = (0 - mean) / std;
    *white = (preprocess->range - mean) / std;
    *level = preprocess->range / 255 / std;
}

#include "cli/sidecar.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/files.h"

/* "n01440764 tench, Tinca tinca" less its WordNet id. */
static const char *skip_synset(const char *line, size_t length)
{
    if (length < 10 || line[0] != 'n' || line[9] != ' ') return line;
    for (int i = 1; i < 9; i++) {
        if (!isdigit((unsigned char)line[i])) return line;
    }
    return line + 10;
}

static Status set_labels(Network *network, const char *path, const char *lines)
{
    Text text = {0};
    for (const char *line = lines; *line;) {
        size_t length = strcspn(line, "\r\n");
        const char *label = skip_synset(line, length);
        text_append(&text, label, length - (size_t)(label - line));
        text_append(&text, "\n", 1);
        line += length;
        line += line[0] == '\r' && line[1] == '\n' ? 2 : *line != '\0';
    }
    Status status = text.failed ? status_no_memory("the labels", text.length)
                    : text.bytes
                        ? network_set(network, "labels", text.bytes)
                        : status_error(STATUS_BAD_INPUT, "'%s' has no labels, it is empty", path);
    text_release(&text);
    return status;
}

Status labels_read(Network *network, const char *path)
{
    uint8_t *bytes;
    size_t size;
    TRY(file_read(path, "the labels", &bytes, &size));
    Status status =
        memchr(bytes, 0, size)
            ? status_error(STATUS_BAD_INPUT,
                           "'%s' is no file of labels: give a text with one name per line", path)
            : set_labels(network, path, (const char *)bytes);
    free(bytes);
    return status;
}

/* A text, a number, or an array of them, as the text that network_set takes. */
static void append_value(Text *text, const cJSON *value, const char *between)
{
    if (cJSON_IsString(value)) {
        text_append(text, value->valuestring, strlen(value->valuestring));
    } else if (cJSON_IsNumber(value)) {
        text_format(text, "%.9g", value->valuedouble);
    } else if (cJSON_IsArray(value)) {
        const cJSON *element;
        cJSON_ArrayForEach(element, value)
        {
            if (element != value->child) text_append(text, between, strlen(between));
            if (!cJSON_IsArray(element)) append_value(text, element, between);
        }
    }
}

static bool is_key(const char *key)
{
    static const char *const keys[] = {"size",  "channels", "mean",  "std",
                                       "range", "resize",   "labels"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(key, keys[i]) == 0) return true;
    }
    return false;
}

static Status take_member(Network *network, const char *path, const cJSON *member)
{
    const char *key = member->string;
    if (strncmp(key, "convoscope.", 11) == 0) key += 11;
    if (!is_key(key)) {
        cli_note("'%s': the key '%.40s' is not known and has no effect", path, key);
        return status_ok();
    }
    bool labels = strcmp(key, "labels") == 0;
    Text text = {0};
    append_value(&text, member, labels ? "\n" : strcmp(key, "size") == 0 ? "x" : ",");
    Status status = text.failed ? status_no_memory(key, text.length)
                    : labels    ? set_labels(network, path, text.bytes ? text.bytes : "")
                                : network_set(network, key, text.bytes ? text.bytes : "");
    text_release(&text);
    if (status.code == STATUS_OK) {
        if (!labels) network_preprocess(network)->source = "MODEL.json";
        return status;
    }
    return status_error(status.code, "'%s': %s", path, status.message);
}

Status sidecar_read(Network *network, const char *path)
{
    uint8_t *bytes;
    size_t size;
    TRY(file_read(path, "the preprocessing", &bytes, &size));
    cJSON *json = cJSON_ParseWithLength((const char *)bytes, size);
    Status status = status_ok();
    if (!cJSON_IsObject(json)) {
        status = status_error(STATUS_BAD_INPUT,
                              "'%s' beside the model is no JSON object: correct it or move it away",
                              path);
    }
    const cJSON *member;
    cJSON_ArrayForEach(member, json)
    {
        if (status.code == STATUS_OK) status = take_member(network, path, member);
    }
    cJSON_Delete(json);
    free(bytes);
    return status;
}

/* The features of pictures that runs left with a network: handed out to be kept, and given back. */
#include "techniques/feature_table.h"
#include "wasm_api_internal.h"

static Status features_json(int handle, Text *text)
{
    Model *model;
    TRY(model_find(handle, &model));
    FeatureRecords records;
    json_array_begin(text);
    for (int i = 0; feature_records(model->network, i, &records); i++) {
        const Shape shape = shape_make(2, (int[]){records.count, FEATURE_HEAD + records.width});
        json_object_begin(text);
        json_key(text, "name"), json_string(text, records.name);
        json_array_of(text, &shape, (const float *)records.data);
        json_object_end(text);
    }
    json_array_end(text);
    return status_ok();
}

CONVO_EXPORT int convo_features(int model)
{
    return boundary_return_text(features_json(model, boundary_text()));
}

static Status features_add(int handle, const FeatureRecords *records)
{
    Model *model;
    TRY(model_find(handle, &model));
    if (records->count < 0 || records->width < 1) {
        return status_error(STATUS_BAD_INPUT, "%d records of %d numbers are no features",
                            records->count, records->width);
    }
    feature_restore(model->network, records);
    return status_ok();
}

CONVO_EXPORT int convo_features_add(int model, const char *name, int count, int words,
                                    const uint32_t *records)
{
    return boundary_return(
        features_add(model, &(FeatureRecords){name, count, words - FEATURE_HEAD, records}), 0);
}

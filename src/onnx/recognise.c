#include "onnx/recognise.h"

#include <stdbool.h>
#include <string.h>

#include "onnx/wire.h"

#define TORCH_ADVICE      "load it in PyTorch and export it with torch.onnx.export"
#define KERAS_ADVICE      "load it in Keras and convert it with tf2onnx"
#define TENSORFLOW_ADVICE "convert it with tf2onnx (python -m tf2onnx.convert)"

/* Text formats are looked for in so many bytes at the start, archive members at both ends. */
enum { LOOK_BYTES = 64 * 1024, TEXT_BYTES = 512 };

typedef struct Magic {
    size_t offset;
    const char *bytes;
    size_t length;
    const char *sentence;
} Magic;

#define MAGIC(offset, bytes, sentence)                                                             \
    {                                                                                              \
        offset, bytes, sizeof(bytes) - 1, sentence                                                 \
    }

static const Magic magics[] = {
    MAGIC(0, "version https://git-lfs",
          "the file is a Git LFS pointer, not the network itself: run `git lfs pull`, or download "
          "the file by its own link"),
    MAGIC(0, "\x89HDF\r\n\x1a\n",
          "the file is HDF5, as Keras saves networks (.h5), not ONNX: " KERAS_ADVICE),
    MAGIC(4, "TFL3",
          "the file is a TensorFlow Lite network, not ONNX: convert it with tf2onnx "
          "(python -m tf2onnx.convert --tflite)"),
    MAGIC(0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20",
          "the file is a PyTorch checkpoint (.pth), not ONNX: " TORCH_ADVICE),
    MAGIC(0, "\x80\x02",
          "the file is a Python pickle, perhaps a PyTorch checkpoint, not ONNX: " TORCH_ADVICE),
    MAGIC(0, "\x80\x03", "the file is a Python pickle, not ONNX: " TORCH_ADVICE),
    MAGIC(0, "\x80\x04\x95", "the file is a Python pickle, not ONNX: " TORCH_ADVICE),
    MAGIC(0, "\x80\x05\x95", "the file is a Python pickle, not ONNX: " TORCH_ADVICE),
    MAGIC(0, "\x89PNG", "the file is a PNG picture, not a network: open it as the picture"),
    MAGIC(0, "\xFF\xD8\xFF", "the file is a JPEG picture, not a network: open it as the picture"),
    MAGIC(0, "GIF8",
          "the file is a GIF picture, not a network: save it as PNG or JPEG and open it "
          "as the picture"),
    MAGIC(8, "WEBP", "the file is a WebP picture, not a network: open it as the picture"),
    MAGIC(0, "\x1F\x8B", "the file is compressed with gzip: unpack it first"),
    MAGIC(0, "BZh", "the file is compressed with bzip2: unpack it first"),
    MAGIC(0,
          "\xFD"
          "7zXZ",
          "the file is compressed with xz: unpack it first"),
    MAGIC(0, "7z\xBC\xAF\x27\x1C", "the file is a 7z archive: unpack it first"),
    MAGIC(257, "ustar", "the file is a tar archive: unpack it first"),
    MAGIC(0, "GGUF",
          "the file is a GGUF language model, not ONNX: this program opens "
          "convolutional networks as .onnx"),
    MAGIC(0, "\x93NUMPY", "the file is a NumPy array, not a network"),
    MAGIC(0, "%PDF", "the file is a PDF document, not a network"),
};

static bool has_at(const uint8_t *bytes, size_t size, size_t offset, const char *text,
                   size_t length)
{
    return offset <= size && length <= size - offset && memcmp(bytes + offset, text, length) == 0;
}

static bool contains_between(const uint8_t *bytes, size_t from, size_t to, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = from; i + length <= to; i++) {
        if (memcmp(bytes + i, text, length) == 0) return true;
    }
    return false;
}

static bool contains(const uint8_t *bytes, size_t size, const char *text)
{
    size_t head = size < LOOK_BYTES ? size : LOOK_BYTES;
    return contains_between(bytes, 0, head, text) ||
           contains_between(bytes, size - head, size, text);
}

static Status bad(const char *sentence)
{
    return status_error(STATUS_BAD_MODEL, "%s", sentence);
}

static Status recognise_zip(const uint8_t *bytes, size_t size)
{
    if (contains(bytes, size, "data.pkl"))
        return bad("the file is a PyTorch checkpoint (.pth), not ONNX: " TORCH_ADVICE);
    if (contains(bytes, size, "model.weights.h5"))
        return bad("the file is a Keras network (.keras), not ONNX: " KERAS_ADVICE);
    if (contains(bytes, size, ".onnx"))
        return bad("the file is a zip archive with an .onnx file in it: unpack it first");
    if (contains(bytes, size, "saved_model.pb"))
        return bad("the file is a zipped TensorFlow SavedModel, not ONNX: " TENSORFLOW_ADVICE);
    return bad("the file is a zip archive, not an ONNX network: unpack it and open the .onnx file "
               "in it, if there is one");
}

/* ---- text ---- */

static size_t skip_space(const uint8_t *bytes, size_t size)
{
    size_t at = has_at(bytes, size, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;
    while (at < size && (bytes[at] == ' ' || (bytes[at] >= '\t' && bytes[at] <= '\r'))) at++;
    return at;
}

static bool starts_with_word(const uint8_t *bytes, size_t size, size_t at, const char *word)
{
    for (; *word; word++, at++) {
        if (at >= size) return false;
        uint8_t c = bytes[at];
        if (c >= 'A' && c <= 'Z') c = (uint8_t)(c + 'a' - 'A');
        if (c != (uint8_t)*word) return false;
    }
    return true;
}

static bool is_text(const uint8_t *bytes, size_t size)
{
    size_t look = size < TEXT_BYTES ? size : TEXT_BYTES;
    for (size_t i = 0; i < look; i++) {
        bool control = bytes[i] < 0x20 && !(bytes[i] >= '\t' && bytes[i] <= '\r');
        if (control || bytes[i] == 0x7F) return false;
    }
    return true;
}

static Status recognise_text(const uint8_t *bytes, size_t size)
{
    size_t at = skip_space(bytes, size);
    if (starts_with_word(bytes, size, at, "<!doctype html") ||
        starts_with_word(bytes, size, at, "<html"))
        return bad(
            "the file is an HTML page, not a network: the address led to a web page (perhaps "
            "an error or a sign-in); get the file by its download link");
    if (starts_with_word(bytes, size, at, "<?xml"))
        return bad("the file is XML (perhaps OpenVINO), not an ONNX network: export it to .onnx");
    if (at < size && (bytes[at] == '{' || bytes[at] == '[')) {
        if (contains(bytes, size, "modelTopology") || contains(bytes, size, "weightsManifest"))
            return bad("the file is a TensorFlow.js network, not ONNX: " TENSORFLOW_ADVICE);
        return bad("the file is JSON, not an ONNX network");
    }
    if (contains(bytes, size, "layer {") || contains(bytes, size, "layers {") ||
        contains(bytes, size, "layer{"))
        return bad("the file is a Caffe network description (.prototxt), not ONNX: convert it with "
                   "its weights (caffe2onnx)");
    return bad("the file is text, not an ONNX network");
}

/* ---- other protobuf messages ---- */

static bool is_safetensors(const uint8_t *bytes, size_t size)
{
    if (size < 10 || bytes[8] != '{') return false;
    for (int i = 4; i < 8; i++) {
        if (bytes[i]) return false;
    }
    return bytes[9] == '"' || bytes[9] == '}' || bytes[9] == ' ';
}

static bool is_name(const Wire *wire, const WireField *f)
{
    if (f->type != WIRE_BYTES || f->length == 0 || f->length > 1024) return false;
    for (size_t i = 0; i < f->length; i++) {
        if (wire->bytes[f->offset + i] < 0x20) return false;
    }
    return true;
}

/* NodeDef of TensorFlow: name = 1, op = 2, both text. */
static bool is_tensorflow_node(Wire *wire, const WireField *field)
{
    Wire node = wire_enter(wire, field);
    WireField name, op;
    return wire_next(&node, &name) && name.number == 1 && is_name(&node, &name) &&
           wire_next(&node, &op) && op.number == 2 && is_name(&node, &op);
}

/* MetaGraphDef of TensorFlow starts with MetaInfoDef, a message; a producer's name is text. */
static bool is_meta_graph(Wire *wire, const WireField *field)
{
    Wire meta = wire_enter(wire, field);
    WireField f;
    return field->length > 2 && wire_next(&meta, &f) && f.type == WIRE_BYTES &&
           (f.number == 1 || f.number == 2) && !is_name(wire, field);
}

static Status cut_off(const uint8_t *bytes, size_t size, const WireField *graph);

static Status recognise_message(const uint8_t *bytes, size_t size)
{
    Wire wire = wire_open(bytes, size);
    WireField f, last = {0};
    int fields = 0;
    while (wire_next(&wire, &f)) {
        /* The graph decides: the importer says the rest. */
        if (f.number == 7 && f.type == WIRE_BYTES) return status_ok();
        if (f.number == 1 && f.type == WIRE_BYTES && is_tensorflow_node(&wire, &f))
            return bad("the file is a frozen TensorFlow graph (.pb), not ONNX: " TENSORFLOW_ADVICE);
        if (f.number == 2 && fields == 1 && f.type == WIRE_BYTES && is_meta_graph(&wire, &f))
            return bad("the file is a TensorFlow SavedModel (.pb), not ONNX: " TENSORFLOW_ADVICE);
        bool after_name = f.number == 2 && last.number == 1 && last.type == WIRE_BYTES;
        if ((f.number == 100 || after_name) && f.type == WIRE_BYTES)
            return bad("the file is a Caffe network (.caffemodel), not ONNX: convert it with its "
                       ".prototxt (caffe2onnx)");
        last = f;
        fields++;
    }
    /* wire_next leaves the field that was cut off in f. */
    if (wire.error == WIRE_TRUNCATED && f.number == 7 && f.type == WIRE_BYTES && f.value > 0)
        return cut_off(bytes, size, &f);
    if (wire.error == WIRE_TRUNCATED && last.number == 1 && last.type == WIRE_VARINT)
        return status_error(STATUS_BAD_MODEL,
                            "the file ends after %llu bytes, before the network begins: it was "
                            "probably not downloaded completely",
                            (unsigned long long)size);
    return bad("the file is not an ONNX network, nor any other kind that is known here: export the "
               "network to .onnx");
}

/* The file ends within its graph: looks for the weight or node in which it does. */
static Status cut_off(const uint8_t *bytes, size_t size, const WireField *graph)
{
    const unsigned long long has = size, needs = graph->offset + graph->value;
    Wire wire = wire_open(bytes, size);
    wire.at = graph->offset;
    WireField part, f, name = {0};
    bool weight = false;
    while (wire_next(&wire, &part)) {
    }
    if (wire.error == WIRE_TRUNCATED && part.type == WIRE_BYTES && part.offset) {
        weight = part.number == 5;
        wire.error = WIRE_OK;
        wire.at = part.offset;
        const uint32_t name_field = weight ? 8 : 3;
        while (wire_next(&wire, &f)) {
            if (f.number == name_field && f.type == WIRE_BYTES) name = f;
        }
    }
    if (name.length) {
        return status_error(STATUS_BAD_MODEL,
                            "the file ends in the middle of %s '%.*s': it was probably not "
                            "downloaded completely (%llu of at least %llu bytes)",
                            weight ? "weight" : "node", (int)(name.length < 80 ? name.length : 80),
                            (const char *)bytes + name.offset, has, needs);
    }
    return status_error(STATUS_BAD_MODEL,
                        "the file ends in the middle of the network: it was probably not "
                        "downloaded completely (%llu of at least %llu bytes)",
                        has, needs);
}

Status onnx_recognise(const uint8_t *bytes, size_t size)
{
    if (size == 0) return bad("the file is empty: get it again");
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        const Magic *m = &magics[i];
        if (has_at(bytes, size, m->offset, m->bytes, m->length)) return bad(m->sentence);
    }
    if (has_at(bytes, size, 0, "PK\x03\x04", 4)) return recognise_zip(bytes, size);
    if (is_safetensors(bytes, size))
        return bad("the file is a set of weights without a network (.safetensors), not ONNX: load "
                   "it in PyTorch and export the network with torch.onnx.export");
    if (is_text(bytes, size)) return recognise_text(bytes, size);
    return recognise_message(bytes, size);
}

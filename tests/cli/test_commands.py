#!/usr/bin/env python3
"""Every command, end to end, on SqueezeNet and the zebra, against what PyTorch computed.

    tests/cli/test_commands.py [WORD]     only the tests with that word in their name
"""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from support import (
    MODEL,
    PROGRAM,
    SHARED,
    ZEBRA,
    check,
    finish,
    folder,
    near,
    need_shared,
    png,
    read_gif,
    read_npy,
    read_png,
    relative_error,
    run,
    run_json,
)

PICTURE = ZEBRA / "input.png"


def test_help(here):
    overview = run("--help")
    check(overview.returncode == 0 and overview.stderr == "", "--help")
    check(run().returncode == 2, "without a command: wrong usage")
    version = run("--version")
    check(version.stdout.startswith("convoscope ") and version.returncode == 0, "--version")
    techniques = run_json("techniques") or []
    check(len(techniques) >= 9, f"{len(techniques)} techniques")
    for technique in techniques:
        check(technique["id"] in overview.stdout, f"--help says nothing of {technique['id']}")
        text = run(technique["id"], "--help").stdout
        flat = " ".join(text.split())
        check(technique["sentence"] in flat, f"{technique['id']} --help lacks its sentence")
        check(technique["paper"] in flat, f"{technique['id']} --help lacks its paper")
        for parameter in technique["parameters"]:
            check(f"--{parameter['name']}" in text, f"{technique['id']}: no --{parameter['name']}")
            reserved = parameter["name"] in ("out", "npy", "csv", "json", "overlay", "threads", "help")
            check(not reserved, f"{technique['id']}: --{parameter['name']} is taken")
    for command in ("info", "classify", "run", "gradient", "techniques", "bench", "ops"):
        check(f"convoscope {command}" in run(command, "--help").stdout, f"{command} --help")
    listed = run("ops").stdout.split()
    check("Conv" in listed and listed == run_json("ops"), "ops")


def test_info(here):
    text = run("info", MODEL).stdout
    for word in ("1x3x227x227", "BGR", "104,117,123", "Conv", "7x7, stride 2", "1000"):
        check(word in text, f"info says nothing of {word}")
    info = run_json("info", MODEL)
    layers = info["layers"]
    check(len(layers) > 60, f"{len(layers)} layers")
    parameters = sum(layer["parameters"] for layer in layers)
    check(parameters == 1248424, f"{parameters} parameters, not 1,248,424")


def test_classify(here):
    results = run_json("classify", MODEL, PICTURE, PICTURE, "--top", "3")
    check(len(results) == 2 and len(results[0]["predictions"]) == 3, "two pictures, three classes")
    first = results[0]["predictions"][0]
    check(first["class"] == 340 and first["label"] == "zebra", f"{first}")
    reference = json.loads((ZEBRA / "reference.json").read_text())
    near(first["probability"], reference["top5"][0][1], 1e-5, "probability")
    text = run("classify", MODEL, PICTURE).stdout
    check("zebra (340)" in text and "99.98 %" in text, f"classify prints {text}")
    good, bad = here / "good.png", here / "nothing.png"
    shutil.copy(PICTURE, good)
    bad.write_text("no picture")
    process = run("classify", MODEL, bad, good)
    check(process.returncode == 1 and "zebra" in process.stdout, "the others are classified")
    check("nothing.png" in process.stderr, "the bad one is named")


def test_folders(here):
    """A folder stands for the pictures in it and below it, sorted by name."""
    for name in ("b/2.PNG", "a/1.png", "c.png", "b/deep/3.png", ".hidden.png", "b/notes.txt"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PICTURE, here / name)
    images = [Path(r["image"]).relative_to(here) for r in run_json("classify", MODEL, here)]
    check(list(map(str, images)) == ["a/1.png", "b/2.PNG", "b/deep/3.png", "c.png"], f"{images}")
    result = run_json("gradcam", MODEL, here / "a")
    check(result and result["items"], "a folder of one picture")
    process = run("gradcam", MODEL, here / "b", "--json")
    check(process.returncode == 1 and "takes 1 picture" in process.stderr, process.stderr)
    (here / "b" / "2.PNG").write_text("no picture")
    process = run("style", MODEL, here / "b", "--json")
    check("left out" in process.stderr and "picture 2 is missing" in process.stderr, process.stderr)
    (here / "empty").mkdir()
    process = run("style", MODEL, here / "empty", "--json")
    check(process.returncode == 1 and "no JPEG or PNG" in process.stderr, process.stderr)


def test_pictures(here):
    """Grey, transparent and 16-bit pictures are pictures."""
    kinds = {"grey": (0, 1, 8), "transparent": (6, 4, 8), "grey-alpha": (4, 2, 8), "deep": (2, 3, 16)}
    for name, (kind, channels, depth) in kinds.items():
        path = here / f"{name}.png"
        path.write_bytes(png(40, 30, kind, bytes(40 * 30 * channels * depth // 8), depth))
        results = run_json("classify", MODEL, path)
        check(results and len(results[0]["predictions"]) == 5, f"{name} is not classified")
    # Wholly transparent is white, whatever colour stands behind it.
    white = here / "white.png"
    white.write_bytes(png(40, 30, 2, bytes([255]) * 3600))
    ours, theirs = run_json("classify", MODEL, here / "transparent.png", white) or [{}, {}]
    check(ours.get("predictions") == theirs.get("predictions"), "transparent is not white")


def test_run(here):
    out, dump = here / "y.npy", here / "dump"
    result = run_json("run", MODEL, PICTURE, "--out", out, "--dump", dump)
    near(relative_error(out, ZEBRA / "logits.npy"), 0, 1e-5, "logits from the picture")
    check(result["outputs"][0]["shape"] == [1, 1000], "shape of the output")
    check(len(result["dump"]) > 60, f"{len(result['dump'])} activations")
    for entry in result["dump"]:
        if not check(Path(entry["file"]).is_file(), f"{entry['file']} is not there"):
            continue
    check(len({entry["file"] for entry in result["dump"]}) == len(result["dump"]), "same file twice")
    shape, values = read_npy(dump / "_features_features.12_Concat_output_0.npy")
    plane = shape[2] * shape[3]
    means = [sum(values[c * plane : (c + 1) * plane]) / plane for c in range(shape[1])]
    _, wanted = read_npy(ZEBRA / "act_fire9_mean.npy")
    error = sum((a - b) ** 2 for a, b in zip(means, wanted)) / sum(b * b for b in wanted)
    near(error**0.5, 0, 1e-5, "means of fire9")
    check(run("run", MODEL, "--input", ZEBRA / "input.npy", "--out", out).returncode == 0, "--input")
    near(relative_error(out, ZEBRA / "logits.npy"), 0, 1e-5, "logits from the array")


def check_gradient(path, reference, what):
    """In two windows of the first max-pooling (channel 55, rows 30 to 32, columns 46 to 50) the largest two of
    nine values, 121.3196, lie 5.4e-6 apart, less than one unit in the last place: which of them the gradient
    goes to is a matter of rounding. That moves the gradient of a few pixels, at most 0.5 % of all."""
    near(relative_error(path, reference, left_out=0.005), 0, 1e-4, f"{what}, all but a few")
    near(relative_error(path, reference), 0, 2e-3, what)


def test_gradient(here):
    out = here / "g.npy"
    cases = {
        "class:340 exact": "grad_logit.npy",
        "class:zebra guided": "guided_backprop.npy",
        "class:top deconvnet": "deconvnet.npy",
        "gram:/features/features.5/Concat exact": "grad_gram_fire4.npy",
    }
    for case, reference in cases.items():
        target, rule = case.split(" ")
        words = ("gradient", MODEL, "--input", ZEBRA / "input.npy", "--target", target)
        result = run_json(*words, "--rule", rule, "--out", out)
        if result:
            check_gradient(out, ZEBRA / reference, f"gradient of {case}")
    picture = run_json("gradient", MODEL, PICTURE, "--out", out)
    near(picture["value"], 21.37186, 1e-3, "the logit")
    check_gradient(out, ZEBRA / "grad_logit.npy", "gradient from the picture")


def test_techniques(here):
    """Each writes pictures of its items, and facts."""
    quick = {
        "occlusion": ["--stride", "64"],
        "style": ["--steps", "2", "--size", "96"],
        "deletion-insertion": ["--steps", "8"],
        "sanity-check": ["--stages", "2"],
        "decision-plane": ["--resolution", "16"],
        "tsne": ["--iterations", "60"],
        "scorecam": ["--maps", "64"],
        "inversion": ["--steps", "10"],
        "class-visualization": ["--steps", "40"],
        "feature-visualization": ["--steps", "40", "--size", "96"],
        "filter-patterns": ["--channels", "8", "--size", "96"],
        "universal": ["--epochs", "2"],
        "dream": ["--size", "224", "--octaves", "2"],
        "texture-gram": ["--steps", "10", "--width", "96", "--height", "96", "--sample", "96"],
        # With this picture nothing positive comes back from the classes.
        "deconvnet": ["--target", "channel:/features/features.5/Concat:3"],
    }
    photos = [SHARED / "data/photos/n01443537_goldfish.jpg", *sorted((SHARED / "data/photos").glob("*"))[::90]]
    for technique in run_json("techniques"):
        name = technique["id"]
        pictures = [PICTURE, *photos][: technique["pictures"]]
        out, raw = here / f"{name}.png", here / f"{name}.npy"
        model = SHARED / "data/models/style_wave.onnx" if name == "style-fast" else MODEL
        words = [name, model, *pictures, *quick.get(name, []), "--out", out, "--npy", raw]
        result = run_json(*words)
        if not result:
            continue
        check(not result["partial"] and result["technique"] == name, f"{name}: {result['partial']}")
        check(len(result["facts"]) > 0, f"{name} has no facts")
        drawn = [item for item in result["items"] if item["file"]]
        check(drawn[0]["file"] == str(out), f"{name}: main item is {drawn[0]['file']}")
        for item in drawn:
            if item["kind"] == "film":
                check(len(read_gif(item["file"])[2]) > 1, f"{item['file']} stands still")
                continue
            width, height, rows = read_png(item["file"])
            flat = all(row == rows[0] for row in rows)
            check(width > 40 and height > 40 and not flat, f"{item['file']} shows nothing")
        shape, values = read_npy(raw)
        check(len(values) > 0 and any(values), f"{name}: --npy is empty")
    if (here / "gradcam.npy").exists():
        error = relative_error(here / "gradcam.npy", ZEBRA / "gradcam_fire9.npy")
        near(error, 0, 1e-4, "Grad-CAM")


def test_set(here):
    """A folder of folders is a set with classes; its table is text, JSON and CSV."""
    photos = sorted((SHARED / "data/photos").glob("*"))
    for i in range(10):
        to = here / "set" / ("odd" if i % 2 else "even") / f"{i}.jpg"
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photos[90 * i], to)
    (here / "set" / "odd" / "broken.png").write_text("no picture")
    out, table = here / "near.png", here / "near.csv"
    words = ["neighbours", MODEL, photos[90], here / "set", "--count", "2", "--out", out]
    process = run(*words)
    check("left out" in process.stderr and "1.jpg" in process.stdout, process.stdout)
    result = run_json(*words, "--csv", table)
    rows = next(item["rows"] for item in result["items"] if item["kind"] == "table")
    check(rows[0][1] == "1.jpg" and rows[0][2] == "odd" and rows[0][3] < 1e-3, f"{rows[0]}")
    named = here / "near.table.csv"
    text = named.read_text().split("\n")
    check(text[0].startswith('"rank","by pixels"') and '"1.jpg"' in text[1], f"{text[:2]}")
    result = run_json("pca", MODEL, here / "set", "--out", here / "pca.png")
    groups = [group["name"] for group in result["items"][0]["groups"]]
    check(groups == ["even", "odd"], f"{groups}")
    check(read_png(here / "pca.png")[0] > 1000, "the scatter is small")


def test_drawing(here):
    """The colours of a map: grey picture where it is nothing, symmetric colours where it is signed."""
    out = here / "m.png"
    run_json("gradcam", MODEL, PICTURE, "--overlay", "0", "--out", out)
    width, height, rows = read_png(out)
    check((width, height) == (227, 227), f"{width} x {height}")
    grey = all(row[x] == row[x + 1] == row[x + 2] for row in rows for x in range(0, len(row), 3))
    check(grey, "--overlay 0 is not the grey picture")
    item = run_json("gradient", MODEL, PICTURE, "--view", "signed", "--out", out)["items"][0]
    check(item["signed"] and item["low"] == -item["high"], f"not symmetric: {item}")
    check(item["clipped"], "outliers are not clipped")
    text = run("gradient", MODEL, PICTURE, "--out", out).stdout
    check("2 % beyond" in text and "Target: class:340" in text, f"no facts: {text}")


def test_gif(here):
    """A still has the very pixels of the PNG, tiles follow each other, films nearly keep their colours."""
    still, picture, series, tiles = here / "m.gif", here / "m.png", here / "f.gif", here / "f.png"
    run_json("gradcam", MODEL, PICTURE, "--out", picture)
    result = run_json("gradcam", MODEL, PICTURE, "--out", still)
    check(result["items"][0]["file"] == str(still), f"{result['items'][0]}")
    width, height, frames, _ = read_gif(still)
    check((width, height, frames[0]) == read_png(picture), "the GIF is not the PNG")
    layer = ["--layer", "/features/features.3/squeeze/Conv"]
    run_json("activations", MODEL, PICTURE, *layer, "--out", series)
    width, height, frames, delay = read_gif(series)
    check(len(frames) == 16 and delay == 50 and width == height and width >= 128, f"{width}, {delay}")
    check(len({tuple(frame) for frame in frames}) > 8, "the tiles are all the same")
    run_json("dream", MODEL, PICTURE, "--size", "96", "--iterations", "2", "--out", tiles)
    run_json("dream", MODEL, PICTURE, "--size", "96", "--iterations", "2", "--out", series)
    _, height, frames, _ = read_gif(series)
    wanted = b"".join(read_png(tiles)[2])
    error = sum(abs(a - b) for a, b in zip(b"".join(frames[0]), wanted)) / len(wanted)
    print(f"mean difference of a GIF's colours: {error:.2f} levels")
    check(error < 6, f"colours differ by {error} levels")
    process = run("gradcam", MODEL, PICTURE, "--out", here / "m.webp")
    check(process.returncode == 1 and "m.webp.gif" in process.stderr, process.stderr)


def test_scenes(here):
    """A folder of classes that other commands read, and contact sheets with their index."""
    check(run("scenes", here / "set", "--size", "48", "--count", "2").returncode == 0, "scenes")
    classes = sorted(path.name for path in (here / "set").iterdir())
    check(len(classes) >= 15 and {"house", "mug", "stripes"} <= set(classes), f"classes: {classes}")
    results = run_json("classify", MODEL, here / "set" / "ball")
    check(len(results) == 2, f"{len(results)} pictures in a class")
    check(run("scenes", here / "sheets", "--size", "48", "--count", "7", "--sheets").returncode == 0, "--sheets")
    index = json.loads((here / "sheets/index.json").read_text())
    check(sorted(index["classes"]) == classes and index["count"] == 7, f"{index}")
    sheets = sorted(path.stem for path in (here / "sheets").glob("*.jpg"))
    check(sheets == classes, f"sheets: {sheets}")
    wrong = run("scenes", here / "no/such/folder")
    check(wrong.returncode == 1 and wrong.stderr.count("\n") == 1, wrong.stderr)


def test_numbers(here):
    """--npy and --csv write the same numbers, of every item."""
    raw, text = here / "r.npy", here / "r.csv"
    result = run_json("gradcam", MODEL, PICTURE, "--npy", raw, "--csv", text)
    shape, values = read_npy(raw)
    rows = [[float(v) for v in line.split(",")] for line in text.read_text().splitlines()]
    check([len(rows), len(rows[0])] == list(shape), f"{len(rows)} lines of {len(rows[0])}")
    near(max(abs(a - b) for a, b in zip(sum(rows, []), values)), 0, 1e-6, "CSV against .npy")
    for item in result["items"]:
        if item["name"] != "raw":
            shape, _ = read_npy(here / f"r.{item['name']}.npy")
            check(list(shape) == item["shape"], f"{item['name']}: {shape}")
    run_json("fgsm", MODEL, PICTURE, "--csv", text)
    head, first = text.read_text().splitlines()[:2]
    check(head.startswith("plane,y,x0,x1,") and first.startswith("0,0,"), f"{head[:40]} {first[:40]}")
    curve = here / "r.objective.csv"
    run_json("dream", MODEL, PICTURE, "--size", "96", "--iterations", "3", "--csv", text)
    check(curve.exists() and all("," not in line for line in curve.open()), "a curve is a column")


def test_seed(here):
    """The same seed gives the same picture, byte for byte; another seed another one."""
    words = {
        "smoothgrad": ["--samples", "4"],
        "pgd": ["--steps", "3"],
        "dream": ["--size", "96", "--iterations", "2"],
        "class-visualization": ["--steps", "3"],
    }
    for name, few in words.items():
        pictures = [] if name == "class-visualization" else [PICTURE]
        made = []
        for i, seed in enumerate(["7", "7", "8"]):
            out = here / f"{name}-{i}.png"
            run_json(name, MODEL, *pictures, *few, "--seed", seed, "--out", out)
            made.append(out.read_bytes())
        check(made[0] == made[1], f"{name}: the same seed gives another picture")
        check(made[0] != made[2], f"{name}: another seed gives the same picture")


def test_sidecar(here):
    """MODEL.json overrides the preprocessing, options override MODEL.json, labels lie beside the model."""
    model = here / "net.onnx"
    shutil.copy(MODEL, model)
    (here / "net.json").write_text(json.dumps({"size": [131, 163], "channels": "RGB", "mean": 7.5}))
    (here / "net.labels.txt").write_text("".join(f"n{i:08} thing {i}\n" for i in range(1000)))
    info = run_json("info", model)
    taken = info["preprocessing"]
    check(taken["size"] == "131x163" and taken["source"] == "MODEL.json", f"{taken}")
    check(taken["channels"] == "RGB" and taken["mean"] == "7.5,7.5,7.5", f"{taken}")
    taken = run_json("info", model, "--mean", "1,2,3")["preprocessing"]
    check(taken["mean"] == "1,2,3" and taken["source"] == "asked", f"{taken}")
    label = run_json("classify", model, PICTURE)[0]["predictions"][0]["label"]
    check(label.startswith("thing "), f"label {label}")
    (here / "net.json").write_text(json.dumps({"labels": [f"l{i}" for i in range(1000)]}))
    first = run_json("classify", model, PICTURE)[0]["predictions"][0]
    check(first["label"] == f"l{first['class']}", f"label of MODEL.json: {first}")
    (here / "more.txt").write_text("\n".join(f"own {i}" for i in range(1000)))
    first = run_json("classify", model, PICTURE, "--labels", here / "more.txt")[0]["predictions"][0]
    check(first["label"] == f"own {first['class']}", f"label of --labels: {first}")
    unknown = here / "net.json"
    unknown.write_text(json.dumps({"colour": "red"}))
    process = run("info", model)
    check(process.returncode == 0 and "colour" in process.stderr, "unknown key is not told")


def test_bench(here):
    result = run_json("bench", MODEL, "--runs", "2", "--threads", "1")
    check(result["threads"] == 1, f"{result['threads']} threads")
    for kind in ("forward", "gradient"):
        check(0 < result[kind]["min"] <= result[kind]["median"], f"{kind}: {result[kind]}")
    # To a layer near the input, less is computed.
    part = run_json("bench", MODEL, "--runs", "2", "--threads", "1", "--target", "layer:/features/features.1/Relu")
    for kind in ("forward", "gradient"):
        check(0 < part[kind]["min"] < result[kind]["median"], f"{kind} to relu1: {part[kind]}")
    profile = run_json("bench", MODEL, "--runs", "1", "--threads", "1", "--layers")
    check(profile["peak"] > 1e8 and profile["layers"][0]["op"] == "Conv", f"{profile['layers'][0]}")
    check(all(layer["forward"] > 0 for layer in profile["layers"]), "a layer without a time")
    table = run("bench", MODEL, "--runs", "1", "--threads", "1", "--layers").stdout
    check("GFLOP/s" in table and len(table.split("\n")) >= len(profile["layers"]) + 3, table)


def test_interrupt(here):
    """Ctrl-C writes the partial result and says so."""
    out = here / "partial.png"
    style = SHARED / "data/photos/n01443537_goldfish.jpg"
    words = ["style", MODEL, PICTURE, style, "--size", "96", "--steps", "1000", "--out", out, "--json"]
    process = subprocess.Popen(
        [PROGRAM, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(5)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    print(f"stopped after {time.monotonic() - asked:.2f} s")
    check(process.returncode == 130, f"exit {process.returncode}")
    check("partial result" in errors and len(errors.strip().split("\n")) == 1, errors)
    check(json.loads(output)["partial"] is True, "partial is not said")
    check(out.exists() and read_png(out)[0] == 96, "no partial picture")
    check(not list(here.glob("*.part")), "a temporary file was left")


def main():
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    need_shared()
    for name, test in list(globals().items()):
        if name.startswith("test_") and only in name:
            with folder() as path:
                started = time.monotonic()
                test(Path(path))
                print(f"{name}: {time.monotonic() - started:.1f} s")
    finish()


main()

#!/usr/bin/env python3
"""`convoscope train-style`, end to end: killed at any moment it ends as if undisturbed, and what it writes paints."""

import random
import time
from pathlib import Path

import support
from support import ROOT, check, kill_at_random, log_of, png, run

SIDE = 32
STEPS = 120
OPTIONS = f"--filters 4 --blocks 1 --size {SIDE} --crop {SIDE} --batch 2 --steps {STEPS} --style-side 48 --seed 3".split()
LOSS = ROOT / "models/tiny.onnx"


def pattern(side, seed):
    """Coloured stripes that run anywhere."""
    rng = random.Random(seed)
    colours = [bytes(rng.randrange(256) for _ in range(3)) for _ in range(3)]
    a, b = rng.randrange(1, 4), rng.randrange(1, 4)
    return b"".join(colours[(a * x + b * y) // 5 % 3] for y in range(side) for x in range(side))


def words(folder, name):
    return ["train-style", folder / "pictures", "--style", folder / "style.png", "--loss", LOSS, *OPTIONS,
            "--out", folder / name / "style.onnx", "--save", 0]


def check_onnx(path):
    """Debian's own checker."""
    check(path.stat().st_size < 1 << 20, f"{path.stat().st_size} bytes")
    try:
        import onnx
    except ImportError:
        return
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    check(metadata["convoscope.range"] == "255" and metadata["convoscope.channels"] == "RGB", f"{metadata}")
    kinds = {tensor.data_type for tensor in model.graph.initializer if len(tensor.dims) > 1}
    check(kinds == {onnx.TensorProto.FLOAT16}, f"weights are {kinds}")
    dims = [d.dim_param for d in model.graph.input[0].type.tensor_type.shape.dim]
    check(dims == ["batch", "", "height", "width"], f"sizes: {dims}")


def check_learning(folder):
    started = time.monotonic()
    process = run(*words(folder, "whole"))
    seconds = time.monotonic() - started
    check(process.returncode == 0, f"train-style: {process.stderr}")
    rows = log_of(folder / "whole/style.csv")
    check(len(rows) == 100 and int(rows[-1]["step"]) == STEPS, f"log: {rows[-1:]}")
    check(float(rows[-1]["loss"]) < 0.5 * float(rows[0]["loss"]), f"loss: {rows[0]} to {rows[-1]}")
    width, height, _ = support.read_png(folder / "whole/style.png")
    check((width, height) == (720, 400), f"plot: {width} x {height}")
    network = folder / "whole/style.onnx"
    check_onnx(network)
    shape = (1, 3, 44, 72)  # not the size that it was trained at
    values = [(7 * i * i + 13 * i) % 256 for i in range(3 * 44 * 72)]
    support.check_onnxruntime(network, shape, values, 255, folder)
    painted = folder / "painted.png"
    process = run("style-fast", network, folder / "pictures/3.png", "--size", 90, "--out", painted)
    check(process.returncode == 0, f"style-fast: {process.stderr}")
    check(support.read_png(painted)[:2] == (90, 90), "the size of what was painted")
    return seconds


def check_kills(folder, seconds):
    kills = kill_at_random(words(folder, "killed"), seconds)
    print(f"killed {kills} times")
    check(log_of(folder / "killed/style.csv") == log_of(folder / "whole/style.csv"), "the logs differ")
    networks = [(folder / name / "style.onnx").read_bytes() for name in ("killed", "whole")]
    check(networks[0] == networks[1], "the networks differ")


def check_refusals(folder):
    base = words(folder, "whole")
    digits = [str(word).replace("tiny", "digits") if word == LOSS else word for word in base]
    for given, word in [
        (["train-style", folder / "pictures"], "--style PICTURE"),
        (["train-style", folder / "nothing", *base[2:]], "cannot read the folder"),
        ([*base, "--crop", 34, "--size", 40], "multiple of 4"),
        ([*base, "--style", folder / "none.png"], "none.png"),
        ([*base, "--style-layers", "conv9"], "conv9"),
        ([*base, "--rate", "fast"], "--rate is 'fast'"),
        ([*base, "--style-weight", 11], "other options"),
        (digits, "takes no colour pictures"),
    ]:
        process = run(*given)
        one_line = process.stderr.count("\n") == 1 and word in process.stderr
        check(process.returncode == 1 and one_line, f"{word}: {process.returncode} {process.stderr}")


def main():
    with support.folder() as name:
        folder = Path(name)
        for sub in ("pictures", "whole", "killed"):
            (folder / sub).mkdir()
        for i in range(6):
            (folder / "pictures" / f"{i}.png").write_bytes(png(SIDE, SIDE, 2, pattern(SIDE, i)))
        (folder / "style.png").write_bytes(png(48, 48, 2, pattern(48, 99)))
        seconds = check_learning(folder)
        check_kills(folder, seconds)
        check_refusals(folder)
    support.finish()


main()

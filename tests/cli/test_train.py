#!/usr/bin/env python3
"""`convoscope train` and `evaluate`, end to end: killed at any moment a training ends as if undisturbed."""

import random
import shutil
import time
from pathlib import Path

import support
from support import check, kill_at_random, log_of, near, png, run, run_json

SIDE = 16
NETWORK = "input 16 RGB\nconv 8 3 2\nconv 12 3\nresidual 16 2\ndropout 0.1\n"
EPOCHS = 24
OPTIONS = f"--epochs {EPOCHS} --batch 16 --crop 0.7 --mixup 0.1 --average 0.9 --save 0 --seed 3".split()


def picture(kind, rng):
    """Stripes across or down, in two random colours."""
    colours = [bytes(rng.randrange(256) for _ in range(3)) for _ in range(2)]
    phase, width = rng.randrange(8), rng.randrange(2, 4)
    along = {"across": lambda x, y: y, "down": lambda x, y: x, "falling": lambda x, y: x + y}[kind]
    return b"".join(
        colours[(along(x, y) + phase) // width % 2] for y in range(SIDE) for x in range(SIDE)
    )


def write_pictures(folder, each, seed):
    rng = random.Random(seed)
    for kind in ("across", "down", "falling"):
        (folder / kind).mkdir(parents=True)
        for i in range(each):
            (folder / kind / f"{i}.png").write_bytes(png(SIDE, SIDE, 2, picture(kind, rng)))


def train(folder, name, *words):
    return run("train", folder / "train", "--network", folder / "net.txt", *OPTIONS, *words,
               "--out", folder / name)


def check_onnx(path):
    """Debian's own checker, and onnxruntime where its packages are installed."""
    try:
        import onnx
    except ImportError:
        return
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    check(metadata["convoscope.labels"] == "across\ndown\nfalling", f"labels: {metadata}")
    check(metadata["convoscope.size"] == "16x16", f"size: {metadata}")
    kinds = {tensor.data_type for tensor in model.graph.initializer if len(tensor.dims) > 1}
    check(kinds == {onnx.TensorProto.FLOAT16}, f"weights are {kinds}")


def check_onnxruntime(folder, name):
    process = run("run", folder / name, folder / "val/down/0.png", "--out", folder / "ours.npy")
    check(process.returncode == 0, process.stderr)
    _, _, rows = support.read_png(folder / "val/down/0.png")
    pixels = [
        (rows[y][3 * x + c] / 255 - mean) / 0.25
        for c, mean in enumerate((0.48, 0.45, 0.4)) for y in range(SIDE) for x in range(SIDE)
    ]
    _, ours = support.read_npy(folder / "ours.npy")
    for mine, other in zip(ours, support.onnxruntime(folder / name, (1, 3, SIDE, SIDE), pixels) or []):
        near(mine, other, 1e-4, "logit of onnxruntime")


def check_learning(folder):
    started = time.monotonic()
    process = train(folder, "whole/net.onnx")
    seconds = time.monotonic() - started
    check(process.returncode == 0, f"train: {process.stderr}")
    check(process.stdout.count("\n") == EPOCHS + 1, f"a line per epoch and the file: {process.stdout}")
    rows = log_of(folder / "whole/net.csv")
    check(len(rows) == EPOCHS and float(rows[-1]["validation_top1"]) > 0.8, f"log: {rows[-1:]}")
    width, height, _ = support.read_png(folder / "whole/net.png")
    check((width, height) == (720, 800), f"plot: {width} x {height}")
    result = run_json("evaluate", folder / "whole/net.onnx", folder / "val")
    if result:
        check(result["pictures"] == 30, f"evaluate: {result}")
        near(result["top1"], float(rows[-1]["validation_top1"]), 0.04, "evaluate, top-1")
        near(result["loss"], float(rows[-1]["validation_loss"]), 0.01, "evaluate, loss")
    check_onnx(folder / "whole/net.onnx")
    check_onnxruntime(folder, "whole/net.onnx")
    return seconds


def check_kills(folder, seconds):
    words = ["train", folder / "train", "--network", folder / "net.txt", *OPTIONS, "--out", folder / "killed/net.onnx"]
    kills = kill_at_random(words, seconds)
    print(f"killed {kills} times")
    check(log_of(folder / "killed/net.csv") == log_of(folder / "whole/net.csv"), "the logs differ")
    networks = [(folder / name / "net.onnx").read_bytes() for name in ("killed", "whole")]
    check(networks[0] == networks[1], "the networks differ")


def check_refusals(folder):
    for words, word in [
        (["train", folder / "nothing"], "cannot read the folder"),
        (["train", folder / "train", "--network", "nothing"], "no network 'nothing'"),
        (["train", folder / "train", "--optimiser", "magic"], "sgd, adam, adamw"),
        (["train", folder / "train", "--rate", "fast"], "--rate is 'fast'"),
        (["train", folder / "train", "--sizes", "32"], "--sizes is '32'"),
        (["train", folder / "train", "--out", "net.png"], ".onnx"),
        (["train", folder / "train", "--mixup", "1", "--cutmix", "1"], "exclude each other"),
        (["train", folder / "train", "--network", folder / "net.txt", *OPTIONS, "--rate", "0.03",
          "--out", folder / "whole/net.onnx"], "another network, other options"),
        (["train", "digits:/usr/share/fonts", "--network", folder / "net.txt",
          "--out", folder / "digits.onnx"], "--network digits"),
        (["evaluate", folder / "whole/net.onnx", folder / "other"], "3 classes"),
    ]:
        process = run(*words)
        one_line = process.stderr.count("\n") == 1 and word in process.stderr
        check(process.returncode == 1 and one_line, f"{words[2:]}: {process.returncode} {process.stderr}")


def main():
    with support.folder() as name:
        folder = Path(name)
        write_pictures(folder / "train", 40, 1)
        write_pictures(folder / "val", 10, 2)
        for kind in ("cat", "dog"):
            shutil.copytree(folder / "val/down", folder / "other" / kind)
        (folder / "net.txt").write_text(NETWORK)
        for sub in ("whole", "killed"):
            (folder / sub).mkdir()
        seconds = check_learning(folder)
        check_kills(folder, seconds)
        check_refusals(folder)
    support.finish()


main()

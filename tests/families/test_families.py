#!/usr/bin/env python3
"""Every standard family of convolutional networks opens and equals PyTorch, forward and gradient.

    test_families.py [--folder FOLDER] [NAME ...]

export.py writes the networks, their inputs and what PyTorch computes in double precision to
build/families, where they stay for the next run. Relative L2 error: 1e-4 forward, 1e-3 of the gradient.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

from support import ROOT, check, finish, folder, relative_error, run  # noqa: E402

EXPORT = Path(__file__).with_name("export.py")
# Debian's PyTorch belongs to Debian's Python, which need not be the one that runs this.
PYTHON = "/usr/bin/python3"
FORWARD, GRADIENT = 1e-4, 1e-3


def can_export():
    words = [PYTHON, "-c", "import torch, torchvision, onnx"]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def families():
    """(name, opset, height, width) of everything that export.py knows."""
    process = subprocess.run([PYTHON, EXPORT, "--list"], capture_output=True, text=True, check=True)
    rows = [line.split() for line in process.stdout.splitlines()]
    return [(name, int(opset), int(height), int(width)) for name, opset, height, width in rows]


def export(names, where):
    """One process for all that is missing or older than export.py: importing PyTorch takes seconds."""
    written = EXPORT.stat().st_mtime
    networks = {name: where / f"{name}.onnx" for name in names}
    for network in networks.values():
        if network.exists() and network.stat().st_mtime < written:
            network.unlink()
    # The network is written last.
    missing = [name for name, network in networks.items() if not network.exists()]
    if missing:
        process = subprocess.run([PYTHON, EXPORT, where, *missing], check=False)
        check(process.returncode == 0, "export.py failed")


def command(words, what, out):
    process = run(*words, "--out", out)
    lines = process.stderr.strip().splitlines() or [""]
    return check(process.returncode == 0, f"{what}: exit {process.returncode}: {lines[-1]}")


def compare(name, size, where, scratch):
    """(forward error, gradient error, seconds); infinite where the command failed."""
    stem, out = where / name, Path(scratch) / "out.npy"
    common = [f"{stem}.onnx", "--input", f"{stem}.input.npy", "--size", size]
    target = Path(f"{stem}.target").read_text(encoding="utf-8").strip()
    errors, begin = [], time.monotonic()
    for words, reference in (
        (["run", *common], f"{stem}.output.npy"),
        (["gradient", *common, "--target", target], f"{stem}.grad.npy"),
    ):
        done = command(words, f"{name}: {words[0]}", out)
        errors.append(relative_error(out, reference) if done else float("inf"))
    return *errors, time.monotonic() - begin


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, default=ROOT / "build/families")
    arguments.add_argument("names", nargs="*")
    options = arguments.parse_args()
    if not can_export():
        finish(f"{PYTHON} has no torch, torchvision or onnx: apt-get install python3-torch "
               "python3-torchvision python3-onnx")
    listed = families()
    unknown = set(options.names) - {row[0] for row in listed}
    check(not unknown, f"export.py knows no {', '.join(sorted(unknown))}")
    wanted = [row for row in listed if not options.names or row[0] in options.names]
    options.folder.mkdir(parents=True, exist_ok=True)
    export([row[0] for row in wanted], options.folder)
    print(f"{'family':28} {'opset':>5} {'input':>8} {'forward':>9} {'gradient':>9} {'seconds':>8}")
    with folder() as scratch:
        for name, opset, height, width in wanted:
            size = f"{height}x{width}"
            if not check((options.folder / f"{name}.onnx").exists(), f"{name} was not exported"):
                continue
            forward, gradient, seconds = compare(name, size, options.folder, scratch)
            print(f"{name:28} {opset:5} {size:>8} {forward:9.1e} {gradient:9.1e} {seconds:8.1f}",
                  flush=True)
            check(forward <= FORWARD, f"{name}: forward error {forward:.1e}")
            check(gradient <= GRADIENT, f"{name}: gradient error {gradient:.1e}")
    finish()


if __name__ == "__main__":
    main()

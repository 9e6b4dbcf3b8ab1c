#!/usr/bin/env python3
"""The bundled networks: the files that models/README.md names, accepted by ONNX's checker and equal in onnxruntime."""

import hashlib
import json
import re
from pathlib import Path

import support
from support import ROOT, check

MODELS = ROOT / "models"
MOST_BYTES = {"style-": 1 << 20, "": 8 << 20}


def check_table(networks):
    """The sums of the table in README.md are those of the files, and index.json tells of each."""
    table = dict(re.findall(r"^\| (\S+\.onnx) \|.*\| ([0-9a-f]{64}) \|$", (MODELS / "README.md").read_text(), re.M))
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in networks}
    check(table == files, f"models/README.md has {table}, the files are {files}")
    said = json.loads((MODELS / "index.json").read_text())
    check(set(said) == set(files), f"models/index.json tells of {set(said)}")


def check_file(path):
    most = next(most for prefix, most in MOST_BYTES.items() if path.name.startswith(prefix))
    check(path.stat().st_size <= most, f"{path.name}: {path.stat().st_size} bytes")
    try:
        import onnx
    except ImportError:
        return
    onnx.checker.check_model(onnx.load(path), full_check=True)


def check_numbers(path, folder):
    """At the network's own size, or a smaller one for those that paint, on numbers that go through its range."""
    paints = path.name.startswith("style-")
    info = support.run_json("info", path)
    if not info:
        return
    shape = (1, 3, 96, 128) if paints else tuple(info["input"]["shape"])
    count = shape[1] * shape[2] * shape[3]
    values = [(7 * i * i + 13 * i) % 256 * (1 if paints else 1 / 64) - (0 if paints else 2) for i in range(count)]
    support.check_onnxruntime(path, shape, values, 255 if paints else None, folder)


def main():
    networks = sorted(MODELS.glob("*.onnx"))
    check_table(networks)
    with support.folder() as name:
        for path in networks:
            check_file(path)
            check_numbers(path, Path(name))
    support.finish()


main()

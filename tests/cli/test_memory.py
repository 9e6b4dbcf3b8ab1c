"""The memory that is told before is what a run takes: a network of convolutions with a large dense layer."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

from support import PROGRAM, check, finish, folder, run_json


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    data = payload.encode() if isinstance(payload, str) else payload
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name, dims, data):
    return b"".join(field(1, n) for n in dims) + field(2, 1) + field(8, name) + field(9, data)


def node(op, inputs, output, attrs=b""):
    return b"".join(field(1, i) for i in inputs) + field(2, output) + field(3, output) + field(4, op) + attrs


def write_network(path):
    """Weights of 134 MB, of which the dense layer has nearly all; activations of 15 MB. The file ends with them
    and is written without their ever being in this process: what it holds would count for its children."""
    shape = b"".join(field(1, field(1, n)) for n in (1, 3, 128, 128))
    pads = field(5, field(1, "pads") + b"".join(field(8, 1) for _ in range(4)) + field(20, 7))
    transposed = field(5, field(1, "transB") + field(3, 1) + field(20, 2))
    rows, columns = 64, 128 * 128 * 32
    graph = field(1, node("Conv", ["x", "w1"], "c1", pads)) + field(1, node("Relu", ["c1"], "r1"))
    graph += field(1, node("Conv", ["r1", "w2"], "c2", pads)) + field(1, node("Flatten", ["c2"], "f"))
    graph += field(1, node("Gemm", ["f", "w3"], "y", transposed))
    graph += field(5, tensor("w1", (64, 3, 3, 3), struct.pack("<f", 0.01) * (64 * 27)))
    graph += field(5, tensor("w2", (32, 64, 3, 3), struct.pack("<f", 0.01) * (32 * 64 * 9)))
    graph += field(11, field(1, "x") + field(2, field(1, field(1, 1) + field(2, shape))))
    graph += field(12, field(1, "y"))
    size = 4 * rows * columns
    last = tensor("w3", (rows, columns), b"")[:-1] + varint(size)
    graph += varint(5 << 3 | 2) + varint(len(last) + size) + last
    start = field(1, 8) + field(8, field(2, 13)) + varint(7 << 3 | 2) + varint(len(graph) + size) + graph
    with open(path, "wb") as file:
        file.write(start)
        file.truncate(len(start) + size)


def peak_of(*words):
    """Bytes of memory that a process had at most."""
    process = subprocess.Popen([PROGRAM, *map(str, words)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    check(status == 0, f"{words}: status {status}")
    return usage.ru_maxrss * 1024


def npy(root, *shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    count = shape[0] * shape[1] * shape[2] * shape[3]
    path = root / "x.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + bytes(4 * count))
    return path


def main():
    with folder() as name:
        root = Path(name)
        model = root / "dense.onnx"
        write_network(model)
        told = run_json("info", model)
        if not told:
            finish()
        estimate = told["modelMemory"] + told["memory"]
        check(told["bytes"] == model.stat().st_size, "bytes are not the file's")
        peak = peak_of("run", model, "--input", npy(root, 1, 3, 128, 128), "--out", root / "y.npy")
        ratio = peak / estimate
        print(f"told {estimate / 1e6:.1f} MB, took {peak / 1e6:.1f} MB: {ratio:.3f}")
        check(0.9 < ratio < 1.1, f"told {json.dumps(estimate)} bytes, took {peak}")
    finish()


if __name__ == "__main__":
    sys.exit(main())

"""Weights in files beside the network: found where the network says, and nowhere else."""

import os
import struct
import sys
from pathlib import Path

from support import check, finish, folder, read_npy, run

WEIGHTS = [0.5, -1.0, 2.0]


def field(number, payload):
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    data = payload.encode() if isinstance(payload, str) else payload
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def network(location, offset=0):
    """y = x + w, x [1,3,1,1], w in another file."""
    shape = b"".join(field(1, field(1, n)) for n in (1, 3, 1, 1))
    tensor = b"".join(field(1, n) for n in (1, 3, 1, 1)) + field(2, 1) + field(8, "w")
    for key, value in {"location": location, "offset": str(offset), "length": "12"}.items():
        tensor += field(13, field(1, key) + field(2, value))
    tensor += field(14, 1)
    node = field(1, "x") + field(1, "w") + field(2, "y") + field(3, "add") + field(4, "Add")
    x = field(1, "x") + field(2, field(1, field(1, 1) + field(2, shape)))
    graph = field(1, node) + field(5, tensor) + field(11, x) + field(12, field(1, "y"))
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def npy(values):
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 1, 1), }"
    header = header.ljust(117) + "\n"
    packed = struct.pack("<3f", *values)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + packed


def forward(root, model):
    out = root / "y.npy"
    out.unlink(missing_ok=True)
    process = run("run", model, "--input", root / "x.npy", "--out", out)
    return process, read_npy(out)[1] if out.exists() else None


def fails(root, location, word, offset=0):
    model = root / "refused.onnx"
    model.write_bytes(network(location, offset))
    process, values = forward(root, model)
    what = f"{location!r}: {process.stderr!r}"
    check(process.returncode == 1 and values is None, f"exit {process.returncode}, {what}")
    check(process.stderr.count("\n") == 1 and word in process.stderr, f"no {word!r} in {what}")


def exported(root):
    """What onnx itself writes."""
    try:
        import numpy
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    except ImportError:
        return False
    w = numpy.array(WEIGHTS, numpy.float32).reshape(1, 3, 1, 1)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 1, 1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3, 1, 1])
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "w"], ["y"])], "g", [x], [y], [numpy_helper.from_array(w, "w")]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    onnx.save(model, str(root / "e.onnx"), save_as_external_data=True, location="e.data", size_threshold=0)
    process, values = forward(root, root / "e.onnx")
    check(process.returncode == 0 and values == (1.5, 0, 3), f"exported: {process.stderr!r} {values}")
    return True


def main():
    with folder() as name:
        root = Path(name)
        data = struct.pack("<3f", *WEIGHTS)
        (root / "x.npy").write_bytes(npy([1, 1, 1]))
        (root / "in").mkdir()
        (root / "in/w.bin").write_bytes(b"12345" + data)
        (root / "w.bin").write_bytes(data)
        for location, offset in ("w.bin", 0), ("in/w.bin", 5), ("./in/w.bin", 5):
            (root / "m.onnx").write_bytes(network(location, offset))
            process, values = forward(root, root / "m.onnx")
            check(values == (1.5, 0, 3), f"{location}: {process.stderr!r} {values}")
        # Beside the model, whatever the working folder is.
        (root / "m.onnx").write_bytes(network("w.bin"))
        check(run("info", "m.onnx", cwd=root).returncode == 0, "info in the folder itself")

        fails(root, "none.bin", f"{root}/none.bin")
        fails(root, "none/w.bin", "No such file")
        fails(root, "../w.bin", "no plain path")
        fails(root, str(root / "w.bin"), "no plain path")
        fails(root, "in/../w.bin", "no plain path")
        fails(root, "in", "directory")
        fails(root, "w.bin", "was cut off", offset=1)
        fails(root, "w.bin", "impossible offset", offset=2**64 - 4)
        os.symlink(root / "w.bin", root / "link.bin")
        os.symlink(root / "in", root / "linked")
        os.mkfifo(root / "pipe")
        fails(root, "link.bin", "symbolic link")
        fails(root, "linked/w.bin", "cannot read")
        fails(root, "pipe", "no ordinary file")
        fails(root, "x" * 300, "cannot read")
        if not exported(root):
            finish("what onnx exports: no python3-onnx for " + sys.executable)
    finish()


main()

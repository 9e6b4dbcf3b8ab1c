#!/usr/bin/env python3
"""The ONNX standard's own tests of operators, as far as python3-onnx has them (opset 17).

Each is a graph of one node with inputs and outputs. Its first input of floats comes as the picture, flat, and
is given its shape by a Reshape before the node; the other inputs become constants. What is not supported has
to be refused in words; nothing may give other numbers than the standard's.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

from support import ROOT, check, finish, run  # noqa: E402

PYTHON = "/usr/bin/python3"

try:
    import numpy as np

    # The standard's tests are older than the NumPy that they are packed with.
    for old in ("float", "bool", "int", "object"):
        if old not in np.__dict__:
            setattr(np, old, {"float": float, "bool": bool, "int": int, "object": object}[old])
    import onnx
    from onnx import helper, numpy_helper
    from onnx.backend.test.case.node import collect_testcases
except ImportError:
    # Debian's modules belong to Debian's Python, which need not be the one that runs this.
    if os.path.exists(PYTHON) and os.environ.get("CONVOSCOPE_REENTERED") is None:
        os.environ["CONVOSCOPE_REENTERED"] = "1"
        os.execv(PYTHON, [PYTHON, *sys.argv])
    finish("no onnx module for Python: apt-get install python3-onnx")

# Name of a test: what the refusal has to say.
REFUSED = {
    r"(average|max)pool_3d": "along D only",
    r"convtranspose_3d": "only [N,C,W] and [N,C,H,W]",
    r"conv3d|conv_3d": "only [N,C,W] and [N,C,H,W]",
    r"training_mode$": "training mode",
    r"cast.*_to_STRING": "not supported",
    r"resize.*cubic": "'cubic' is not supported",
    r"tf_crop_and_resize": "not supported",
    r"maxpool_with_argmax_2d_precomputed_strides": "storage_order 1",
    r"slice_start_out_of_bounds": "leave nothing",
}

# Name of a test: why its numbers are not expected.
DIFFERENT = {
    r"_to_B?FLOAT16": "half precision is calculated in single precision",
    r"training_dropout": "what is dropped is random; a look at a network drops nothing",
    r"resize_downsample_scales_linear_align_corners": "the standard's test counts 2.4 output pixels as 2.4; "
    "PyTorch and onnxruntime count 2",
}

LEAST_COMPARED = 300


def found(table, name):
    return next((words for pattern, words in table.items() if re.search(pattern, name)), None)


def operators():
    text = (ROOT / "src/ops/ops.def").read_text(encoding="utf-8")
    return set(re.findall(r'^OP\(\w+, "(\w+)"', text, re.M)) | {"Sum", "Mean", "Cast", "Upsample"}


def one_picture(case):
    """(model, flat picture, expected first output), or None where there is no float to be the picture."""
    model = onnx.ModelProto.FromString(case.model.SerializeToString())
    graph, (inputs, outputs) = model.graph, case.data_sets[0]
    arrays = {value.name: np.asarray(array) for value, array in zip(graph.input, inputs)}
    first = graph.input[1 if graph.node[0].op_type == "Where" else 0].name
    picture = arrays.pop(first)
    if picture.dtype != np.float32 or picture.size == 0:
        return None
    for name, array in arrays.items():
        graph.initializer.append(numpy_helper.from_array(array, name))
    graph.initializer.append(numpy_helper.from_array(np.array(picture.shape, np.int64), "its shape"))
    del graph.input[:], graph.output[1:]
    graph.input.append(helper.make_tensor_value_info("flat", 1, [1, 1, 1, picture.size]))
    nodes = [helper.make_node("Reshape", ["flat", "its shape"], [first]), *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model, picture.reshape(1, 1, 1, -1), np.asarray(outputs[0])


def compare(name, case, folder):
    """"compared", "refused", or None where it is no case for us."""
    made = one_picture(case)
    if made is None:
        return None
    model, picture, expected = made
    network, array, out = (folder / file for file in ("model.onnx", "x.npy", "y.npy"))
    onnx.save(model, str(network))
    np.save(array, np.ascontiguousarray(picture))
    out.unlink(missing_ok=True)
    process = run("run", network, "--input", array, "--out", out)
    words = found(REFUSED, name)
    if words or process.returncode:
        check(process.returncode == 1 and words and words in process.stderr,
              f"{name}: exit {process.returncode}, expected {words or 'numbers'}: {process.stderr.strip()}")
        return "refused"
    if found(DIFFERENT, name):
        return None
    result = np.load(out)
    same = result.size == expected.size and np.allclose(
        result.reshape(expected.shape), expected, rtol=1e-4, atol=1e-5, equal_nan=True)
    check(same, f"{name}: other numbers than the standard's")
    return "compared"


def main():
    known, counts, covered = operators(), {}, set()
    with tempfile.TemporaryDirectory(prefix="convoscope-onnx-") as scratch:
        for case in collect_testcases(None):
            if not case.model or len(case.model.graph.node) != 1 or not case.model.graph.input:
                continue
            op = case.model.graph.node[0].op_type
            if op not in known:
                continue
            outcome = compare(case.name, case, Path(scratch))
            counts[outcome] = counts.get(outcome, 0) + 1
            if outcome == "compared":
                covered.add(op)
    print(f"onnx {onnx.__version__}: {counts.get('compared', 0)} cases equal for {len(covered)} "
          f"operators, {counts.get('refused', 0)} refused")
    print("without a case:", ", ".join(sorted(known - covered)))
    check(counts.get("compared", 0) >= LEAST_COMPARED, f"fewer than {LEAST_COMPARED} cases")
    finish()


if __name__ == "__main__":
    main()

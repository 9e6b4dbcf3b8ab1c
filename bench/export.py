"""Export the networks of the benchmark to ONNX, with random weights.

    /usr/bin/python3 bench/export.py FOLDER NAME...

Writes FOLDER/NAME.onnx for each NAME that is not there yet. Any size of picture is given to networks whose
classifier averages over it; the file says 224 x 224, and is planned anew for another. Needs Debian's
python3-torch, python3-torchvision and python3-onnx.
"""

import os
import sys
import warnings

import torch

from networks import NETWORKS, construct

warnings.filterwarnings("ignore")


def export(name, folder):
    path = os.path.join(folder, name + ".onnx")
    if os.path.exists(path):
        return
    part = path + ".part"
    torch.onnx.export(construct(name), torch.randn(1, 3, 224, 224), part, opset_version=13,
                      input_names=["input"], output_names=["output"], do_constant_folding=True)
    # A killed run leaves no half file that looks whole.
    os.replace(part, path)
    print(f"exported {path}", flush=True)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for name in sys.argv[2:]:
        if name not in NETWORKS:
            sys.exit(f"export.py: no network '{name}': there are {', '.join(NETWORKS)}")
        export(name, folder)


if __name__ == "__main__":
    main()

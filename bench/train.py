#!/usr/bin/python3
"""Steps of training beside PyTorch on the CPU: pictures per second for the same network, batch and threads.

    /usr/bin/python3 bench/train.py [--networks tiny,vgg,inception,residual,things] [--batch 128]
                                    [--threads 1,2] [--steps 3] [--rounds 3]

A network is a built-in one, or a file with a description, which has a dot in its name.
Both in turn, round after round, and the best of each counts. A step is forward, backward and SGD with Nesterov's
momentum; ours reads and changes its pictures besides. PyTorch is tried with both orders of memory
(contiguous and channels last), and the faster one counts.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("CONVOSCOPE", ROOT / "build/native/convoscope")
SHARED = Path(os.environ.get("CONVOSCOPE_SHARED", ROOT.parent / "shared"))
PICTURES = SHARED / "data/tiny-imagenet/train"
CLASSES = "goldfish,jellyfish,king penguin,ladybug,monarch,lesser panda,school bus,suspension bridge,banana,pizza"


def conv(channels, filters, kernel, stride=1, rectify=True):
    layers = [
        nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(filters),
    ]
    return nn.Sequential(*layers, *([nn.ReLU(inplace=True)] if rectify else []))


class Residual(nn.Module):
    def __init__(self, channels, filters, stride=1):
        super().__init__()
        self.body = nn.Sequential(
            conv(channels, filters, 3, stride), conv(filters, filters, 3, rectify=False)
        )
        same = stride == 1 and channels == filters
        self.shortcut = nn.Identity() if same else conv(channels, filters, 1, stride, False)

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


class Inception(nn.Module):
    def __init__(self, channels, a, b, c, d, e, f):
        super().__init__()
        self.branches = nn.ModuleList([
            conv(channels, a, 1),
            nn.Sequential(conv(channels, b, 1), conv(b, c, 3)),
            nn.Sequential(conv(channels, d, 1), conv(d, e, 3), conv(e, e, 3)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(channels, f, 1)),
        ])

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


def construct(text, classes):
    """The network of a description (src/train/architecture.h), and the side of its pictures."""
    layers, channels, size = [], 3, 64
    for line in text.splitlines():
        word, *rest = line.split("#")[0].split() or [""]
        if word == "input":
            size, channels = int(rest[0]), 3 if rest[1] == "RGB" else 1
        elif word == "dropout":
            dropout = nn.Dropout(float(rest[0]))
        elif word == "conv":
            layers.append(conv(channels, *map(int, rest)))
            channels = int(rest[0])
        elif word == "max":
            window, stride = map(int, rest)
            layers.append(nn.MaxPool2d(window, stride, window // 2 if window % 2 else 0))
        elif word == "residual":
            layers.append(Residual(channels, *map(int, rest)))
            channels = int(rest[0])
        elif word == "inception":
            numbers = list(map(int, rest))
            layers.append(Inception(channels, *numbers))
            channels = numbers[0] + numbers[2] + numbers[4] + numbers[5]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]
    return nn.Sequential(*layers, *head), size


def description(name):
    """The text of a network: of a file, or of a built-in one, read where it stands."""
    if "." in name:
        return Path(name).read_text()
    source = (ROOT / "src/train/architecture.c").read_text()
    found = re.search(r'\{"%s", "[^"]*",((?:\s*"[^"]*")+)\}' % name, source)
    if not found:
        sys.exit(f"there is no built-in network {name}")
    return "".join(re.findall(r'"([^"]*)"', found[1])).replace("\\n", "\n")


def pytorch_step(text, batch, channels_last):
    torch.manual_seed(1)
    model, size = construct(text, 10)
    x, y = torch.randn(batch, 3, size, size), torch.randint(10, (batch,))
    if channels_last:
        model, x = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(model.parameters(), 0.01, 0.9, nesterov=True, weight_decay=5e-4)
    loss = nn.CrossEntropyLoss()

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss(model(x), y).backward()
        optimiser.step()

    return step


def time_pytorch(step, steps):
    best = float("inf")
    for _ in range(steps):
        started = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - started)
    return best


def time_ours(network, batch, threads, steps):
    words = [PROGRAM, "train", PICTURES, "--network", network, "--classes", CLASSES, "--batch", batch,
             "--threads", threads, "--measure", steps]
    out = subprocess.run([*map(str, words)], capture_output=True, text=True, check=True).stdout
    return batch / float(re.search(r"at best ([\d.]+)", out)[1])


def compare(name, batch, threads, steps, rounds):
    torch.set_num_threads(threads)
    text = description(name)
    routes = [pytorch_step(text, batch, last) for last in (False, True)]
    # Short steps are repeated for about a second.
    steps = max(steps, round(1 / min(time_pytorch(step, 2) for step in routes)))
    ours = theirs = float("inf")
    for _ in range(rounds):
        ours = min(ours, time_ours(name, batch, threads, steps))
        theirs = min(theirs, *(time_pytorch(step, steps) for step in routes))
    name = Path(name).stem
    row = {"network": name, "batch": batch, "threads": threads,
           "pictures_per_second": {"convoscope": batch / ours, "pytorch": batch / theirs},
           "ratio": theirs / ours}
    print(f"train {name:10} {threads} threads  convoscope {batch / ours:7.1f}  PyTorch {batch / theirs:7.1f} "
          f"pictures/s  {theirs / ours:5.2f}", flush=True)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="tiny,things,vgg,inception,residual")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not PICTURES.is_dir():
        print(f"train: skipped, there are no pictures in {PICTURES}")
        return
    rows = [
        compare(name, options.batch, threads, options.steps, options.rounds)
        for threads in map(int, options.threads.split(","))
        for name in options.networks.split(",")
    ]
    target = ROOT / "build/bench-train.json"
    with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False) as file:
        json.dump(rows, file, indent=1)
    os.chmod(file.name, 0o644)
    os.replace(file.name, target)


main()

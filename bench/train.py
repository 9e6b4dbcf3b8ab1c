#!/usr/bin/python3
"""Steps of training beside PyTorch on the CPU: pictures per second for the same network, batch and threads.

    /usr/bin/python3 bench/train.py [--networks tiny,vgg,inception,residual,things,digits] [--batch 128]
                                    [--threads 1,2] [--seconds 0.5] [--rounds 3]

A network is a built-in one, or a file with a description, which has a dot in its name.
Both in turn, round after round: of a round the fastest step counts, of the rounds the median. A step takes pictures
of bytes, mirrors half of them, scales them, goes forward and backward, and updates by SGD with Nesterov's momentum.
PyTorch is measured with both orders of memory (contiguous and channels last), with oneDNN and without denormals, and
the faster one counts. A ratio below 1 is missed.
"""

import argparse
import json
import os
import re
import statistics
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
FONTS = "digits:/usr/share/fonts"
PICTURES_HELD = 1024
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
    """The network of a description (src/train/architecture.h), the planes of its pictures and their side."""
    layers, size, planes = [], 64, 3
    for line in text.splitlines():
        word, *rest = line.split("#")[0].split() or [""]
        if word == "input":
            size, planes = int(rest[0]), 3 if rest[1] == "RGB" else 1
            channels = planes
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
    return nn.Sequential(*layers, *head), planes, size


def description(name):
    """The text of a network: of a file, or of a built-in one, read where it stands."""
    if "." in name:
        return Path(name).read_text()
    source = (ROOT / "src/train/architecture.c").read_text()
    found = re.search(r'\{"%s",\s*"[^"]*",((?:\s*"[^"]*")+)\}' % name, source)
    if not found:
        sys.exit(f"there is no built-in network {name}")
    return "".join(re.findall(r'"([^"]*)"', found[1])).replace("\\n", "\n")


def pytorch_step(text, batch, channels_last):
    torch.manual_seed(1)
    model, planes, size = construct(text, 10)
    pictures = torch.randint(256, (PICTURES_HELD, planes, size, size), dtype=torch.uint8)
    labels = torch.randint(10, (PICTURES_HELD,))
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
        pictures = pictures.to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(model.parameters(), 0.01, 0.9, nesterov=True, weight_decay=5e-4)
    loss = nn.CrossEntropyLoss()

    def step():
        chosen = torch.randint(PICTURES_HELD, (batch,))
        x = pictures[chosen]
        half = batch // 2
        x[:half] = x[:half].flip(3)
        x = x.float().mul_(4 / 255).sub_(1.8)
        optimiser.zero_grad(set_to_none=True)
        loss(model(x), labels[chosen]).backward()
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
    """The fastest step; the program takes one before it counts, as PyTorch's are warm."""
    data = [FONTS, "--count", 4 * batch] if network == "digits" else [PICTURES, "--classes", CLASSES]
    words = [PROGRAM, "train", *data, "--network", network, "--batch", batch, "--threads", threads, "--measure", steps]
    out = subprocess.run([*map(str, words)], capture_output=True, text=True, check=True).stdout
    return batch / float(re.search(r"at best ([\d.]+)", out)[1])


def compare(name, batch, threads, seconds, rounds):
    torch.set_num_threads(threads)
    text = description(name)
    routes = {order: pytorch_step(text, batch, order == "channels last") for order in ("contiguous", "channels last")}
    steps = max(2, round(seconds / min(time_pytorch(step, 2) for step in routes.values())))
    ours, theirs = [], {order: [] for order in routes}
    for _ in range(rounds):
        ours.append(time_ours(name, batch, threads, steps))
        for order, step in routes.items():
            theirs[order].append(time_pytorch(step, steps))
    ours, (theirs, order) = statistics.median(ours), min((statistics.median(theirs[order]), order) for order in routes)
    name, ratio = Path(name).stem, theirs / ours
    print(f"train {name:10} {threads} threads  convoscope {batch / ours:7.1f}  PyTorch {batch / theirs:7.1f} "
          f"pictures/s  {ratio:5.2f}{'' if ratio >= 1 else '  missed'}  ({order})", flush=True)
    return {"network": name, "batch": batch, "threads": threads, "order": order, "ratio": ratio, "passed": ratio >= 1,
            "pictures_per_second": {"convoscope": batch / ours, "pytorch": batch / theirs}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="tiny,inception,vgg,residual,things,digits")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--seconds", type=float, default=0.5, help="of a turn, about")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not PICTURES.is_dir():
        print(f"train: skipped, there are no pictures in {PICTURES}")
        return
    torch.set_flush_denormal(True)
    started = time.monotonic()
    rows = [
        compare(name, options.batch, threads, options.seconds, options.rounds)
        for threads in map(int, options.threads.split(","))
        for name in options.networks.split(",")
    ]
    missed = sum(not row["passed"] for row in rows)
    print(f"train: {len(rows)} rows, {missed} missed, in {time.monotonic() - started:.0f} s")
    target = ROOT / "build/bench-train.json"
    with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False) as file:
        json.dump(rows, file, indent=1)
    os.chmod(file.name, 0o644)
    os.replace(file.name, target)


main()

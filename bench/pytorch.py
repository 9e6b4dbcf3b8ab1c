"""PyTorch beside the native build: reads one request a line, answers with one line of JSON.

    {"model": "resnet18", "size": 224, "target": "layer:/11/Relu" or null, "gradient": false,
     "threads": 1, "repetitions": 3}    ->    {"route": "frozen", "times": [milliseconds, ...]}

Debian's PyTorch has several ways through a network, and which is best differs: ROUTES lists them. Each is tried
for each model and number of threads, and the fastest is measured.
"""

import copy
import json
import sys
import time
import warnings

import torch
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torch.utils import mkldnn

from networks import construct

warnings.filterwarnings("ignore")


def fold(module):
    """Normalisation into the convolution before it, in place, where one directly follows the other."""
    last = None
    for name, child in module.named_children():
        if isinstance(child, torch.nn.BatchNorm2d) and isinstance(last, torch.nn.Conv2d):
            setattr(module, last_name, fuse_conv_bn_eval(last, child))
            setattr(module, name, torch.nn.Identity())
        else:
            fold(child)
        last, last_name = child, name
    return module


class Convolution(torch.nn.Module):
    """A convolution by oneDNN on plain tensors, however small it is: PyTorch's dispatch has a bound."""

    def __init__(self, c):
        super().__init__()
        self.weight, self.bias = c.weight, c.bias
        self.how = c.padding, c.stride, c.dilation, c.groups

    def forward(self, x):
        return torch.mkldnn_convolution(x, self.weight, self.bias, *self.how)


def convolve_by_onednn(module):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.Conv2d):
            setattr(module, name, Convolution(child))
        else:
            convolve_by_onednn(child)
    return module


def on_onednn_tensors(model, _):
    """All layers on oneDNN's own tensors, whose layout is its choice; not for networks with a concatenation."""
    module = mkldnn.to_mkldnn(model)
    return lambda x: module(x.to_mkldnn()).to_dense()


# name: (what makes a function of a model and an example, whether gradients flow through it)
ROUTES = {
    "PyTorch's dispatch": (lambda model, _: model, True),
    "oneDNN's convolution": (lambda model, _: convolve_by_onednn(model), True),
    "oneDNN's tensors": (on_onednn_tensors, False),
    "frozen": (lambda model, x: torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(model, x))), False),
}


class Network:
    def __init__(self, name, target):
        self.model = fold(construct(name))
        self.whole_layer = bool(target and target.startswith("layer:"))
        if self.whole_layer:
            # The networks with a layer for a target are sequences, numbered as in the file.
            self.model = self.model[: int(target.split("/")[1]) + 1]
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)
        self.best = {}

    def time(self, function, x, gradient):
        x = x.detach().requires_grad_(gradient)
        start = time.perf_counter()
        with torch.set_grad_enabled(gradient):
            y = function(x)
            if gradient:
                value = 0.5 * (y * y).sum() if self.whole_layer else y.flatten()[0]
                torch.autograd.grad(value, x)
        return (time.perf_counter() - start) * 1e3

    def fastest(self, x, gradient):
        """The route that takes least; one that PyTorch has not all operations for is none."""
        best = (float("inf"), None, None)
        for route, (make, has_gradient) in ROUTES.items():
            if gradient and not has_gradient:
                continue
            try:
                with torch.no_grad():
                    function = make(copy.deepcopy(self.model), x)
                least = min(self.time(function, x, gradient) for _ in range(4))
            except RuntimeError:
                continue
            best = min(best, (least, route, function), key=lambda entry: entry[0])
        return best[1:]

    def measure(self, size, gradient, threads, repetitions):
        torch.set_num_threads(threads)
        x = torch.randn(1, 3, size, size)
        key = (size, gradient, threads)
        if key not in self.best:
            self.best[key] = self.fastest(x, gradient)
        route, function = self.best[key]
        return {"route": route, "times": [self.time(function, x, gradient) for _ in range(repetitions)]}


def main():
    networks = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = (request["model"], request["target"])
        if key not in networks:
            networks.clear()
            networks[key] = Network(*key)
        network = networks[key]
        answer = network.measure(request["size"], request["gradient"], request["threads"], request["repetitions"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

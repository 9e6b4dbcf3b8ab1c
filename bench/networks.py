"""The networks of the benchmark: torchvision's, with random weights from a fixed seed."""

import torch
import torchvision
from torch import nn


def vgg16_features():
    return torchvision.models.vgg16(weights=None, init_weights=False).features


class Tiny(nn.Sequential):
    """One of each kind of layer, for the test of the benchmark itself."""

    def __init__(self):
        super().__init__(nn.Conv2d(3, 8, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 1), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 1000))


def zoo(name, **options):
    return lambda: torchvision.models.get_model(name, weights=None, **options)


NETWORKS = {
    "vgg16_features": vgg16_features,
    "vgg16": zoo("vgg16", init_weights=False),
    "resnet18": zoo("resnet18"),
    "resnet50": zoo("resnet50"),
    "googlenet": zoo("googlenet", aux_logits=False, init_weights=False),
    "squeezenet1_1": zoo("squeezenet1_1"),
    "mobilenet_v2": zoo("mobilenet_v2"),
    "tiny": Tiny,
}


def construct(name):
    """The network in inference mode, scaled so that the signal neither dies nor explodes on the way."""
    torch.manual_seed(sum(name.encode()))
    model = NETWORKS[name]()
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(module.weight, std=(1.6 / module.weight[0].numel()) ** 0.5)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.05)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.6, 1.2)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.6, 1.6)
    return model.eval()

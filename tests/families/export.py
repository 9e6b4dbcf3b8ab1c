"""Export one network of each family to ONNX, with what PyTorch computes for it.

    /usr/bin/python3 export.py FOLDER [NAME ...]
    /usr/bin/python3 export.py --list            name, opset, input height and width of each

For each NAME it writes FOLDER/NAME.onnx, NAME.input.npy, NAME.output.npy and NAME.grad.npy: the gradient of
the target in NAME.target (a SPEC of the command line) with respect to the input. Weights are random, from a
fixed seed, scaled so that the signal neither dies nor explodes; batch normalisation has running statistics
that are not trivial. What is already there is kept. Needs Debian's python3-torch, python3-torchvision and
python3-onnx.
"""

import os
import sys
import warnings

import numpy as np
import torch
import torchvision
from torch import nn

warnings.filterwarnings("ignore")


def conv_bn(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class ZFNet(nn.Module):
    """Zeiler & Fergus 2014, figure 3: AlexNet with a 7 x 7 first layer of stride 2, contrast normalised."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 7, 2, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.LocalResponseNorm(5),
            nn.Conv2d(96, 256, 5, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.LocalResponseNorm(5),
            nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU(), nn.Conv2d(384, 384, 3, 1, 1), nn.ReLU(),
            nn.Conv2d(384, 256, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(3, 2))
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(256 * 6 * 6, 512), nn.ReLU(), nn.Dropout(), nn.Linear(512, 1000))

    def forward(self, x):
        return self.classifier(self.features(x))


class MobileNetV1(nn.Sequential):
    """Howard et al. 2017, table 1, at half width."""

    def __init__(self):
        layers = [conv_bn(3, 16, 3, 2)]
        inputs = 16
        for outputs, stride in [(32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2)] + \
                [(256, 1)] * 5 + [(512, 2), (512, 1)]:
            layers += [conv_bn(inputs, inputs, 3, stride, groups=inputs), conv_bn(inputs, outputs, 1)]
            inputs = outputs
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))


class InceptionV2Block(nn.Module):
    """Ioffe & Szegedy 2015, figure 5: 1x1, 3x3, double 3x3 and pooling, batch normalised."""

    def __init__(self, inputs, one, three, double, pool):
        super().__init__()
        self.one = conv_bn(inputs, one, 1)
        self.three = nn.Sequential(conv_bn(inputs, three[0], 1), conv_bn(three[0], three[1], 3))
        self.twice = nn.Sequential(conv_bn(inputs, double[0], 1), conv_bn(double[0], double[1], 3),
                                   conv_bn(double[1], double[1], 3))
        self.pool = nn.Sequential(nn.AvgPool2d(3, 1, 1), conv_bn(inputs, pool, 1))

    def forward(self, x):
        return torch.cat([self.one(x), self.three(x), self.twice(x), self.pool(x)], 1)


class InceptionV2(nn.Sequential):
    def __init__(self):
        super().__init__(
            conv_bn(3, 64, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True), conv_bn(64, 64, 1),
            conv_bn(64, 192, 3), nn.MaxPool2d(3, 2, ceil_mode=True),
            InceptionV2Block(192, 64, (64, 64), (64, 96), 32),
            InceptionV2Block(256, 64, (64, 96), (64, 96), 64),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            InceptionV2Block(320, 224, (64, 96), (96, 128), 128),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(576, 1000))


class ShuffleNetV1Unit(nn.Module):
    """Zhang et al. 2018, figure 2 (b): grouped 1x1, shuffle, depthwise 3x3, grouped 1x1."""

    def __init__(self, channels, groups):
        super().__init__()
        self.groups = groups
        middle = channels // 4
        self.reduce = nn.Sequential(nn.Conv2d(channels, middle, 1, groups=groups, bias=False),
                                    nn.BatchNorm2d(middle), nn.ReLU())
        self.depthwise = nn.Sequential(nn.Conv2d(middle, middle, 3, 1, 1, groups=middle, bias=False),
                                       nn.BatchNorm2d(middle))
        self.expand = nn.Sequential(nn.Conv2d(middle, channels, 1, groups=groups, bias=False),
                                    nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.reduce(x)
        n, c, h, w = y.shape
        y = y.view(n, self.groups, c // self.groups, h, w).transpose(1, 2).reshape(n, c, h, w)
        return torch.relu(x + self.expand(self.depthwise(y)))


class ShuffleNetV1(nn.Sequential):
    def __init__(self):
        super().__init__(conv_bn(3, 24, 3, 2), nn.MaxPool2d(3, 2, 1), conv_bn(24, 240, 1, 2),
                         *[ShuffleNetV1Unit(240, 3) for _ in range(3)],
                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(240, 1000))


class FastStyle(nn.Module):
    """Johnson et al. 2016 with instance normalisation and resize-convolution, scaled down."""

    def __init__(self):
        super().__init__()

        def conv(inputs, outputs, kernel, stride=1):
            return nn.Sequential(nn.ReflectionPad2d(kernel // 2), nn.Conv2d(inputs, outputs, kernel, stride))

        def norm(channels):
            return nn.InstanceNorm2d(channels, affine=True)

        self.down = nn.Sequential(conv(3, 16, 9), norm(16), nn.ReLU(), conv(16, 32, 3, 2), norm(32), nn.ReLU())
        self.body = nn.Sequential(conv(32, 32, 3), norm(32), nn.ReLU(), conv(32, 32, 3), norm(32))
        self.up = nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), conv(32, 16, 3), norm(16), nn.ReLU(),
                                conv(16, 3, 9))

    def forward(self, x):
        y = self.down(x)
        return self.up(y + self.body(y))


class Activations(nn.Module):
    """Every activation that PyTorch exports, one after the other, each with something to bend."""

    def __init__(self):
        super().__init__()
        kinds = [nn.ELU(0.7), nn.SELU(), nn.CELU(1.5), nn.GELU(), nn.Softplus(), nn.Softsign(), nn.Mish(),
                 nn.PReLU(12, 0.2), nn.Hardswish(), nn.Hardsigmoid(), nn.SiLU(), nn.Tanh(), nn.LeakyReLU(0.1),
                 nn.ReLU6(), nn.Hardtanh(-0.5, 0.8)]
        self.stem = nn.Conv2d(1, 12, 3, 2, 1)
        self.blocks = nn.ModuleList(nn.Sequential(nn.Conv2d(12, 12, 3, 1, 1), kind) for kind in kinds)
        self.head = nn.Linear(12, 10)

    def forward(self, x):
        y = self.stem(x)
        for block in self.blocks:
            y = 0.6 * (y + block(y))
        return torch.log_softmax(self.head(0.3 * y.amax((2, 3))), 1)


class Rearranged(nn.Module):
    """Normalisations and rearrangements that are not of one operator each, on four channels."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(4, 32, 3, 1, 1)
        self.group = nn.GroupNorm(4, 32)
        self.layer = nn.LayerNorm(32)
        self.shuffle, self.unshuffle = nn.PixelShuffle(2), nn.PixelUnshuffle(2)
        self.embed = nn.Conv2d(32, 16, 3, 2, 1)
        self.up = nn.ConvTranspose2d(16, 8, 4, 2, 1)
        self.head = nn.Linear(24, 10)

    def forward(self, x):
        y = self.group(self.stem(x))
        y = self.layer(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = self.embed(self.unshuffle(self.shuffle(y)))
        y = torch.nn.functional.normalize(y, dim=1)
        y = torch.cat([self.up(y), self.up(y).mean((2, 3), keepdim=True).expand(-1, 8, *x.shape[2:]),
                       self.up(y).repeat(1, 1, 1, 1) ** 2], 1)
        y = torch.maximum(y, -y) + torch.minimum(y, y.exp()) - torch.sqrt(y.abs() + 1) / (y ** 2 + 2)
        return self.head(y.sum((2, 3)) / 10)


def narrow_vgg(name):
    """VGG with one average and 256 units where it has 7 x 7 x 512 and 4096, so that the file is small."""

    def construct():
        model = torchvision.models.get_model(name, weights=None)
        model.avgpool = nn.AdaptiveAvgPool2d(1)
        model.classifier[0] = nn.Linear(512, 256)
        model.classifier[3] = nn.Linear(256, 256)
        model.classifier[6] = nn.Linear(256, 1000)
        return model

    return construct


def narrow_alexnet():
    model = torchvision.models.alexnet(weights=None)
    model.classifier[1] = nn.Linear(256 * 6 * 6, 256)
    model.classifier[4] = nn.Linear(256, 256)
    model.classifier[6] = nn.Linear(256, 1000)
    return model


def narrow_convnext():
    config = torchvision.models.convnext.CNBlockConfig
    return torchvision.models.ConvNeXt([config(24, 48, 2), config(48, 96, 2), config(96, None, 2)])


class Segmentation(nn.Module):
    """A torchvision segmentation network, whose forward returns a dictionary."""

    def __init__(self, name):
        super().__init__()
        self.net = getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None)

    def forward(self, x):
        return self.net(x)["out"]


def bottlenecks(**options):
    """A residual network of 26 layers, with two bottleneck blocks at each size where ResNet-50 has up to six."""
    resnet = torchvision.models.resnet
    return lambda: resnet.ResNet(resnet.Bottleneck, [2, 2, 2, 2], **options)


def zoo(name, **options):
    return lambda: torchvision.models.get_model(name, weights=None, **options)


# name: (constructor, input height, input width, opset); three channels where a fifth does not say otherwise.
# The pictures are small: fewer rectifiers are close to zero then, and the whole takes a few minutes.
FAMILIES = {
    "alexnet": (narrow_alexnet, 224, 224, 11),
    "zfnet": (ZFNet, 224, 224, 9),
    "vgg11": (narrow_vgg("vgg11"), 96, 128, 7),
    "vgg13_bn": (narrow_vgg("vgg13_bn"), 64, 96, 9),
    "vgg16": (narrow_vgg("vgg16"), 64, 64, 12),
    "vgg16_bn": (narrow_vgg("vgg16_bn"), 64, 64, 13),
    "vgg19_bn": (narrow_vgg("vgg19_bn"), 64, 64, 15),
    "squeezenet1_1": (zoo("squeezenet1_1"), 128, 160, 10),
    "googlenet": (zoo("googlenet", aux_logits=False, init_weights=False), 96, 128, 14),
    "inception_v2": (InceptionV2, 96, 128, 12),
    "inception_v3": (zoo("inception_v3", aux_logits=False, init_weights=False), 107, 107, 11),
    "resnet18": (zoo("resnet18"), 96, 128, 8),
    "resnet50": (zoo("resnet50"), 96, 96, 16),
    "resnext26_32x4d": (bottlenecks(groups=32, width_per_group=4), 64, 96, 13),
    "wide_resnet26_2": (bottlenecks(width_per_group=128), 64, 64, 13),
    "densenet121": (zoo("densenet121"), 96, 96, 12),
    "mobilenet_v1": (MobileNetV1, 128, 160, 9),
    "mobilenet_v2": (zoo("mobilenet_v2"), 128, 128, 10),
    "mobilenet_v3_large": (zoo("mobilenet_v3_large"), 128, 128, 14),
    "mobilenet_v3_small": (zoo("mobilenet_v3_small"), 160, 128, 11),
    "shufflenet_v1": (ShuffleNetV1, 128, 128, 11),
    "shufflenet_v2_x1_0": (zoo("shufflenet_v2_x1_0"), 128, 128, 12),
    "mnasnet1_0": (zoo("mnasnet1_0"), 128, 128, 9),
    "efficientnet_b0": (zoo("efficientnet_b0"), 96, 128, 13),
    "efficientnet_v2_s": (zoo("efficientnet_v2_s"), 64, 96, 15),
    "regnet_y_400mf": (zoo("regnet_y_400mf"), 128, 128, 13),
    "regnet_x_400mf": (zoo("regnet_x_400mf"), 128, 96, 11),
    "convnext_tiny": (zoo("convnext_tiny"), 64, 96, 17),
    "convnext_narrow": (narrow_convnext, 96, 96, 16),
    "fast_style": (FastStyle, 64, 96, 11),
    "fcn_resnet50": (lambda: Segmentation("fcn_resnet50"), 64, 64, 11),
    "deeplabv3_resnet50": (lambda: Segmentation("deeplabv3_resnet50"), 64, 64, 12),
    "lraspp_mobilenet_v3_large": (lambda: Segmentation("lraspp_mobilenet_v3_large"), 64, 96, 13),
    "activations": (Activations, 48, 64, 14, 1),
    "rearranged": (Rearranged, 32, 48, 13, 4),
}


# Exported from a larger picture with height and width left open: the file calculates its shapes.
ANY_SIZE = {"shufflenet_v1", "shufflenet_v2_x1_0", "resnet18", "fcn_resnet50", "deeplabv3_resnet50",
            "lraspp_mobilenet_v3_large", "rearranged", "fast_style", "convnext_narrow"}


def randomise(model):
    """He-scaled weights and batch statistics that matter, so that depth neither kills nor blows up the signal."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear, nn.ConvTranspose2d)):
            fan_in = module.weight[0].numel()
            nn.init.normal_(module.weight, std=(1.6 / fan_in) ** 0.5)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.05)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.6, 1.2)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.6, 1.6)


def atomically(path, write):
    """Writes through a temporary name, so that a killed run leaves no half file that looks whole."""
    write(path + ".part")
    os.replace(path + ".part", path)


def save_npy(path, array):
    def write(part):
        with open(part, "wb") as file:
            np.save(file, np.ascontiguousarray(array, dtype=np.float32))

    atomically(path, write)


def gradient(model, x, target=None):
    """Output, target (the highest class where None), and the gradient of its score; class maps are averaged."""
    x = x.clone().requires_grad_(True)
    y = model(x)
    scores = y.flatten(2).mean(2)[0] if y.dim() == 4 else y[0]
    if target is None:
        target = int(scores.detach().argmax())
    (grad,) = torch.autograd.grad(scores[target], x)
    return y.detach(), target, grad


def gradient_shaken(model, x, target):
    """The gradient when the result of every convolution and product is off by a few of a float's last places."""

    def shake(module, inputs, output):
        return output + 2e-6 * output.detach().std() * torch.randn_like(output)

    layers = (torch.nn.Conv2d, torch.nn.ConvTranspose2d, torch.nn.Linear)
    hooks = [m.register_forward_hook(shake) for m in model.modules() if isinstance(m, layers)]
    try:
        return gradient(model, x, target)[2]
    finally:
        for hook in hooks:
            hook.remove()


def well_conditioned(model, shape):
    """An input and what the network makes of it in double precision.

    Where a rectifier's input is within rounding of zero, or two cells of a pooling window tie, a gradient in
    single precision may differ by much and still be right. So of several inputs the one is taken whose
    gradient changes least when the results of all layers change by about a rounding error.
    """
    best = None
    for _ in range(12):
        x = torch.randn(shape)
        _, target, grad = gradient(model, x)
        shaken = [gradient_shaken(model, x, target) for _ in range(3)]
        error = max(float((other - grad).norm() / grad.norm()) for other in shaken)
        if best is None or error < best[2]:
            best = (x, target, error)
        if error < 5e-5:
            break
    x, target, error = best
    model.double()
    y, _, grad = gradient(model, x.double(), target)
    model.float()
    return x, y, target, grad, error


def export(name, folder):
    constructor, height, width, opset, *channels = FAMILIES[name]
    stem = os.path.join(folder, name)
    if os.path.exists(stem + ".onnx"):
        return
    torch.manual_seed(sum(name.encode()))
    model = constructor()
    randomise(model)
    model.eval()
    x, y, target, grad, error = well_conditioned(model, (1, *(channels or [3]), height, width))
    if not 1e-9 < float(grad.abs().max()) < 1e9:
        sys.exit(f"{name}: its gradient vanishes or explodes, so that it would prove nothing")
    save_npy(stem + ".input.npy", x.numpy())
    save_npy(stem + ".output.npy", y.numpy())
    save_npy(stem + ".grad.npy", grad.numpy())
    with open(stem + ".target", "w", encoding="utf-8") as file:
        file.write(f"class:{target}\n")
    axes = {}
    if name in ANY_SIZE:
        axes = {"input": {2: "height", 3: "width"}}
        x = torch.randn(*x.shape[:2], height + 32, width + 64)
    atomically(stem + ".onnx", lambda part: torch.onnx.export(
        model, x, part, dynamic_axes=axes, opset_version=opset, input_names=["input"], output_names=["output"],
        do_constant_folding=True))
    print(f"{name}: opset {opset}, input {height}x{width}, class:{target}, "
          f"gradient within {error:.1e} where every layer is shaken", flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--list":
        for name, (_, height, width, opset, *_) in FAMILIES.items():
            print(name, opset, height, width)
        return
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    torch.set_num_threads(2)
    names = sys.argv[2:] or list(FAMILIES)
    for name in names:
        if name not in FAMILIES:
            sys.exit(f"export.py: no family '{name}': there are {', '.join(FAMILIES)}")
        export(name, folder)


if __name__ == "__main__":
    main()

"""Runs of the course's networks on Fashion-MNIST in file order: runs.json.gz, the loss of every step and the norm of every parameter.

    networks.py --data FOLDER --out FOLDER [--nets lenet,mlp] [--seed 1] [--steps 20]
    networks.py --data FOLDER --check [--nets lenet]      runs the committed ones again and compares

FOLDER holds train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or gzipped.
"""
import argparse
import gzip
import math
import pathlib

import torch
from torch import nn
import torch.nn.functional as F

from files import FIXTURES, read_json, write_json_gz


def relu_pool(size=3, **options):
    return [nn.ReLU(), nn.MaxPool2d(size, stride=2, **options)]


def classifier(features, hidden, classes):
    return [
        nn.Flatten(), nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0.5),
        nn.Linear(hidden, classes),
    ]


def vgg_block(convs, in_channels, out_channels):
    layers = []
    for _ in range(convs):
        layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU()]
        in_channels = out_channels
    return nn.Sequential(*layers, nn.MaxPool2d(2, stride=2))


def nin_block(in_channels, out_channels, size, stride, padding):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, size, stride, padding), nn.ReLU(),
        nn.Conv2d(out_channels, out_channels, 1), nn.ReLU(), nn.Conv2d(out_channels, out_channels, 1), nn.ReLU(),
    )


class Inception(nn.Module):
    def __init__(self, in_channels, c1, c2, c3, c4):
        super().__init__()
        self.p1_1 = nn.Conv2d(in_channels, c1, 1)
        self.p2_1 = nn.Conv2d(in_channels, c2[0], 1)
        self.p2_2 = nn.Conv2d(c2[0], c2[1], 3, padding=1)
        self.p3_1 = nn.Conv2d(in_channels, c3[0], 1)
        self.p3_2 = nn.Conv2d(c3[0], c3[1], 5, padding=2)
        self.p4_1 = nn.MaxPool2d(3, stride=1, padding=1)
        self.p4_2 = nn.Conv2d(in_channels, c4, 1)

    def forward(self, x):
        paths = (self.p1_1(x), self.p2_2(F.relu(self.p2_1(x))), self.p3_2(F.relu(self.p3_1(x))), self.p4_2(self.p4_1(x)))
        return torch.cat([F.relu(path) for path in paths], dim=1)


class Residual(nn.Module):
    def __init__(self, in_channels, channels, project=False, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1, stride=stride)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv3 = nn.Conv2d(in_channels, channels, 1, stride=stride) if project else None
        self.bn1 = nn.BatchNorm2d(channels)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.conv3 is None else self.conv3(x)))


def residual_block(in_channels, channels):
    return nn.Sequential(Residual(in_channels, channels, True, 2), Residual(channels, channels))


class DenseBlock(nn.Module):
    def __init__(self, convs, in_channels, growth):
        super().__init__()
        self.net = nn.Sequential(*[
            nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, growth, 3, padding=1))
            for width in range(in_channels, in_channels + convs * growth, growth)
        ])

    def forward(self, x):
        for block in self.net:
            x = torch.cat((x, block(x)), dim=1)
        return x


def mlp(widths, dropout=None):
    layers = [nn.Flatten()]
    for i in range(len(widths) - 2):
        layers += [nn.Linear(widths[i], widths[i + 1]), nn.ReLU()] + ([nn.Dropout(dropout[i])] if dropout else [])
    return nn.Sequential(*layers, nn.Linear(*widths[-2:]))


def lenet(padding, norm, features, channels=1, classes=10):
    def after(channels, layer):
        return [layer(channels), nn.Sigmoid()] if norm else [nn.Sigmoid()]

    return nn.Sequential(
        nn.Conv2d(channels, 6, 5, padding=padding), *after(6, nn.BatchNorm2d), nn.AvgPool2d(2, stride=2),
        nn.Conv2d(6, 16, 5), *after(16, nn.BatchNorm2d), nn.AvgPool2d(2, stride=2), nn.Flatten(),
        nn.Linear(features, 120), *after(120, nn.BatchNorm1d), nn.Linear(120, 84), *after(84, nn.BatchNorm1d), nn.Linear(84, classes),
    )


def widener(width):
    """Numbers of channels times `width`, as `width` of Kindling's models."""
    return lambda channels: max(1, math.floor(channels * width + 0.5))


def alexnet(channels=1, classes=10, pixels=25, hidden=4096, width=1):
    wide = widener(width)
    c1, c2, c3 = wide(96), wide(256), wide(384)
    return nn.Sequential(
        nn.Conv2d(channels, c1, 11, stride=4, padding=1), *relu_pool(), nn.Conv2d(c1, c2, 5, padding=2), *relu_pool(),
        nn.Conv2d(c2, c3, 3, padding=1), nn.ReLU(), nn.Conv2d(c3, c3, 3, padding=1), nn.ReLU(),
        nn.Conv2d(c3, c2, 3, padding=1), *relu_pool(), *classifier(c2 * pixels, wide(hidden), classes))


def vgg(arch, pixels, channels=1, classes=10, hidden=4096):
    blocks, width = [], channels
    for convs, out_channels in arch:
        blocks.append(vgg_block(convs, width, out_channels))
        width = out_channels
    return nn.Sequential(*blocks, *classifier(width * pixels, hidden, classes))


def nin(channels=1, classes=10, width=1):
    c1, c2, c3 = map(widener(width), (96, 256, 384))
    return nn.Sequential(
        nin_block(channels, c1, 11, 4, 0), relu_pool()[1], nin_block(c1, c2, 5, 1, 2), relu_pool()[1],
        nin_block(c2, c3, 3, 1, 1), relu_pool()[1],
        nn.Dropout(0.5), nin_block(c3, classes, 3, 1, 1), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten())


STAGES = (
    ((64, (96, 128), (16, 32), 32), (128, (128, 192), (32, 96), 64)),
    (
        (192, (96, 208), (16, 48), 64), (160, (112, 224), (24, 64), 64), (128, (128, 256), (24, 64), 64),
        (112, (144, 288), (32, 64), 64), (256, (160, 320), (32, 128), 128),
    ),
    ((256, (160, 320), (32, 128), 128), (384, (192, 384), (48, 128), 128)),
)


def googlenet(channels=1, classes=10, width=1):
    wide = widener(width)
    inside = wide(192)

    def stage(blocks, *ending):
        nonlocal inside
        layers = []
        for c1, c2, c3, c4 in blocks:
            one, two, three, four = wide(c1), tuple(map(wide, c2)), tuple(map(wide, c3)), wide(c4)
            layers.append(Inception(inside, one, two, three, four))
            inside = one + two[1] + three[1] + four
        return nn.Sequential(*layers, *ending)

    halve = relu_pool(padding=1)[1]
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(channels, wide(64), 7, stride=2, padding=3), *relu_pool(padding=1)),
        nn.Sequential(nn.Conv2d(wide(64), wide(64), 1), nn.ReLU(), nn.Conv2d(wide(64), wide(192), 3, padding=1), *relu_pool(padding=1)),
        stage(STAGES[0], halve), stage(STAGES[1], halve), stage(STAGES[2], nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten()),
        nn.Linear(inside, classes),
    )


def first_block(channels, out_channels):
    return nn.Sequential(nn.Conv2d(channels, out_channels, 7, stride=2, padding=3), nn.BatchNorm2d(out_channels), *relu_pool(padding=1))


def resnet18(channels=1, classes=10, width=1):
    c1, c2, c3, c4 = map(widener(width), (64, 128, 256, 512))
    return nn.Sequential(
        first_block(channels, c1), nn.Sequential(Residual(c1, c1), Residual(c1, c1)),
        residual_block(c1, c2), residual_block(c2, c3), residual_block(c3, c4),
        nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(c4, classes),
    )


def densenet(channels=1, classes=10, convs=(4, 4, 4, 4), growth=32, width=1):
    growth, width = widener(width)(growth), widener(width)(64)
    layers = [first_block(channels, width)]
    for i, count in enumerate(convs):
        layers.append(DenseBlock(count, width, growth))
        width += count * growth
        if i < len(convs) - 1:
            layers.append(nn.Sequential(nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, width // 2, 1), nn.AvgPool2d(2, stride=2)))
            width //= 2
    return nn.Sequential(*layers, nn.BatchNorm2d(width), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(width, classes))


# Image side, batch size, learning rate, steps, network.
NETWORKS = {
    "softmax_regression": (28, 256, 0.1, 20, lambda: mlp([784, 10])),
    "mlp": (28, 256, 0.1, 20, lambda: mlp([784, 256, 10])),
    "mlp_dropout": (28, 256, 0.5, 20, lambda: mlp([784, 256, 256, 10], [0.2, 0.5])),
    "lenet": (28, 256, 0.9, 20, lambda: lenet(2, False, 400)),
    "lenet_batchnorm": (28, 256, 1.0, 20, lambda: lenet(0, True, 256)),
    "alexnet": (224, 8, 0.01, 5, alexnet),
    "vgg11": (224, 8, 0.05, 5, lambda: vgg([(1, 16), (1, 32), (2, 64), (2, 128), (2, 128)], 49)),
    "nin": (224, 8, 0.1, 5, nin),
    "googlenet": (96, 16, 0.1, 5, googlenet),
    "resnet18": (96, 16, 0.002, 5, resnet18),
}


def read_idx(path, header, count):
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(path.name + ".gz").read_bytes())
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, count=count, offset=header)


def train(make, seed, lr, steps, batch_of, dtype=torch.float32):
    """The network after `steps` steps of SGD from Xavier weights, and what is recorded of them; `batch_of(step)` gives images and labels."""
    torch.manual_seed(seed)
    net = make()
    net.apply(lambda m: nn.init.xavier_uniform_(m.weight) if isinstance(m, (nn.Linear, nn.Conv2d)) else None)
    net.to(dtype)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for step in range(steps):
        images, labels = batch_of(step)
        loss = F.cross_entropy(net(images.to(dtype)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return net, {
        "seed": seed, "lr": lr, "params": sum(p.numel() for p in net.parameters()), "losses": losses,
        "param_norms_after": {key: p.detach().double().norm().item() for key, p in net.named_parameters()},
    }


def run(folder, name, seed, steps):
    side, batch, lr, _, make = NETWORKS[name]
    pixels = read_idx(folder / "train-images-idx3-ubyte", 16, batch * steps * 784).reshape(-1, 1, 28, 28)
    labels = read_idx(folder / "train-labels-idx1-ubyte", 8, batch * steps).long()
    index = torch.arange(side) * 28 // side

    def batch_of(step):
        rows = slice(step * batch, (step + 1) * batch)
        return (pixels[rows].float() / 255)[:, :, index][:, :, :, index], labels[rows]

    return {"net": name, "image_side": side, "batch": batch, **train(make, seed, lr, steps, batch_of)[1]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--nets", type=lambda text: text.split(","), default=list(NETWORKS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        for recorded in read_json(FIXTURES / "runs.json"):
            if recorded["net"] in options.nets:
                again = run(options.data, recorded["net"], recorded["seed"], len(recorded["losses"]))
                print(recorded["net"], "largest difference of a loss", max(abs(a - b) for a, b in zip(again["losses"], recorded["losses"])))
        return
    if options.out is None:
        parser.error("--out FOLDER or --check")
    runs = [run(options.data, name, options.seed, options.steps or NETWORKS[name][3]) for name in options.nets]
    write_json_gz(options.out / "runs.json.gz", runs)
    print(f"{len(runs)} runs -> {options.out}")


if __name__ == "__main__":
    main()

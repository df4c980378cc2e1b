"""One training step of a network of the table (networks.json) in PyTorch, the same as training.ts: manual_seed(0), then the network,
then the images. The networks are those of the recorded runs in scripts/oracle, which the tests hold Kindling to."""
import json
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "scripts/oracle"))
from networks import NETWORKS as RECORDED  # noqa: E402

TABLE = json.loads((HERE / "networks.json").read_text())


class DenseBlock(nn.Module):
    """Every layer sees the channels of all layers before it. Book section 7.7."""

    def __init__(self, convs, in_channels, growth):
        super().__init__()
        self.net = nn.Sequential(*(self.layer(in_channels + i * growth, growth) for i in range(convs)))

    @staticmethod
    def layer(in_channels, channels):
        return nn.Sequential(nn.BatchNorm2d(in_channels), nn.ReLU(), nn.Conv2d(in_channels, channels, 3, padding=1))

    def forward(self, x):
        for layer in self.net:
            x = torch.cat((x, layer(x)), dim=1)
        return x


def densenet(channels=64, growth=32, blocks=(4, 4, 4, 4)):
    layers = [nn.Sequential(nn.Conv2d(1, channels, 7, stride=2, padding=3), nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(3, stride=2, padding=1))]
    for i, convs in enumerate(blocks):
        layers.append(DenseBlock(convs, channels, growth))
        channels += convs * growth
        if i < len(blocks) - 1:
            layers.append(nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels // 2, 1), nn.AvgPool2d(2, stride=2)))
            channels //= 2
    return nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.Linear(channels, 10))


def build(name):
    return densenet() if name == "densenet" else RECORDED[name.replace("-", "_")][4]()


def training(name):
    """A function that does one step and returns the loss."""
    network = TABLE[name]
    torch.manual_seed(0)
    net = build(name)
    images = torch.rand(network["batch"], 1, network["side"], network["side"])
    labels = torch.arange(network["batch"]).remainder(10)
    optimizer = torch.optim.SGD(net.parameters(), lr=network["lr"])

    def step():
        loss = F.cross_entropy(net(images), labels)
        # As in Kindling and in later versions of PyTorch: faster than filling with zeros.
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step

"""One training step of a network of the table (networks.json) in PyTorch, the same as training.ts: manual_seed(0), then the network,
then the images. The networks are those of the recorded runs in scripts/oracle, which the tests hold Kindling to."""
import json
import pathlib
import sys

import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "scripts/oracle"))
from networks import NETWORKS as RECORDED, densenet  # noqa: E402

TABLE = json.loads((HERE / "networks.json").read_text())


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

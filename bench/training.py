"""One training step of a network of the table (networks.json) in PyTorch, the same as training.ts: manual_seed(0), then the network,
then the inputs. The networks are those of the recorded runs in scripts/oracle, which the tests hold Kindling to; the layers for sequences
are those of sequences.ts."""
import json
import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "scripts/oracle"))
from networks import NETWORKS as RECORDED, densenet  # noqa: E402

TABLE = json.loads((HERE / "networks.json").read_text())


class Positions(nn.Module):
    """A layer for sequences, and a linear layer that classifies every position."""

    def __init__(self, body):
        super().__init__()
        self.body = body
        self.head = nn.Linear(256, 10)

    def forward(self, x):
        out = self.body(x)
        return self.head((out[0] if isinstance(out, tuple) else out).flatten(0, 1))


OTHERS = {
    "densenet": densenet,
    "lstm": lambda: Positions(nn.LSTM(256, 256)),
    "transformer": lambda: Positions(nn.TransformerEncoderLayer(256, 8, batch_first=True)),
}


def build(name):
    return OTHERS[name]() if name in OTHERS else RECORDED[name.replace("-", "_")][4]()


def training(name):
    """A function that does one step and returns the loss."""
    network = TABLE[name]
    torch.manual_seed(0)
    net = build(name)
    shape = network.get("input") or [network["batch"], 1, network["side"], network["side"]]
    inputs = torch.rand(shape)
    labels = torch.arange(inputs.numel() // shape[-1] if "input" in network else network["batch"]).remainder(10)
    optimizer = torch.optim.SGD(net.parameters(), lr=network["lr"])

    def step():
        loss = F.cross_entropy(net(inputs), labels)
        # As in Kindling and in later versions of PyTorch: faster than filling with zeros.
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step

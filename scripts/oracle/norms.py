"""Normalisation layers over several calls: writes test/fixtures/norms.json.gz, read by test/nn/norm.test.ts.

Each case is a layer as Kindling spells it, its state before the first call, and calls with new inputs, two in training, one after `eval()` and one in training again:
output, state afterwards, and the gradients of sum(output * cotangent).
"""
import pathlib

import torch
from torch import nn

from files import write_json_gz

MODES = [True, True, False, True]
CASES = [
    ("new nn.BatchNorm1d(3)", nn.BatchNorm1d(3), [5, 3]),
    ("new nn.BatchNorm1d(3, { momentum: null })", nn.BatchNorm1d(3, momentum=None), [2, 3, 5]),
    ("new nn.BatchNorm1d(4, { affine: false, momentum: 0.3 })", nn.BatchNorm1d(4, affine=False, momentum=0.3), [3, 4]),
    ("new nn.BatchNorm1d(2, { momentum: 0 })", nn.BatchNorm1d(2, momentum=0), [3, 2, 1]),
    ("new nn.BatchNorm2d(3, { eps: 0.1 })", nn.BatchNorm2d(3, eps=0.1), [2, 3, 3, 1]),
    ("new nn.BatchNorm2d(2, { trackRunningStats: false })", nn.BatchNorm2d(2, track_running_stats=False), [3, 2, 2, 3]),
    ("new nn.BatchNorm2d(1, { affine: false, trackRunningStats: false, momentum: null })",
     nn.BatchNorm2d(1, affine=False, track_running_stats=False, momentum=None), [1, 1, 3, 3]),
    ("new nn.BatchNorm3d(2, { momentum: 1 })", nn.BatchNorm3d(2, momentum=1), [2, 2, 3, 1, 2]),
    ("new nn.InstanceNorm1d(3)", nn.InstanceNorm1d(3), [2, 3, 5]),
    ("new nn.InstanceNorm1d(3, { affine: true, trackRunningStats: true })", nn.InstanceNorm1d(3, affine=True, track_running_stats=True), [3, 5]),
    ("new nn.InstanceNorm2d(2, { trackRunningStats: true, momentum: 0.4 })", nn.InstanceNorm2d(2, track_running_stats=True, momentum=0.4), [3, 2, 3, 1]),
    ("new nn.InstanceNorm2d(3, { affine: true })", nn.InstanceNorm2d(3, affine=True), [3, 2, 3]),
    ("new nn.InstanceNorm3d(2, { affine: true, eps: 0.01 })", nn.InstanceNorm3d(2, affine=True, eps=0.01), [2, 2, 1, 3, 2]),
    ("new nn.LayerNorm(5)", nn.LayerNorm(5), [2, 3, 5]),
    ("new nn.LayerNorm([3, 2], { eps: 0.1 })", nn.LayerNorm([3, 2], eps=0.1), [4, 3, 2]),
    ("new nn.LayerNorm([5], { elementwiseAffine: false })", nn.LayerNorm([5], elementwise_affine=False), [5]),
    ("new nn.GroupNorm(2, 4)", nn.GroupNorm(2, 4), [3, 4]),
    ("new nn.GroupNorm(1, 3, { eps: 0.1 })", nn.GroupNorm(1, 3, eps=0.1), [2, 3, 3, 1]),
    ("new nn.GroupNorm(3, 3, { affine: false })", nn.GroupNorm(3, 3, affine=False), [2, 3, 5]),
    ("new nn.LocalResponseNorm(2)", nn.LocalResponseNorm(2), [2, 5, 3]),
    ("new nn.LocalResponseNorm(3, { alpha: 0.5, beta: 0.6, k: 2 })", nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=2.0), [1, 4, 2, 3]),
]


def numbers(tensor):
    """Nested lists, float32 numbers with the nine digits that tell them apart."""
    def short(value):
        return [short(item) for item in value] if isinstance(value, list) else float(f"{value:.9g}")
    return short(tensor.tolist())


def state(module):
    return {key: numbers(value) for key, value in module.state_dict().items()}


def call(module, training, shape):
    module.train(training).zero_grad()
    x = (torch.randn(shape) * 3 + 1).requires_grad_()
    cotangent = torch.randn(shape)
    output = module(x)
    output.backward(cotangent)
    gradients = {key: numbers(parameter.grad) for key, parameter in module.named_parameters()}
    return {
        "training": training, "input": numbers(x), "cotangent": numbers(cotangent), "output": numbers(output), "inputGrad": numbers(x.grad),
        "grads": gradients, "state": state(module),
    }


def main():
    torch.manual_seed(5)
    cases = []
    for source, module, shape in CASES:
        for parameter in module.parameters():
            nn.init.uniform_(parameter, 0.5, 2)
        cases.append({"source": source, "text": str(module), "state": state(module), "calls": [call(module, mode, shape) for mode in MODES]})
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/norms.json.gz"
    write_json_gz(path, cases)
    print(f"{len(cases)} layers, {len(cases) * len(MODES)} calls -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

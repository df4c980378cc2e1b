"""Convolutions and poolings of volumes, and lazy layers: writes test/fixtures/volumes.json.gz, read by test/nn/volumes.test.ts and test/nn/lazy.test.ts.

`layers`: a layer as Kindling spells it, its state, an input, the output, and the gradients of sum(output * cotangent).
`positions`: a call of a pooling function, with positions of the maxima. `lazy`: a lazy layer before and after its first call, seeded with 7.
"""
import pathlib
import warnings

import torch
from torch import nn
from torch.nn import functional as F

from files import write_json_gz

torch.manual_seed(5)  # The layers below draw their weights.

LAYERS = [
    ("new nn.Conv3d(2, 3, 3)", nn.Conv3d(2, 3, 3), [2, 2, 4, 5, 3]),
    ("new nn.Conv3d(2, 4, [1, 3, 2], { stride: [2, 1, 2], padding: [0, 2, 1], bias: false })",
     nn.Conv3d(2, 4, (1, 3, 2), stride=(2, 1, 2), padding=(0, 2, 1), bias=False), [1, 2, 3, 4, 4]),
    ("new nn.Conv3d(4, 6, [3, 2, 1], { dilation: [2, 1, 3], padding: [2, 1, 0], groups: 2 })",
     nn.Conv3d(4, 6, (3, 2, 1), dilation=(2, 1, 3), padding=(2, 1, 0), groups=2), [2, 4, 4, 3, 2]),
    ("new nn.Conv3d(3, 3, 2, { groups: 3, stride: 2, padding: 1 })", nn.Conv3d(3, 3, 2, groups=3, stride=2, padding=1), [3, 5, 4, 3]),
    ("new nn.Conv3d(1, 2, [2, 3, 4], { padding: 'same', dilation: [1, 2, 1] })",
     nn.Conv3d(1, 2, (2, 3, 4), padding="same", dilation=(1, 2, 1)), [1, 1, 3, 4, 5]),
    ("new nn.Conv3d(1, 2, 2, { padding: 'valid' })", nn.Conv3d(1, 2, 2, padding="valid"), [1, 1, 3, 2, 4]),
    ("new nn.Conv3d(12, 12, 3, { padding: 1, bias: false })", nn.Conv3d(12, 12, 3, padding=1, bias=False), [1, 12, 3, 6, 5]),
    ("new nn.Conv3d(2, 2, 3, { padding: [1, 2, 1], paddingMode: 'replicate' })",
     nn.Conv3d(2, 2, 3, padding=(1, 2, 1), padding_mode="replicate"), [1, 2, 3, 4, 3]),
    ("new nn.Conv3d(1, 2, 3, { padding: [1, 0, 2], paddingMode: 'reflect' })",
     nn.Conv3d(1, 2, 3, padding=(1, 0, 2), padding_mode="reflect"), [2, 1, 3, 3, 4]),
    ("new nn.Conv3d(1, 2, [2, 3, 2], { padding: 'same', paddingMode: 'circular' })",
     nn.Conv3d(1, 2, (2, 3, 2), padding="same", padding_mode="circular"), [1, 1, 3, 3, 4]),
    ("new nn.ConvTranspose3d(2, 3, 3)", nn.ConvTranspose3d(2, 3, 3), [2, 2, 2, 3, 2]),
    ("new nn.ConvTranspose3d(4, 2, [2, 3, 1], { stride: [2, 1, 3], padding: [1, 0, 0], outputPadding: [1, 0, 2], groups: 2, bias: false })",
     nn.ConvTranspose3d(4, 2, (2, 3, 1), stride=(2, 1, 3), padding=(1, 0, 0), output_padding=(1, 0, 2), groups=2, bias=False), [1, 4, 3, 2, 2]),
    ("new nn.ConvTranspose3d(1, 2, 2, { dilation: [3, 1, 2], padding: 1, outputPadding: [2, 0, 1] })",
     nn.ConvTranspose3d(1, 2, 2, dilation=(3, 1, 2), padding=1, output_padding=(2, 0, 1)), [1, 3, 3, 3]),
    ("new nn.MaxPool3d(2)", nn.MaxPool3d(2), [2, 2, 4, 5, 6]),
    ("new nn.MaxPool3d([3, 2, 1], { stride: [1, 2, 2], padding: [1, 1, 0], dilation: [2, 1, 1], ceilMode: true })",
     nn.MaxPool3d((3, 2, 1), stride=(1, 2, 2), padding=(1, 1, 0), dilation=(2, 1, 1), ceil_mode=True), [2, 4, 5, 4]),
    ("new nn.AvgPool3d(2)", nn.AvgPool3d(2), [2, 2, 4, 5, 6]),
    ("new nn.AvgPool3d([3, 2, 3], { stride: [2, 2, 1], padding: [1, 0, 1], ceilMode: true })",
     nn.AvgPool3d((3, 2, 3), stride=(2, 2, 1), padding=(1, 0, 1), ceil_mode=True), [1, 2, 4, 5, 4]),
    ("new nn.AvgPool3d(3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false })",
     nn.AvgPool3d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False), [2, 4, 5, 6]),
    ("new nn.AvgPool3d(2, { stride: 1, padding: 1, divisorOverride: 5 })",
     nn.AvgPool3d(2, stride=1, padding=1, divisor_override=5), [1, 1, 3, 2, 3]),
    ("new nn.AdaptiveAvgPool3d([2, null, 3])", nn.AdaptiveAvgPool3d((2, None, 3)), [2, 2, 5, 2, 7]),
    ("new nn.AdaptiveAvgPool3d(1)", nn.AdaptiveAvgPool3d(1), [2, 3, 4, 5]),
    ("new nn.AdaptiveMaxPool3d([3, 2, null])", nn.AdaptiveMaxPool3d((3, 2, None)), [1, 2, 4, 5, 3]),
    ("new nn.AdaptiveMaxPool3d(2)", nn.AdaptiveMaxPool3d(2), [2, 3, 4, 5]),
]

POSITIONS = [
    ("F.maxPool3d(x, [2, 3, 2], { stride: [1, 2, 2], padding: [1, 1, 0], ceilMode: true, returnIndices: true })",
     lambda x: F.max_pool3d(x, (2, 3, 2), stride=(1, 2, 2), padding=(1, 1, 0), ceil_mode=True, return_indices=True), [2, 2, 3, 5, 5]),
    ("F.maxPool3d(x, 2, { dilation: 2, stride: 1, returnIndices: true })",
     lambda x: F.max_pool3d(x, 2, dilation=2, stride=1, return_indices=True), [2, 4, 3, 4]),
    ("F.adaptiveMaxPool3d(x, [2, 3, 1], { returnIndices: true })", lambda x: F.adaptive_max_pool3d(x, (2, 3, 1), return_indices=True), [1, 2, 5, 4, 3]),
]

LAZY = [
    ("new nn.LazyLinear(3)", lambda: nn.LazyLinear(3), [2, 5]),
    ("new nn.LazyLinear(2, { bias: false })", lambda: nn.LazyLinear(2, bias=False), [2, 3, 4]),
    ("new nn.LazyConv1d(4, 3, { stride: 2 })", lambda: nn.LazyConv1d(4, 3, stride=2), [2, 3, 7]),
    ("new nn.LazyConv2d(4, [3, 2], { padding: 1, groups: 2 })", lambda: nn.LazyConv2d(4, (3, 2), padding=1, groups=2), [4, 5, 5]),
    ("new nn.LazyConv3d(2, 2, { bias: false, paddingMode: 'circular', padding: 1 })",
     lambda: nn.LazyConv3d(2, 2, bias=False, padding_mode="circular", padding=1), [1, 2, 3, 3, 2]),
    ("new nn.LazyConvTranspose1d(4, 3, { stride: 2 })", lambda: nn.LazyConvTranspose1d(4, 3, stride=2), [3, 4]),
    ("new nn.LazyConvTranspose2d(4, 3, { groups: 2, dilation: 2 })", lambda: nn.LazyConvTranspose2d(4, 3, groups=2, dilation=2), [1, 2, 3, 3]),
    ("new nn.LazyConvTranspose3d(1, 2, { bias: false, outputPadding: 1, stride: 2 })",
     lambda: nn.LazyConvTranspose3d(1, 2, bias=False, output_padding=1, stride=2), [2, 2, 2, 2, 1]),
    ("new nn.LazyBatchNorm1d()", lambda: nn.LazyBatchNorm1d(), [4, 3]),
    ("new nn.LazyBatchNorm2d({ momentum: null, affine: false })", lambda: nn.LazyBatchNorm2d(momentum=None, affine=False), [2, 3, 2, 2]),
    ("new nn.LazyBatchNorm3d({ eps: 0.1, trackRunningStats: false })", lambda: nn.LazyBatchNorm3d(eps=0.1, track_running_stats=False), [2, 2, 2, 1, 3]),
    ("new nn.LazyInstanceNorm1d({ affine: true })", lambda: nn.LazyInstanceNorm1d(affine=True), [2, 3, 4]),
    ("new nn.LazyInstanceNorm2d({ trackRunningStats: true })", lambda: nn.LazyInstanceNorm2d(track_running_stats=True), [2, 3, 2, 2]),
    ("new nn.LazyInstanceNorm3d({ affine: true, trackRunningStats: true, momentum: 0.3 })",
     lambda: nn.LazyInstanceNorm3d(affine=True, track_running_stats=True, momentum=0.3), [2, 2, 2, 1, 3]),
]


def numbers(tensor):
    """Nested lists, float32 numbers with the nine digits that tell them apart."""
    def short(value):
        return [short(item) for item in value] if isinstance(value, list) else float(f"{value:.9g}")
    return short(tensor.tolist())


def state(module):
    return {key: numbers(value) for key, value in module.state_dict().items()}


def layer_case(source, module, shape):
    x = torch.randn(shape).requires_grad_()
    output = module(x)
    cotangent = torch.randn(output.shape)
    output.backward(cotangent)
    return {
        "source": source, "text": str(module), "state": state(module), "input": numbers(x), "output": numbers(output), "cotangent": numbers(cotangent),
        "inputGrad": numbers(x.grad), "grads": {key: numbers(parameter.grad) for key, parameter in module.named_parameters()},
    }


def position_case(source, call, shape):
    x = torch.randn(shape).mul(2).round()  # ties
    values, indices = call(x)
    return {"source": source, "input": numbers(x), "values": numbers(values), "indices": indices.tolist()}


def lazy_case(source, make, shape):
    x = torch.randn(shape)
    torch.manual_seed(7)
    module = make()
    before, keys = str(module), list(module.state_dict())
    output = module(x)
    return {"source": source, "before": before, "keys": keys, "input": numbers(x), "after": str(module), "state": state(module), "output": numbers(output)}


def main():
    warnings.simplefilter("ignore")
    cases = {
        "layers": [layer_case(*entry) for entry in LAYERS],
        "positions": [position_case(*entry) for entry in POSITIONS],
        "lazy": [lazy_case(*entry) for entry in LAZY],
    }
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/volumes.json.gz"
    write_json_gz(path, cases)
    print({name: len(entries) for name, entries in cases.items()}, "->", path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

"""Modules as PyTorch prints them, and its words when a state dict does not fit: writes test/fixtures/modules-printed.json.gz.

Each case is the source of a module as Kindling spells it (read by test/nn/printing.test.ts) and the text of its PyTorch twin.
"""
import pathlib

from torch import nn

import networks
from files import write_json_gz

cases = []


def case(source, module):
    cases.append({"source": source, "text": str(module)})


case("new nn.Linear(3, 4)", nn.Linear(3, 4))
case("new nn.Linear(3, 4, { bias: false })", nn.Linear(3, 4, bias=False))
case("new nn.Identity(54)", nn.Identity(54))
case("new nn.Flatten()", nn.Flatten())
case("new nn.Flatten(0, 2)", nn.Flatten(0, 2))
case("new nn.Unflatten(1, [2, 5])", nn.Unflatten(1, (2, 5)))
case("new nn.Conv1d(3, 6, 5)", nn.Conv1d(3, 6, 5))
case("new nn.Conv1d(4, 6, 5, { stride: 2, padding: 1, dilation: 3, groups: 2, bias: false })",
     nn.Conv1d(4, 6, 5, stride=2, padding=1, dilation=3, groups=2, bias=False))
case("new nn.Conv2d(1, 6, 5, { padding: 2 })", nn.Conv2d(1, 6, 5, padding=2))
case("new nn.Conv2d(4, 8, [1, 2], { stride: [2, 1], padding: [0, 3], dilation: [1, 2], groups: 4, bias: false })",
     nn.Conv2d(4, 8, (1, 2), stride=(2, 1), padding=(0, 3), dilation=(1, 2), groups=4, bias=False))
case("new nn.Conv2d(1, 2, 3, { padding: 'same' })", nn.Conv2d(1, 2, 3, padding="same"))
case("new nn.Conv2d(1, 2, 3, { padding: 'valid' })", nn.Conv2d(1, 2, 3, padding="valid"))
case("new nn.Conv2d(1, 2, 3, { padding: 1, paddingMode: 'reflect' })", nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"))
case("new nn.ConvTranspose1d(2, 3, 4, { stride: 2 })", nn.ConvTranspose1d(2, 3, 4, stride=2))
case("new nn.ConvTranspose2d(2, 4, 4, { stride: 2, padding: 1, outputPadding: 1, groups: 2, bias: false, dilation: 2 })",
     nn.ConvTranspose2d(2, 4, 4, stride=2, padding=1, output_padding=1, groups=2, bias=False, dilation=2))
case("new nn.MaxPool1d(2)", nn.MaxPool1d(2))
case("new nn.MaxPool2d(2)", nn.MaxPool2d(2))
case("new nn.MaxPool2d([2, 3], { stride: [2, 3], padding: [1, 1], dilation: 2, ceilMode: true })",
     nn.MaxPool2d((2, 3), stride=(2, 3), padding=(1, 1), dilation=2, ceil_mode=True))
case("new nn.AvgPool1d(2)", nn.AvgPool1d(2))
case("new nn.AvgPool2d(2, { stride: 1, padding: 1 })", nn.AvgPool2d(2, stride=1, padding=1))
case("new nn.AvgPool2d([2, 3])", nn.AvgPool2d((2, 3)))
case("new nn.LPPool2d(2, 3)", nn.LPPool2d(2, 3))
case("new nn.LPPool1d(1.5, 3, { stride: 2 })", nn.LPPool1d(1.5, 3, stride=2))
case("new nn.AdaptiveAvgPool1d(5)", nn.AdaptiveAvgPool1d(5))
case("new nn.AdaptiveAvgPool2d([5, 7])", nn.AdaptiveAvgPool2d((5, 7)))
case("new nn.AdaptiveAvgPool2d([null, 7])", nn.AdaptiveAvgPool2d((None, 7)))
case("new nn.AdaptiveMaxPool1d(1)", nn.AdaptiveMaxPool1d(1))
case("new nn.AdaptiveMaxPool2d(1)", nn.AdaptiveMaxPool2d(1))
case("new nn.Dropout()", nn.Dropout())
case("new nn.Dropout(0.25)", nn.Dropout(0.25))
case("new nn.Dropout2d()", nn.Dropout2d())
case("new nn.AlphaDropout(0.1)", nn.AlphaDropout(0.1))
for name in ("ReLU", "ReLU6", "Sigmoid", "Tanh", "SiLU", "Mish", "SELU", "Softsign", "Tanhshrink", "LogSigmoid", "Hardsigmoid", "Hardswish",
             "LeakyReLU", "ELU", "CELU", "GELU", "Softplus", "Hardshrink", "Softshrink", "Hardtanh", "GLU", "RReLU", "PReLU"):
    case(f"new nn.{name}()", getattr(nn, name)())
case("new nn.LeakyReLU(0.2)", nn.LeakyReLU(0.2))
case("new nn.LeakyReLU(1e-5)", nn.LeakyReLU(1e-5))
case("new nn.ELU(0.5)", nn.ELU(0.5))
case("new nn.CELU(0.5)", nn.CELU(0.5))
case("new nn.GELU({ approximate: 'tanh' })", nn.GELU(approximate="tanh"))
case("new nn.Softplus(2, 10)", nn.Softplus(2, 10))
case("new nn.Hardtanh(-2.5, 2.5)", nn.Hardtanh(-2.5, 2.5))
case("new nn.Threshold(0.1, 20)", nn.Threshold(0.1, 20))
case("new nn.GLU(1)", nn.GLU(1))
case("new nn.PReLU(3)", nn.PReLU(3))
case("new nn.Softmax(1)", nn.Softmax(1))
case("new nn.LogSoftmax(-1)", nn.LogSoftmax(-1))
case("new nn.Softmin(0)", nn.Softmin(0))
case("new nn.PixelShuffle(3)", nn.PixelShuffle(3))
case("new nn.PixelUnshuffle(3)", nn.PixelUnshuffle(3))
case("new nn.BatchNorm1d(3)", nn.BatchNorm1d(3))
case("new nn.BatchNorm2d(3, { eps: 1e-4, momentum: null, affine: false, trackRunningStats: false })",
     nn.BatchNorm2d(3, eps=1e-4, momentum=None, affine=False, track_running_stats=False))
case("new nn.InstanceNorm3d(3)", nn.InstanceNorm3d(3))
case("new nn.LayerNorm([3, 4], { elementwiseAffine: false })", nn.LayerNorm([3, 4], elementwise_affine=False))
case("new nn.GroupNorm(1, 3)", nn.GroupNorm(1, 3))
case("new nn.LocalResponseNorm(5)", nn.LocalResponseNorm(5))
for name in ("CrossEntropyLoss", "NLLLoss", "MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss", "BCELoss", "BCEWithLogitsLoss", "KLDivLoss",
             "PoissonNLLLoss", "GaussianNLLLoss", "HingeEmbeddingLoss", "MarginRankingLoss", "SoftMarginLoss", "MultiMarginLoss",
             "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "CosineEmbeddingLoss", "TripletMarginLoss"):
    case(f"new nn.{name}()", getattr(nn, name)())
case("new nn.Sequential()", nn.Sequential())
case("new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU())", nn.Sequential(nn.Linear(2, 3), nn.ReLU()))
shared = nn.Linear(8, 8)
case("twice(new nn.Linear(8, 8))", nn.Sequential(shared, nn.ReLU(), shared))
named = nn.Sequential()
named.add_module("hidden", nn.Linear(4, 5))
named.add_module("act", nn.Tanh())
case("new nn.Sequential({ hidden: new nn.Linear(4, 5), act: new nn.Tanh() })", named)
block = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 4), nn.ReLU())
case("new nn.Sequential(new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 4), new nn.ReLU()), new nn.Linear(4, 1))",
     nn.Sequential(block, nn.Linear(4, 1)))
case("new nn.ModuleList([new nn.Linear(1, 2), new nn.ModuleList([new nn.ReLU()])])", nn.ModuleList([nn.Linear(1, 2), nn.ModuleList([nn.ReLU()])]))
case("new nn.ModuleList()", nn.ModuleList())
case("new nn.ModuleDict({ conv: new nn.Conv2d(10, 10, 3), pool: new nn.MaxPool2d(3) })",
     nn.ModuleDict({"conv": nn.Conv2d(10, 10, 3), "pool": nn.MaxPool2d(3)}))
case("lenet()", networks.lenet(2, False, 400))
case("lenetBatchNorm()", networks.lenet(0, True, 256))
case("alexnet({ hidden: 8 })", networks.alexnet(hidden=8))
case("vgg({ ratio: 16, hidden: 8 })", networks.vgg([(1, 4), (1, 8), (2, 16), (2, 32), (2, 32)], 49, hidden=8))
case("nin()", networks.nin())
case("googlenet()", networks.googlenet())
case("resnet18()", networks.resnet18())
case("densenet()", networks.densenet())


def words(state, **options):
    try:
        nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)).load_state_dict(state, **options)
    except RuntimeError as error:
        return str(error)


good = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1)).state_dict()
wide = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 1)).state_dict()
without = {key: value for key, value in good.items() if key not in ("0.bias", "1.weight")}
errors = {
    "missing": words(without),
    "unexpected": words({**good, "2.weight": good["0.weight"], "extra": good["0.bias"]}),
    "size": words(wide),
    "all": words({**{key: value for key, value in wide.items() if key != "1.bias"}, "x": good["0.bias"]}),
    "sizeNotStrict": words(wide, strict=False),
}
path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/modules-printed.json.gz"
write_json_gz(path, {"cases": cases, "errors": errors})
print(f"{len(cases)} modules -> {path}")
for key, value in errors.items():
    print(key, repr(value))

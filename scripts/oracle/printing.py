"""Texts of tensors as PyTorch prints them: writes test/fixtures/printing.json.gz, read by test/tensor/format.test.ts.

Each case holds the bytes of a tensor's storage (base64), its geometry, the print options and the text.
"""
import base64
import pathlib

import torch

from files import write_json_gz

cases = []


def case(tensor, **options):
    torch.set_printoptions(profile="default")
    if options:
        torch.set_printoptions(**options)
    text = str(tensor)
    torch.set_printoptions(profile="default")
    storage = tensor.detach().storage()
    data = torch.tensor([], dtype=tensor.dtype).set_(storage).numpy().tobytes()
    if "threshold" in options and options["threshold"] == float("inf"):
        options["threshold"] = "inf"
    cases.append({
        "data": base64.b64encode(data).decode(),
        "dtype": str(tensor.dtype).split(".")[1],
        "shape": list(tensor.shape),
        "strides": list(tensor.stride()),
        "offset": tensor.storage_offset(),
        "requiresGrad": tensor.requires_grad and tensor.grad_fn is None,
        "gradFn": None if tensor.grad_fn is None else type(tensor.grad_fn).__name__,
        "options": {"sciMode" if key == "sci_mode" else key: value for key, value in options.items()},
        "text": text,
    })


inf, nan = float("inf"), float("nan")
T = torch.tensor
torch.manual_seed(0)

# Whole numbers as floats, fractions, signs, zeros.
case(torch.arange(12))
case(torch.arange(12).reshape(3, 4))
case(torch.arange(24).reshape(2, 3, 4))
case(torch.arange(24.0).reshape(2, 3, 4))
case(torch.arange(120.0).reshape(2, 3, 4, 5))
case(torch.zeros(2, 3, 4))
case(torch.ones(3))
case(T([0.0, -0.0]))
case(T([-0.0, 1.0]))
case(T([0.5, -0.0]))
case(T([1.0, -2.0, 100.0]))
case(T([-1000.0, 1.0]))
case(T([1.0, 1000.0]))
case(T([1.0, 1001.0]))
case(T([0.1, 100.0]))
case(T([0.1, 100.1]))
case(T([0.1, 2000.0]))
case(torch.randn(3, 4))
case(torch.randn(5) * 1e3)
case(torch.randn(5) * 1e-3)
case(torch.randn(5) * 1e-5)
case(torch.randn(2, 3, 4))
case(torch.randn(2, 1, 3, 2))
case(torch.rand(17))
case(torch.rand(33))
case(torch.rand(3, 17))
case(torch.rand(2, 2, 13))

# The edges of scientific notation.
for values in ([1e8], [1e8 + 8], [1.5e8], [1e-4], [1e-4, 1.0], [2e-4], [0.00011, 0.05], [1e5, 1.0], [1e5], [123456.0],
               [99999.5], [1e10, 2e10], [1e-10], [1e38, 1e-38], [3.4028235e38], [1e-45], [123456789.0], [16777216.0, 16777.0],
               [12345.678, 13.0], [-1e-7, 3.0], [-1e9, nan], [1.0, inf], [1.5, inf], [1.5, -inf, nan], [nan], [inf], [-inf, 0.0],
               [nan, 1e9], [0.0, nan], [1e5, nan, 1.0, -inf], [1000.5, 1.0], [999.9, 0.99995]):
    case(T(values))
    case(T(values, dtype=torch.float64))
case(T([1e300, 1e-300], dtype=torch.float64))
case(T([1e100], dtype=torch.float64))
case(T([5e-324], dtype=torch.float64))

# Ties are rounded to even digits.
case(T([0.03125, 0.09375, 0.15625, -0.03125]))
case(T([0.00390625, 0.01171875]), precision=7)
case(T([0.125, 0.375, 0.625]), precision=2)
case(T([0.5, 1.5, 2.5, 0.3]), precision=0)
case(T([1.03125e10, 1.09375, 3.0]))
case(T([100005.0, 100015.0, 1.0]), precision=4)
case(T([1e22, 1.0], dtype=torch.float64), sci_mode=False)
case(T([1e22, 1.5], dtype=torch.float64), sci_mode=False)

# Scalars.
for value in (1, 1.0, -2.5, True, False, 1e9, 1e-9, nan, inf, -inf, 0.0, -0.0, 1 / 3):
    case(T(value))
case(T(3.0, dtype=torch.float64))
case(T(3, dtype=torch.int32))
case(T(3, dtype=torch.uint8))
case(T(2.5, dtype=torch.float16))
case(T(2.5, requires_grad=True))
case(T(2 ** 62))

# Dtypes.
case(T([True, False, True]))
case(T([[True, True], [True, True]]))
case(torch.rand(3, 5) > 0.5)
case(T([1, -20, 300], dtype=torch.int32))
case(T([1, 20, 255], dtype=torch.uint8))
case(T([2 ** 63 - 1, -2 ** 63, 0]))
case(T([9007199254740993, 1]))
case(torch.randint(-1000, 1000, (4, 5)))
case(torch.randint(0, 10, (3, 30)))
case(T([1.0, 2.5, 65504.0], dtype=torch.float16))
case(T([1.0, 2.0], dtype=torch.float16))
case(T([1 / 3, 1e-3], dtype=torch.float16))
case(T([6e-8, 1.0], dtype=torch.float16))
case(T([1 / 3, 2 / 3], dtype=torch.float64))
case(torch.rand(3, 4, dtype=torch.float64))
case(torch.rand(20, dtype=torch.float64))

# Empty tensors.
for shape in ((0,), (0, 3), (3, 0), (2, 0, 4)):
    case(torch.empty(shape))
    case(torch.empty(shape, dtype=torch.int64))
case(torch.empty(0, dtype=torch.float64))
case(torch.empty(0, dtype=torch.bool))
case(torch.empty(0, 2, requires_grad=True))

# Views.
base = torch.arange(12.0).reshape(3, 4)
case(base.t())
case(base[:, 1:3])
case(base[1])
case(base[::2, ::3])
case(base[1, 2])
case(torch.ones(1).expand(2, 3))
case(torch.arange(24).reshape(2, 3, 4).permute(2, 0, 1))

# Summaries.
case(torch.arange(1000))
case(torch.arange(1001))
case(torch.arange(1001.0))
case(torch.arange(10000).reshape(100, 100))
case(torch.arange(10000.0).reshape(100, 100) / 7)
case(torch.arange(1200).reshape(4, 300))
case(torch.arange(1200).reshape(300, 4))
case(torch.arange(1200).reshape(6, 200))
case(torch.arange(1232).reshape(7, 8, 22))
case(torch.arange(2000).reshape(2, 10, 100).transpose(0, 2))
case(torch.arange(4096).reshape(8, 8, 8, 8))
case(torch.zeros(50, 50) > 0)
case(torch.arange(3000.0) * 1e4)
case(torch.cat((torch.ones(3), torch.full((1000,), 0.5), torch.ones(3))))
case(torch.cat((torch.ones(3), torch.full((1000,), 1e9), torch.ones(3))).reshape(2, 503))
case(torch.ones(1, requires_grad=True).expand(40, 40))

# Suffixes and the line they stand on.
case(torch.ones(3, requires_grad=True))
case(torch.ones(2, 2, requires_grad=True).add(1))
case(torch.ones(3, requires_grad=True).double().mul(2))
x = torch.rand(9, requires_grad=True)
for n in range(6, 10):
    case(x[:n].exp() if n % 2 else x[:n])
case(torch.rand(8, 8, requires_grad=True).softmax(1))
case(torch.rand(8, dtype=torch.float64, requires_grad=True).softmax(0).sum())
for n in range(8, 26, 3):
    case(torch.arange(float(n), requires_grad=True))
    case(torch.arange(n, dtype=torch.int32))
case(torch.rand(2, 9, dtype=torch.float64, requires_grad=True))

# Options.
for options in ({"precision": 2}, {"precision": 8}, {"sci_mode": True}, {"sci_mode": False}, {"linewidth": 40}, {"linewidth": 10},
                {"profile": "short"}, {"threshold": 5}, {"threshold": 5, "edgeitems": 1}, {"profile": "full"}, {"profile": "short", "precision": 5}):
    case(torch.linspace(-3, 3, 13), **options)
    case(torch.linspace(0, 2e4, 18).reshape(2, 9), **options)
    case(torch.arange(20), **options)
case(torch.zeros(3), sci_mode=True)
case(T([1.0, 2.0, nan]), sci_mode=True)
case(torch.arange(1003), profile="full")
case(torch.arange(40).reshape(10, 4), threshold=10, edgeitems=2)

path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/printing.json.gz"
write_json_gz(path, cases)
print(f"{len(cases)} cases -> {path}")

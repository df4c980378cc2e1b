"""The floats of 16 bits: writes test/fixtures/half.json.gz, read by test/ops/half.test.ts.

Casts of edge values, promotion of all pairs of dtypes, random streams, texts, and operations with gradients in bfloat16 and, where PyTorch's CPU has
them, in float16, beside the same in float64. A tensor is {dtype, shape, values}; what JSON has no number for is a string.
"""
import math
import pathlib

import torch
import torch.nn.functional as F

from files import write_json_gz

ALL = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8, torch.bool]
HALF = [torch.bfloat16, torch.float16]


def name(dtype):
    return str(dtype).removeprefix("torch.")


def number(x):
    if isinstance(x, bool):
        return int(x)
    if isinstance(x, int) or math.isfinite(x):
        return "-0" if x == 0 and math.copysign(1, x) < 0 else x
    return {math.inf: "inf", -math.inf: "-inf"}.get(x, "nan")


def stored(tensor):
    tensor = tensor.detach()
    return {"dtype": name(tensor.dtype), "shape": list(tensor.shape), "values": [number(x) for x in tensor.flatten().tolist()]}


def edge_values():
    """Around each format's limits: ties to even and to odd, subnormal numbers, the last finite number, infinities, NaN."""
    values = [0.0, -0.0, 1.0, -1.0, 0.1, -0.3, math.pi, 2048.0, 2049.0, 2051.0, 65504.0, 65519.0, 65519.996, 65520.0, 65536.0, 1e6, -1e30, 3e38]
    values += [1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, 1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-11 + 2**-20]
    values += [2**-14, 2**-15, 2**-24, 2**-25, 3 * 2**-25, 2**-26, 2**-126, 2**-127, 2**-133, 2**-134, 3 * 2**-134, 1.5 * 2**-149]
    values += [3.3895313892515355e38, 3.3961775292304601e38, 3.396177e38, -3.4028234e38, math.inf, -math.inf, math.nan]
    values += [math.ldexp(math.sin(7 * k), k % 60 - 30) for k in range(80)]
    return values


def casts():
    cases = []
    floats = torch.tensor(edge_values(), dtype=torch.float64)
    finite = torch.tensor([0.0, 1.0, 0.99, 2.5, 3.0, 7.9, 100.0, 200.0, 255.0])
    for source in ALL:
        for target in HALF:
            if source.is_floating_point:
                cases.append((floats.to(source), target))
            elif source == torch.bool:
                cases.append((torch.tensor([True, False]), target))
            else:
                whole = [0, 1, 2, 127, 200, 255] if source == torch.uint8 else [0, 1, -1, 255, 257, 259, 2047, 2049, -2051, 65504, 65519, 65520, 2**24 + 1, 2**31 - 1]
                if source == torch.int64:
                    whole += [2**53 - 1, -(2**40) - 1]
                cases.append((torch.tensor(whole, dtype=source), target))
    for source in HALF:
        for target in ALL:
            if target not in HALF:
                values = floats if target.is_floating_point or target == torch.bool else finite
                cases.append((values.to(source), target))
    return [{"from": stored(x), "to": stored(x.to(target))} for x, target in cases]


def promotion():
    pairs = [[name(a), name(b), name(torch.promote_types(a, b))] for a in ALL for b in ALL]
    results = []
    for a in ALL:
        for b in ALL:
            for da in (0, 1):
                for db in (0, 1):
                    x, y = torch.ones([1] * da, dtype=a), torch.ones([1] * db, dtype=b)
                    results.append([name(a), da, name(b), db, name(torch.result_type(x, y))])
    numbers = [[name(a), d, value, name(torch.result_type(torch.ones([1] * d, dtype=a), value))]
               for a in ALL for d in (0, 1) for value in (2, 2.5, True)]
    return {"pairs": pairs, "results": results, "numbers": numbers}


RANDOM = {
    "rand": lambda d: torch.rand(21, dtype=d),
    "uniform_": lambda d: torch.empty(21, dtype=d).uniform_(-2, 3.3),
    "randn few": lambda d: torch.randn(5, dtype=d),
    "randn many": lambda d: torch.randn(37, dtype=d),
    "normal_": lambda d: torch.empty(40, dtype=d).normal_(3.3, 0.7),
    "normal of tensors": lambda d: torch.normal(torch.linspace(0, 1, 20).to(d), torch.linspace(1, 2, 20).to(d)),
    "exponential_": lambda d: torch.empty(9, dtype=d).exponential_(0.7),
    "bernoulli": lambda d: torch.full((9,), 0.3, dtype=d).bernoulli(),
    "bernoulli_": lambda d: torch.empty(9, dtype=d).bernoulli_(0.3),
    "dropout": lambda d: F.dropout(torch.ones(9, dtype=d), 0.3),
    "randint": lambda d: torch.randint(-5, 100, (9,), dtype=d),
    "randint wide": lambda d: torch.randint(-1001, 999, (9,), dtype=d),
    "random_": lambda d: torch.empty(9, dtype=d).random_(),
    "randperm": lambda d: torch.randperm(9, dtype=d),
    "multinomial": lambda d: torch.multinomial(torch.tensor([0.1, 0.2, 0.3, 0.4, 0.35, 0.15], dtype=d), 4),
    "multinomial again": lambda d: torch.multinomial(torch.tensor([0.1, 0.2, 0.3, 0.4, 0.35, 0.15], dtype=d), 12, replacement=True),
    "arange": lambda d: torch.arange(0, 12, 0.3, dtype=d),
    "linspace": lambda d: torch.linspace(-1, 2, 37, dtype=d),
}

#: Operands by shape (a list of numbers: int64 values), and the function.
OPS = {
    "add": ([[3, 5], [5]], torch.add), "sub": ([[3, 5], [3, 1]], torch.sub), "mul": ([[3, 5], [3, 5]], torch.mul),
    "div": ([[3, 5], [3, 5]], torch.div), "exp": ([[4, 9]], torch.exp), "tanh": ([[4, 9]], torch.tanh), "sigmoid": ([[33]], torch.sigmoid),
    "gelu": ([[33]], F.gelu), "square": ([[33]], torch.square), "sqrt": ([[7]], lambda x: (x.abs() + 1).sqrt()),
    "add number": ([[17]], lambda x: x + 2.5), "where": ([[17], [17]], lambda x, y: torch.where(x > 0, x, y)),
    "sum": ([[6, 50]], lambda x: x.sum(1)), "mean": ([[6, 50]], lambda x: x.mean(0)), "amax": ([[6, 50]], lambda x: x.amax(1)),
    "var": ([[6, 50]], lambda x: x.var(1)), "logsumexp": ([[6, 50]], lambda x: x.logsumexp(1)), "norm": ([[6, 50]], lambda x: x.norm(dim=1)),
    "mm": ([[5, 33], [33, 7]], torch.mm), "bmm": ([[2, 3, 17], [2, 17, 4]], torch.bmm), "linear": ([[6, 17], [4, 17], [4]], F.linear),
    "conv1d": ([[2, 3, 9], [4, 3, 3], [4]], F.conv1d), "conv2d": ([[2, 3, 8, 7], [4, 3, 3, 3], [4]], lambda x, w, b: F.conv2d(x, w, b, padding=1)),
    "conv2d wide": ([[1, 16, 9, 9], [16, 16, 3, 3]], lambda x, w: F.conv2d(x, w, padding=1)),
    "conv3d": ([[1, 2, 4, 5, 4], [3, 2, 2, 3, 2]], F.conv3d),
    "maxPool2d": ([[1, 2, 6, 6]], lambda x: F.max_pool2d(x, 2)), "avgPool2d": ([[1, 2, 6, 6]], lambda x: F.avg_pool2d(x, 3)),
    "softmax": ([[5, 17]], lambda x: F.softmax(x, 1)), "logSoftmax": ([[5, 17]], lambda x: F.log_softmax(x, 1)),
    "crossEntropy": ([[3, 10]], lambda x: F.cross_entropy(x, torch.tensor([1, 9, 4]))),
    "layerNorm": ([[4, 33], [33], [33]], lambda x, w, b: F.layer_norm(x, [33], w, b)),
    "batchNorm": ([[8, 3, 5], [3], [3]], lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True)),
    "cumsum": ([[3, 20]], lambda x: x.cumsum(1)), "cat": ([[2, 3], [2, 4]], lambda x, y: torch.cat([x, y], 1)),
    "sort": ([[3, 17]], lambda x: x.sort(dim=1, stable=True)[0]), "gather": ([[3, 5]], lambda x: x.gather(1, torch.tensor([[0, 4, 4], [1, 2, 0], [3, 3, 3]]))),
    "embedding": ([[6, 5]], lambda w: F.embedding(torch.tensor([[0, 5, 5], [2, 0, 5]]), w)), "scatterAdd": ([[3, 5], [3, 3]], lambda x, y: x.scatter_add(1, torch.tensor([[0, 4, 4], [1, 2, 0], [3, 3, 3]]), y)),
}


def operations():
    cases = []
    for k, (op, (shapes, run)) in enumerate(OPS.items()):
        for dtype in HALF:
            torch.manual_seed(k)
            inputs = [torch.randn(shape).to(dtype).requires_grad_() for shape in shapes]
            exact = [x.detach().double().requires_grad_() for x in inputs]
            try:
                output, wanted = run(*inputs), run(*exact)
                cotangent = torch.randn(output.shape).to(dtype)
                output.backward(cotangent)
                wanted.backward(cotangent.double())
            except RuntimeError as error:
                print(f"{op} in {name(dtype)}: {str(error).splitlines()[0][:90]}")
                continue
            cases.append({"op": op, "inputs": [stored(x) for x in inputs], "cotangent": stored(cotangent),
                          "results": [stored(output), *(stored(x.grad) for x in inputs)],
                          "exact": [stored(wanted), *(stored(x.grad) for x in exact)]})
    return cases


def streams():
    cases = []
    for op, draw in RANDOM.items():
        for dtype in HALF:
            torch.manual_seed(11)
            try:
                drawn = draw(dtype)
            except RuntimeError as error:
                print(f"{op} in {name(dtype)}: {str(error).splitlines()[0][:90]}")
                continue
            cases.append({"op": op, "dtype": name(dtype), "drawn": stored(drawn), "next": torch.randint(2**31, ()).item()})
    return cases


def texts():
    tensors = [torch.tensor([1.0, 2.5, -3.25]), torch.tensor([0.1, 1000.0]), torch.tensor([1e-6, 1.0]), torch.tensor([[1.0, math.inf], [math.nan, 3e38]]),
               torch.tensor(0.3), torch.zeros(0), torch.zeros(2, 0)]
    return [{"x": stored(x.bfloat16()), "text": str(x.bfloat16())} for x in tensors]


def main():
    value = {"casts": casts(), "promotion": promotion(), "streams": streams(), "texts": texts(), "operations": operations()}
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/half.json.gz"
    write_json_gz(path, value)
    print(f"{', '.join(f'{len(part)} {key}' for key, part in value.items())} -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

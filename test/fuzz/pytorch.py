"""Runs cases of the fuzzer in PyTorch: a JSON line per case on stdin, a JSON line with what came out on stdout. Called by pytorch.ts."""
import json
import math
import re
import sys
import warnings

import torch
import torch.nn.functional as F

warnings.simplefilter("ignore")
torch.set_num_threads(1)

DTYPES = {str(d)[6:]: d for d in (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int32, torch.int64, torch.uint8, torch.bool)}
NAMES = {"variance": "var", "atleast1d": "atleast_1d", "atleast2d": "atleast_2d", "atleast3d": "atleast_3d"}


def snake(name):
    return NAMES.get(name) or re.sub(r"(?<=[a-z0-9])([A-Z])", lambda m: "_" + m.group(1).lower(), name)


def number(x):
    return x if not isinstance(x, str) else float(x.replace("Infinity", "inf")) if not re.fullmatch(r"-?\d+n", x) else int(x[:-1])


class Reader:
    """Arguments as PyTorch takes them; the leaves on the way."""

    def __init__(self):
        self.leaves = []

    def tensor(self, x, whole=False):
        base = torch.tensor([number(v) for v in x["values"]], dtype=DTYPES[x["dtype"]])
        leaf = base if whole else base.as_strided(x["shape"], x["strides"], x["offset"])
        if x["grad"]:
            leaf.requires_grad_()
        self.leaves.append(leaf)
        return leaf

    def argument(self, x):
        if isinstance(x, dict) and "operand" in x:
            return self.tensor(x["operand"])
        if isinstance(x, dict) and "number" in x:
            return number(x["number"])
        if isinstance(x, dict):
            return {snake(k): self.argument(v) for k, v in x.items()}
        if isinstance(x, list):
            return [self.argument(v) for v in x]
        return DTYPES.get(x, x) if isinstance(x, str) else x


def index(items):
    def one(x):
        if x == "..." if isinstance(x, str) else False:
            return Ellipsis
        if isinstance(x, str):
            return slice(*[int(p) if p else None for p in x.split(":")])
        return x

    return tuple(one(x) for x in items)


def sliced(x, dim=0, start=None, end=None, step=1):
    x.size(dim)
    return x[(slice(None),) * (dim % x.dim()) + (slice(start, end, step),)]


def stable(f):
    return lambda x, dim=-1, **options: f(x, dim=dim, stable=True, **options)


SPECIAL = {
    "at": lambda x, *items: x[index(items)],
    "slice": sliced,
    "sort": stable(torch.sort),
    "argsort": lambda x, dim=-1, **o: torch.sort(x, dim=dim, stable=True, **o)[1],
    "amax": lambda x, dim=None, **o: torch.amax(x, () if dim is None else dim, **o),
    "amin": lambda x, dim=None, **o: torch.amin(x, () if dim is None else dim, **o),
    "any": lambda x, dim=None, **o: torch.any(x) if dim is None and not o else torch.any(x, dim, **o),
    "all": lambda x, dim=None, **o: torch.all(x) if dim is None and not o else torch.all(x, dim, **o),
    "prod": lambda x, dim=None, keepdim=None, **o: torch.prod(x, **o) if dim is None and keepdim is None else torch.prod(x, dim, keepdim, **o),
    "rand": lambda shape, **o: torch.rand(shape, **o),
}


def find(name):
    if name.startswith("F."):
        return getattr(F, snake(name[2:]))
    if name in SPECIAL:
        return SPECIAL[name]
    name = snake(name)
    return getattr(torch, name, None) or (lambda x, *args, **options: getattr(x, name)(*args, **options))


def flat(x):
    if isinstance(x, (tuple, list)):
        return [y for one in x for y in flat(one)]
    return [x]


def plain(v):
    if isinstance(v, bool) or isinstance(v, int):
        return v if abs(v) < 2**53 else f"{v}n"
    if math.isnan(v):
        return "NaN"
    if math.isinf(v):
        return "Infinity" if v > 0 else "-Infinity"
    return "-0" if v == 0 and math.copysign(1, v) < 0 else v


def value(x):
    if x is None:
        return None
    if not isinstance(x, torch.Tensor):
        return {"plain": x}
    # Gradients of zeros may have no storage.
    x = torch.zeros(x.shape, dtype=x.dtype) if x._is_zerotensor() else x.detach()
    return {"dtype": str(x.dtype)[6:], "shape": list(x.shape), "data": [plain(v) for v in x.contiguous().clone().view(-1).tolist()]}


def call(case, reader):
    args = case["args"]
    if case["inPlace"]:
        target = args[0]["operand"]
        y = reader.tensor(target, True).clone()
        rest, options = split([reader.argument(x) for x in args[1:]], args[1:], case["op"])
        part = y.as_strided(target["shape"], target["strides"], target["offset"])
        if case["op"] == "set":
            part[index(rest[0])] = rest[1]
        else:
            getattr(part, snake(case["op"]) + "_")(*rest, **options)
        return y
    rest, options = split([reader.argument(x) for x in args], args, case["op"])
    return find(case["op"])(*rest, **options)


def split(args, given, op):
    """The options object at the end becomes keywords; what is left out at the end goes."""
    options = {}
    if given and isinstance(given[-1], dict) and "operand" not in given[-1] and "number" not in given[-1]:
        *args, options = args
    while args and args[-1] is None and op != "at":
        args = args[:-1]
    return args, {k: v for k, v in options.items() if v is not None}


def run(case):
    torch.manual_seed(case["seed"])
    reader = Reader()
    try:
        with torch.set_grad_enabled(case["order"] > 0):
            outputs = flat(call(case, reader))
        gradients = []
        arriving = [Reader().argument(x) if x is not None else None for x in case["cotangents"]]
        pairs = [(y, g) for y, g in zip(outputs, arriving) if g is not None and isinstance(y, torch.Tensor) and y.requires_grad]
        leaves = [x for x in reader.leaves if x.requires_grad]
        if pairs and all(y.shape == g.shape and y.dtype == g.dtype for y, g in pairs):
            found = iter(torch.autograd.grad([y for y, _ in pairs], leaves, [g for _, g in pairs], allow_unused=True))
            gradients = [next(found) if x.requires_grad else None for x in reader.leaves]
    except Exception as error:  # noqa: BLE001: whatever PyTorch throws is an answer.
        return {"error": [type(error).__name__, str(error).split("\n")[0][:300]]}
    if case["writes"]:
        outputs += [x for x in reader.leaves if not x.requires_grad]
    return {"error": None, "outputs": [value(x) for x in outputs], "gradients": [value(x) for x in gradients]}


for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), flush=True)

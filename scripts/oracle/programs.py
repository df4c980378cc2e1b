"""Random small programs and what PyTorch makes of them: writes test/fixtures/programs.json.gz, read by test/programs-oracle.test.ts.

A program is a list of steps `[name, ...arguments]` with Kindling's names: a method of its first argument, or `torch.f`, `F.f`. "$3" is the fourth
tensor made so far; an object at the end holds keyword arguments. `seen` tells what each step gave (see `described`), `end` the values and
gradients of all tensors in the end, `text` how the last one prints. Most arguments fit, some do not: then the step is an error, "E".
"""
import argparse
import json
import math
import pathlib
import random
import re
import warnings

import torch
import torch.nn.functional as F

from files import write_json_gz

warnings.filterwarnings("ignore")

DTYPES = ["float32", "float32", "float32", "float64", "int64", "int64", "int32", "uint8", "bool"]
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan]


# What PyTorch alone refuses: writing to the parts that unbind and split give, operands that overlap the target.
LENIENT = ["multiple views", "some elements of the input tensor and the written-to tensor"]


# Their gradients need less than PyTorch saves, so a later write disturbs fewer of them.
SAVING = {"cummax", "cummin", "cumprod", "maskedSelect"}


class Skip(Exception):
    """The program does something that Kindling is meant to answer otherwise."""


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def number(value):
    """Floats as JSON: nine digits hold a float32, the rest by name."""
    if isinstance(value, bool) or isinstance(value, int):
        return value
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return value if math.isfinite(value) else str(value)


def values(tensor):
    flat = tensor.detach().reshape(-1).tolist()
    if tensor.dtype == torch.float32:
        flat = [float(f"{v:.9g}") for v in flat]
    return [number(v) for v in flat]


def parse_index(index):
    if isinstance(index, str):
        if index == "...":
            return Ellipsis
        return slice(*[int(part) if part else None for part in index.split(":")])
    return index


class Program:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.steps, self.seen, self.tensors = [], [], []
        # Elements shown twice: what a write gives is not defined.
        self.unfolded = False
        # Storages whose layout is not PyTorch's own: saved values do not share them any more.
        self.frozen = set()

    # --- running ------------------------------------------------------------------------------------------------------

    def resolve(self, argument):
        if isinstance(argument, str) and argument.startswith("$"):
            return self.tensors[int(argument[1:])]
        if isinstance(argument, list):
            return [self.resolve(item) for item in argument]
        return argument

    def call(self, name, arguments):
        arguments = [self.resolve(argument) for argument in arguments]
        options = {}
        if arguments and isinstance(arguments[-1], dict):
            options = {snake(key): self.resolve(value) for key, value in arguments.pop().items()}
            if "dtype" in options:
                options["dtype"] = getattr(torch, options["dtype"])
        if name == "torch.tensor":
            data = torch.tensor([float(v) if isinstance(v, str) else v for v in arguments[0]], dtype=options["dtype"])
            return data.reshape(arguments[1]).clone().requires_grad_(options.get("requires_grad", False))
        if name.startswith("noGrad:"):
            with torch.no_grad():
                return getattr(arguments[0], snake(name[7:]))(*arguments[1:], **options)
        if name == "at":
            return arguments[0][tuple(parse_index(index) for index in arguments[1:])]
        if name == "set":
            arguments[0][tuple(parse_index(index) for index in arguments[1])] = arguments[2]
            return arguments[0]
        if name == "hook":
            arguments[0].register_hook(lambda grad: grad * 2)
            return
        if name == "backward" and len(arguments) > 1 and arguments[1] is not None:
            # PyTorch may keep the tensor itself as somebody's gradient and add to it later.
            arguments[1] = arguments[1].clone()
        if name == "norm" and len(arguments) > 1:
            return arguments[0].norm(arguments[1], **{"dim": None, **options})
        if name == "to":
            return arguments[0].to(getattr(torch, arguments[1]))
        if name.startswith("F.") or name.startswith("torch."):
            module, function = name.split(".")
            arguments = [argument for argument in arguments if argument is not None]
            return getattr(F if module == "F" else torch, snake(function))(*arguments, **options)
        while arguments and arguments[-1] is None:
            arguments.pop()
        return getattr(arguments[0], snake(name))(*arguments[1:], **options)

    def step(self, name, *arguments):
        """Runs and records one step."""
        arguments = json.loads(json.dumps(arguments))
        try:
            result = self.call(name, list(arguments))
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            lenient = any(reason in str(error) for reason in LENIENT)
            if lenient or name == "backward" and ("to invert a mask" in str(error) or SAVING & {step[0] for step in self.steps}):
                raise Skip from error
            self.note(name, arguments, "E")
            return
        if result is None or isinstance(result, (bool, int, float)):
            self.note(name, arguments, number(result) if result is not None else None)
            return
        outputs = list(result) if isinstance(result, (tuple, list)) else [result]
        self.note(name, arguments, [self.described(output) for output in outputs])

    def note(self, name, arguments, seen):
        self.steps.append([name, *arguments])
        self.seen.append(seen)

    def described(self, tensor):
        """dtype[shape], then `=k`: tensor k itself; or `~k(strides)+offset`: on the storage of tensor k, strides of sizes above 1; then the node's name, or `leaf`."""
        text = f"{str(tensor.dtype)[6:]}{list(tensor.shape)}".replace(" ", "")
        for k, other in enumerate(self.tensors):
            if other is tensor:
                return f"{text}={k}{self.history(tensor)}"
        for k, other in enumerate(self.tensors):
            if tensor.numel() > 0 and other.storage().data_ptr() == tensor.storage().data_ptr():
                strides = ",".join(str(stride) for stride, size in zip(tensor.stride(), tensor.shape) if size > 1)
                self.tensors.append(tensor)
                return f"{text}~{k}({strides})+{tensor.storage_offset()}{self.history(tensor)}"
        if not tensor.is_contiguous():
            tensor.data = tensor.detach().contiguous()
            self.frozen.add(tensor.storage().data_ptr())
        self.tensors.append(tensor)
        return text + self.history(tensor)

    @staticmethod
    def history(tensor):
        node = tensor.grad_fn
        if node is not None:
            # Whole slices and the like: PyTorch's choice between alias and view is not followed.
            if type(node).__name__ == "AliasBackward0":
                raise Skip
            return f" {type(node).__name__}"
        return " leaf" if tensor.requires_grad else ""

    def record(self):
        end = []
        for tensor in self.tensors:
            grad = tensor.grad if tensor.is_leaf or tensor.retains_grad else None
            end.append([values(tensor), None if grad is None else values(grad)])
        return {"steps": self.steps, "seen": self.seen, "end": end, "text": str(self.tensors[-1])}

    # --- choosing -----------------------------------------------------------------------------------------------------

    def chance(self, p):
        return self.random.random() < p

    def pick(self, items):
        return self.random.choice(list(items))

    def shape(self, most=3):
        return [self.pick([1, 2, 2, 3, 3, 4] + ([0] if self.chance(0.15) else [])) for _ in range(self.pick([0, 1, 2, 2, 3][: most + 2]))]

    def plain(self, dtype, count):
        if dtype == "bool":
            return [self.chance(0.5) for _ in range(count)]
        if dtype.startswith("float"):
            drawn = [self.random.randint(-12, 12) / 4 for _ in range(count)]
            if self.chance(0.06) and count:
                drawn[self.random.randrange(count)] = self.pick(SPECIAL)
            return [number(v) for v in drawn]
        if dtype == "uint8":
            return [self.pick([0, 1, 2, 3, 5, 200, 255]) for _ in range(count)]
        return [self.random.randint(-5, 7) for _ in range(count)]

    def make(self, shape=None, dtype=None, grad=None):
        shape = self.shape() if shape is None else list(shape)
        dtype = dtype or self.pick(DTYPES)
        options = {"dtype": dtype}
        if dtype.startswith("float") and (self.chance(0.4) if grad is None else grad):
            options["requiresGrad"] = True
        self.step("torch.tensor", self.plain(dtype, math.prod(shape)), shape, options)
        return len(self.tensors) - 1

    def index(self, shape, size):
        drawn = [self.random.randint(0, max(size - 1, 0)) for _ in range(math.prod(shape))]
        if drawn and self.chance(0.05):
            drawn[0] = size
        self.step("torch.tensor", drawn, list(shape), {"dtype": "int64"})
        self.frozen.add(self.tensors[-1].storage().data_ptr())
        return f"${len(self.tensors) - 1}"

    def any(self, fits=lambda tensor: True):
        """A tensor that fits, rather a late one; made new if there is none."""
        found = [k for k, tensor in enumerate(self.tensors) if fits(tensor)]
        if not found:
            return self.make()
        return self.pick(found[-3:]) if self.chance(0.6) else self.pick(found)

    def unfold(self, x, d, size, step):
        self.unfolded |= size > step
        self.step("unfold", x, d, size, step)

    def alone(self, k):
        """Does no other tensor show the storage of tensor k?"""
        pointers = [tensor.storage().data_ptr() for tensor in self.tensors]
        return pointers.count(pointers[k]) == 1

    def writable(self, fits=lambda tensor: True):
        return self.any(lambda tensor: fits(tensor) and tensor.dtype != torch.bool and tensor.storage().data_ptr() not in self.frozen
                        and not self.unfolded)

    def other(self, k, scalars=True):
        """What broadcasts with tensor k: a number, a tensor that is there, or a new one."""
        if scalars and self.chance(0.25):
            return self.pick([0, 1, 2, 3, -1, 0.5, -1.5, True])
        shape = list(self.tensors[k].shape)
        if self.chance(0.4):
            return f"${self.any(lambda tensor: fits(shape, tensor.shape))}"
        if self.chance(0.05):
            return f"${self.make()}"
        cut = shape[self.random.randint(0, len(shape)):] if self.chance(0.3) else shape
        return f"${self.make([1 if self.chance(0.2) else size for size in cut])}"

    def dim(self, tensor, wrong=0.05):
        rank = max(tensor.ndim, 1)
        return rank if self.chance(wrong) else self.random.randint(-rank, rank - 1)

    def dims(self, tensor):
        rank = max(tensor.ndim, 1)
        chosen = self.random.sample(range(rank), self.random.randint(1, rank))
        return [d - rank if self.chance(0.3) else d for d in chosen]

    def slice(self, size):
        start = self.pick(["", str(self.random.randint(-size - 1, size + 1))])
        stop = self.pick(["", str(self.random.randint(-size - 1, size + 1))])
        return f"{start}:{stop}" + self.pick(["", "", ":2", ":3"])

    def indices(self, tensor):
        """Indices of every kind for some dimensions of the tensor."""
        given, dims = [], list(tensor.shape)
        if dims and self.chance(0.15):
            given.append(self.pick(["...", None]))
        joint = [self.random.randint(1, 3)]
        for size in dims[: self.random.randint(1, max(len(dims), 1))]:
            kind = self.random.random()
            if kind < 0.3:
                given.append(self.random.randint(-size, max(size - 1, 0)))
            elif kind < 0.7:
                given.append(self.slice(size))
            elif kind < 0.8:
                given.append(None)
            elif kind < 0.93:
                given.append(self.index(self.pick([joint, joint, [2, 1], []]), size))
            else:
                self.step("torch.tensor", [self.chance(0.5) for _ in range(size)], [size], {"dtype": "bool"})
                given.append(f"${len(self.tensors) - 1}")
        return given


def fits(shape, other):
    return all(a == b or a == 1 or b == 1 for a, b in zip(reversed(shape), reversed(other)))


# --- one random step of each kind ---------------------------------------------------------------------------------------

BINARY = ["add", "sub", "mul", "div", "remainder", "fmod", "pow", "maximum", "minimum", "eq", "ne", "lt", "le", "gt", "ge",
          "logicalAnd", "logicalXor", "bitwiseAnd", "bitwiseOr", "bitwiseXor", "fmax", "fmin", "copysign"]
UNARY = ["neg", "abs", "sign", "sqrt", "floor", "ceil", "round", "trunc", "relu", "square", "reciprocal", "logicalNot", "bitwiseNot", "isnan",
         "isfinite", "exp", "tanh", "sigmoid", "frac", "positive", "nanToNum"]
TENSORS_ONLY = {"maximum", "minimum", "fmax", "fmin", "logicalAnd", "logicalXor"}


def has_zero(p, operand):
    if isinstance(operand, str):
        tensor = p.resolve(operand)
        return not tensor.dtype.is_floating_point and bool((tensor == 0).any())
    return operand == 0


def binary(p):
    name, k = p.pick(BINARY), p.any()
    other = p.other(k, scalars=name not in TENSORS_ONLY)
    if name in ("floorDivide", "remainder", "fmod") and has_zero(p, other):
        return
    p.step(name, f"${k}", other)


def binary_in_place(p):
    k = p.writable()
    name = p.pick(["add_", "add_", "sub_", "mul_", "mul_", "div_", "pow_", "copy_", "remainder_", "maskedFill_", "clamp_"])
    if name == "copy_":
        other = p.other(k, scalars=False)
        if castable(p.resolve(other), p.tensors[k].dtype):
            p.step(name, f"${k}", other)
    elif name == "maskedFill_":
        p.step(name, f"${k}", f"${p.make(p.tensors[k].shape, 'bool')}", p.pick([0, 1, 2, 0.5]))
    elif name == "clamp_":
        p.step(name, f"${k}", p.pick([0, 0.5] if p.tensors[k].dtype == torch.uint8 else [-1, 0, 0.5]), p.pick([1, 2, 1.5]))
    else:
        other = p.other(k)
        if name in ("floorDivide_", "remainder_") and has_zero(p, other):
            return
        mode = "noGrad:" if p.chance(0.15) and p.alone(k) else ""
        p.step(mode + name, f"${k}", other, *([{"alpha": p.pick([2, -1, 0.5])}] if name in ("add_", "sub_") and p.chance(0.3) else []))


def div(p):
    k = p.any()
    other = p.other(k)
    mode = p.pick(["trunc", "floor"])
    if not has_zero(p, other):
        p.step(p.pick(["div", "div", "div_"]), f"${k}", other, {"roundingMode": mode})


def unary(p):
    p.step(p.pick(UNARY), f"${p.any()}")


def unary_in_place(p):
    p.step(p.pick(["neg_", "abs_", "sqrt_", "floor_", "relu_", "round_", "zero_", "zero_", "square_", "sigmoid_", "exp_", "trunc_", "sign_"]),
           f"${p.writable()}")


def fill(p):
    k = p.writable(lambda t: t.dtype.is_floating_point)
    if not p.tensors[k].dtype.is_floating_point:
        return
    p.step("fill_", f"${k}", p.pick([0, 1, 3, True, 0.5, f"${p.any(lambda t: t.ndim == 0)}"]))


def reduce(p):
    k = p.any()
    name = p.pick(["sum", "sum", "mean", "prod", "amax", "amin", "argmax", "argmin", "any", "all", "max", "min", "logsumexp", "var", "std", "norm",
                   "nansum", "countNonzero"])
    tensor = p.tensors[k]
    if name in ("var", "std", "norm", "amax", "amin", "logsumexp", "sum", "mean", "nansum") and p.chance(0.5):
        dim = p.dims(tensor)
    else:
        dim = p.dim(tensor)
    if p.chance(0.35) and name != "logsumexp":
        dim = None
    options = {}
    if dim is not None and name != "countNonzero" and p.chance(0.4):
        options["keepdim"] = True
    if name in ("sum", "prod", "mean") and p.chance(0.2):
        options["dtype"] = p.pick(["float64", "float32", "int64"])
        if not castable(tensor, getattr(torch, options["dtype"])) or tensor.requires_grad:
            return
    if tensor.dtype == torch.bool and name.startswith("arg"):
        return
    if name in ("var", "std"):
        p.step(name, f"${k}", dim, {"unbiased": p.chance(0.5), **options}) if dim is not None else p.step(name, f"${k}")
    elif name == "norm":
        p.step(name, f"${k}", p.pick([1, 2, 0]), {"dim": dim, **options}) if dim is not None else p.step(name, f"${k}")
    else:
        p.step(name, f"${k}", dim, *([options] if options else []))


def full(tensor):
    """Leave out what PyTorch treats as cases of their own."""
    return tensor.ndim > 0 and tensor.numel() > 0


def scan(p):
    k = p.any(full)
    if not full(p.tensors[k]):
        return
    name = p.pick(["cumsum", "cumprod", "cummax", "cummin", "sort", "flip", "softmax", "logSoftmax", "roll"])
    tensor = p.tensors[k]
    dim = p.dim(tensor)
    if name == "sort":
        p.step(name, f"${k}", dim, {"descending": p.chance(0.4)})
    elif name == "roll":
        p.step(name, f"${k}", p.random.randint(-3, 3), dim)
    else:
        p.step(name, f"${k}", [dim] if name == "flip" else dim)


def view(p):
    k = p.any()
    x, tensor = f"${k}", p.tensors[k]
    size = tensor.shape[0] if tensor.ndim else 1
    d = p.dim(tensor)
    n = tensor.shape[d] if tensor.ndim and -tensor.ndim <= d < tensor.ndim else 1
    rank = tensor.ndim
    count = tensor.numel()
    shapes = [[-1], [count], [1, count], [2, -1], [-1, 2], [3, -1], list(reversed(tensor.shape)), [*tensor.shape, 1], [1, *tensor.shape],
              [math.prod(tensor.shape[:2]), *tensor.shape[2:]], [*tensor.shape[:-2], math.prod(tensor.shape[-2:])]]
    p.pick([
        lambda: p.step("view", x, p.pick(shapes)),
        lambda: p.step("reshape", x, p.pick(shapes)),
        lambda: p.step("transpose", x, d, p.dim(tensor)),
        lambda: p.step("t", x),
        lambda: p.step("permute", x, p.random.sample(range(rank), rank)),
        lambda: p.step("expand", x, p.pick([[2, *tensor.shape], [3 if s == 1 else -1 for s in tensor.shape], [0 if s == 1 else s for s in tensor.shape]])),
        lambda: p.step("narrow", x, d, p.random.randint(-n, n), p.random.randint(0, n)),
        lambda: p.step("select", x, d, p.random.randint(-n, n)),
        lambda: p.step("at", x, *[p.slice(s) for s in tensor.shape[: p.random.randint(0, rank)]]),
        lambda: p.step("at", x, p.random.randint(-size, size)),
        lambda: p.step("diagonal", x, {"offset": p.random.randint(-2, 2)}) if rank == 2 or p.chance(0.2)
        else p.step("diagonal", x, {"offset": p.random.randint(-1, 1), "dim1": -2, "dim2": 0}),
        lambda: p.unfold(x, d, p.random.randint(1, n + 1), p.random.randint(1, 2)),
        lambda: p.step("squeeze", x, *([d] if p.chance(0.6) else [])),
        lambda: p.step("unsqueeze", x, p.random.randint(-rank - 1, rank + p.chance(0.1))),
        lambda: p.step("flatten", x, *([p.random.randint(0, max(rank - 1, 0))] if p.chance(0.5) else [])),
        lambda: p.step("split", x, p.random.randint(1, 3), d),
        lambda: p.step("chunk", x, p.random.randint(1, 3), d),
        lambda: p.step("unbind", x, d),
        lambda: p.step("movedim", x, d, p.dim(tensor)),
        lambda: p.step("swapaxes", x, d, p.dim(tensor)),
        lambda: p.step("detach", x),
        lambda: p.step("contiguous", x),
        lambda: p.step("clone", x),
        lambda: p.step("ravel", x),
        lambda: p.step("tensorSplit", x, p.random.randint(1, 3), d),
    ])()


def castable(tensor, dtype):
    """Is the value of every element defined in that dtype?"""
    if dtype.is_floating_point or dtype == torch.bool or not tensor.dtype.is_floating_point:
        return True
    low = 0 if dtype == torch.uint8 else -(2 ** 31) + 1
    return bool((tensor.isfinite() & (tensor >= low) & (tensor < (256 if dtype == torch.uint8 else 2 ** 31 - 200))).all())


def cast(p):
    k = p.any()
    dtype = p.pick(DTYPES)
    if castable(p.tensors[k], getattr(torch, dtype)):
        p.step("to", f"${k}", dtype)


def index_read(p):
    k = p.any()
    if p.chance(0.15):
        shape = p.tensors[k].shape[: p.random.randint(1, 3)]
        mask = p.make(shape, "bool")
        p.step("at", f"${k}", f"${mask}")
    else:
        p.step("at", f"${k}", *p.indices(p.tensors[k]))


def index_write(p):
    k = p.writable()
    tensor = p.tensors[k]
    if p.chance(0.2):
        given = [f"${p.make(tensor.shape[: p.random.randint(1, 3)], 'bool')}"]
    else:
        given = p.indices(tensor)
    # Places written twice with different values have no defined outcome.
    doubtful = any(isinstance(i, str) and i.startswith("$") for i in given)
    value = p.pick([0, 1, 7, 0.5, True])
    if p.chance(0.5) and not doubtful:
        try:
            part = tensor[tuple(parse_index(index) for index in given)]
        except (RuntimeError, IndexError):
            part = tensor
        shape = [1 if p.chance(0.2) else s for s in part.shape]
        made = p.make(shape)
        if not castable(p.tensors[made], tensor.dtype):
            return
        value = f"${made}"
    elif isinstance(value, float) and not tensor.dtype.is_floating_point:
        value = 1
    p.step("set", f"${k}", given, value)


def gather(p):
    k = p.any(lambda t: t.ndim > 0)
    tensor = p.tensors[k]
    if tensor.ndim == 0:
        return
    d = p.dim(tensor)
    n = tensor.shape[d] if tensor.ndim and -tensor.ndim <= d < tensor.ndim else 1
    name = p.pick(["gather", "indexSelect", "take", "maskedSelect", "scatterAdd", "indexAdd", "indexFill_", "takeAlongDim"])
    x = f"${k}"
    if name in ("gather", "takeAlongDim"):
        shape = [max(1, s - p.chance(0.2)) if s else 0 for s in tensor.shape] if name == "gather" else list(tensor.shape)
        p.step(name, x, d, p.index(shape, n)) if name == "gather" else p.step(name, x, p.index(shape, n), d)
    elif name == "indexSelect":
        p.step(name, x, d, p.index([p.random.randint(0, 3)], n))
    elif name == "take":
        p.step(name, x, p.index(p.shape(2), tensor.numel()))
    elif name == "maskedSelect":
        p.step(name, x, f"${p.make(tensor.shape, 'bool')}")
    elif name == "scatterAdd":
        p.step(name, x, d, p.index(list(tensor.shape), n), f"${p.make(tensor.shape, str(tensor.dtype)[6:])}")
    elif name == "indexAdd":
        p.step(name, x, d, p.index([n], n), f"${p.make(tensor.shape, str(tensor.dtype)[6:])}")
    elif tensor.storage().data_ptr() not in p.frozen:
        p.step(name, x, d, p.index([2], n), p.pick([1, 2]))


def join(p):
    k = p.any()
    tensor = p.tensors[k]
    d = p.dim(tensor)
    same = [f"${i}" for i, other in enumerate(p.tensors) if other.shape == tensor.shape][-2:]
    made = f"${p.make(tensor.shape)}"
    name = p.pick(["cat", "cat", "stack", "where", "hstack", "vstack", "maskedFill"])
    if name == "where":
        p.step("torch.where", f"${p.make(tensor.shape, 'bool')}", f"${k}", p.pick([made, f"${p.make([])}"]))
    elif name == "maskedFill":
        p.step(name, f"${k}", f"${p.make(tensor.shape, 'bool')}", p.pick([0, 1, 2, 0.5]))
    else:
        p.step(f"torch.{name}", [*same, made], *([d] if name in ("cat", "stack") else []))


def product(p):
    k = p.any(lambda t: t.ndim in (1, 2) and t.numel() > 0)
    tensor = p.tensors[k]
    if tensor.ndim not in (1, 2) or tensor.numel() == 0 or tensor.dtype == torch.bool:
        return
    shape = p.pick([[tensor.shape[-1] if tensor.ndim else 1], [tensor.shape[-1] if tensor.ndim else 1, p.pick([1, 2, 3])]])
    dtype = str(tensor.dtype)[6:] if p.chance(0.9) else None
    if tensor.ndim == 1:
        shape = shape[:1]
    p.step(p.pick(["matmul", "matmul", "mm", "mv", "outer"]), f"${k}", f"${p.make(shape, dtype)}")


def arrange(p):
    x = f"${p.any(full)}"
    if not full(p.resolve(x)):
        return
    name = p.pick(["tril", "triu", "diag", "repeat", "tile", "repeatInterleave", "nonzero", "trace", "fliplr", "addScalar"])
    if name == "repeat" or name == "tile":
        p.step(name, x, [p.random.randint(0, 2) for _ in range(p.resolve(x).ndim + p.random.randint(0, 1))])
    elif name == "repeatInterleave":
        p.step(name, x, 2, p.dim(p.resolve(x)))
    elif name == "addScalar":
        p.step("add", x, p.pick([1, 2.5, True]), {"alpha": p.pick([2, 0.5])})
    else:
        p.step(name, x, *([p.random.randint(-1, 1)] if name in ("tril", "triu", "diag") else []))


def create(p):
    x = f"${p.any()}"
    p.pick([
        lambda: p.make(),
        lambda: p.step("torch.arange", p.random.randint(-2, 5), *([] if p.chance(0.5) else [p.random.randint(-2, 9), p.pick([1, 2, -1, 0.5])])),
        lambda: p.step("torch.full", p.shape(), p.pick([1, 0.5, True, -3])),
        lambda: p.step("torch.zerosLike", x),
        lambda: p.step("torch.onesLike", x, {"dtype": p.pick(DTYPES)}),
        lambda: p.step("torch.fullLike", x, p.pick([1, 2])),
        lambda: p.step("torch.eye", p.random.randint(0, 3)),
        lambda: p.step("newZeros", x, p.shape()),
        lambda: p.step("torch.linspace", 0, 1.5, p.random.randint(0, 4)),
    ])()


def autograd(p):
    k = p.any(lambda t: t.dtype.is_floating_point)
    x, tensor = f"${k}", p.tensors[k]
    p.pick([
        lambda: p.step("requiresGrad_", x, True) if p.alone(k) else None,
        lambda: p.step("detach_", x) if tensor.grad_fn is not None or not tensor.requires_grad else None,
        lambda: p.step("hook", x),
        lambda: p.step("retainGrad", x),
        lambda: p.step("noGrad:mul", x, 2),
        lambda: backward(p),
        lambda: backward(p),
        lambda: backward(p),
    ])()


def backward(p):
    k = p.any(lambda t: t.requires_grad and t.grad_fn is not None)
    tensor = p.tensors[k]
    if not tensor.requires_grad and p.chance(0.8):
        return
    options = {"retainGraph": True} if p.chance(0.4) else {}
    if tensor.numel() == 1 or p.chance(0.1):
        p.step("backward", f"${k}", *([None, options] if options else []))
    else:
        p.step("backward", f"${k}", f"${p.make(tensor.shape, str(tensor.dtype)[6:], grad=False)}", *([options] if options else []))


KINDS = [(binary, 5), (binary_in_place, 6), (div, 1), (unary, 3), (unary_in_place, 2), (fill, 1), (reduce, 4), (scan, 2), (view, 9), (cast, 2),
         (index_read, 3), (index_write, 3), (gather, 2), (join, 2), (product, 1.5), (arrange, 1.5), (create, 1.5), (autograd, 5)]


def program(seed, length):
    p = Program(seed)
    p.make()
    while len(p.steps) < length and sum(tensor.numel() for tensor in p.tensors) < 250:
        p.random.choices([kind for kind, _ in KINDS], [weight for _, weight in KINDS])[0](p)
    if p.chance(0.7):
        backward(p)
    return p.record()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--length", type=int, default=9, help="steps of a program")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/programs.json.gz")
    args = parser.parse_args()
    made, seed = [], args.first
    while len(made) < args.count:
        try:
            made.append(program(seed, args.length))
        except Skip:
            pass
        except RuntimeError as error:
            if LENIENT[0] not in str(error):
                raise
        seed += 1
    write_json_gz(args.out, made)
    print(f"{len(made)} programs -> {args.out}, {args.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""Samples of PyTorch's own operator tests (OpInfo) with outputs and gradients: ops.json.gz and ops.safetensors.gz.

    ops.py --out FOLDER [--names add,nn.functional.conv2d] [--first 1] [--step 2] [--most 60]

Without --names: the operators of the committed fixture. The committed fixture holds samples 0, 2, 4, ...; the default here are
the odd ones, so that the two sets differ.
"""
import argparse
import math
import pathlib
import warnings

import torch

from files import FIXTURES, read_json, write_json_gz, write_safetensors_gz
from opinfo import BY_NAME

DTYPES = {torch.float32, torch.float64, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool}


class Unsupported(Exception):
    """A value that the format cannot say, such as a complex tensor."""


class Writer:
    """Describes values; tensors get keys `<sample>.<count>` in the order in which they are met."""

    def __init__(self, sample):
        self.sample, self.tensors, self.keys = sample, {}, {}

    def tensor(self, tensor):
        if tensor.dtype not in DTYPES:
            raise Unsupported(str(tensor.dtype))
        if id(tensor) not in self.keys:
            key = f"{self.sample}.{len(self.tensors)}"
            self.keys[id(tensor)] = key
            self.tensors[key] = (tensor, tensor.detach().clone())
        return {"tensor": self.keys[id(tensor)], "requires_grad": tensor.requires_grad}

    def value(self, value):
        if isinstance(value, torch.Tensor):
            return self.tensor(value)
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if isinstance(value, torch.dtype):
            return {"dtype": str(value).split(".")[1]}
        if isinstance(value, slice):
            return {"slice": [value.start, value.stop, value.step]}
        if value is Ellipsis:
            return {"ellipsis": True}
        if isinstance(value, float) and not math.isfinite(value):
            return {"float": str(value)}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        raise Unsupported(type(value).__name__)


def flatten(value):
    return [leaf for item in value for leaf in flatten(item)] if isinstance(value, (list, tuple)) else [value]


def sample_of(op, number, sample):
    """One sample with outputs and gradients, and its tensors by key."""
    writer = Writer(number)
    args, kwargs = (sample.input, *sample.args), sample.kwargs
    if op.name == "__getitem__" and isinstance(args[1], list) and all(isinstance(i, int) for i in args[1]):
        # In the format a list of indices is a tuple; x[[1, 2]] is x[([1, 2],)].
        args = (args[0], (args[1],))
    entry = {
        "sample": number,
        "args": [writer.value(arg) for arg in args],
        "kwargs": {name: writer.value(value) for name, value in kwargs.items()},
    }
    inputs = [(key, tensor) for key, (tensor, _) in writer.tensors.items() if tensor.requires_grad]
    out = op(*args, **kwargs)
    entry["out"] = writer.value(out)
    outputs = flatten(out)
    wanted = [isinstance(o, torch.Tensor) and o.requires_grad and o.is_floating_point() for o in outputs]
    if any(wanted):
        cotangents = [torch.randn_like(o) if want else None for o, want in zip(outputs, wanted)]
        grads = torch.autograd.grad(
            [o for o, want in zip(outputs, wanted) if want], [tensor for _, tensor in inputs],
            [c for c in cotangents if c is not None], allow_unused=True,
        )
        entry["cotangents"] = [None if c is None else writer.tensor(c) for c in cotangents]
        entry["grads"] = {key: None if g is None else writer.tensor(g) for (key, _), g in zip(inputs, grads)}
    return entry, {key: value for key, (_, value) in writer.tensors.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--names", type=lambda text: text.split(","))
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--step", type=int, default=2)
    parser.add_argument("--most", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.manual_seed(options.seed)
    names = options.names or sorted(read_json(FIXTURES / "ops.json"))
    described, tensors = {}, {}
    for name in names:
        op = BY_NAME[name]
        gradients = op.supports_autograd and torch.float32 in op.supported_dtypes("cpu")
        samples = []
        for number, sample in enumerate(op.sample_inputs("cpu", torch.float32, requires_grad=gradients)):
            if number < options.first or (number - options.first) % options.step or len(samples) >= options.most:
                continue
            try:
                entry, values = sample_of(op, number, sample)
            except Unsupported as reason:
                print(f"{name} sample {number} left out: {reason}")
                continue
            samples.append(entry)
            tensors.update({f"{name}/{key}": value for key, value in values.items()})
        if samples:
            described[name] = {"op": op.name, "variant": op.variant_test_name, "samples": samples}
    write_json_gz(options.out / "ops.json.gz", described)
    write_safetensors_gz(options.out / "ops.safetensors.gz", tensors)
    print(f"{len(described)} operators, {sum(len(o['samples']) for o in described.values())} samples -> {options.out}")


if __name__ == "__main__":
    main()

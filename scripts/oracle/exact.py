"""Where float32 is not enough: repeats the module cases of a fixture folder in float64 and writes what is further from the recorded float32 values than
the comparison allows to goldens/exact.safetensors.gz (rounded to float32, under the keys of goldens/modules). Either answer is PyTorch's.

    exact.py [FOLDER]
"""
import pathlib
import sys

import torch
from torch import nn

from files import FIXTURES, read_json, read_safetensors, write_safetensors_gz
from ops import flatten
from replay import decode

# As in test/conformance/layers.ts.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5, "equal_nan": True}


def double(value):
    if isinstance(value, tuple):
        return tuple(double(item) for item in value)
    return value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def plain(value, stored):
    if isinstance(value, dict) and "repr" in value:
        return torch.nn.functional.gelu
    return double(decode(value, stored))


def repeat(case, stored):
    """Recorded references and what they are in float64."""
    kwargs = {key: plain(value, stored) for key, value in case["kwargs"].items()}
    module = getattr(nn, case["module"].removeprefix("nn."))(*[plain(value, stored) for value in case["args"]], **kwargs).double()
    module.train(case["training"])
    inputs = [plain(value, stored) for value in case["input"]]
    for value, ref in zip(inputs, case["input_grads"]):
        if ref is not None:
            value.requires_grad_()
    options = {key: plain(value, stored) for key, value in case["input_kwargs"].items()}
    if case["module"].startswith("nn.Lazy"):
        module(*inputs, **options)
        module.double()
    module.load_state_dict({key: stored[ref["tensor"]] for key, ref in case["state"].items()})
    outputs = [one for one in flatten(module(*inputs, **options)) if one is not None]
    wanted = [ref for ref in flatten(case["out"]) if ref is not None]
    yield from zip(wanted, outputs, strict=True)
    pairs = [(one, double(stored[ref["tensor"]])) for one, ref in zip(outputs, case["cotangents"]) if ref is not None]
    if pairs:
        torch.autograd.backward(*zip(*pairs))
    yield from ((case["param_grads"].get(key), parameter.grad) for key, parameter in module.named_parameters())
    yield from ((ref, value.grad) for ref, value in zip(case["input_grads"], inputs) if ref is not None)


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES
    stored = read_safetensors(folder / "goldens/modules.safetensors")
    cases = read_json(folder / "goldens/modules.json")
    exact = {}
    for case in cases:
        for ref, value in repeat(case, stored):
            if ref is None or value is None or not value.is_floating_point():
                continue
            recorded, rounded = stored[ref["tensor"]], value.detach().float()
            if not torch.allclose(recorded, rounded, **TOLERANCE):
                exact[ref["tensor"]] = rounded
                print(f"{case['module']} case {case['case']}: {ref['tensor']} is {(recorded - rounded).abs().max():.2g} off")
    path = folder / "goldens/exact.safetensors.gz"
    write_safetensors_gz(path, exact)
    print(f"{len(exact)} tensors of {len(cases)} cases -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

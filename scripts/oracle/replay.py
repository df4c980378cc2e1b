"""Calls PyTorch again with the inputs of a fixture folder's ops.json and says whether outputs and gradients agree.

    replay.py [FOLDER] [--names add,matmul]
"""
import argparse
import pathlib
import warnings

import torch

from files import FIXTURES, read_json, read_safetensors
from opinfo import BY_NAME
from ops import flatten

# Their values mean nothing.
SHAPES_ONLY = {"empty_like", "new_empty"}


def decode(value, tensors):
    if isinstance(value, list):
        return tuple(decode(item, tensors) for item in value)
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return tensors[value["tensor"]]
    if "dtype" in value:
        return getattr(torch, value["dtype"])
    if "float" in value:
        return float(value["float"])
    if "int" in value:
        return int(value["int"])
    if "slice" in value:
        return slice(*value["slice"])
    return Ellipsis


def references(value):
    if isinstance(value, list):
        return [ref for item in value for ref in references(item)]
    return [value] if isinstance(value, dict) and "tensor" in value else []


def check(op, name, sample, stored):
    """Raises AssertionError where PyTorch says something else today."""
    refs = references(list(sample["args"])) + references(list(sample["kwargs"].values()))
    inputs = {}
    for ref in refs:
        tensor = stored[f"{name}/{ref['tensor']}"].clone()
        inputs[ref["tensor"]] = tensor.requires_grad_(ref.get("requires_grad", False))
    kwargs = {key: decode(value, inputs) for key, value in sample["kwargs"].items()}
    out = op(*[decode(value, inputs) for value in sample["args"]], **kwargs)
    outputs, wanted = flatten(out), flatten(sample["out"])
    assert len(outputs) == len(wanted), f"{len(outputs)} outputs, recorded {len(wanted)}"
    for got, ref in zip(outputs, wanted):
        if not isinstance(got, torch.Tensor):
            assert got == decode(ref, inputs)
            continue
        expected = stored[f"{name}/{ref['tensor']}"]
        assert got.shape == expected.shape
        if name not in SHAPES_ONLY:
            torch.testing.assert_close(got.detach(), expected, rtol=1e-4, atol=1e-5, equal_nan=True)
    if "grads" not in sample:
        return
    pairs = [(o, c) for o, c in zip(outputs, sample["cotangents"]) if c is not None]
    grads = torch.autograd.grad(
        [o for o, _ in pairs], [inputs[key] for key in sample["grads"]],
        [stored[f"{name}/{c['tensor']}"] for _, c in pairs], allow_unused=True,
    )
    for got, ref in zip(grads, sample["grads"].values()):
        if got is None or ref is None:
            assert got is None and ref is None
        else:
            torch.testing.assert_close(got, stored[f"{name}/{ref['tensor']}"], rtol=1e-4, atol=1e-5, equal_nan=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, nargs="?", default=FIXTURES)
    parser.add_argument("--names", type=lambda text: text.split(","))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    described, stored = read_json(options.folder / "ops.json"), read_safetensors(options.folder / "ops.safetensors")
    passed = failed = 0
    for name in options.names or described:
        for sample in described[name]["samples"]:
            try:
                check(BY_NAME[name], name, sample, stored)
                passed += 1
            except Exception as error:  # Whatever it is, it is what the user wants to see.
                failed += 1
                print(f"{name} sample {sample['sample']}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
    print(f"{passed} agree, {failed} differ")
    raise SystemExit(failed > 0)


if __name__ == "__main__":
    main()

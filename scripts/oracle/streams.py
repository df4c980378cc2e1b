"""Random streams: what each call returns, in order, after manual_seed: goldens/random.json.gz and .safetensors.gz.

    streams.py --out FOLDER [--seeds 7,8]
    streams.py --check          draws the committed streams again and compares bit for bit
"""
import argparse
import pathlib

import torch
import torch.nn.functional as F

from files import FIXTURES, read_json, read_safetensors, write_json_gz, write_safetensors_gz

CALLS = [
    {"call": "rand", "args": [[5]]}, {"call": "rand", "args": [[100]]}, {"call": "randn", "args": [[5]]}, {"call": "randn", "args": [[16]]},
    {"call": "randn", "args": [[3, 7]]}, {"call": "randn", "args": [[1000]]}, {"call": "randint", "args": [0, 10, [20]]},
    {"call": "randint", "args": [-5, 1048576, [8]]}, {"call": "randperm", "args": [10]}, {"call": "randperm", "args": [1000]},
    {"call": "normal", "args": [0, 0.01, [4, 5]]}, {"call": "rand", "args": [[3]]}, {"call": "randn", "args": [[15]]}, {"call": "randn", "args": [[1]]},
    {"call": "uniform_", "args": [-0.3, 0.7], "shape": [50]}, {"call": "normal_", "args": [1, 2], "shape": [33]},
    {"call": "bernoulli_", "args": [0.3], "shape": [64]}, {"call": "bernoulli", "input": "tensor"}, {"call": "dropout", "p": 0.5, "shape": [64]},
    {"call": "exponential_", "args": [1], "shape": [20]},
    {"call": "multinomial", "input": [0.1, 0.2, 0.3, 0.4], "num_samples": 30, "replacement": True},
]


def draw(call, probabilities):
    name = call["call"]
    if name.endswith("_"):
        return getattr(torch.empty(call["shape"]), name)(*call["args"])
    if name == "dropout":
        return F.dropout(torch.ones(call["shape"]), call["p"])
    if name == "bernoulli":
        return torch.bernoulli(probabilities)
    if name == "multinomial":
        return torch.multinomial(torch.tensor(call["input"]), call["num_samples"], replacement=call["replacement"])
    if name == "normal":
        mean, std, size = call["args"]
        return torch.normal(float(mean), float(std), size)
    return getattr(torch, name)(*call["args"])


def make(seeds):
    tensors, streams = {}, []

    def keep(tensor):
        key = f"t{len(tensors)}"
        tensors[key] = tensor.clone()
        return {"tensor": key}

    for seed in seeds:
        torch.manual_seed(seed)
        probabilities = torch.linspace(0, 1, 40)
        calls = []
        for call in CALLS:
            entry = dict(call, input=keep(probabilities)) if call["call"] == "bernoulli" else dict(call)
            entry["out"] = keep(draw(call, probabilities))
            calls.append(entry)
        streams.append({"seed": seed, "calls": calls})
    return streams, tensors


def check(folder):
    stored, wrong, count = read_safetensors(folder / "random.safetensors"), 0, 0
    for stream in read_json(folder / "random.json"):
        torch.manual_seed(stream["seed"])
        for call in stream["calls"]:
            given = call.get("input")
            got = draw(call, stored[given["tensor"]] if isinstance(given, dict) else None)
            count += 1
            if not torch.equal(got, stored[call["out"]["tensor"]]):
                wrong += 1
                print(f"seed {stream['seed']}: {call['call']} {call.get('args', '')} differs")
    print(f"{count - wrong} agree, {wrong} differ")
    raise SystemExit(wrong > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[7, 8])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        check(FIXTURES / "goldens")
    if options.out is None:
        parser.error("--out FOLDER or --check")
    streams, tensors = make(options.seeds)
    write_json_gz(options.out / "goldens/random.json.gz", streams)
    write_safetensors_gz(options.out / "goldens/random.safetensors.gz", tensors)
    print(f"{len(streams)} streams of {len(CALLS)} calls -> {options.out}")


if __name__ == "__main__":
    main()

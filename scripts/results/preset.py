"""Trains in PyTorch what `kindling train` trained: the same network, images, order, seed and optimizer, from the run's config.json.

    preset.py RUN [--data FOLDER] [--threads 2]

RUN is a folder of `kindling train MODEL --data fashion-mnist` without --augment and --valid, with the schedule none or cosine. Prints a line of JSON for each epoch, as
metrics.jsonl has them. FOLDER holds the four IDX files, plain or gzipped.
"""
import argparse
import json
import pathlib
import sys
import time

import torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))
import networks as N  # noqa: E402

VGG = [(1, 16), (1, 32), (2, 64), (2, 128), (2, 128)]


def build(model, width, pixels):
    """`pixels` per channel arrive at the linear layers."""
    wide = N.widener(width)
    return {
        "softmax-regression": lambda: N.mlp([784, 10]),
        "mlp": lambda: N.mlp([784, 256, 10]),
        "mlp-dropout": lambda: N.mlp([784, 256, 256, 10], [0.2, 0.5]),
        "lenet": lambda: N.lenet(2, False, 400),
        "lenet-batch-norm": lambda: N.lenet(0, True, 256),
        "alexnet": lambda: N.alexnet(width=width, pixels=pixels),
        "vgg": lambda: N.vgg([(convs, wide(channels)) for convs, channels in VGG], pixels, hidden=wide(4096)),
        "nin": lambda: N.nin(width=width),
        "googlenet": lambda: N.googlenet(width=width),
        "resnet18": lambda: N.resnet18(width=width),
        "densenet": lambda: N.densenet(width=width),
    }[model]()


def pixels_left(model, side):
    if model == "alexnet":
        for size, stride, padding in ((11, 4, 1), (3, 2, 0), (5, 1, 2), (3, 2, 0), (3, 2, 0)):
            side = (side + 2 * padding - size) // stride + 1
    if model == "vgg":
        side //= 32
    return side * side


def load(folder, stem, count):
    pixels = N.read_idx(folder / f"{stem}-images-idx3-ubyte", 16, count * 784).reshape(-1, 1, 28, 28)
    return pixels, N.read_idx(folder / f"{stem}-labels-idx1-ubyte", 8, count).long()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    config = json.loads((options.run / "config.json").read_text())
    for setting in ("augment", "valid", "fold"):
        if config.get(setting):
            parser.error(f"{options.run} was trained with --{setting}")
    images, labels = load(options.data, "train", 60000)
    if config.get("limit", 60000) < 60000:
        order = torch.randperm(60000, generator=torch.Generator().manual_seed(config["seed"]))[: config["limit"]]
        images, labels = images[order], labels[order]
    tests = TensorDataset(*load(options.data, "t10k", 10000))
    side = config.get("side", 28)

    def prepare(pixels):
        pixels = pixels.float() / 255
        return pixels if side == 28 else F.interpolate(pixels, size=(side, side), mode="bilinear", align_corners=False)

    torch.manual_seed(config["seed"])
    net = build(config["model"], config.get("width", 1), pixels_left(config["model"], side))
    for layer in (m for m in net.modules() if isinstance(m, (nn.Linear, nn.Conv2d))):
        if config["model"] in ("softmax-regression", "mlp", "mlp-dropout"):
            nn.init.normal_(layer.weight, std=0.01)
        else:
            nn.init.xavier_uniform_(layer.weight)
    make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config["optimizer"]]
    optimizer = make(net.parameters(), lr=config["lr"])
    falls = config.get("schedule") == "cosine"
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config["epochs"]) if falls else None
    for epoch in range(1, config["epochs"] + 1):
        net.train()
        began, total, right = time.perf_counter(), 0.0, 0
        for x, y in DataLoader(TensorDataset(images, labels), batch_size=config["batchSize"], shuffle=True):
            scores = net(prepare(x))
            loss = F.cross_entropy(scores, y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            right += (scores.argmax(1) == y).sum().item()
        seconds = time.perf_counter() - began
        if schedule:
            schedule.step()
        net.eval()
        with torch.no_grad():
            tested = sum((net(prepare(x)).argmax(1) == y).sum().item() for x, y in DataLoader(tests, batch_size=256))
        print(json.dumps({
            "epoch": epoch, "trainLoss": total / len(labels), "trainAccuracy": right / len(labels), "testAccuracy": tested / 10000,
            "seconds": seconds, "torch": torch.__version__,
        }), flush=True)


if __name__ == "__main__":
    main()

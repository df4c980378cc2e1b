"""Short trainings of the networks in other forms than the course's: colours, odd sizes, other classes, widths and depths, and DenseNet.

Writes test/fixtures/variants.json.gz, read by test/models/variants.test.ts. Images and labels are random numbers, drawn in front of every step from
the generator that made the network: `rand(batch, channels, height, width)`, `randint(classes, (batch,))`. `scores` is what the trained network
gives for the last images after `eval()`. Prints how far a run in float64 is. Deep networks with batch normalisation get a learning rate at which noise
of a millionth in every convolution, which may flip a ReLU, does not grow beyond 1e-4.
"""
import pathlib

import torch

import networks as N
from files import write_json_gz

# Source as Kindling spells it (built by the test), the network, [channels, height, width], classes, batch, learning rate, steps.
VARIANTS = [
    ("mlp({ inputs: 60, hidden: [17, 9], dropout: 0.25, classes: 4 })", lambda: N.mlp([60, 17, 9, 4], [0.25, 0.25]), [3, 4, 5], 4, 4, 0.1, 3),
    ("lenet({ channels: 3, classes: 7, side: [20, 33] })", lambda: N.lenet(2, False, 16 * 3 * 6, 3, 7), [3, 20, 33], 7, 4, 0.5, 3),
    ("lenetBatchNorm({ channels: 3, classes: 7, side: [33, 20] })", lambda: N.lenet(0, True, 16 * 5 * 2, 3, 7), [3, 33, 20], 7, 4, 0.5, 3),
    ("alexnet({ channels: 3, classes: 5, side: [65, 97], hidden: 24 })", lambda: N.alexnet(3, 5, 2, 24), [3, 65, 97], 5, 3, 0.01, 3),
    ("vgg({ channels: 3, classes: 3, side: [17, 22], arch: [[2, 12], [1, 20], [3, 8]], ratio: 2, hidden: 16 })",
     lambda: N.vgg([(2, 6), (1, 10), (3, 4)], 2 * 2, 3, 3, 16), [3, 17, 22], 3, 2, 0.05, 3),
    ("nin({ channels: 3, classes: 6 })", lambda: N.nin(3, 6), [3, 67, 83], 6, 2, 0.05, 2),
    ("googlenet({ channels: 3, classes: 5 })", lambda: N.googlenet(3, 5), [3, 33, 40], 5, 3, 0.05, 3),
    ("resnet18({ channels: 3, classes: 5 })", lambda: N.resnet18(3, 5), [3, 40, 45], 5, 4, 2e-5, 2),
    ("densenet()", N.densenet, [1, 64, 64], 10, 4, 0.001, 2),
    ("densenet({ channels: 3, classes: 4, convs: [2, 1, 3], growth: 5 })", lambda: N.densenet(3, 4, (2, 1, 3), 5), [3, 33, 29], 4, 4, 0.05, 3),
]


def follow(make, image, classes, batch, lr, steps, dtype=torch.float32):
    last = []

    def batch_of(_step):
        last[:] = [torch.rand(batch, *image), torch.randint(classes, (batch,))]
        return last

    net, record = N.train(make, 1, lr, steps, batch_of, dtype)
    with torch.no_grad():
        record["scores"] = net.eval()(last[0].to(dtype)).tolist()
    return record


def drift(single, double):
    """Largest relative difference of a loss or norm, norms below 1 counted as 1; largest difference of a score by the largest score."""
    pairs = [*zip(single["losses"], double["losses"])] + [(norm, double["param_norms_after"][key]) for key, norm in single["param_norms_after"].items()]
    scores = torch.tensor(double["scores"])
    return max(abs(a - b) / max(1, b) for a, b in pairs), ((torch.tensor(single["scores"]) - scores).abs().max() / scores.abs().max()).item()


def main():
    runs = []
    for source, make, image, classes, batch, lr, steps in VARIANTS:
        record = follow(make, image, classes, batch, lr, steps)
        runs.append({"source": source, "image": image, "classes": classes, "batch": batch, **record})
        far = drift(record, follow(make, image, classes, batch, lr, steps, torch.float64))
        losses = ", ".join(f"{loss:.4f}" for loss in record["losses"])
        print(f"{source}\n  {record['params']:,} parameters, losses {losses}; float64 is {far[0]:.1e} away, scores {far[1]:.1e}")
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/variants.json.gz"
    write_json_gz(path, runs)
    print(f"{len(runs)} runs -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

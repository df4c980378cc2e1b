"""One operation without a gradient, again and again, in PyTorch; operation.ts is the same in Kindling.

A worker of the bench: `python3 bench/operation.py matmul 512 --times 10` reads 'run N' and does ten products of 512 x 512 matrices in each step.
"""
import argparse

import torch

from torch_threads import set_threads
from worker import reset_peak, rss, serve


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=["matmul", "add"])
    parser.add_argument("size", type=int)
    parser.add_argument("--times", type=int, default=1)
    options = parser.parse_args()
    set_threads()
    imported = rss()
    reset_peak()
    torch.manual_seed(0)
    shape = (options.size, options.size) if options.name == "matmul" else (options.size,)
    a, b = torch.rand(shape), torch.rand(shape)
    operation = a.matmul if options.name == "matmul" else a.add

    @torch.no_grad()
    def step():
        for _ in range(options.times):
            result = operation(b)
        return result.flatten()[0].item()

    serve(torch.get_num_threads(), {}, imported, step)


if __name__ == "__main__":
    main()

"""A training step of one network in PyTorch; step.ts is the same in Kindling.

`python3 bench/step.py lenet --steps 20` prints the median; without --steps it is a worker of the bench, which reads 'run N' and 'quit'.
TORCH_THREADS chooses the number of threads.
"""
import argparse
import statistics

import torch

from torch_threads import set_threads
from training import TABLE, training
from worker import reset_peak, rss, serve, turn


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=list(TABLE))
    parser.add_argument("--steps", type=int, help="time so many steps, print the median, and end")
    parser.add_argument("--warm-up", type=int, help="steps before that; by default the number of a quick turn")
    options = parser.parse_args()
    set_threads()
    imported = rss()
    reset_peak()
    step = training(options.network)
    threads = torch.get_num_threads()
    if options.steps is None:
        serve(threads, {"torch": torch.__version__}, imported, step)
        return
    warm_up = TABLE[options.network]["quick"] if options.warm_up is None else options.warm_up
    warm = turn(step, warm_up)
    timed = turn(step, options.steps)
    times, losses = timed["times"], warm["losses"] + timed["losses"]
    print(
        f"{options.network}: {statistics.median(times):.2f} ms a step ({min(times):.2f} to {max(times):.2f}), "
        f"loss {losses[0]:.5f} to {losses[-1]:.5f}, memory {(timed['peakRss'] - imported) / 2**20:.0f} MiB, "
        f"{threads} thread{'' if threads == 1 else 's'}"
    )


if __name__ == "__main__":
    main()

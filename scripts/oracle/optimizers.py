"""Optimizers with options beyond the goldens, and L-BFGS: writes test/fixtures/optimizers.json.gz, read by test/optim/optimizers.test.ts.

`steps`: fixed gradients of two parameters in, parameters after each step, and the state after the last one (counts as numbers). `minimized`: L-BFGS on two functions of float64
parameters: loss, parameters and counts after each call of `step`.
"""
import pathlib

import torch
from torch import optim

from files import write_json_gz

# Source and optimizer.
CASES = [
    ("new optim.Adagrad(params, { lr: 0.1, initialAccumulatorValue: 0.5, eps: 1e-3, maximize: true })",
     lambda p: optim.Adagrad(p, lr=0.1, initial_accumulator_value=0.5, eps=1e-3, maximize=True)),
    ("new optim.Adagrad(params, { lrDecay: 0.3 })", lambda p: optim.Adagrad(p, lr_decay=0.3)),
    ("new optim.RMSprop(params)", lambda p: optim.RMSprop(p)),
    ("new optim.RMSprop(params, { alpha: 0.7, eps: 1e-3, weightDecay: 0.1, momentum: 0.8 })",
     lambda p: optim.RMSprop(p, alpha=0.7, eps=1e-3, weight_decay=0.1, momentum=0.8)),
    ("new optim.RMSprop(params, { lr: 0.05, centered: true, maximize: true })", lambda p: optim.RMSprop(p, lr=0.05, centered=True, maximize=True)),
    ("new optim.RMSprop(params, { centered: true, momentum: 0.5, alpha: 0.9 })", lambda p: optim.RMSprop(p, centered=True, momentum=0.5, alpha=0.9)),
    ("new optim.Adadelta(params, { lr: 0.5, rho: 0.5, eps: 1e-2, weightDecay: 0.1, maximize: true })",
     lambda p: optim.Adadelta(p, lr=0.5, rho=0.5, eps=1e-2, weight_decay=0.1, maximize=True)),
    ("new optim.Adamax(params, { lr: 0.1, betas: [0.5, 0.6], eps: 1e-2, weightDecay: 0.1, maximize: true })",
     lambda p: optim.Adamax(p, lr=0.1, betas=(0.5, 0.6), eps=1e-2, weight_decay=0.1, maximize=True)),
    ("new optim.NAdam(params, { lr: 0.1, betas: [0.8, 0.9], eps: 1e-3, weightDecay: 0.1, momentumDecay: 0.1 })",
     lambda p: optim.NAdam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1, momentum_decay=0.1)),
    ("new optim.RAdam(params, { lr: 0.1, betas: [0.8, 0.9], eps: 1e-3, weightDecay: 0.1 })",
     lambda p: optim.RAdam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-3, weight_decay=0.1)),
    ("new optim.RAdam(params)", lambda p: optim.RAdam(p)),
    ("new optim.ASGD(params, { lr: 0.2, lambd: 0.1, alpha: 0.5, t0: 2, weightDecay: 0.1, maximize: true })",
     lambda p: optim.ASGD(p, lr=0.2, lambd=0.1, alpha=0.5, t0=2, weight_decay=0.1, maximize=True)),
    ("new optim.Rprop(params, { lr: 0.1, etas: [0.3, 1.5], stepSizes: [0.05, 0.2], maximize: true })",
     lambda p: optim.Rprop(p, lr=0.1, etas=(0.3, 1.5), step_sizes=(0.05, 0.2), maximize=True)),
]

MINIMIZED = [
    ("new optim.LBFGS(params)", "rosenbrock", lambda p: optim.LBFGS(p), 3),
    ("new optim.LBFGS(params, { lr: 0.02, maxIter: 7, historySize: 3 })", "rosenbrock", lambda p: optim.LBFGS(p, lr=0.02, max_iter=7, history_size=3), 6),
    ("new optim.LBFGS(params, { lineSearchFn: 'strongWolfe' })", "rosenbrock", lambda p: optim.LBFGS(p, line_search_fn="strong_wolfe"), 3),
    ("new optim.LBFGS(params, { lr: 3, maxIter: 4, historySize: 2, lineSearchFn: 'strongWolfe' })", "rosenbrock",
     lambda p: optim.LBFGS(p, lr=3, max_iter=4, history_size=2, line_search_fn="strong_wolfe"), 8),
    ("new optim.LBFGS(params, { lr: 50, maxEval: 9, lineSearchFn: 'strongWolfe' })", "valley",
     lambda p: optim.LBFGS(p, lr=50, max_eval=9, line_search_fn="strong_wolfe"), 6),
    ("new optim.LBFGS(params, { lr: 0.3, toleranceChange: 1e-3 })", "valley", lambda p: optim.LBFGS(p, lr=0.3, tolerance_change=1e-3), 4),
    ("new optim.LBFGS(params, { toleranceGrad: 0.5 })", "valley", lambda p: optim.LBFGS(p, tolerance_grad=0.5), 4),
]
FUNCTIONS = {
    "rosenbrock": lambda a, b: (1 - a).square().sum() + 100 * (b - a.square()).square().sum(),
    "valley": lambda a, b: (a.cosh().log() * torch.tensor([1.0, 30.0])).sum() + (b - a.sin()).pow(4).sum() + 0.1 * b.square().sum(),
}


def numbers(tensor):
    """Nested lists; float32 numbers with the nine digits that tell them apart."""
    def short(value):
        if isinstance(value, list):
            return [short(item) for item in value]
        return float(f"{value:.9g}") if tensor.dtype == torch.float32 else value
    return short(tensor.tolist())


def plain(value):
    return numbers(value) if torch.is_tensor(value) else value


def stepped(number, source, make):
    torch.manual_seed(number)
    params = [torch.randn(2, 3).requires_grad_(), torch.randn(5).requires_grad_()]
    start = [numbers(p) for p in params]
    optimizer = make(params)
    steps = []
    for _ in range(8):
        grads = [torch.randn(p.shape) for p in params]
        for p, grad in zip(params, grads):
            p.grad = grad.clone()
        optimizer.step()
        steps.append({"grads": [numbers(grad) for grad in grads], "params": [numbers(p) for p in params]})
    state = [{key: plain(value) for key, value in optimizer.state[p].items()} for p in params]
    return {"source": source, "start": start, "steps": steps, "state": state}


def minimized(source, name, make, calls):
    torch.set_default_dtype(torch.float64)
    params = [torch.tensor([-1.5, 0.5]).requires_grad_(), torch.tensor([2.0, -1.0]).requires_grad_()]
    optimizer = make(params)

    def closure():
        optimizer.zero_grad()
        loss = FUNCTIONS[name](*params)
        loss.backward()
        return loss

    steps = []
    for _ in range(calls):
        loss = optimizer.step(closure)
        state = optimizer.state[params[0]]
        steps.append({"loss": loss.item(), "params": [numbers(p) for p in params], "calls": state["func_evals"], "iterations": state["n_iter"]})
    torch.set_default_dtype(torch.float32)
    return {"source": source, "function": name, "steps": steps}


def main():
    cases = {
        "stepped": [stepped(number, *case) for number, case in enumerate(CASES)],
        "minimized": [minimized(*case) for case in MINIMIZED],
    }
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/optimizers.json.gz"
    write_json_gz(path, cases)
    print(f"{len(CASES)} and {len(MINIMIZED)} runs -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

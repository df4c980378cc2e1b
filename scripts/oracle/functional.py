"""Derivatives of functions, checkpoints and averaged models: writes test/fixtures/functional.json.gz, read by test/func and test/optim/swaUtils.test.ts.

`func`: each case is an expression as Kindling spells it, on the inputs x, y, m, v and u, and its value from functorch or torch.autograd.functional, as nested lists. `function`: a
custom function with two gradients. `swa`: trainings whose weights are averaged, and learning rates.
"""
import pathlib
import warnings

import functorch
import torch
from torch import nn
from torch.autograd import functional as A
from torch.nn import functional as F
from torch.optim import swa_utils

from files import write_json_gz

warnings.filterwarnings("ignore")
torch.manual_seed(0)
INPUTS = {
    "x": torch.randn(3, dtype=torch.float64),
    "y": torch.rand(3, dtype=torch.float64) + 0.5,
    "m": torch.randn(2, 3, dtype=torch.float64),
    "v": torch.randn(3, dtype=torch.float64),
    "u": torch.randn(2, dtype=torch.float64),
}
x, y, m, v, u = INPUTS.values()


def energy(a, b):
    return (a.sin() * b.pow(3)).sum() + (a * b).sum().exp()


def layer(a, w):
    return torch.tanh(w @ a)


def net(p, a):
    return (F.softplus(p["w"] @ a) * p["b"]).sum()


CASES = [
    ("func.grad(energy)(x, y)", lambda: functorch.grad(energy)(x, y)),
    ("func.grad(energy, { argnums: -1 })(x, y)", lambda: functorch.grad(energy, argnums=-1)(x, y)),
    ("func.grad(energy, { argnums: [1, 0] })(x, y)", lambda: functorch.grad(energy, argnums=(1, 0))(x, y)),
    ("func.gradAndValue(energy)(x, y)", lambda: functorch.grad_and_value(energy)(x, y)),
    ("func.grad((a, b) => [energy(a, b), b.mul(2)], { hasAux: true })(x, y)",
     lambda: functorch.grad(lambda a, b: (energy(a, b), b * 2), has_aux=True)(x, y)),
    ("Object.values(func.grad(net)({ w: m, b: u }, x))", lambda: list(functorch.grad(net)({"w": m, "b": u}, x).values())),
    ("func.grad((a) => func.grad(energy)(a, y).square().sum())(x)", lambda: functorch.grad(lambda a: functorch.grad(energy)(a, y).square().sum())(x)),
    ("func.grad((a) => a.mul(func.grad((b) => a.mul(b).sin().sum())(y)).sum())(x)",
     lambda: functorch.grad(lambda a: (a * functorch.grad(lambda b: (a * b).sin().sum())(y)).sum())(x)),
    ("func.vjp(layer, x, m)[0]", lambda: functorch.vjp(layer, x, m)[0]),
    ("func.vjp(layer, x, m)[1](u)", lambda: functorch.vjp(layer, x, m)[1](u)),
    ("func.vjp((a) => [a.exp(), a.sum()], x)[1]([v, y.sum()])", lambda: functorch.vjp(lambda a: (a.exp(), a.sum()), x)[1]((v, y.sum()))),
    ("func.jvp(layer, [x, m], [v, m.cos()])", lambda: functorch.jvp(layer, (x, m), (v, m.cos()))),
    ("func.jvp((a) => [a.exp(), a.mul(y).sum()], [x], [v])", lambda: functorch.jvp(lambda a: (a.exp(), (a * y).sum()), (x,), (v,))),
    ("func.jvp((a) => func.grad(energy)(a, y), [x], [v])", lambda: functorch.jvp(lambda a: functorch.grad(energy)(a, y), (x,), (v,))),
    ("func.jacrev(layer)(x, m)", lambda: functorch.jacrev(layer)(x, m)),
    ("func.jacrev(layer, { argnums: [0, 1] })(x, m)", lambda: functorch.jacrev(layer, argnums=(0, 1))(x, m)),
    ("func.jacrev((a) => [a.exp(), a.sum()])(x)", lambda: functorch.jacrev(lambda a: (a.exp(), a.sum()))(x)),
    ("func.jacrev((a) => F.softmax(a, -1))(x)", lambda: functorch.jacrev(lambda a: F.softmax(a, -1))(x)),
    ("func.hessian(energy)(x, y)", lambda: functorch.hessian(energy)(x, y)),
    ("func.hessian(energy, { argnums: [0, 1] })(x, y)", lambda: functorch.hessian(energy, argnums=(0, 1))(x, y)),
    ("func.hessian((w) => layer(x, w))(m)", lambda: functorch.hessian(lambda w: layer(x, w))(m)),
    ("func.jacobian(layer, [x, m])", lambda: A.jacobian(layer, (x, m))),
    ("func.jacobian((a) => a.cumsum(0).mul(y), x)", lambda: A.jacobian(lambda a: a.cumsum(0) * y, x)),
    ("func.jacobian((a, b) => [a.mul(2), b.exp()], [x, y])", lambda: A.jacobian(lambda a, b: (a * 2, b.exp()), (x, y))),
    ("func.hessian(energy, { argnums: [0, 1] })(x, y)", lambda: A.hessian(energy, (x, y))),
    ("func.hvp((a) => energy(a, y), x, v)", lambda: A.hvp(lambda a: energy(a, y), x, v)),
    ("func.hvp(energy, [x, y], [v, x])", lambda: A.hvp(energy, (x, y), (v, x))),
    ("func.vhp((a) => energy(a, y), x, v)", lambda: A.vhp(lambda a: energy(a, y), x, v)),
    ("func.vhp(energy, [x, y], [v, x])", lambda: A.vhp(energy, (x, y), (v, x))),
]


def plain(value):
    return value.tolist() if isinstance(value, torch.Tensor) else [plain(item) for item in value]


class ScaledSwish(torch.autograd.Function):
    """scale * x * sigmoid(gate * x)."""

    @staticmethod
    def forward(ctx, x, scale, gate):
        ctx.save_for_backward(x, gate)
        ctx.scale = scale
        return scale * x * torch.sigmoid(gate * x)

    @staticmethod
    def backward(ctx, grad):
        x, gate = ctx.saved_tensors
        s = torch.sigmoid(gate * x)
        slope = s * (1 - s) * ctx.scale * x
        return grad * (ctx.scale * s + slope * gate), None, grad * slope * x


def custom():
    a, gate = x.clone().requires_grad_(), y.clone().requires_grad_()
    output = ScaledSwish.apply(a, 1.5, gate)
    first = torch.autograd.grad((output * v).sum(), (a, gate), create_graph=True)
    second = torch.autograd.grad((first[0] * y).sum() + first[1].square().sum(), (a, gate))
    return {"output": plain(output), "first": plain(first), "second": plain(second)}


AVERAGES = {
    "undefined": None,
    "(avg, model) => avg.mul(0.9).add(model.mul(0.1))": lambda avg, model, n: 0.9 * avg + 0.1 * model,
    "(avg, model, n) => avg.add(model.sub(avg).mul(2 / (n + 2)))": lambda avg, model, n: avg + (model - avg) * (2 / (n + 2)),
}


def averaged(source, avg_fn, use_buffers):
    """Five steps of SGD, averaged from the second on; then statistics of the averaged network from all batches."""
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2))
    average = swa_utils.AveragedModel(net, avg_fn=avg_fn, use_buffers=use_buffers)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5)
    batches = [torch.randn(5, 3) for _ in range(5)]
    for step, batch in enumerate(batches):
        optimizer.zero_grad()
        net(batch).square().mean().backward()
        optimizer.step()
        if step > 0:
            average.update_parameters(net)
    states = [{key: plain(value) for key, value in average.state_dict().items()}]
    swa_utils.update_bn([(batch, 0) for batch in batches], average)
    states.append({key: plain(value) for key, value in average.state_dict().items()})
    return {"avgFn": source, "useBuffers": use_buffers, "states": states, "momentum": average.module[1].momentum, "training": average.training}


RATES = [
    ("0.05", dict(swa_lr=0.05)),
    ("[0.2, 0.01], { annealEpochs: 5, annealStrategy: 'linear' }", dict(swa_lr=[0.2, 0.01], anneal_epochs=5, anneal_strategy="linear")),
    ("0.3, { annealEpochs: 0 }", dict(swa_lr=0.3, anneal_epochs=0)),
    ("0.3, { annealEpochs: 1, annealStrategy: 'cos' }", dict(swa_lr=0.3, anneal_epochs=1, anneal_strategy="cos")),
]


def rates(source, options):
    """An exponential schedule for four steps, then the annealing to the rate of the average."""
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.5, 0.08)]
    optimizer = torch.optim.SGD(groups, lr=1)
    before = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    scheduler = swa_utils.SWALR(optimizer, **options)
    recorded = []
    for step in range(14):
        recorded.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        (scheduler if step > 3 else before).step()
    return {"source": source, "rates": recorded}


def main():
    fixture = {
        "inputs": {name: plain(value) for name, value in INPUTS.items()},
        "func": [{"source": source, "value": plain(make())} for source, make in CASES],
        "function": custom(),
        "swa": [averaged(source, avg_fn, buffers) for source, avg_fn in AVERAGES.items() for buffers in (False, True)
                if not (buffers and "2 /" in source)],
        "rates": [rates(*parts) for parts in RATES],
    }
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/functional.json.gz"
    write_json_gz(path, fixture)
    print(f"{len(CASES)} derivatives, {len(fixture['swa'])} averages, {len(RATES)} schedules -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

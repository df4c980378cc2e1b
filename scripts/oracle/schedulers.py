"""Learning rates under schedulers: writes test/fixtures/schedulers.json.gz, read by test/optim/lrScheduler.test.ts.

Each case is an optimizer and a scheduler as Kindling spells them, on two groups with different learning rates, and arguments for each call of `step` (an epoch, a figure
for the plateau, or nothing); `outside` multiplies all learning rates by a factor before that step. Recorded are learning rate and momentum (or the first beta) of both groups,
before the first step and after each.
"""
import pathlib

import torch
from torch import optim
from torch.optim import lr_scheduler as S

from files import write_json_gz

SGD = "new optim.SGD(groups, { lr: 1, momentum: 0.9 })"
ADAM = "new optim.Adam(groups)"
FIGURES = [5, 4, 4.5, 4.2, 4.1, 4.0, 3.0, 3.1, 3.2, 3.0, 3.0, 3.0, 2.9999, 2.9998, 2.9999, 2.9, 3, 3, 3, 3, 3, 3, 3, 3, 3]
NONE = [None] * 20

# Source, scheduler of an optimizer, arguments of the steps, optimizer, factor from outside before step 6.
CASES = [
    ("new S.LambdaLR(o, (epoch) => 0.95 ** epoch)", lambda o: S.LambdaLR(o, lambda epoch: 0.95 ** epoch), NONE, SGD, None),
    ("new S.LambdaLR(o, [(epoch) => 1 / (epoch + 1), (epoch) => epoch])",
     lambda o: S.LambdaLR(o, [lambda epoch: 1 / (epoch + 1), lambda epoch: epoch]), NONE, SGD, 3.0),
    ("new S.MultiplicativeLR(o, (epoch) => 1 - epoch / 30)", lambda o: S.MultiplicativeLR(o, lambda epoch: 1 - epoch / 30), NONE, SGD, 3.0),
    ("new S.StepLR(o, 3)", lambda o: S.StepLR(o, 3), NONE, SGD, 0.5),
    ("new S.StepLR(o, 4, { gamma: 0.5 })", lambda o: S.StepLR(o, 4, gamma=0.5), [None, 3, None, 8, None, None, 2, None, None], SGD, None),
    ("new S.MultiStepLR(o, [2, 5, 5, 9], { gamma: 0.7 })", lambda o: S.MultiStepLR(o, [2, 5, 5, 9], gamma=0.7), NONE, SGD, 2.0),
    ("new S.MultiStepLR(o, [2, 5, 5, 9])", lambda o: S.MultiStepLR(o, [2, 5, 5, 9]), [5, 1, None, 12, 4, None], SGD, None),
    ("new S.ConstantLR(o)", lambda o: S.ConstantLR(o), NONE, SGD, 2.0),
    ("new S.ConstantLR(o, { factor: 0.25, totalIters: 3 })", lambda o: S.ConstantLR(o, factor=0.25, total_iters=3), [None, 2, 3, 1, None], SGD, None),
    ("new S.LinearLR(o)", lambda o: S.LinearLR(o), NONE, SGD, None),
    ("new S.LinearLR(o, { startFactor: 0.9, endFactor: 0, totalIters: 7 })",
     lambda o: S.LinearLR(o, start_factor=0.9, end_factor=0, total_iters=7), NONE, SGD, 1.5),
    ("new S.LinearLR(o, { startFactor: 0.5, totalIters: 4 })", lambda o: S.LinearLR(o, start_factor=0.5, total_iters=4), [2, None, 9, 1], SGD, None),
    ("new S.ExponentialLR(o, 0.9)", lambda o: S.ExponentialLR(o, 0.9), [None, None, 5, 1, None], SGD, None),
    ("new S.PolynomialLR(o)", lambda o: S.PolynomialLR(o), NONE, SGD, None),
    ("new S.PolynomialLR(o, { totalIters: 12, power: 2.5 })", lambda o: S.PolynomialLR(o, total_iters=12, power=2.5), NONE, SGD, 2.0),
    ("new S.PolynomialLR(o, { totalIters: 8, power: 2 })", lambda o: S.PolynomialLR(o, total_iters=8, power=2), [3, None, 20, 0], SGD, None),
    ("new S.CosineAnnealingLR(o, 4)", lambda o: S.CosineAnnealingLR(o, 4), NONE, SGD, None),
    ("new S.CosineAnnealingLR(o, 7, { etaMin: 0.05 })", lambda o: S.CosineAnnealingLR(o, 7, eta_min=0.05), NONE, SGD, 1.2),
    ("new S.CosineAnnealingLR(o, 5)", lambda o: S.CosineAnnealingLR(o, 5), [3, None, 12, None], SGD, None),
    ("new S.CosineAnnealingWarmRestarts(o, 4)", lambda o: S.CosineAnnealingWarmRestarts(o, 4), NONE, SGD, 2.0),
    ("new S.CosineAnnealingWarmRestarts(o, 3, { TMult: 2, etaMin: 0.01 })",
     lambda o: S.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.01), NONE, SGD, None),
    ("new S.CosineAnnealingWarmRestarts(o, 3, { TMult: 3 })",
     lambda o: S.CosineAnnealingWarmRestarts(o, 3, T_mult=3), [0.5, 1.25, 2.75, 3, 4.5, 11.5, 12.25, 13, None, 2], SGD, None),
    ("new S.CosineAnnealingWarmRestarts(o, 2)", lambda o: S.CosineAnnealingWarmRestarts(o, 2), [0.5, 1.5, 2.5, 7.25, None, None], SGD, None),
    ("new S.CyclicLR(o, 0.1, 0.6, { stepSizeUp: 4 })", lambda o: S.CyclicLR(o, 0.1, 0.6, step_size_up=4), NONE, SGD, 2.0),
    ("new S.CyclicLR(o, [0.1, 0.2], [0.5, 1], { stepSizeUp: 3, stepSizeDown: 5, mode: 'triangular2', baseMomentum: [0.7, 0.6], maxMomentum: 0.99 })",
     lambda o: S.CyclicLR(o, [0.1, 0.2], [0.5, 1.0], step_size_up=3, step_size_down=5, mode="triangular2", base_momentum=[0.7, 0.6], max_momentum=0.99),
     NONE, SGD, None),
    ("new S.CyclicLR(o, 0.1, 0.6, { stepSizeUp: 3, mode: 'expRange', gamma: 0.9, cycleMomentum: false })",
     lambda o: S.CyclicLR(o, 0.1, 0.6, step_size_up=3, mode="exp_range", gamma=0.9, cycle_momentum=False), NONE, ADAM, None),
    ("new S.CyclicLR(o, 0.1, 0.6, { stepSizeUp: 3, scaleFn: (x) => 1 / (1 + x), scaleMode: 'iterations' })",
     lambda o: S.CyclicLR(o, 0.1, 0.6, step_size_up=3, scale_fn=lambda x: 1 / (1 + x), scale_mode="iterations"), NONE, SGD, None),
    ("new S.OneCycleLR(o, 2, { totalSteps: 20 })", lambda o: S.OneCycleLR(o, 2.0, total_steps=20), NONE, SGD, 3.0),
    ("new S.OneCycleLR(o, [1, 2], { epochs: 4, stepsPerEpoch: 5, annealStrategy: 'linear', pctStart: 0.25, divFactor: 10, finalDivFactor: 100 })",
     lambda o: S.OneCycleLR(o, [1.0, 2.0], epochs=4, steps_per_epoch=5, anneal_strategy="linear", pct_start=0.25, div_factor=10, final_div_factor=100),
     NONE, ADAM, None),
    ("new S.OneCycleLR(o, 1, { totalSteps: 25, threePhase: true, baseMomentum: [0.8, 0.7], maxMomentum: [0.9, 0.99] })",
     lambda o: S.OneCycleLR(o, 1.0, total_steps=25, three_phase=True, base_momentum=[0.8, 0.7], max_momentum=[0.9, 0.99]), NONE, ADAM, None),
    ("new S.OneCycleLR(o, 1, { totalSteps: 22, cycleMomentum: false })",
     lambda o: S.OneCycleLR(o, 1.0, total_steps=22, cycle_momentum=False), NONE, SGD, None),
    ("new S.ReduceLROnPlateau(o, { patience: 2 })", lambda o: S.ReduceLROnPlateau(o, patience=2), FIGURES, SGD, None),
    ("new S.ReduceLROnPlateau(o, { mode: 'max', factor: 0.5, patience: 1, threshold: 0.1, thresholdMode: 'abs', cooldown: 2 })",
     lambda o: S.ReduceLROnPlateau(o, mode="max", factor=0.5, patience=1, threshold=0.1, threshold_mode="abs", cooldown=2), FIGURES, SGD, None),
    ("new S.ReduceLROnPlateau(o, { factor: 0.3, patience: 0, thresholdMode: 'abs', minLr: [0.2, 0], eps: 0.01 })",
     lambda o: S.ReduceLROnPlateau(o, factor=0.3, patience=0, threshold_mode="abs", min_lr=[0.2, 0], eps=0.01), FIGURES, ADAM, 4.0),
    ("new S.ReduceLROnPlateau(o, { mode: 'max', patience: 3, threshold: 0.2 })",
     lambda o: S.ReduceLROnPlateau(o, mode="max", patience=3, threshold=0.2), FIGURES, SGD, None),
    ("new S.SequentialLR(o, [new S.ConstantLR(o, { factor: 0.1, totalIters: 2 }), new S.ExponentialLR(o, 0.9)], [2])",
     lambda o: S.SequentialLR(o, [S.ConstantLR(o, factor=0.1, total_iters=2), S.ExponentialLR(o, 0.9)], [2]), NONE, SGD, 2.0),
    ("new S.SequentialLR(o, [new S.LinearLR(o, { totalIters: 4 }), new S.CosineAnnealingLR(o, 8), new S.StepLR(o, 2)], [4, 12])",
     lambda o: S.SequentialLR(o, [S.LinearLR(o, total_iters=4), S.CosineAnnealingLR(o, 8), S.StepLR(o, 2)], [4, 12]), NONE, SGD, None),
    ("new S.ChainedScheduler([new S.ConstantLR(o, { factor: 0.1, totalIters: 3 }), new S.ExponentialLR(o, 0.9)])",
     lambda o: S.ChainedScheduler([S.ConstantLR(o, factor=0.1, total_iters=3), S.ExponentialLR(o, 0.9)]), NONE, SGD, 2.0),
]


def rates(optimizer):
    return [[group["lr"], group["betas"][0] if "betas" in group else group["momentum"]] for group in optimizer.param_groups]


def case(source, make, steps, optimizer_source, outside):
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (0.5, 0.08)]
    optimizer = optim.SGD(groups, lr=1, momentum=0.9) if optimizer_source is SGD else optim.Adam(groups)
    scheduler = make(optimizer)
    recorded = [rates(optimizer)]
    for number, argument in enumerate(steps):
        optimizer.step()
        if outside is not None and number == 5:
            for group in optimizer.param_groups:
                group["lr"] *= outside
        scheduler.step(*([] if argument is None else [argument]))
        recorded.append(rates(optimizer))
    return {"source": source, "optimizer": optimizer_source, "steps": steps, "outside": outside, "rates": recorded, "last": scheduler._last_lr}


def main():
    cases = [case(*parts) for parts in CASES]
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/schedulers.json.gz"
    write_json_gz(path, cases)
    print(f"{len(cases)} schedules -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

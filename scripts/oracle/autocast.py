"""Mixed precision: writes test/fixtures/autocast.json.gz, read by test/ops/autocast.test.ts.

`dtypes`: of what each operation gives under `torch.autocast('cpu')` for inputs in float32 and in bfloat16 (null: PyTorch 1.13 cannot do it at all).
`scaling`: steps under a gradient scaler. `training`: a small network trained under autocast: its first state, batches, the loss of each step and the state afterwards.
"""
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

from files import write_json_gz

LABELS = torch.tensor([0, 1, 2, 3])

#: By the names of Kindling; x is [4, 4] with values in [0, 1).
OPS = {
    "mm": lambda x: torch.mm(x, x), "bmm": lambda x: torch.bmm(x[None], x[None]), "mv": lambda x: torch.mv(x, x[0]), "dot": lambda x: torch.dot(x[0], x[0]),
    "matmul": lambda x: x @ x, "matmul of vectors": lambda x: x[0] @ x[0], "matmul of a vector": lambda x: x @ x[0], "addmm": lambda x: torch.addmm(x, x, x),
    "addmv": lambda x: torch.addmv(x[0], x, x[0]), "addr": lambda x: torch.addr(x, x[0], x[0]), "baddbmm": lambda x: torch.baddbmm(x[None], x[None], x[None]),
    "addbmm": lambda x: torch.addbmm(x, x[None], x[None]), "linear": lambda x: F.linear(x, x, x[0]), "outer": lambda x: torch.outer(x[0], x[0]),
    "einsum": lambda x: torch.einsum("ij,jk->ik", x, x), "tensordot": lambda x: torch.tensordot(x, x, 1), "inner": lambda x: torch.inner(x, x),
    "bilinear": lambda x: F.bilinear(x, x, x.repeat(3, 1, 1)), "conv1d": lambda x: F.conv1d(x[None], x[None]),
    "conv2d": lambda x: F.conv2d(x[None, None], x[None, None]), "conv3d": lambda x: F.conv3d(x[None, None, None], x[None, None, None]),
    "softmax": lambda x: F.softmax(x, -1), "logSoftmax": lambda x: F.log_softmax(x, -1), "layerNorm": lambda x: F.layer_norm(x, [4]),
    "batchNorm": lambda x: F.batch_norm(x, torch.zeros(4), torch.ones(4), torch.ones(4), torch.zeros(4), training=True),
    "exp": torch.exp, "sum": torch.sum, "prod": torch.prod, "prod over 0": lambda x: x.prod(0), "mean": torch.mean, "cumsum": lambda x: x.cumsum(0),
    "cumprod": lambda x: x.cumprod(0), "norm": torch.norm, "cdist": lambda x: torch.cdist(x, x), "dist": lambda x: torch.dist(x, x + 1),
    "pairwiseDistance": lambda x: F.pairwise_distance(x, x + 1), "cosineSimilarity": lambda x: F.cosine_similarity(x, x), "gelu": F.gelu, "sigmoid": torch.sigmoid,
    "mseLoss": lambda x: F.mse_loss(x, x + 1), "l1Loss": lambda x: F.l1_loss(x, x + 1), "smoothL1Loss": lambda x: F.smooth_l1_loss(x, x + 1),
    "huberLoss": lambda x: F.huber_loss(x, x + 1), "nllLoss": lambda x: F.nll_loss(x, LABELS), "crossEntropy": lambda x: F.cross_entropy(x, LABELS),
    "binaryCrossEntropy": lambda x: F.binary_cross_entropy(x, x), "binaryCrossEntropyWithLogits": lambda x: F.binary_cross_entropy_with_logits(x, x),
    "klDiv": lambda x: F.kl_div(x.log(), x, reduction="sum"), "poissonNllLoss": lambda x: F.poisson_nll_loss(x, x), "gaussianNllLoss": lambda x: F.gaussian_nll_loss(x, x, x),
    "hingeEmbeddingLoss": lambda x: F.hinge_embedding_loss(x, torch.sign(x)), "softMarginLoss": lambda x: F.soft_margin_loss(x, torch.sign(x)),
    "marginRankingLoss": lambda x: F.margin_ranking_loss(x, x, torch.sign(x)), "tripletMarginLoss": lambda x: F.triplet_margin_loss(x, x, x + 1),
    "cosineEmbeddingLoss": lambda x: F.cosine_embedding_loss(x, x, torch.ones(4)), "multiMarginLoss": lambda x: F.multi_margin_loss(x, LABELS),
    "multilabelMarginLoss": lambda x: F.multilabel_margin_loss(x, torch.zeros(4, 4).long()), "multilabelSoftMarginLoss": lambda x: F.multilabel_soft_margin_loss(x, x),
    "avgPool2d": lambda x: F.avg_pool2d(x[None], 2), "avgPool3d": lambda x: F.avg_pool3d(x.expand(1, 4, 4, 4), 2), "maxPool2d": lambda x: F.max_pool2d(x[None], 2),
    "maxPool3d": lambda x: F.max_pool3d(x.expand(1, 4, 4, 4), 2), "adaptiveAvgPool3d": lambda x: F.adaptive_avg_pool3d(x.expand(1, 4, 4, 4), 2),
    "adaptiveMaxPool3d": lambda x: F.adaptive_max_pool3d(x.expand(1, 4, 4, 4), 2), "adaptiveAvgPool2d": lambda x: F.adaptive_avg_pool2d(x[None], 2),
    "pad reflect": lambda x: F.pad(x[None], (1, 1), mode="reflect"), "pad replicate": lambda x: F.pad(x[None], (1, 1, 1, 1), mode="replicate"),
    "pad constant": lambda x: F.pad(x[None], (1, 1)), "pad circular": lambda x: F.pad(x[None], (1, 1), mode="circular"),
    "interpolate": lambda x: F.interpolate(x[None, None], scale_factor=2.0), "quantile": lambda x: torch.quantile(x, 0.5), "nanquantile": lambda x: torch.nanquantile(x, 0.5),
    "trace": torch.trace, "cat": lambda x: torch.cat([x, x.float()]), "stack": lambda x: torch.stack([x, x.float()]),
    "indexCopy": lambda x: torch.index_copy(x, 0, torch.tensor([0]), x.float()[:1]), "where": lambda x: torch.where(x > 0, x, x.float()), "add": lambda x: x + x.float(),
    "embedding": lambda x: F.embedding(torch.tensor([0]), x), "dropout": lambda x: F.dropout(x), "relu": F.relu,
    "RNN": lambda x: nn.RNN(4, 3)(x[None])[0], "LSTM": lambda x: nn.LSTM(4, 3)(x[None])[0], "cell of LSTM": lambda x: nn.LSTM(4, 3)(x[None])[1][1],
    "GRU": lambda x: nn.GRU(4, 3)(x[None])[0], "GRUCell": lambda x: nn.GRUCell(4, 3)(x), "LSTMCell": lambda x: nn.LSTMCell(4, 3)(x)[0], "RNNCell": lambda x: nn.RNNCell(4, 3)(x),
    "MultiheadAttention": lambda x: nn.MultiheadAttention(4, 2)(x[None], x[None], x[None])[0],
}


def dtype_of(run, x):
    try:
        with torch.autocast("cpu"):
            return str(run(x.clone()).dtype).removeprefix("torch.")
    except RuntimeError as error:
        print(str(error).splitlines()[0][:100])
        return None


def numbers(tensor):
    def short(value):
        return [short(item) for item in value] if isinstance(value, list) else float(f"{value:.9g}")
    return short(tensor.tolist())


def training():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 4))
    first = {key: numbers(value) for key, value in net.state_dict().items()}
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x, y = torch.randn(8, 1, 8, 8), torch.randint(4, (8,))
    losses, dtypes = [], set()
    for _ in range(8):
        optimizer.zero_grad()
        with torch.autocast("cpu"):
            loss = F.cross_entropy(net(x), y)
        loss.backward()
        dtypes |= {p.grad.dtype for p in net.parameters()}
        optimizer.step()
        losses.append(loss.item())
    assert dtypes == {torch.float32}
    return {"state": first, "x": numbers(x), "y": y.tolist(), "losses": losses}


class Scaler(torch.cuda.amp.GradScaler):
    """PyTorch's scaler, whose two kernels and the multiplication are there for CUDA only."""

    def scale(self, outputs):
        if self._scale is None:
            self._lazy_init_scale_growth_tracker(outputs.device)
        return outputs * self._scale


def unscale(grads, found_inf, inv_scale):
    for grad in grads:
        found_inf += (~grad.isfinite().all()).float()
        grad.mul_(inv_scale)


def update_scale(scale, tracker, found_inf, growth, backoff, interval):
    if found_inf.item():
        scale.fill_(scale.item() * backoff)  # in double precision, as the kernel
        tracker.zero_()
    elif tracker.item() + 1 == interval:
        scale.fill_(scale.item() * growth)
        tracker.zero_()
    else:
        tracker += 1


def scaling():
    """Steps of two optimizers of which some overflow: factor, tracker and parameters after each."""
    from torch.cuda.amp import grad_scaler
    grad_scaler.amp_definitely_not_available = lambda: False
    grad_scaler._MultiDeviceReplicator.__init__ = lambda self, master: self.__dict__.update(master=master, _per_device_tensors={})
    torch._amp_foreach_non_finite_check_and_unscale_, torch._amp_update_scale_ = unscale, update_scale
    runs = []
    for options in ({}, {"init_scale": 3.0, "growth_factor": 1.5, "backoff_factor": 0.3, "growth_interval": 2}, {"init_scale": 1024.0, "growth_interval": 1}):
        torch.manual_seed(4)
        scaler = Scaler(**options)
        parameters = [torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)]
        optimizers = [torch.optim.SGD(parameters[:1], lr=0.1, momentum=0.9), torch.optim.Adam(parameters[1:], lr=0.1)]
        steps = []
        for k in range(12):
            inputs = [torch.randn(2), torch.randn(3)]
            if k % 5 in (1, 2):
                inputs[k % 2][0] = [float("inf"), float("nan")][k % 2]
            loss = sum((x * p).sum() for x, p in zip(inputs, parameters))
            for optimizer in optimizers:
                optimizer.zero_grad()
            scaler.scale(loss).backward()
            if k % 3 == 0:
                scaler.unscale_(optimizers[0])
                torch.nn.utils.clip_grad_norm_(parameters[:1], 1.0)
            for optimizer in optimizers:
                scaler.step(optimizer)
            scaler.update(7.0 if k == 8 else None)
            state = scaler.state_dict()
            steps.append({"inputs": [[str(v) for v in x.tolist()] for x in inputs], "state": state, "parameters": [numbers(p) for p in parameters]})
        runs.append({"options": options, "steps": steps})
    return runs


def main():
    torch.manual_seed(1)
    x = torch.rand(4, 4)
    dtypes = {op: [dtype_of(run, x), dtype_of(run, x.bfloat16())] for op, run in OPS.items()}
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/autocast.json.gz"
    write_json_gz(path, {"dtypes": dtypes, "training": training(), "scaling": scaling()})
    print(f"{len(dtypes)} operations -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

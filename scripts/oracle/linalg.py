"""Linear algebra in float64, with first and second gradients: writes test/fixtures/linalg.json.gz, read by test/ops/linalg.test.ts.

A case is a name, which the test knows how to call, inputs, outputs, and for sum(output * cos(k)) over all outputs the gradients, and the gradients
of sum(gradient * sin(k)) over all gradients. Vectors whose sign means nothing appear in functions that do not depend on it.
"""
import pathlib

import torch

from files import write_json_gz

L = torch.linalg
torch.set_default_dtype(torch.float64)
torch.manual_seed(11)
INF = float("inf")


def general(*shape):
    return torch.randn(*shape)


def symmetric(*shape):
    a = torch.randn(*shape)
    return a + a.mT


def definite(*shape):
    a = torch.randn(*shape)
    return a @ a.mT + 0.5 * torch.eye(shape[-1])


def low_rank(n, rank):
    return torch.randn(n, rank) @ torch.randn(rank, n)


def hilbert(n):
    i = torch.arange(n)
    return 1 / (i[:, None] + i + 1)


def sym(a):
    return (a + a.mT) / 2


def of_eigh(a):
    values, vectors = L.eigh(sym(a))
    return vectors @ torch.diag_embed(values.sin()) @ vectors.mT, values


def of_svd(a, full=False):
    u, s, vh = L.svd(a, full_matrices=full)
    k = s.shape[-1]
    return u[..., :k] @ torch.diag_embed(s.sin()) @ vh[..., :k, :], s


# Name, function, inputs; a third element "first" leaves the second gradients out, "values" all gradients.
CASES = [
    ("cholesky", lambda a: L.cholesky(sym(a)), [definite(4, 4)]),
    ("cholesky", lambda a: L.cholesky(sym(a)), [definite(2, 3, 3)]),
    ("choleskyUpper", lambda a: L.cholesky(sym(a), upper=True), [definite(3, 3)]),
    ("choleskySolve", lambda b, l: torch.cholesky_solve(b, l), [general(3, 2), general(3, 3).tril() + 3 * torch.eye(3)]),
    ("choleskySolveUpper", lambda b, u: torch.cholesky_solve(b, u, True), [general(3, 2), general(3, 3).triu() + 3 * torch.eye(3)]),
    ("choleskyInverse", lambda l: torch.cholesky_inverse(l), [general(3, 3).tril() + 3 * torch.eye(3)]),
    ("det", L.det, [general(4, 4)]),
    ("det", L.det, [general(2, 3, 3)]),
    ("det", L.det, [low_rank(4, 3)]),
    ("det", L.det, [torch.stack([low_rank(3, 2), general(3, 3)])]),
    ("det", L.det, [low_rank(5, 3)], "first"),
    ("det", L.det, [torch.eye(3)]),
    ("slogdet", L.slogdet, [general(4, 4)]),
    ("slogdet", L.slogdet, [general(3, 2, 2)]),
    ("logdet", torch.logdet, [definite(3, 3)]),
    ("inv", L.inv, [general(4, 4)]),
    ("inv", L.inv, [general(2, 1, 3, 3)]),
    ("invHilbert", L.inv, [hilbert(6)], "first"),
    ("solve", L.solve, [general(4, 4), general(4, 2)]),
    ("solve", L.solve, [general(4, 4), general(4)]),
    ("solve", L.solve, [general(2, 3, 3), general(2, 3)]),
    ("solve", L.solve, [general(2, 1, 3, 3), general(4, 3, 2)]),
    ("solve", L.solve, [general(3, 3), general(2, 3, 1)]),
    ("solveRight", lambda a, b: L.solve(a, b, left=False), [general(3, 3), general(2, 2, 3)]),
    ("lowerSolve", lambda a, b: L.solve_triangular(a, b, upper=False), [general(3, 3), general(3, 2)]),
    ("upperSolve", lambda a, b: L.solve_triangular(a, b, upper=True), [general(2, 1, 3, 3), general(2, 3, 2)]),
    ("unitSolve", lambda a, b: L.solve_triangular(a, b, upper=True, unitriangular=True), [general(3, 3), general(3, 2)]),
    ("lowerSolveRight", lambda a, b: L.solve_triangular(a, b, upper=False, left=False), [general(3, 3), general(2, 3)]),
    ("unitSolveRight", lambda a, b: L.solve_triangular(a, b, upper=False, left=False, unitriangular=True), [general(3, 3), general(4, 2, 3)]),
    ("qr", L.qr, [general(3, 3)]),
    ("qr", L.qr, [general(2, 5, 3)]),
    ("qr", L.qr, [general(3, 5)]),
    ("qrComplete", lambda a: L.qr(a, "complete"), [general(3, 4)]),
    ("qrComplete", lambda a: L.qr(a, "complete"), [general(5, 3)], "values"),
    ("qrR", lambda a: L.qr(a, "r"), [general(4, 3)], "values"),
    ("qr", L.qr, [torch.tensor([[2.0, 1, 4], [0, -3, 5], [0, 0, 6]])]),
    ("eigh", of_eigh, [symmetric(4, 4)]),
    ("eigh", of_eigh, [symmetric(2, 3, 3)]),
    ("eigvalsh", lambda a: L.eigvalsh(sym(a)), [symmetric(4, 4)]),
    ("eigvalshUpper", lambda a: L.eigvalsh(a, UPLO="U"), [general(4, 4)], "first"),
    ("eigvalshLower", L.eigvalsh, [general(2, 4, 4)], "first"),
    ("svd", of_svd, [general(4, 4)]),
    ("svd", of_svd, [general(5, 3)]),
    ("svd", of_svd, [general(2, 2, 4)]),
    ("svdFull", lambda a: of_svd(a, True), [general(5, 3)]),
    ("svdvals", L.svdvals, [general(4, 3)]),
    ("svdvals", L.svdvals, [general(2, 3, 5)]),
    ("svdvals", L.svdvals, [hilbert(8)], "values"),
    ("pinv", L.pinv, [general(4, 3)]),
    ("pinv", L.pinv, [general(2, 3, 4)]),
    ("pinv", L.pinv, [low_rank(4, 2)], "first"),
    ("pinvHermitian", lambda a: L.pinv(sym(a), hermitian=True), [symmetric(3, 3)]),
    ("pinvTolerance", lambda a: L.pinv(a, rtol=0.3), [general(4, 4)], "values"),
    ("matrixRank", L.matrix_rank, [torch.stack([low_rank(4, 2), general(4, 4)])], "values"),
    *[("lu", lambda a: L.lu(a)[1:], [general(*shape)]) for shape in ((3, 3), (2, 4, 2), (2, 4))],
    *[("luFactor", lambda a: L.lu_factor(a)[0], [general(*shape)]) for shape in ((2, 3, 3), (4, 2), (2, 4))],
    ("luFactorEx", lambda a: L.lu_factor_ex(a), [torch.stack([low_rank(4, 4), torch.ones(4, 4)])], "values"),
    ("luUnpack", lambda a: torch.lu_unpack(*L.lu_factor(a)), [general(2, 4, 3)], "values"),
    ("luSolve", lambda a, b: L.lu_solve(*L.lu_factor(a), b), [general(2, 1, 3, 3), general(4, 3, 2)]),
    ("luSolveRight", lambda a, b: L.lu_solve(*L.lu_factor(a), b, left=False), [general(3, 3), general(2, 3)]),
    ("luSolveAdjoint", lambda a, b: L.lu_solve(*L.lu_factor(a), b, adjoint=True), [general(3, 3), general(3, 2)]),
    ("luSolveRightAdjoint", lambda a, b: L.lu_solve(*L.lu_factor(a), b, left=False, adjoint=True), [general(3, 3), general(2, 3)]),
    ("tensorinv", L.tensorinv, [general(2, 3, 6)]),
    ("tensorsolve", L.tensorsolve, [general(2, 3, 6), general(2, 3)]),
    ("tensorsolveOfDims", lambda a, b: L.tensorsolve(a, b, dims=(1,)), [general(2, 6, 3), general(2, 3)]),
    ("vander", lambda x: L.vander(x, N=4), [general(2, 3)]),
    ("lstsq", lambda a, b: L.lstsq(a, b).solution, [general(5, 3), general(5, 2)]),
    ("lstsq", lambda a, b: L.lstsq(a, b).solution, [general(2, 3, 5), general(2, 3, 2)]),
    ("lstsqResiduals", lambda a, b: L.lstsq(a, b, driver="gelsd"), [general(2, 5, 3), general(2, 5, 2)], "values"),
    ("cond", L.cond, [general(4, 4)]),
    ("condOne", lambda a: L.cond(a, 1), [general(2, 3, 3)], "values"),
    ("condFro", lambda a: L.cond(a, "fro"), [general(3, 3)], "values"),
    ("condNuc", lambda a: L.cond(a, "nuc"), [general(3, 3)], "values"),
    ("condSmall", lambda a: L.cond(a, -2), [general(3, 4)]),
    ("matrixExp", L.matrix_exp, [general(4, 4)], "first"),
    ("matrixExp", L.matrix_exp, [10 * general(2, 3, 3)], "first"),
    ("matrixPower", lambda a: L.matrix_power(a, 5), [general(3, 3)]),
    ("matrixPowerNegative", lambda a: L.matrix_power(a, -3), [general(2, 3, 3)]),
    ("multiDot", lambda *all: L.multi_dot(all), [general(3), general(3, 5), general(5, 2), general(2, 4)]),
    ("multiDot", lambda *all: L.multi_dot(all), [general(4, 2), general(2, 6), general(6, 3), general(3, 5), general(5)]),
    ("multiDot", lambda *all: L.multi_dot(all), [general(3), general(3, 3), general(3)]),
    ("cross", torch.cross, [general(3, 2, 3), general(3, 1, 3)]),
    ("linalgCross", L.cross, [general(4, 3), general(1, 3)]),
    ("vecdot", L.vecdot, [general(3), general(3)]),
    ("vecdot", L.vecdot, [general(2, 3), general(4, 1, 3)]),
    ("vecdotFirst", lambda x, y: L.vecdot(x, y, dim=0), [general(2, 3), general(2, 3)]),
    *[(f"matrixNorm {order}", lambda a, order=order: L.matrix_norm(a, order), [general(2, 4, 3)]) for order in ("fro", "nuc", 1, -1, 2, -2, INF, -INF)],
    ("matrixNormOfDims", lambda a: L.matrix_norm(a, 1, dim=(2, 0), keepdim=True), [general(2, 4, 3)]),
    ("matrixNormOfDims2", lambda a: L.matrix_norm(a, 2, dim=(2, 0), keepdim=True), [general(2, 4, 3)]),
    ("matrixNormOfDimsNuc", lambda a: L.matrix_norm(a, "nuc", dim=(1, 0)), [general(2, 4, 3)]),
    ("norm", L.norm, [general(2, 3, 2)]),
    ("normOfMatrix", lambda a: L.norm(a, 2), [general(3, 4)]),
    ("normOfRows", lambda a: L.norm(a, 3, dim=1), [general(3, 4)]),
    ("normOfVector", lambda a: L.norm(a, INF), [general(5)]),
    ("normNuc", lambda a: torch.norm(a, "nuc", dim=(0, 2)), [general(3, 2, 4)]),
]


def numbers(tensor):
    return {"shape": list(tensor.shape), "values": [str(value) if abs(value) == INF else value for value in (tensor.detach() + 0).flatten().tolist()]}


def weights(tensor, wave):
    return wave(torch.arange(tensor.numel(), dtype=tensor.dtype)).reshape(tensor.shape)


def case_of(name, function, inputs, depth="second"):
    leaves = [x.clone().requires_grad_(depth != "values") for x in inputs]
    out = function(*leaves)
    outputs = [out] if isinstance(out, torch.Tensor) else list(out)
    entry = {"name": name, "inputs": [numbers(x) for x in inputs], "outputs": [numbers(x) for x in outputs]}
    if depth == "values":
        return entry
    total = sum((x * weights(x, torch.cos)).sum() for x in outputs)
    grads = torch.autograd.grad(total, leaves, create_graph=depth == "second")
    entry["grads"] = [numbers(x) for x in grads]
    if depth == "second":
        # An input on which no gradient depends has none itself.
        again = sum((x * weights(x, torch.sin)).sum() for x in grads)
        second = torch.autograd.grad(again, leaves, allow_unused=True)
        entry["second"] = [numbers(torch.zeros_like(x) if g is None else g) for x, g in zip(leaves, second)]
    return entry


def main():
    cases = [case_of(*case) for case in CASES]
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/linalg.json.gz"
    write_json_gz(path, cases)
    print(f"{len(cases)} cases -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

"""Recurrent layers and cells: writes test/fixtures/recurrent.json.gz, read by test/nn/recurrent.test.ts.

Each case is a module as Kindling spells it, shapes and first numbers of its state after `manual_seed`, and one call: input (with lengths it is packed, unsorted), initial states if any,
a seed set before the call (dropout draws from it), outputs, and the gradients of the sum of all outputs times their cotangents.
"""
import pathlib

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from files import write_json_gz

# Source, module, input shape, whether initial states are given, lengths.
CASES = [
    ("new nn.RNN(3, 5)", lambda: nn.RNN(3, 5), [4, 2, 3], False, None),
    ("new nn.RNN(3, 5, { nonlinearity: 'relu', numLayers: 2, bias: false })",
     lambda: nn.RNN(3, 5, nonlinearity="relu", num_layers=2, bias=False), [4, 2, 3], True, None),
    ("new nn.RNN(3, 4, { bidirectional: true, batchFirst: true })", lambda: nn.RNN(3, 4, bidirectional=True, batch_first=True), [2, 5, 3], True, None),
    ("new nn.RNN(2, 3, { numLayers: 2 })", lambda: nn.RNN(2, 3, num_layers=2), [5, 2], True, None),
    ("new nn.RNN(2, 16, { nonlinearity: 'relu' })", lambda: nn.RNN(2, 16, nonlinearity="relu"), [7, 4, 2], True, [3, 7, 1, 7]),
    ("new nn.GRU(3, 5)", lambda: nn.GRU(3, 5), [4, 2, 3], True, None),
    ("new nn.GRU(1, 3, { numLayers: 3, bidirectional: true })", lambda: nn.GRU(1, 3, num_layers=3, bidirectional=True), [6, 3, 1], False, None),
    ("new nn.GRU(3, 4, { bias: false, batchFirst: true })", lambda: nn.GRU(3, 4, bias=False, batch_first=True), [3, 1, 3], True, None),
    ("new nn.GRU(2, 3, { numLayers: 2, dropout: 0.4 })", lambda: nn.GRU(2, 3, num_layers=2, dropout=0.4), [4, 3, 2], True, None),
    ("new nn.GRU(2, 5, { bidirectional: true })", lambda: nn.GRU(2, 5, bidirectional=True), [6, 2], False, None),
    ("new nn.GRU(2, 3, { numLayers: 2, bidirectional: true, dropout: 0.5 })",
     lambda: nn.GRU(2, 3, num_layers=2, bidirectional=True, dropout=0.5), [5, 3, 2], True, [4, 5, 2]),
    ("new nn.LSTM(3, 5)", lambda: nn.LSTM(3, 5), [4, 2, 3], True, None),
    ("new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true, batchFirst: true })",
     lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True), [3, 5, 3], False, None),
    ("new nn.LSTM(1, 16)", lambda: nn.LSTM(1, 16), [5, 3, 1], False, None),
    ("new nn.GRU(1, 16, { batchFirst: true })", lambda: nn.GRU(1, 16, batch_first=True), [2, 6, 1], True, [4, 6]),
    ("new nn.LSTM(2, 4, { bias: false })", lambda: nn.LSTM(2, 4, bias=False), [1, 3, 2], True, None),
    ("new nn.LSTM(2, 3, { numLayers: 3, dropout: 0.3, batchFirst: true })",
     lambda: nn.LSTM(2, 3, num_layers=3, dropout=0.3, batch_first=True), [3, 4, 2], True, None),
    ("new nn.LSTM(3, 5, { projSize: 2 })", lambda: nn.LSTM(3, 5, proj_size=2), [4, 2, 3], True, None),
    ("new nn.LSTM(1, 17, { projSize: 16, bias: false })", lambda: nn.LSTM(1, 17, proj_size=16, bias=False), [5, 2, 1], True, None),
    ("new nn.LSTM(3, 4, { projSize: 2, numLayers: 2, bidirectional: true, bias: false })",
     lambda: nn.LSTM(3, 4, proj_size=2, num_layers=2, bidirectional=True, bias=False), [5, 2, 3], True, None),
    ("new nn.LSTM(3, 5, { projSize: 4 })", lambda: nn.LSTM(3, 5, proj_size=4), [4, 3], False, None),
    ("new nn.LSTM(3, 4, { bidirectional: true })", lambda: nn.LSTM(3, 4, bidirectional=True), [6, 5, 3], True, [2, 6, 1, 4, 2]),
    ("new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true, projSize: 2, batchFirst: true })",
     lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True, proj_size=2, batch_first=True), [3, 6, 3], True, [6, 2, 5]),
    ("new nn.RNNCell(3, 5)", lambda: nn.RNNCell(3, 5), [2, 3], True, None),
    ("new nn.RNNCell(3, 5, { nonlinearity: 'relu', bias: false })", lambda: nn.RNNCell(3, 5, nonlinearity="relu", bias=False), [3], False, None),
    ("new nn.GRUCell(3, 5)", lambda: nn.GRUCell(3, 5), [3], True, None),
    ("new nn.GRUCell(2, 4, { bias: false })", lambda: nn.GRUCell(2, 4, bias=False), [3, 2], False, None),
    ("new nn.LSTMCell(3, 5)", lambda: nn.LSTMCell(3, 5), [2, 3], True, None),
    ("new nn.LSTMCell(2, 4, { bias: false })", lambda: nn.LSTMCell(2, 4, bias=False), [2], True, None),
]


def numbers(tensor):
    """Nested lists, float32 numbers with the nine digits that tell them apart."""
    def short(value):
        return [short(item) for item in value] if isinstance(value, list) else float(f"{value:.9g}")
    return short(tensor.tolist())


def initial_states(module, shape):
    """Random states that fit an input of `shape`."""
    if isinstance(module, nn.RNNBase):
        lead = [module.num_layers * (2 if module.bidirectional else 1)]
        lead += [shape[0 if module.batch_first else 1]] if len(shape) == 3 else []
        sizes = [module.proj_size or module.hidden_size] + ([module.hidden_size] if module.mode == "LSTM" else [])
    else:
        lead = shape[:-1]
        sizes = [module.hidden_size] * (2 if isinstance(module, nn.LSTMCell) else 1)
    return [torch.randn(*lead, size).requires_grad_() for size in sizes]


def flatten(result):
    if isinstance(result, PackedSequence):
        return [result.data]
    return [part for item in result for part in flatten(item)] if isinstance(result, tuple) else [result]


def case(number, source, make, shape, with_states, lengths):
    torch.manual_seed(number)
    module = make()
    state = {key: [list(value.shape), numbers(value.flatten()[:4])] for key, value in module.state_dict().items()}
    x = torch.randn(shape).requires_grad_()
    states = initial_states(module, shape) if with_states else []
    given = x if lengths is None else pack_padded_sequence(x, lengths, batch_first=module.batch_first, enforce_sorted=False)
    hx = [] if not states else [tuple(states) if len(states) == 2 else states[0]]
    torch.manual_seed(100 + number)
    outputs = flatten(module(given, *hx))
    cotangents = [torch.randn(output.shape) for output in outputs]
    torch.autograd.backward(outputs, cotangents)
    return {
        "source": source, "seed": number, "text": str(module), "state": state, "input": numbers(x), "states": [numbers(one) for one in states],
        "lengths": lengths, "callSeed": 100 + number, "outputs": [numbers(output) for output in outputs],
        "cotangents": [numbers(cotangent) for cotangent in cotangents], "inputGrad": numbers(x.grad),
        "stateGrads": [numbers(one.grad) for one in states],
        "grads": {key: numbers(parameter.grad) for key, parameter in module.named_parameters()},
    }


def main():
    cases = [case(number, *parts) for number, parts in enumerate(CASES)]
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/recurrent.json.gz"
    write_json_gz(path, cases)
    print(f"{len(cases)} modules -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

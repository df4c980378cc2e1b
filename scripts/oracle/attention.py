"""Attention, transformers and the bilinear layer: writes test/fixtures/attention.json.gz, read by test/nn/attention.test.ts.

Each case is a module and a call as Kindling spells them, shapes and first numbers of the state after `manual_seed`, inputs, a seed set before the
call (dropout draws from it), outputs, and the gradients of the sum of all outputs times their cotangents.
"""
import pathlib

import torch
from torch import nn

from files import write_json_gz
from recurrent import numbers


def causal(size):
    return torch.ones(size, size, dtype=torch.bool).triu(1)


def padding(lengths, size):
    return torch.arange(size)[None] >= torch.tensor(lengths)[:, None]


def gelu(x):
    return nn.functional.gelu(x)


class Masked(nn.ReLU):
    """ReLU that takes the masks of an encoder, and prints as ReLU."""
    def forward(self, src, **masks):
        return super().forward(src)

    def _get_name(self):
        return "ReLU"


A, B, C = [4, 3, 6], [5, 3, 6], [5, 3, 4]
small = {"dim_feedforward": 7, "dropout": 0}
both = {"d_model": 6, "nhead": 2, "num_encoder_layers": 2, "num_decoder_layers": 1, "dim_feedforward": 7, "dropout": 0}
SMALL = "dimFeedforward: 7, dropout: 0"
BOTH = "dModel: 6, nhead: 2, numEncoderLayers: 2, numDecoderLayers: 1, dimFeedforward: 7, dropout: 0"

# Source, module, shapes of the inputs a, b, c, source of the call, call.
CASES = [
    ("new nn.MultiheadAttention(6, 2)", lambda: nn.MultiheadAttention(6, 2), [A], "net(a, a, a)", lambda net, a: net(a, a, a)),
    ("new nn.MultiheadAttention(6, 3, { batchFirst: true })", lambda: nn.MultiheadAttention(6, 3, batch_first=True),
     [[3, 4, 6], [3, 5, 6]], "net(a, b, b, { averageAttnWeights: false })", lambda net, a, b: net(a, b, b, average_attn_weights=False)),
    ("new nn.MultiheadAttention(6, 1, { bias: false })", lambda: nn.MultiheadAttention(6, 1, bias=False),
     [A, B, B], "net(a, b, c, { needWeights: false })", lambda net, a, b, c: net(a, b, c, need_weights=False)),
    ("new nn.MultiheadAttention(6, 2, { kdim: 4, vdim: 3 })", lambda: nn.MultiheadAttention(6, 2, kdim=4, vdim=3),
     [A, C, [5, 3, 3]], "net(a, b, c)", lambda net, a, b, c: net(a, b, c)),
    ("new nn.MultiheadAttention(6, 2, { vdim: 4, bias: false, addBiasKv: true })",
     lambda: nn.MultiheadAttention(6, 2, vdim=4, bias=False, add_bias_kv=True), [A, B, C],
     "net(a, b, c, { keyPaddingMask: padding([5, 2, 3], 5) })", lambda net, a, b, c: net(a, b, c, key_padding_mask=padding([5, 2, 3], 5))),
    ("new nn.MultiheadAttention(6, 2, { addBiasKv: true, addZeroAttn: true, batchFirst: true })",
     lambda: nn.MultiheadAttention(6, 2, add_bias_kv=True, add_zero_attn=True, batch_first=True), [[3, 4, 6]],
     "net(a, a, a, { attnMask: causal(4), keyPaddingMask: padding([4, 1, 3], 4) })",
     lambda net, a: net(a, a, a, attn_mask=causal(4), key_padding_mask=padding([4, 1, 3], 4))),
    ("new nn.MultiheadAttention(6, 2, { addZeroAttn: true })", lambda: nn.MultiheadAttention(6, 2, add_zero_attn=True),
     [[4, 6], [5, 6], [2, 4, 5]], "net(a, b, b, { attnMask: c, averageAttnWeights: false })",
     lambda net, a, b, c: net(a, b, b, attn_mask=c, average_attn_weights=False)),
    ("new nn.MultiheadAttention(6, 2, { dropout: 0.4 })", lambda: nn.MultiheadAttention(6, 2, dropout=0.4), [A, B, [4, 5]],
     "net(a, b, b, { attnMask: c, keyPaddingMask: padding([5, 2, 3], 5) })",
     lambda net, a, b, c: net(a, b, b, attn_mask=c, key_padding_mask=padding([5, 2, 3], 5))),
    ("new nn.MultiheadAttention(6, 2, { dropout: 0.4, batchFirst: true })", lambda: nn.MultiheadAttention(6, 2, dropout=0.4, batch_first=True),
     [[3, 4, 6], [6, 4, 4]], "net(a, a, a, { attnMask: b.gt(1) })", lambda net, a, b: net(a, a, a, attn_mask=b > 1)),
    ("new nn.MultiheadAttention(6, 2)", lambda: nn.MultiheadAttention(6, 2), [A, [3, 4]],
     "net(a, a, a, { keyPaddingMask: b })", lambda net, a, b: net(a, a, a, key_padding_mask=b)),
    ("new nn.MultiheadAttention(6, 2)", lambda: nn.MultiheadAttention(6, 2), [[4, 6]],
     "net(a, a, a, { attnMask: causal(4).byte(), keyPaddingMask: padding([3], 4).at(0) })",
     lambda net, a: net(a, a, a, attn_mask=causal(4).byte(), key_padding_mask=padding([3], 4)[0])),
    ("new nn.TransformerEncoderLayer(6, 2)", lambda: nn.TransformerEncoderLayer(6, 2, 2048), [[2, 2, 6]], "net.eval()(a)", lambda net, a: net.eval()(a)),
    (f"new nn.TransformerEncoderLayer(6, 2, {{ {SMALL}, activation: 'gelu', layerNormEps: 0.01 }})",
     lambda: nn.TransformerEncoderLayer(6, 2, **small, activation="gelu", layer_norm_eps=0.01), [A],
     "net(a, { srcMask: nn.Transformer.generateSquareSubsequentMask(4) })",
     lambda net, a: net(a, src_mask=nn.Transformer.generate_square_subsequent_mask(4))),
    ("new nn.TransformerEncoderLayer(6, 3, { dimFeedforward: 7, dropout: 0.3, batchFirst: true, normFirst: true })",
     lambda: nn.TransformerEncoderLayer(6, 3, 7, 0.3, batch_first=True, norm_first=True), [[3, 4, 6]],
     "net(a, { srcKeyPaddingMask: padding([2, 4, 3], 4) })", lambda net, a: net(a, src_key_padding_mask=padding([2, 4, 3], 4))),
    ("new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 5, dropout: 0.3, activation: new nn.PReLU() })",
     lambda: nn.TransformerEncoderLayer(4, 2, 5, 0.3, nn.PReLU()), [[3, 4]], "net(a)", lambda net, a: net(a)),
    (f"new nn.TransformerDecoderLayer(6, 2, {{ {SMALL}, activation: F.gelu }})", lambda: nn.TransformerDecoderLayer(6, 2, **small, activation=gelu),
     [A, B, [4, 5]], "net(a, b, { tgtMask: causal(4), memoryMask: c, tgtKeyPaddingMask: padding([4, 4, 1], 4), memoryKeyPaddingMask: padding([5, 1, 2], 5) })",
     lambda net, a, b, c: net(a, b, causal(4), c, padding([4, 4, 1], 4), padding([5, 1, 2], 5))),
    ("new nn.TransformerDecoderLayer(6, 3, { dimFeedforward: 7, dropout: 0.3, batchFirst: true, normFirst: true })",
     lambda: nn.TransformerDecoderLayer(6, 3, 7, 0.3, batch_first=True, norm_first=True), [[3, 4, 6], [3, 5, 6]], "net(a, b)", lambda net, a, b: net(a, b)),
    ("new nn.TransformerDecoderLayer(6, 2, { dimFeedforward: 7, dropout: 0.3 })", lambda: nn.TransformerDecoderLayer(6, 2, 7, 0.3), [A, B],
     "net(a, b, { tgtMask: causal(4) })", lambda net, a, b: net(a, b, tgt_mask=causal(4))),
    (f"new nn.TransformerEncoder(new nn.TransformerEncoderLayer(6, 2, {{ {SMALL} }}), 3)",
     lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, **small), 3), [A],
     "net(a, { mask: causal(4), srcKeyPaddingMask: padding([4, 2, 3], 4) })", lambda net, a: net(a, causal(4), padding([4, 2, 3], 4))),
    ("new nn.TransformerEncoder(new nn.TransformerEncoderLayer(6, 2, { dimFeedforward: 7, dropout: 0.2 }), 2, { norm: new nn.LayerNorm(6) })",
     lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(6, 2, 7, 0.2), 2, nn.LayerNorm(6)), [A], "net(a)", lambda net, a: net(a)),
    (f"new nn.TransformerDecoder(new nn.TransformerDecoderLayer(6, 2, {{ {SMALL} }}), 2, {{ norm: new nn.LayerNorm(6) }})",
     lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(6, 2, **small), 2, nn.LayerNorm(6)), [A, B],
     "net(a, b, { tgtMask: causal(4), memoryKeyPaddingMask: padding([5, 2, 3], 5) })",
     lambda net, a, b: net(a, b, tgt_mask=causal(4), memory_key_padding_mask=padding([5, 2, 3], 5))),
    (f"new nn.Transformer({{ {BOTH} }})", lambda: nn.Transformer(**both), [B, A],
     "net(a, b, { srcMask: causal(5), tgtMask: causal(4), memoryMask: causal(5).at(':4'), srcKeyPaddingMask: padding([5, 2, 3], 5),"
     " tgtKeyPaddingMask: padding([4, 2, 3], 4), memoryKeyPaddingMask: padding([5, 2, 3], 5) })",
     lambda net, a, b: net(a, b, causal(5), causal(4), causal(5)[:4], padding([5, 2, 3], 5), padding([4, 2, 3], 4), padding([5, 2, 3], 5))),
    (f"new nn.Transformer({{ {BOTH.replace('dropout: 0', 'dropout: 0.2')}, batchFirst: true, normFirst: true, activation: 'gelu' }})",
     lambda: nn.Transformer(**{**both, "dropout": 0.2}, batch_first=True, norm_first=True, activation="gelu"), [[3, 5, 6], [3, 4, 6]],
     "net(a, b, { tgtMask: nn.Transformer.generateSquareSubsequentMask(4) })",
     lambda net, a, b: net(a, b, tgt_mask=nn.Transformer.generate_square_subsequent_mask(4))),
    (f"new nn.Transformer({{ {BOTH}, customEncoder: new nn.ReLU() }})", lambda: nn.Transformer(**both, custom_encoder=Masked()), [[5, 6], [4, 6]],
     "net(a, b)", lambda net, a, b: net(a, b)),
    ("new nn.Bilinear(3, 4, 5)", lambda: nn.Bilinear(3, 4, 5), [[2, 3], [2, 4]], "net(a, b)", lambda net, a, b: net(a, b)),
    ("new nn.Bilinear(3, 2, 4, { bias: false })", lambda: nn.Bilinear(3, 2, 4, bias=False), [[2, 5, 3], [2, 5, 2]], "net(a, b)", lambda net, a, b: net(a, b)),
]


def case(number, source, make, shapes, call_source, call):
    torch.manual_seed(number)
    module = make()
    state = {key: [list(value.shape), numbers(value.flatten()[:4])] for key, value in module.state_dict().items()}
    inputs = [torch.randn(shape).requires_grad_() for shape in shapes]
    torch.manual_seed(100 + number)
    result = call(module, *inputs)
    outputs = [one for one in (result if isinstance(result, tuple) else [result]) if one is not None]
    cotangents = [torch.randn(output.shape) for output in outputs]
    torch.autograd.backward(outputs, cotangents)
    return {
        "source": source, "call": call_source, "seed": number, "text": str(module), "state": state, "inputs": [numbers(one) for one in inputs],
        "callSeed": 100 + number, "outputs": [numbers(output) for output in outputs], "cotangents": [numbers(one) for one in cotangents],
        "inputGrads": [None if one.grad is None else numbers(one.grad) for one in inputs],
        "grads": {key: numbers(parameter.grad) for key, parameter in module.named_parameters() if parameter.numel() < 2000},
    }


def main():
    cases = [case(number, *parts) for number, parts in enumerate(CASES)]
    path = pathlib.Path(__file__).resolve().parents[2] / "test/fixtures/attention.json.gz"
    write_json_gz(path, cases)
    print(f"{len(cases)} modules -> {path}, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()

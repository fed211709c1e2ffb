"""Recurrence over time behind one interface: RNN, GRU, LSTM, and LSTM with peepholes.

All take `batch time channel` and give `batch time directions*hidden`: the forward direction's
outputs, then the backward direction's. The first three run on torch's kernels, the fourth is in
`peephole.py`; `docs/theory/recurrence.md` has the equations of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal

import torch
from torch import Tensor, nn

from readapt.nets import peephole_compiled as compiled
from readapt.nets.peephole import PeepholeLayer, without_peepholes
from readapt.nets.ragged import Layer, read

Kind = Literal["lstm", "gru", "rnn", "peephole"]

KERNELS: Final[dict[Kind, Callable[..., nn.RNNBase]]] = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn": nn.RNN,
}
"""What torch has; its RNN is the one with tanh."""

GATES: Final[dict[Kind, int]] = {"lstm": 4, "gru": 3, "rnn": 1, "peephole": 4}
"""Blocks of rows in a layer's weights. Both LSTMs keep them in the order i f g o."""


class PeepholeLSTM(nn.Module):
    """The layers of a stack."""

    def __init__(self, inputs: int, hidden: int, layers: int, directions: int) -> None:
        super().__init__()
        widths = [inputs] + [directions * hidden] * (layers - 1)
        self.layers = nn.ModuleList(PeepholeLayer(width, hidden, directions) for width in widths)


class Recurrence(nn.Module):
    """Stacked recurrence in both directions, or in one.

    `inputs` channels in, `hidden` out per direction, `layers` deep, with `dropout` between them.
    Recurrent weights start orthogonal, one gate at a time: the gradient's norm is kept (Saxe et al.
    2014). An LSTM's forget gates start with bias 1 (Gers et al. 2000), so that it remembers before
    it has learnt what to forget. Peepholes start at 0: an LSTM without.
    """

    def __init__(
        self,
        kind: Kind,
        inputs: int,
        hidden: int,
        layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        self.kind = kind
        self.hidden = hidden
        self.layers = layers
        self.bidirectional = bidirectional
        self.dropout = nn.Dropout(dropout)
        self.kernel: nn.RNNBase | PeepholeLSTM
        if kind == "peephole":
            self.kernel = PeepholeLSTM(inputs, hidden, layers, 2 if bidirectional else 1)
        else:
            self.kernel = KERNELS[kind](
                inputs,
                hidden,
                layers,
                batch_first=True,
                bidirectional=bidirectional,
                dropout=dropout,
            )
        with torch.no_grad():
            for name, weight in self._by_direction():
                if "weight_hh" in name:
                    for gate in weight.chunk(GATES[kind]):
                        nn.init.orthogonal_(gate)
                elif "weight_ih" in name:
                    nn.init.xavier_uniform_(weight)
                else:
                    weight.zero_()
                    # torch has two biases, and they add up: one of them is enough.
                    if GATES[kind] == 4 and "bias" in name and "bias_hh" not in name:
                        weight[hidden : 2 * hidden] = 1.0

    def forward(self, x: Tensor, lengths: Tensor | None = None, half: bool = False) -> Tensor:
        """`batch time channel` to `batch time directions*hidden`.

        With `lengths` (integers in [1, time], one a line) a line is read from its first frame to
        its last in both directions, whatever lies behind, and gives zeros there: its outputs do
        not depend on its padding. Raises `ValueError` if a length is out of range. With `half`
        an LSTM may take the products of all steps at once, those of inputs and of gradients of
        weights, in bfloat16.
        """
        if lengths is not None:
            _check(lengths, x)
        elif isinstance(self.kernel, nn.RNNBase) and not self._by_hand(x):
            output: Tensor = self.kernel(x)[0]
            return output
        layers = [self._layer(number, half) for number in range(self.layers)]
        return read(x, lengths, layers, self.bidirectional, self.dropout)

    def _by_hand(self, x: Tensor) -> bool:
        """Say whether an LSTM learns by the hand-derived passes, which are faster than torch's.

        With peepholes of zero they are those of an LSTM without.
        """
        return self.kind == "lstm" and torch.is_grad_enabled() and compiled.serves(x)

    def _layer(self, number: int, half: bool) -> Layer:
        if isinstance(self.kernel, PeepholeLSTM):
            layer = self.kernel.layers[number]
            return lambda ways: list(layer(torch.stack(ways), half=half)[0])
        weights = self.direction_weights(number)
        if self._by_hand(weights[0][0]):
            W, U = (torch.stack([own[i] for own in weights]) for i in range(2))
            b = torch.stack([own[2] + own[3] for own in weights])
            return lambda ways: list(without_peepholes(torch.stack(ways), W, U, b, half))
        return lambda ways: [
            _one_way(self.kind, way, own) for way, own in zip(ways, weights, strict=True)
        ]

    def direction_weights(self, layer: int) -> list[list[Tensor]]:
        """Weights of each direction of a `layer` of torch's: input, recurrent, and both biases."""
        weights = dict(self.kernel.named_parameters())
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        ends = ("", "_reverse") if self.bidirectional else ("",)
        return [[weights[f"{name}_l{layer}{end}"] for name in names] for end in ends]

    def _by_direction(self) -> Iterator[tuple[str, Tensor]]:
        """Name every weight of every direction; names are those of torch in both kernels."""
        for name, weight in self.kernel.named_parameters():
            if self.kind == "peephole":
                yield from ((name, direction) for direction in weight)
            else:
                yield name, weight


def _one_way(kind: Kind, x: Tensor, weights: list[Tensor]) -> Tensor:
    """Run torch's kernel of one layer in one direction over `time batch channel`."""
    first = x.new_zeros(1, x.shape[1], weights[1].shape[1])
    keep = torch.is_grad_enabled()
    # One layer with biases, no dropout, one direction, time first.
    if kind == "lstm":
        return torch.lstm(x, (first, first), weights, True, 1, 0.0, keep, False, False)[0]
    kernel = torch.gru if kind == "gru" else torch.rnn_tanh
    return kernel(x, first, weights, True, 1, 0.0, keep, False, False)[0]


def _check(lengths: Tensor, x: Tensor) -> None:
    if lengths.shape != x.shape[:1]:
        raise ValueError(f"{len(x)} lines need as many lengths, not {tuple(lengths.shape)}")
    if int(lengths.min()) < 1 or int(lengths.max()) > x.shape[1]:
        raise ValueError(f"lengths must lie in [1, {x.shape[1]}]: {lengths.tolist()}")

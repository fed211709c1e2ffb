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
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from readapt.nets.peephole import PeepholeLSTM

Kind = Literal["lstm", "gru", "rnn", "peephole"]

KERNELS: Final[dict[Kind, Callable[..., nn.RNNBase]]] = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn": nn.RNN,
}
"""What torch has; its RNN is the one with tanh."""

GATES: Final[dict[Kind, int]] = {"lstm": 4, "gru": 3, "rnn": 1, "peephole": 4}
"""Blocks of rows in a layer's weights. Both LSTMs keep them in the order i f g o."""


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
        self.kernel: nn.RNNBase | PeepholeLSTM
        if kind == "peephole":
            self.kernel = PeepholeLSTM(inputs, hidden, layers, dropout, bidirectional)
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
            for name, weight in _by_direction(self.kernel):
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

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Tensor:
        """`batch time channel` to `batch time directions*hidden`.

        With `lengths` (integers in [1, time], one a line) a line is read from its first frame to
        its last in both directions, whatever lies behind, and gives zeros there: its outputs do
        not depend on its padding. Raises `ValueError` if a length is out of range.
        """
        if lengths is not None:
            _check(lengths, x)
        if isinstance(self.kernel, PeepholeLSTM):
            read: Tensor = self.kernel(x, lengths)
            return read
        if lengths is None:
            output: Tensor = self.kernel(x)[0]
            return output
        packed = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        return pad_packed_sequence(self.kernel(packed)[0], True, total_length=x.shape[1])[0]


def _by_direction(kernel: nn.RNNBase | PeepholeLSTM) -> Iterator[tuple[str, Tensor]]:
    """Name every weight of every direction; both kinds of kernel have the same names in theirs."""
    for name, weight in kernel.named_parameters():
        if isinstance(kernel, PeepholeLSTM):
            yield from ((name, direction) for direction in weight)
        else:
            yield name, weight


def _check(lengths: Tensor, x: Tensor) -> None:
    if lengths.shape != x.shape[:1]:
        raise ValueError(f"{len(x)} lines need as many lengths, not {tuple(lengths.shape)}")
    if int(lengths.min()) < 1 or int(lengths.max()) > x.shape[1]:
        raise ValueError(f"lengths must lie in [1, {x.shape[1]}]: {lengths.tolist()}")

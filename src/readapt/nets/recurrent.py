"""Recurrence over time, in both directions, behind one interface.

`RNN` (tanh), `GRU` and `LSTM` run on torch's kernels. All take `batch time channel` and give
`batch time 2 * hidden`: the forward direction's outputs, then the backward direction's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import torch
from torch import Tensor, nn

Kind = Literal["lstm", "gru", "rnn"]

KERNELS: Final[dict[Kind, Callable[..., nn.RNNBase]]] = {
    "lstm": nn.LSTM,
    "gru": nn.GRU,
    "rnn": nn.RNN,
}


class Recurrence(nn.Module):
    """Stacked bidirectional recurrence.

    `inputs` channels in, `2 * hidden` out, `layers` deep. Recurrent weights start orthogonal, one
    gate at a time; an LSTM's forget gates start with bias 1 (Gers et al. 2000), so that it
    remembers before it has learnt what to forget.
    """

    def __init__(self, kind: Kind, inputs: int, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.kind = kind
        self.kernel = KERNELS[kind](
            inputs, hidden, layers, batch_first=True, bidirectional=True, dropout=dropout
        )
        gates = {"lstm": 4, "gru": 3, "rnn": 1}[kind]
        with torch.no_grad():
            for name, weight in self.kernel.named_parameters():
                if name.startswith("weight_hh"):
                    for gate in weight.chunk(gates):
                        nn.init.orthogonal_(gate)
                elif name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(weight)
                else:
                    weight.zero_()
                    if kind == "lstm" and name.startswith("bias_ih"):
                        weight[hidden : 2 * hidden] = 1.0  # torch's gate order is i f g o

    def forward(self, x: Tensor) -> Tensor:
        """`batch time channel` to `batch time 2 * hidden`."""
        output: Tensor = self.kernel(x)[0]
        return output

"""Recurrence as the textbooks write it: a step at a time, a line at a time, gradients by autograd.

Weights lie as torch keeps them: `W` `gates*hidden channel`, `U` `gates*hidden hidden`, biases
`gates*hidden`; the gates of the LSTMs in the order i f g o, of the GRU r z n.
"""

from collections.abc import Callable

import torch
from torch import Tensor

State = tuple[Tensor, Tensor]
Cell = Callable[[Tensor, State], State]
"""An input `channel` or `batch channel` and the state (h, c) to the next state."""


def rnn(W: Tensor, U: Tensor, b_W: Tensor, b_U: Tensor) -> Cell:
    """h' = tanh(W x + U h + b) (Elman 1990)."""

    def step(x: Tensor, state: State) -> State:
        h, c = state
        return torch.tanh(x @ W.T + b_W + h @ U.T + b_U), c

    return step


def gru(W: Tensor, U: Tensor, b_W: Tensor, b_U: Tensor) -> Cell:
    """Cho et al. 2014, with the reset gate behind the product, as cuDNN, torch and ONNX
    (`linear_before_reset = 1`) have it:

        r = sigmoid(W_r x + U_r h + b_r)          z = sigmoid(W_z x + U_z h + b_z)
        n = tanh(W_n x + b_Wn + r * (U_n h + b_Un))    h' = (1 - z) * n + z * h
    """
    W_r, W_z, W_n = W.chunk(3)
    U_r, U_z, U_n = U.chunk(3)
    b_Wr, b_Wz, b_Wn = b_W.chunk(3)
    b_Ur, b_Uz, b_Un = b_U.chunk(3)

    def step(x: Tensor, state: State) -> State:
        h, c = state
        r = torch.sigmoid(x @ W_r.T + b_Wr + h @ U_r.T + b_Ur)
        z = torch.sigmoid(x @ W_z.T + b_Wz + h @ U_z.T + b_Uz)
        n = torch.tanh(x @ W_n.T + b_Wn + r * (h @ U_n.T + b_Un))
        return (1 - z) * n + z * h, c

    return step


def lstm(W: Tensor, U: Tensor, b_W: Tensor, b_U: Tensor) -> Cell:
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000."""
    p = W.new_zeros(3, U.shape[1])
    return peephole(W, U, b_W + b_U, p)


def peephole(W: Tensor, U: Tensor, b: Tensor, p: Tensor) -> Cell:
    """Gers et al. 2002: i and f see the old state, o the new one; `p` `3 hidden` of i, f and o."""
    W_i, W_f, W_g, W_o = W.chunk(4)
    U_i, U_f, U_g, U_o = U.chunk(4)
    b_i, b_f, b_g, b_o = b.chunk(4)
    p_i, p_f, p_o = p

    def step(x: Tensor, state: State) -> State:
        h, c = state
        i = torch.sigmoid(x @ W_i.T + h @ U_i.T + b_i + p_i * c)
        f = torch.sigmoid(x @ W_f.T + h @ U_f.T + b_f + p_f * c)
        g = torch.tanh(x @ W_g.T + h @ U_g.T + b_g)
        c = f * c + i * g
        o = torch.sigmoid(x @ W_o.T + h @ U_o.T + b_o + p_o * c)
        return o * torch.tanh(c), c

    return step


def read(cell: Cell, x: Tensor, hidden: int) -> Tensor:
    """`time ... channel` to `time ... hidden`, from a state of zeros."""
    zeros = x.new_zeros(*x.shape[1:-1], hidden)
    state, outputs = (zeros, zeros), []
    for frame in x:
        state = cell(frame, state)
        outputs.append(state[0])
    return torch.stack(outputs)


def read_both(cells: tuple[Cell, ...], x: Tensor, hidden: int) -> Tensor:
    """`time ... channel` to `time ... cells*hidden`: the second cell reads backwards."""
    outputs = [read(cells[0], x, hidden)]
    if len(cells) == 2:
        outputs.append(read(cells[1], x.flip(0), hidden).flip(0))
    return torch.cat(outputs, -1)

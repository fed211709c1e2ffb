"""The LSTM with peepholes, its backward pass derived by hand.

Forward, in the letters of the code (Gers, Schraudolph and Schmidhuber 2002; Graves 2012, chapter
4). The input and forget gates look at the old state, the output gate at the new one:

    i_t = sigmoid(W_i x_t + U_i h_{t-1} + b_i + p_i * c_{t-1})
    f_t = sigmoid(W_f x_t + U_f h_{t-1} + b_f + p_f * c_{t-1})
    g_t =    tanh(W_g x_t + U_g h_{t-1} + b_g)
    c_t = f_t * c_{t-1} + i_t * g_t
    o_t = sigmoid(W_o x_t + U_o h_{t-1} + b_o + p_o * c_t)
    h_t = o_t * tanh(c_t)

Matrix products are here; what happens between them, element by element, is in `peephole_steps.py`
with the equations of the backward pass, and `docs/theory/recurrence.md` derives them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from readapt.nets import peephole_compiled as compiled
from readapt.nets import peephole_steps as plain
from readapt.nets.peephole_steps import Gradients, Sequence


class State(NamedTuple):
    """Where a recurrence stands: both `direction batch hidden`."""

    h: Tensor
    """Outputs."""
    c: Tensor
    """States of the cells."""


class PeepholeFunction(torch.autograd.Function):
    """A sequence through the recurrence; directions are independent of each other.

    Inputs: `x` `direction time batch channel`; the gates' weights in the order i f g o, `W`
    `direction 4*hidden channel`, `U` `direction 4*hidden hidden`, `b` `direction 4*hidden`; the
    peepholes `p` `direction 3 hidden` in the order i f o; the first state, `h_0` and `c_0`
    `direction batch hidden`; with `half` the products of all steps at once are taken in bfloat16,
    those from one step to the next never. Outputs: every `h` `direction time batch hidden`, and
    the last `c`.
    """

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        x: Tensor,
        W: Tensor,
        U: Tensor,
        b: Tensor,
        p: Tensor,
        h_0: Tensor,
        c_0: Tensor,
        half: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Keep gates and states: the backward pass needs nothing else."""
        directions, time, batch, _ = x.shape
        hidden = U.shape[2]
        # The inputs' part of every sum of every step in one product; a step adds its own part.
        gates = _product(x, W.transpose(1, 2), b, half)
        h = x.new_empty(directions, time + 1, batch, hidden)
        h[:, 0] = h_0
        c = torch.empty_like(h)
        c[:, 0] = c_0
        sequence = Sequence(gates, h, c, torch.empty_like(h[:, 1:]), p.contiguous())
        if not compiled.forward(sequence, U):
            plain.forward(sequence, U)
        ctx.save_for_backward(x, W, U, gates, h, c, sequence.tanh_c, sequence.p)
        ctx.half = half  # type: ignore[attr-defined]
        return h[:, 1:], c[:, -1].clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_h: Tensor, grad_c: Tensor) -> tuple[Tensor | None, ...]:
        """Walk back through time for the deltas; then the gradients of the weights, all at once."""
        x, W, U, gates, h, c, tanh_c, p = ctx.saved_tensors
        sequence = Sequence(gates, h, c, tanh_c, p)
        grad = Gradients(
            h=grad_h.contiguous(),
            to_h=torch.zeros_like(h[:, 0], memory_format=torch.contiguous_format),
            to_c=grad_c.clone(memory_format=torch.contiguous_format),
            delta=torch.empty_like(gates),
            b=torch.zeros_like(gates[:, 0, 0], memory_format=torch.contiguous_format),
            p=torch.zeros_like(p),
        )
        if not compiled.backward(sequence, grad, U):
            plain.backward(sequence, grad, U)
        # Every delta meets its input once more, now for all steps at once.
        needed = ctx.needs_input_grad
        grad_x = _product(grad.delta, W, None, ctx.half) if needed[0] else None
        grad_W = _outer(grad.delta, x, ctx.half) if needed[1] else None
        grad_U = _outer(grad.delta, h[:, :-1], ctx.half) if needed[2] else None
        found = grad_x, grad_W, grad_U, grad.b, grad.p, grad.to_h, grad.to_c, None
        return found[: len(needed)]


def _product(a: Tensor, b: Tensor, start: Tensor | None, half: bool) -> Tensor:
    """`start + a b`: `direction time batch inner` to `direction time batch column`."""
    rows = a.flatten(1, 2)
    if start is None:
        start = b.new_zeros(b.shape[0], b.shape[2])
    if half:
        c = torch.bmm(rows.bfloat16(), b.bfloat16()).to(a.dtype).add_(start.unsqueeze(1))
        return c.view(*a.shape[:3], b.shape[2])
    product = compiled.product(rows, b, start)
    if product is None:
        product = torch.baddbmm(start.unsqueeze(1), rows, b)
    return product.view(*a.shape[:3], b.shape[2])


def _outer(delta: Tensor, y: Tensor, half: bool) -> Tensor:
    """Sum `delta y^T` over all steps and lines: `direction 4*hidden channel`.

    Taken as the transpose of `y delta^T`, whose wide side is last: a fifth faster.
    """
    left, right = y.flatten(1, 2).transpose(1, 2), delta.flatten(1, 2)
    if half:
        return torch.bmm(left.bfloat16(), right.bfloat16()).to(y.dtype).transpose(1, 2)
    return torch.bmm(left, right).transpose(1, 2)


def without_peepholes(x: Tensor, W: Tensor, U: Tensor, b: Tensor, half: bool = False) -> Tensor:
    """Read with an LSTM from a state of zeros; shapes are those of `PeepholeFunction`."""
    p = x.new_zeros(len(x), 3, U.shape[2])
    zeros = x.new_zeros(len(x), x.shape[2], U.shape[2])
    h: Tensor = PeepholeFunction.apply(x, W, U, b, p, zeros, zeros, half)[0]  # type: ignore[no-untyped-call]
    return h


class PeepholeLayer(nn.Module):
    """One layer of one or two directions, which share nothing but the input.

    Parameters, gates in the order i f g o and peepholes in the order i f o: `weight_ih`
    `direction 4*hidden channel`, `weight_hh` `direction 4*hidden hidden`, `weight_ch` `direction 3
    hidden`, `bias` `direction 4*hidden`. They start as zeros: `Recurrence` draws them.
    """

    def __init__(self, inputs: int, hidden: int, directions: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(directions, 4 * hidden, inputs))
        self.weight_hh = nn.Parameter(torch.zeros(directions, 4 * hidden, hidden))
        self.weight_ch = nn.Parameter(torch.zeros(directions, 3, hidden))
        self.bias = nn.Parameter(torch.zeros(directions, 4 * hidden))

    def forward(
        self, x: Tensor, state: State | None = None, half: bool = False
    ) -> tuple[Tensor, State]:
        """`direction time batch channel` to the outputs `direction time batch hidden`.

        Begins at `state` (zeros) and gives the state at the end as well, so that a sequence can be
        read in parts.
        """
        if state is None:
            zeros = x.new_zeros(x.shape[0], x.shape[2], self.weight_hh.shape[2])
            state = State(zeros, zeros)
        weights = (self.weight_ih, self.weight_hh, self.bias, self.weight_ch)
        h, c = PeepholeFunction.apply(x, *weights, state.h, state.c, half)  # type: ignore[no-untyped-call]
        return h, State(h[:, -1], c)

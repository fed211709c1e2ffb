"""The LSTM with peepholes through time and back, on torch's operators.

`peephole_steps.c` has the same equations in one pass over memory; `peephole_compiled.py` compiles
it where there is a compiler. Buffers are filled in place, step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Step = Callable[[int], None]
"""Does one step: takes its number."""

# The chain rule through an activation y = f(a), from its output: `gradient * y * (1 - y)` for a
# sigmoid and `gradient * (1 - y * y)` for a tanh, each in one pass.
_through_sigmoid = torch.ops.aten.sigmoid_backward.grad_input
_through_tanh = torch.ops.aten.tanh_backward.grad_input


@dataclass(frozen=True, slots=True)
class Sequence:
    """What the forward pass of a sequence fills, and the backward pass reads."""

    gates: Tensor
    """`direction time batch 4*hidden`, i f g o: the inputs' part of the sums before the activation
    on entry, gates at the end."""
    h: Tensor
    """Outputs `direction time+1 batch hidden`; step 0 is the first state."""
    c: Tensor
    """States, shaped as `h`."""
    tanh_c: Tensor
    """`direction time batch hidden`."""
    p: Tensor
    """Peepholes `direction 3 hidden` of i, f and o."""


@dataclass(frozen=True, slots=True)
class Gradients:
    """What the backward pass reads and fills."""

    h: Tensor
    """dL/dh `direction time batch hidden` from above, not through time."""
    to_h: Tensor
    """`direction batch hidden`: U^T delta of the step after."""
    to_c: Tensor
    """`direction batch hidden`: dL/dc through the step after; each step replaces it."""
    delta: Tensor
    """dL/d(sums before the activation) `direction time batch 4*hidden`."""
    b: Tensor
    """`direction 4*hidden`, added to."""
    p: Tensor
    """`direction 3 hidden`, added to."""


def forward(s: Sequence, U: Tensor) -> None:
    """Walk from the first step to the last. `U` `direction 4*hidden hidden`."""
    step, U_t = forward_steps(s), U.transpose(1, 2).contiguous()
    for t, (sums, h) in enumerate(zip(s.gates.unbind(1), s.h[:, :-1].unbind(1), strict=True)):
        sums.baddbmm_(h, U_t)
        step(t)


def backward(s: Sequence, grad: Gradients, U: Tensor) -> None:
    """Walk from the last step to the first."""
    step = backward_steps(s, grad)
    for t, delta in reversed(list(enumerate(grad.delta.unbind(1)))):
        step(t)
        torch.bmm(delta, U, out=grad.to_h)


def forward_steps(s: Sequence) -> Step:
    """Give the step from the sums of the gates at `t` to the state and the output at `t + 1`."""
    gates = [gate.unbind(1) for gate in s.gates.chunk(4, 3)]
    both = s.gates[..., : s.gates.shape[3] // 2].unbind(1)
    c, h, tanh_c = s.c.unbind(1), s.h.unbind(1), s.tanh_c.unbind(1)
    p_i, p_f, p_o = s.p.unsqueeze(2).unbind(1)

    def step(t: int) -> None:
        i, f, g, o = (gate[t] for gate in gates)
        i.addcmul_(c[t], p_i)
        f.addcmul_(c[t], p_f)
        both[t].sigmoid_()
        _tanh(g, g)
        torch.mul(f, c[t], out=c[t + 1]).addcmul_(i, g)
        o.addcmul_(c[t + 1], p_o).sigmoid_()
        torch.mul(o, _tanh(c[t + 1], tanh_c[t]), out=h[t + 1])

    return step


def backward_steps(s: Sequence, grad: Gradients) -> Step:
    """Give the step from dL/dh and dL/dc after time `t` to the deltas of `t`: Graves' equations.

    Epsilon is dL/d(output), delta is dL/d(sum before the activation):

        cell outputs   eps_c = dL/dh_t + U^T delta_{t+1}
        output gate    delta_o = o (1 - o) tanh(c_t) eps_c
        states         eps_s = o (1 - tanh(c_t)^2) eps_c + p_o delta_o
                               + f_{t+1} eps_s_{t+1} + p_i delta_i_{t+1} + p_f delta_f_{t+1}
        cells          delta_g = i (1 - g^2) eps_s
        forget gate    delta_f = f (1 - f) c_{t-1} eps_s
        input gate     delta_i = i (1 - i) g eps_s
    """
    gates = [gate.unbind(1) for gate in s.gates.chunk(4, 3)]
    deltas = [delta.unbind(1) for delta in grad.delta.chunk(4, 3)]
    whole, above = grad.delta.unbind(1), grad.h.unbind(1)
    c, tanh_c = s.c.unbind(1), s.tanh_c.unbind(1)
    p_i, p_f, p_o = s.p.unsqueeze(2).unbind(1)
    product = torch.zeros_like(grad.to_h)
    eps_c, eps_s = torch.empty_like(grad.to_h), torch.empty_like(grad.to_h)

    def step(t: int) -> None:
        i, f, g, o = (gate[t] for gate in gates)
        delta_i, delta_f, delta_g, delta_o = (delta[t] for delta in deltas)
        torch.add(above[t], grad.to_h, out=eps_c)
        _through_sigmoid(torch.mul(eps_c, tanh_c[t], out=product), o, grad_input=delta_o)
        _through_tanh(torch.mul(eps_c, o, out=product), tanh_c[t], grad_input=eps_s)
        eps_s.addcmul_(delta_o, p_o).add_(grad.to_c)
        _through_tanh(torch.mul(eps_s, i, out=product), g, grad_input=delta_g)
        _through_sigmoid(torch.mul(eps_s, c[t], out=product), f, grad_input=delta_f)
        _through_sigmoid(torch.mul(eps_s, g, out=product), i, grad_input=delta_i)
        torch.mul(eps_s, f, out=grad.to_c).addcmul_(delta_i, p_i).addcmul_(delta_f, p_f)
        grad.b.add_(whole[t].sum(1))
        for k, delta, state in ((0, delta_i, c[t]), (1, delta_f, c[t]), (2, delta_o, c[t + 1])):
            grad.p[:, k] += torch.mul(delta, state, out=product).sum(1)

    return step


def _tanh(a: Tensor, out: Tensor) -> Tensor:
    """Compute tanh(a) = 2 sigmoid(2 a) - 1: more passes, and half the time of torch's tanh."""
    torch.mul(a, 2, out=out).sigmoid_()
    return out.mul_(2).sub_(1)

"""The hand-derived backward pass: against finite differences, autograd, and itself in C."""

import copy
import shutil
import warnings

import pytest
import torch
from tests.reference import recurrent as reference
from torch import Tensor, nn

from readapt.nets import peephole_compiled
from readapt.nets.peephole import PeepholeFunction, PeepholeLayer, State
from readapt.nets.ragged import reverse
from readapt.nets.recurrent import Recurrence

COMPILER = shutil.which("cc") is not None


@pytest.fixture(params=["torch", "c"])
def steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """On torch's operators, and compiled where there is a compiler."""
    torch.manual_seed(0)
    if request.param == "torch":
        monkeypatch.setattr(peephole_compiled, "_library", lambda dtype: None)
    elif not COMPILER:
        pytest.skip("no C compiler")
    return str(request.param)


def inputs(
    directions: int, time: int, batch: int, channel: int, hidden: int, dtype: torch.dtype
) -> list[Tensor]:
    """Arguments of the function: x, W, U, b, p, h_0, c_0."""
    shapes = (
        (directions, time, batch, channel),
        (directions, 4 * hidden, channel),
        (directions, 4 * hidden, hidden),
        (directions, 4 * hidden),
        (directions, 3, hidden),
        (directions, batch, hidden),
        (directions, batch, hidden),
    )
    return [torch.randn(shape, dtype=dtype).requires_grad_() for shape in shapes]


def by_the_book(
    x: Tensor, W: Tensor, U: Tensor, b: Tensor, p: Tensor, h_0: Tensor, c_0: Tensor
) -> tuple[Tensor, Tensor]:
    """The function again, through the textbook's cell."""
    outputs, ends = [], []
    for direction in range(len(x)):
        cell = reference.peephole(W[direction], U[direction], b[direction], p[direction])
        state, read = (h_0[direction], c_0[direction]), []
        for frame in x[direction]:
            state = cell(frame, state)
            read.append(state[0])
        outputs.append(torch.stack(read))
        ends.append(state[1])
    return torch.stack(outputs), torch.stack(ends)


@pytest.mark.parametrize("directions", [1, 2])
def test_gradcheck(steps: str, directions: int) -> None:
    arguments = inputs(directions, 5, 2, 3, 4, torch.float64)
    assert torch.autograd.gradcheck(PeepholeFunction.apply, arguments)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1, 1), (2, 11, 3, 5, 17), (2, 4, 2, 3, 40)])
def test_equals_autograd(steps: str, shape: tuple[int, int, int, int, int]) -> None:
    arguments = inputs(*shape, torch.float64)
    got, expected = PeepholeFunction.apply(*arguments), by_the_book(*arguments)
    above = [torch.randn_like(y) for y in expected]
    got_gradients = torch.autograd.grad(got, arguments, above)
    expected_gradients = torch.autograd.grad(expected, arguments, above)
    for a, b in zip((*got, *got_gradients), (*expected, *expected_gradients), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-10)


def test_single_precision_is_close(steps: str) -> None:
    arguments = [
        (0.4 * a.detach()).requires_grad_() for a in inputs(2, 30, 4, 6, 33, torch.float64)
    ]
    short = [a.detach().float().requires_grad_() for a in arguments]
    long, single = PeepholeFunction.apply(*arguments), PeepholeFunction.apply(*short)
    for a, b in zip(single, long, strict=True):
        torch.testing.assert_close(a.double(), b, rtol=2e-6, atol=2e-6)
    above = [torch.randn_like(y) for y in long]
    got = torch.autograd.grad(single, short, [a.float() for a in above])
    for a, b in zip(got, torch.autograd.grad(long, arguments, above), strict=True):
        torch.testing.assert_close(a.double(), b, rtol=0, atol=1e-5 * float(b.abs().max()))


@pytest.mark.parametrize("a", [-1e30, -200.0, -88.5, -1e-4, 0.0, 1e-4, 88.5, 200.0, 1e30])
def test_far_sums_saturate(steps: str, a: float) -> None:
    """One step from nothing: with o wide open h = tanh(i g) holds at any size of the sums."""
    layer = PeepholeLayer(1, 1, 1)
    with torch.no_grad():
        layer.bias.copy_(torch.tensor([[a, 0.0, a, 50.0]]))
        h, _ = layer(torch.zeros(1, 1, 1, 1))
    wide = torch.tensor(a, dtype=torch.float64)
    expected = torch.tanh(torch.sigmoid(wide) * torch.tanh(wide))
    assert float(h) == pytest.approx(float(expected), abs=3e-7)


def test_what_is_not_a_number_stays_so(steps: str) -> None:
    arguments = inputs(1, 3, 2, 3, 40, torch.float32)
    with torch.no_grad():
        arguments[0][0, 1, 1, 0] = torch.nan
        h, _ = PeepholeFunction.apply(*arguments)
    assert h[0, 0].isfinite().all()
    assert h[0, 1:, 0].isfinite().all()
    assert h[0, 1:, 1].isnan().all()


def test_read_in_parts_is_read_whole(steps: str) -> None:
    layer = PeepholeLayer(3, 5, 2).double()
    with torch.no_grad():
        for weight in layer.parameters():
            weight.normal_()
    x = torch.randn(2, 9, 4, 3, dtype=torch.float64)
    whole, end = layer(x)
    first, middle = layer(x[:, :4])
    second, last = layer(x[:, 4:], State(*middle))
    torch.testing.assert_close(torch.cat((first, second), 1), whole, rtol=0, atol=1e-12)
    torch.testing.assert_close(tuple(last), tuple(end), rtol=0, atol=1e-12)


def test_backward_twice(steps: str) -> None:
    """The walk back leaves what it reads as it was."""
    arguments = inputs(2, 4, 2, 3, 4, torch.float64)
    h, _ = PeepholeFunction.apply(*arguments)
    once = torch.autograd.grad(h.sum(), arguments, retain_graph=True)
    again = torch.autograd.grad(h.sum(), arguments)
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))


def test_frozen_weights_and_inputs(steps: str) -> None:
    x, *weights = inputs(2, 4, 2, 3, 4, torch.float64)
    frozen = [weight.detach() for weight in weights]
    (got,) = torch.autograd.grad(PeepholeFunction.apply(x, *frozen)[0].sum(), [x])
    (expected,) = torch.autograd.grad(by_the_book(x, *frozen)[0].sum(), [x])
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-10)
    got, *_ = torch.autograd.grad(PeepholeFunction.apply(x.detach(), *weights)[0].sum(), weights)
    expected, *_ = torch.autograd.grad(by_the_book(x.detach(), *weights)[0].sum(), weights)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-10)


class ByTheBook(nn.Module):
    """A peephole LSTM of one layer, trained by autograd through the textbook's cell."""

    def __init__(self, layer: PeepholeLayer) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        x, zeros = x.transpose(0, 1), x.new_zeros(2, len(x), self.layer.weight_hh.shape[2])
        read, _ = by_the_book(
            torch.stack((x, reverse(x, lengths))),
            self.layer.weight_ih,
            self.layer.weight_hh,
            self.layer.bias,
            self.layer.weight_ch,
            zeros,
            zeros,
        )
        inside = torch.arange(len(x))[:, None, None] < lengths[:, None]
        both = torch.cat((read[0], reverse(read[1], lengths)), 2) * inside
        return both.transpose(0, 1)


def test_both_ways_of_training_give_the_same_weights(steps: str) -> None:
    by_hand = Recurrence("peephole", 4, 6).double()
    layer = by_hand.kernel.layers[0]
    assert isinstance(layer, PeepholeLayer)
    by_autograd = ByTheBook(copy.deepcopy(layer))
    x, lengths = torch.randn(5, 12, 4, dtype=torch.float64), torch.tensor([12, 3, 7, 1, 10])
    target = torch.randn(5, 12, 12, dtype=torch.float64).tanh()
    for network in (by_hand, by_autograd):
        optimizer = torch.optim.AdamW(network.parameters(), lr=0.02)
        losses = []
        for _ in range(50):
            optimizer.zero_grad()
            loss = (network(x, lengths) - target).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.8 * losses[0]
    for a, b in zip(layer.parameters(), by_autograd.parameters(), strict=True):
        assert a.detach().abs().sum() > 0
        torch.testing.assert_close(a, b, rtol=0, atol=1e-9)


@pytest.mark.parametrize("lengths", [None, [4, 1, 3]])
def test_reverse(lengths: list[int] | None) -> None:
    x = torch.randn(4, 3, 2)
    bounds = None if lengths is None else torch.tensor(lengths)
    turned = reverse(x, bounds)
    for line, length in enumerate(lengths or [4] * 3):
        assert torch.equal(turned[:length, line], x[:length, line].flip(0))
    assert torch.equal(reverse(turned, bounds), x)


def test_a_compiler_that_fails_is_told_and_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "false")
    peephole_compiled._library.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="failed to compile"):
            assert peephole_compiled._library(torch.float32) is None
        monkeypatch.setenv("CC", "no-such-compiler")
        peephole_compiled._library.cache_clear()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert Recurrence("peephole", 3, 4)(torch.randn(2, 5, 3)).isfinite().all()
    finally:
        peephole_compiled._library.cache_clear()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_the_same_on_a_gpu() -> None:
    arguments = inputs(2, 6, 3, 5, 8, torch.float64)
    there = [a.detach().cuda().requires_grad_() for a in arguments]
    here_h, _ = PeepholeFunction.apply(*arguments)
    there_h, _ = PeepholeFunction.apply(*there)
    torch.testing.assert_close(there_h.cpu(), here_h, rtol=0, atol=1e-10)
    here = torch.autograd.grad(here_h.square().sum(), arguments)
    for a, b in zip(torch.autograd.grad(there_h.square().sum(), there), here, strict=True):
        torch.testing.assert_close(a.cpu(), b, rtol=0, atol=1e-9)

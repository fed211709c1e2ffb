"""Every kind against the textbook's cell: outputs, gradients, ragged batches; how weights start."""

import shutil
from collections.abc import Iterator

import pytest
import torch
from tests.reference import recurrent as reference
from torch import Tensor

from readapt.nets.recurrent import GATES, Kind, PeepholeLSTM, Recurrence

KINDS: tuple[Kind, ...] = ("rnn", "gru", "lstm", "peephole")
TOLERANCE = {torch.float32: 1e-6, torch.float64: 1e-10}


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def make(
    kind: Kind, inputs: int, hidden: int, layers: int, both: bool, dtype: torch.dtype
) -> Recurrence:
    """A recurrence with no weight left at zero."""
    recurrence = Recurrence(kind, inputs, hidden, layers, bidirectional=both).to(dtype)
    with torch.no_grad():
        for weight in recurrence.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    return recurrence


def cells(recurrence: Recurrence) -> Iterator[tuple[reference.Cell, ...]]:
    """The textbook's cells with the weights of `recurrence`, layer by layer."""
    kernel = recurrence.kernel
    if isinstance(kernel, PeepholeLSTM):
        for layer in kernel.layers:
            weights = (layer.weight_ih, layer.weight_hh, layer.bias, layer.weight_ch)
            yield tuple(reference.peephole(*direction) for direction in zip(*weights, strict=True))
        return
    cell = {"rnn": reference.rnn, "gru": reference.gru, "lstm": reference.lstm}[recurrence.kind]
    named = dict(kernel.named_parameters())
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ends = ("", "_reverse") if kernel.bidirectional else ("",)
    for layer in range(kernel.num_layers):
        yield tuple(cell(*(named[f"{name}_l{layer}{end}"] for name in names)) for end in ends)


def by_the_book(recurrence: Recurrence, x: Tensor, hidden: int, lengths: list[int]) -> Tensor:
    """Read every line alone, cut to its length; zeros behind it."""
    width = hidden * len(next(cells(recurrence)))
    read = x.new_zeros(*x.shape[:2], width)
    for line, length in enumerate(lengths):
        y = x[line, :length]
        for layer in cells(recurrence):
            y = reference.read_both(layer, y, hidden)
        read[line, :length] = y
    return read


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_as_the_textbook(kind: Kind, both: bool, ragged: bool, dtype: torch.dtype) -> None:
    recurrence = make(kind, 5, 6, 2, both, dtype)
    x = torch.randn(4, 9, 5, dtype=dtype)
    lengths = [9, 1, 7, 4] if ragged else [9] * 4
    read = recurrence(x, torch.tensor(lengths) if ragged else None)
    expected = by_the_book(recurrence, x, 6, lengths)
    torch.testing.assert_close(read, expected, rtol=0, atol=TOLERANCE[dtype])


@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_gradients_as_the_textbook(kind: Kind, ragged: bool) -> None:
    recurrence = make(kind, 5, 6, 2, True, torch.float64)
    x = torch.randn(3, 8, 5, dtype=torch.float64, requires_grad=True)
    lengths = [5, 8, 1] if ragged else [8] * 3
    above = torch.randn(3, 8, 12, dtype=torch.float64)
    wanted = [x, *recurrence.parameters()]
    read = recurrence(x, torch.tensor(lengths) if ragged else None)
    got = torch.autograd.grad((read * above).sum(), wanted)
    expected = torch.autograd.grad((by_the_book(recurrence, x, 6, lengths) * above).sum(), wanted)
    for a, b in zip(got, expected, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_does_not_count(kind: Kind) -> None:
    recurrence = make(kind, 3, 4, 2, True, torch.float32)
    x = torch.randn(2, 10, 3)
    lengths = torch.tensor([6, 10])
    other = x.clone()
    other[0, 6:] = torch.nan
    wider = torch.cat([other, torch.full((2, 5, 3), torch.inf)], 1)
    read = recurrence(x, lengths)
    assert torch.equal(recurrence(other, lengths), read)
    torch.testing.assert_close(recurrence(wider, lengths)[:, :10], read, rtol=0, atol=1e-6)
    assert not recurrence(wider, lengths)[0, 6:].any()
    loss = recurrence(wider, lengths).square().sum()
    assert all(g.isfinite().all() for g in torch.autograd.grad(loss, recurrence.parameters()))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lengths", [[3], [0, 4], [4, 5], [[4, 4]]])
def test_wrong_lengths_are_refused(kind: Kind, lengths: list[int]) -> None:
    with pytest.raises(ValueError, match="length"):
        Recurrence(kind, 3, 4)(torch.randn(2, 4, 3), torch.tensor(lengths))


@pytest.mark.parametrize("kind", KINDS)
def test_how_weights_start(kind: Kind) -> None:
    hidden = 6
    for name, weight in Recurrence(kind, 5, hidden, 2).named_parameters():
        directions = weight if kind == "peephole" else [weight]
        for part in directions:
            if "weight_hh" in name:
                for gate in part.chunk(GATES[kind]):
                    torch.testing.assert_close(gate @ gate.T, torch.eye(hidden), rtol=0, atol=1e-5)
            elif "weight_ch" in name or "bias_hh" in name or (GATES[kind] != 4 and "bias" in name):
                assert not part.any()
            elif "bias" in name:
                i, f, g, o = part.chunk(4)
                assert (f == 1).all()
                assert not torch.stack((i, g, o)).any()


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_between_layers(kind: Kind) -> None:
    x = torch.randn(2, 5, 3)
    one, two = Recurrence(kind, 3, 4, 2, 0.0), Recurrence(kind, 3, 4, 2, 0.5)
    two.load_state_dict(one.state_dict())
    assert torch.equal(two.eval()(x), one(x))
    two.train()
    assert not torch.equal(two(x), two(x))


def test_names_of_the_weights() -> None:
    """Checkpoints have them: they do not change."""
    lstm = Recurrence("lstm", 3, 4, 1).state_dict()
    ends = ("l0", "l0_reverse")
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    assert set(lstm) == {f"kernel.{name}_{end}" for name in names for end in ends}
    peephole = Recurrence("peephole", 3, 4, 1).state_dict()
    names = ("weight_ih", "weight_hh", "weight_ch", "bias")
    assert set(peephole) == {f"kernel.layers.0.{name}" for name in names}


def test_peepholes_at_zero_are_an_lstm() -> None:
    lstm, peephole = Recurrence("lstm", 3, 4, 1), Recurrence("peephole", 3, 4, 1)
    weights = lstm.state_dict()
    both = {
        name: torch.stack([weights[f"kernel.{name}_l0{end}"] for end in ("", "_reverse")])
        for name in ("weight_ih", "weight_hh", "bias_ih")
    }
    both["bias"] = both.pop("bias_ih")
    both["weight_ch"] = torch.zeros(2, 3, 4)
    peephole.load_state_dict({f"kernel.layers.0.{name}": w for name, w in both.items()})
    x = torch.randn(2, 7, 3)
    torch.testing.assert_close(peephole(x), lstm(x), rtol=0, atol=1e-6)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
@pytest.mark.parametrize(("half", "most"), [(False, 2e-6), (True, 1e-2)])
def test_an_lstm_that_learns_by_hand_is_torchs(half: bool, most: float) -> None:
    """Outputs and gradients, relative to the largest; with products in bfloat16 to 8 bits."""
    torch.manual_seed(0)
    recurrence = Recurrence("lstm", 12, 16, layers=2)
    x = torch.randn(5, 20, 12, requires_grad=True)
    above = torch.randn(5, 20, 32)
    inputs = [x, *recurrence.parameters()]
    own = recurrence(x, half=half)
    torchs = recurrence.kernel(x)[0]
    assert recurrence._by_hand(x)
    gradients = (torch.autograd.grad(y, inputs, above) for y in (own, torchs))
    for a, b in ((own, torchs), *zip(*gradients, strict=True)):
        assert (a - b).abs().max() < most * b.abs().max()

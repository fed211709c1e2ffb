"""The probe: its steps are the network's own, its norms are those of Jacobians."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.peephole import State
from readapt.nets.recurrent import Kind, Recurrence
from readapt.train.data import collate
from readapt.train.gradient_flow import (
    Curve,
    below_last,
    draw,
    line_norms,
    norms_by_lag,
    recall_batch,
    recall_curves,
    stepper,
    write_csv,
)

KINDS: tuple[Kind, ...] = ("rnn", "gru", "lstm", "peephole")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 2])
def test_steps_are_the_forward_direction_of_the_last_layer(kind: Kind, layers: int) -> None:
    torch.manual_seed(0)
    recurrence = Recurrence(kind, 3, 4, layers)
    with torch.no_grad():
        for weight in recurrence.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
        x = torch.randn(2, 6, 3)
        step, state = stepper(recurrence), State(torch.zeros(2, 4), torch.zeros(2, 4))
        for t, frame in enumerate(below_last(recurrence, x).unbind(1)):
            state = step(frame, state)
            torch.testing.assert_close(state.h, recurrence(x)[:, t, :4], rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [0.5, 1.0, 1.2])
def test_norms_of_a_turning_rnn_are_a_geometric_series(size: float) -> None:
    """With no input a tanh at 0 is the identity: each step multiplies by `size` and turns."""
    recurrence = Recurrence("rnn", 2, 8, 1, bidirectional=False)
    with torch.no_grad():
        recurrence.kernel.get_parameter("weight_hh_l0").mul_(size)
    x, above = torch.zeros(9, 3, 2), torch.randn(3, 8)
    norms = norms_by_lag(stepper(recurrence), x, 8, above, 6)
    expected = above.norm(dim=1).mean() * size ** torch.arange(7)
    torch.testing.assert_close(norms, expected, rtol=1e-4, atol=0)


def test_recall_batch() -> None:
    x, symbols = recall_batch(5, 7, torch.Generator().manual_seed(0))
    assert x.shape == (5, 8, 16)
    assert torch.equal(x[:, 0, :8].argmax(1), symbols)
    assert not x[:, 1:, :8].any()


def test_what_is_learnt_reaches_back() -> None:
    """A GRU learns to recall over 8 frames, and its gradient shows it."""
    (before, after), accuracy = recall_curves("gru", lag=8, steps=150, hidden=24)
    assert accuracy > 0.9
    assert len(before.norms) == 9
    assert after.norms[8] / after.norms[0] > before.norms[8] / before.norms[0]


@pytest.mark.parametrize("kind", KINDS)
def test_on_lines(kind: Kind) -> None:
    rng = np.random.default_rng(0)
    lines = [(rng.integers(0, 255, (36, 64), dtype=np.uint8), [1, 2, 3]) for _ in range(2)]
    network = Crnn(CrnnConfig(7, channels=(4, 6, 8, 10, 12), rnn=kind, hidden=5))
    norms = line_norms(network, collate(lines), 6, [8, 12])
    assert norms.shape == (7,)
    assert (norms > 0).all()


def test_table_and_picture(tmp_path: Path) -> None:
    curves = [Curve("recall", "rnn", "before", (2.0, 1.0)), Curve("recall", "rnn", "after", (1, 1))]
    write_csv(curves, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["norm"]) for row in rows] == [2, 1, 1, 1]
    assert rows[1]["lag"] == "1"
    draw(curves, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"

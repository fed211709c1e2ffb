"""The probe: its steps are the network's own, its norms are those of Jacobians."""

import csv
import json
from functools import partial
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch

from readapt.nets import crnn
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.peephole import State
from readapt.nets.recurrent import Kind, Recurrence
from readapt.recognize.alphabet import LATIN
from readapt.train import gradient_flow
from readapt.train.checkpoint import save_checkpoint
from readapt.train.data import collate
from readapt.train.gradient_flow import (
    KINDS,
    Curve,
    below_last,
    draw,
    line_curves,
    line_norms,
    loaded,
    norms_by_lag,
    real_lines,
    recall_batch,
    recall_curves,
    stepper,
    write_csv,
)


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


def test_on_lines_of_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut out of a page, and read by a network of a checkpoint and its like before training."""
    rng = np.random.default_rng(0)
    PIL.Image.fromarray(rng.integers(0, 255, (200, 420), dtype=np.uint8)).save(tmp_path / "a.png")
    boxes = {"abc": (10, 10, 400, 46), "short": (10, 60, 60, 90), "de f": (10, 110, 390, 150)}
    lines = [
        {"polygon": [[x, y], [to, y], [to, end], [x, end]], "text": text}
        for text, (x, y, to, end) in boxes.items()
    ]
    page = {"image": "a.png", "width": 420, "height": 200, "lines": lines}
    (tmp_path / "a.json").write_text(json.dumps(page), "utf-8")
    with pytest.raises(ValueError, match="2 lines of more than 40 frames"):
        real_lines([tmp_path], 40)
    batch = real_lines([tmp_path], 40, 2)
    assert list(batch.label_lengths) == [3, 4]
    assert (batch.frames > 40).all()

    tiny = partial(crnn.CrnnConfig, channels=(4, 6, 8, 10, 12), hidden=5)
    monkeypatch.setattr(gradient_flow, "CrnnConfig", tiny)
    network = Crnn(tiny(LATIN.classes, rnn="gru"))
    save_checkpoint(tmp_path / "checkpoint.pt", {"average": network.state_dict()})
    before, after = loaded("gru", tmp_path)
    own, first = network.state_dict(), before.state_dict()
    assert all(torch.equal(w, own[name]) for name, w in after.state_dict().items())
    assert torch.equal(first["conv3.conv.weight"], own["conv3.conv.weight"])
    assert not torch.equal(first["head.weight"], own["head.weight"])
    curves = line_curves("gru", 40, batch, (before, after))
    assert [(c.moment, len(c.norms)) for c in curves] == [("before", 41), ("after", 41)]


def test_table_and_picture(tmp_path: Path) -> None:
    curves = [Curve("recall", "rnn", "before", (2.0, 1.0)), Curve("recall", "rnn", "after", (1, 1))]
    write_csv(curves, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["norm"]) for row in rows] == [2, 1, 1, 1]
    assert rows[1]["lag"] == "1"
    draw(curves, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"

"""The loop: schedules, clipping, averaging; a resumed run ends like an uninterrupted one."""

import copy
import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from readapt.train.loop import (
    LoopConfig,
    Step,
    average_weights,
    clip_gradient,
    learning_rate,
    train,
)

CONFIG = LoopConfig(steps=30, lr=0.05, log_every=5, checkpoint_seconds=0.0, average=0.9)


class Line:
    """Fits y = 2 x - 1 with dropout, so that the random state matters too."""

    def __init__(self, stop: int = 0) -> None:
        torch.manual_seed(0)
        self.network: nn.Module = nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.3), nn.Linear(8, 1))
        self.stop = stop

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        batch = position[0]
        while True:
            if self.stop and batch >= self.stop:
                raise KeyboardInterrupt
            x = torch.sin(torch.arange(16.0) + batch)[:, None]
            loss = (self.network(x) - (2 * x - 1)).square().mean()
            batch += 1
            yield [batch, 0], Step(loss, len(x), {"twice": float(2 * loss.detach())})

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        network.eval()
        with torch.inference_mode():
            x = torch.linspace(-1, 1, 50)[:, None]
            return {"error": float((network(x) - (2 * x - 1)).square().mean())}


def test_learning_rate() -> None:
    config = LoopConfig(lr=1.0, warmup=0.1)
    assert learning_rate(0.0, config) < 0.05
    assert learning_rate(0.1, config) == pytest.approx(1.0)
    assert learning_rate(0.55, config) == pytest.approx(0.5)
    assert learning_rate(1.0, config) == pytest.approx(0.0)


def test_average_weights() -> None:
    a, b = nn.Linear(2, 2), nn.Linear(2, 2)
    expected = 0.75 * a.weight.detach().clone() + 0.25 * b.weight.detach()
    average_weights(a, b, 0.75)
    torch.testing.assert_close(a.weight.detach(), expected)


@pytest.mark.parametrize(
    ("clip", "value", "expected", "clipped"),
    [
        (20.0, 0.0, (3.0, -4.0, 12.0), False),
        (6.5, 0.0, (1.5, -2.0, 6.0), True),
        (20.0, 3.5, (3.0, -3.5, 3.5), True),
        (6.5, 4.0, (1.5, -2.0, 4.0), True),
        (20.0, 12.0, (3.0, -4.0, 12.0), False),
    ],
)
def test_clipping(clip: float, value: float, expected: tuple[float, ...], clipped: bool) -> None:
    """By norm (13 here), then by value; the weights and a bias count together."""
    layer = nn.Linear(2, 1)
    layer.weight.grad, layer.bias.grad = torch.tensor([[3.0, -4.0]]), torch.tensor([12.0])
    norm, was_clipped = clip_gradient(layer, LoopConfig(clip=clip, clip_value=value))
    assert norm == pytest.approx(13.0)
    assert was_clipped is clipped
    got = torch.cat([layer.weight.grad.flatten(), layer.bias.grad])
    torch.testing.assert_close(got, torch.tensor(expected), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_clipping_never_hides_an_overflow(bad: float) -> None:
    layer = nn.Linear(1, 1)
    layer.weight.grad, layer.bias.grad = torch.tensor([[bad]]), torch.tensor([1.0])
    norm, _ = clip_gradient(layer, LoopConfig(clip_value=0.1))
    assert not norm < float("inf")


def test_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    whole, parts = Line(), Line(stop=13)
    average, other = copy.deepcopy(whole.network), copy.deepcopy(parts.network)
    result = train(whole, average, CONFIG, tmp_path / "whole", echo=False)
    with pytest.raises(KeyboardInterrupt):
        train(parts, other, CONFIG, tmp_path / "parts", echo=False)
    again = Line()
    torch.manual_seed(99)  # resume must restore the random state
    resumed = train(again, other, CONFIG, tmp_path / "parts", resume=True, echo=False)
    assert resumed == result
    for a, b in zip(whole.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(a, b)
    for a, b in zip(average.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
    # A run that is over is not trained any further.
    once_more = Line()
    assert train(once_more, other, CONFIG, tmp_path / "parts", resume=True, echo=False) == result


def test_the_log_says_what_happened(tmp_path: Path) -> None:
    learner = Line()
    config = replace(CONFIG, clip=1e-3)
    train(learner, copy.deepcopy(learner.network), config, tmp_path, echo=False)
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(r["step"]) for r in rows] == [5, 10, 15, 20, 25, 30]
    assert float(rows[-1]["clipped"]) == 1.0
    assert float(rows[0]["twice"]) == pytest.approx(2 * float(rows[0]["loss"]), rel=1e-4)
    assert float(rows[-1]["samples"]) == 30 * 16


def test_a_budget_in_minutes_is_kept(tmp_path: Path) -> None:
    learner = Line()
    config = replace(CONFIG, steps=0, minutes=0.01)
    train(learner, copy.deepcopy(learner.network), config, tmp_path, echo=False)
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert 0.5 < float(rows[-1]["elapsed"]) <= 1.05

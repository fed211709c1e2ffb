"""The adversarial loop: budget, judge, early end, resume; the duel of one against one."""

import csv
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from readapt.gan.duel import Duel, DuelConfig
from readapt.gan.objectives import OBJECTIVES, Name
from readapt.gan.play import CollapseError, PlayConfig, Verdict, linear_decay, play, set_rates

CONFIG = PlayConfig(steps=12, log_every=4, judge_every=3, checkpoint_seconds=0.0)


def draw(count: int, random: torch.Generator) -> Tensor:
    return 0.7 + 0.1 * torch.randn(count, 2, generator=random)


def latent(count: int, random: torch.Generator) -> Tensor:
    return torch.randn(count, 2, generator=random)


def duel(name: Name = "wgan-gp", seed: int = 0) -> Duel:
    torch.manual_seed(seed)
    networks = [nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, n)) for n in (2, 1, 2)]
    objective = replace(OBJECTIVES[name], critic_steps=2, lr=0.01, warm_steps=0)
    return Duel(*networks, objective, draw, latent, DuelConfig(batch=8, noise=0.1), seed)


def test_linear_decay() -> None:
    assert [linear_decay(x, 0.5) for x in (0.0, 0.5, 0.75, 1.0)] == [1.0, 1.0, 0.5, 0.0]
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    for factor in (0.5, 0.5, 1.0):
        set_rates([optimizer], factor)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.2 * factor)


@pytest.mark.parametrize("name", ["wgan-gp", "wgan", "relativistic"])
def test_killed_and_resumed_equals_uninterrupted(name: Name, tmp_path: Path) -> None:
    whole, parts = duel(name), duel(name)
    play(whole, CONFIG, tmp_path / "whole")
    turn = parts.turn

    def dies(step: int, elapsed: float) -> Mapping[str, float]:
        if step == 7:
            raise KeyboardInterrupt
        return turn(step, elapsed)

    parts.turn = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        play(parts, CONFIG, tmp_path / "parts")
    again = duel(name, seed=5)  # what resume does not restore would differ
    torch.manual_seed(99)
    result = play(again, CONFIG, tmp_path / "parts", resume=True)
    assert result.steps == 12
    for a, b in (
        (whole.generator, again.generator),
        (whole.critic, again.critic),
        (whole.average, again.average),
    ):
        for p, q in zip(a.parameters(), b.parameters(), strict=True):
            assert torch.equal(p, q)
    assert all(torch.equal(whole.best[k], again.best[k]) for k in whole.best)


def test_each_duel_learns_something() -> None:
    """A blob beside another one is moved onto it."""
    game = duel("non-saturating")
    before = float(game.fakes(200).detach().mean())
    for step in range(150):
        game.turn(step, 0.0)
    with torch.no_grad():
        after = float(game.average(latent(200, game.random)).mean())
    assert abs(after - 0.7) < 0.5 * abs(before - 0.7)


def test_the_clipped_critic_stays_clipped() -> None:
    game = duel("wgan")
    game.turn(0, 0.0)
    assert all(float(p.detach().abs().max()) <= 0.01 for p in game.critic.parameters())


class Scripted:
    """A game whose scores are known."""

    def __init__(self, scores: list[float], collapse: str = "") -> None:
        self.scores, self.kept, self.collapse = scores, list[int](), collapse
        self.looks = 0

    def turn(self, step: int, elapsed: float) -> Mapping[str, float]:
        return {"loss": float(step)}

    def judge(self, step: int) -> Verdict:
        self.looks += 1
        return Verdict(self.scores[self.looks - 1], {"kid": 1.0}, self.collapse)

    def keep(self) -> None:
        self.kept.append(self.looks)

    def state(self) -> dict[str, Any]:
        return {"looks": self.looks}

    def restore(self, state: dict[str, Any]) -> None:
        self.looks = state["looks"]


def test_the_best_is_kept_and_patience_ends(tmp_path: Path) -> None:
    game = Scripted([5, 3, 4, float("inf"), 3.5, 9, 9, 9])
    config = replace(CONFIG, steps=100, judge_every=2, patience=3)
    result = play(game, config, tmp_path)
    assert game.kept == [1, 2]
    assert (result.best, result.best_step, result.early, result.steps) == (3, 4, True, 10)
    assert play(game, config, tmp_path, resume=True).steps == 10  # it is over
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["loss"] for row in rows] == ["1.5", "5.5"]


def test_collapse_is_said(tmp_path: Path) -> None:
    with pytest.raises(CollapseError, match="all black"):
        play(Scripted([1.0], "all black: lower the rate"), replace(CONFIG, believe=1), tmp_path)


def test_collapse_is_believed_when_it_is_seen_again(tmp_path: Path) -> None:
    """And not forgotten where the game was stopped between two looks."""
    config = replace(CONFIG, steps=100, judge_every=2, believe=2, checkpoint_seconds=0.0)

    class Stop(BaseException):
        pass

    class Stopped(Scripted):
        def turn(self, step: int, elapsed: float) -> Mapping[str, float]:
            if step == 3:
                raise Stop
            return super().turn(step, elapsed)

    with pytest.raises(Stop):
        play(Stopped([9.0, 9.0], "all black"), config, tmp_path)
    again = Scripted([9.0, 9.0], "all black")
    with pytest.raises(CollapseError):
        play(again, config, tmp_path, resume=True)
    assert again.looks == 2


def test_minutes_are_a_budget(tmp_path: Path) -> None:
    result = play(Scripted([]), PlayConfig(minutes=0.001), tmp_path)
    assert result.steps > 0
    assert result.minutes < 0.05
    assert not result.early

"""The adversarial loop: turns until the budget is spent; checkpoints, a judge, resume.

`readapt.train.loop` minimises one loss with one optimizer. A game has players with losses and
optimizers of their own, and no loss that says how good it is: so a judge looks every few hundred
steps, the best state is kept, and play ends early where nothing improves any more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch.optim import Optimizer

from readapt.errors import ReadaptError
from readapt.train.checkpoint import load_checkpoint, save_checkpoint
from readapt.train.loop import Log


class CollapseError(ReadaptError):
    """The game is lost: the message says what is seen in the outputs and what to change."""


@dataclass(frozen=True, slots=True)
class PlayConfig:
    """Budget and bookkeeping of a game."""

    minutes: float = 15.0
    """Budget of time; judging and checkpoints count. Ignored where `steps` is set."""
    steps: int = 0
    """Budget in steps; 0 leaves it to `minutes`."""
    log_every: int = 50
    """Steps per row of the log."""
    judge_every: int = 0
    """Steps between two looks of the judge, who also looks at the end; 0: never."""
    patience: int = 6
    """Looks without an improvement after which play ends; 0: never."""
    believe: int = 2
    """Looks in a row that have to see a collapse before the game is given up."""
    checkpoint_seconds: float = 120.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge saw."""

    score: float
    """Lower is better; infinite for a state that must not be kept."""
    figures: Mapping[str, float]
    """For the log."""
    collapse: str = ""
    """What is wrong and what to do, where this is no state that could be kept."""
    too_few_texts: bool = False
    """Whether the game should mind its texts more."""
    beyond_doubt: bool = False
    """Whether one look is enough: numbers that are none do not come back."""


class Game(Protocol):
    """Players and what they play with."""

    def turn(self, step: int, elapsed: float) -> Mapping[str, float]:
        """Let every player move once; figures for the log.

        `step` counts turns from 0, `elapsed` is the fraction of the budget that is spent.
        """
        ...

    def judge(self, step: int) -> Verdict:
        """Look at the present state; must not touch the random state of the game."""
        ...

    def keep(self) -> None:
        """Remember the present state as the best one."""
        ...

    def state(self) -> dict[str, Any]:
        """Everything that a resumed game needs, tensors and plain values, the best state too."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what :meth:`state` gave."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """How a game ended."""

    steps: int
    minutes: float
    best: float
    """Score of the best state; infinite without a judge."""
    best_step: int
    early: bool
    """Whether it ended because nothing improved any more."""


def linear_decay(elapsed: float, hold: float) -> float:
    """Return the factor on learning rates: 1 until the fraction `hold`, then linearly to 0."""
    return 1.0 if elapsed <= hold else max(0.0, (1 - elapsed) / (1 - hold))


def set_rates(optimizers: Iterable[Optimizer], factor: float) -> None:
    """Set every learning rate to `factor` of what the optimizer was made with."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = factor * group.setdefault("initial_lr", group["lr"])


def play(
    game: Game,
    config: PlayConfig,
    folder: Path,
    resume: bool = False,
    echo: bool = False,
    tick: Callable[[], None] = lambda: None,
) -> Result:
    """Play until the budget is spent or nothing improves; `folder` gets a checkpoint and logs.

    `tick` is called at every turn.

    With `resume`, goes on from the checkpoint in `folder`: with a budget in steps, on a processor,
    the end is the same as without the stop. Raises :class:`CollapseError` with the judge's words;
    the checkpoint before is left.
    """
    step, spent, looks, best, best_step, suspected = 0, 0.0, 0, float("inf"), 0, 0
    checkpoint = folder / "checkpoint.pt"
    if resume and checkpoint.exists():
        state = load_checkpoint(checkpoint)
        game.restore(state["game"])
        step, spent, looks = state["step"], state["spent"], state["looks"]
        best, best_step, suspected = state["best"], state["best_step"], state["suspected"]
        torch.set_rng_state(state["random"])
    else:
        torch.manual_seed(config.seed)
    log, looks_log = Log(folder / "log.csv", echo), Log(folder / "judge.csv", echo)
    started = saved = logged = time.monotonic()

    def minutes() -> float:
        return (spent + time.monotonic() - started) / 60

    def elapsed() -> float:
        share = step / config.steps if config.steps else minutes() / config.minutes
        return min(share, 1.0)

    def save() -> None:
        state = {
            "game": game.state(),
            "step": step,
            "spent": 60 * minutes(),
            "looks": looks,
            "best": best,
            "best_step": best_step,
            "suspected": suspected,
            "random": torch.get_rng_state(),
        }
        save_checkpoint(checkpoint, state)

    sums: dict[str, float] = {}
    since = 0
    over = elapsed() >= 1 or bool(config.patience and looks >= config.patience)
    while not over:
        tick()
        for key, value in game.turn(step, elapsed()).items():
            sums[key] = sums.get(key, 0.0) + value
        step, since = step + 1, since + 1
        over = elapsed() >= 1
        if step % config.log_every == 0:
            now = time.monotonic()
            row = {"step": float(step), "elapsed": elapsed()}
            row |= {key: value / since for key, value in sums.items()}
            log.write(row | {"per_second": since / max(now - logged, 1e-9)})
            sums, since, logged = {}, 0, now
        if config.judge_every and (over or step % config.judge_every == 0):
            verdict = game.judge(step)
            looks_log.write({"step": float(step), "score": verdict.score, **verdict.figures})
            suspected = suspected + 1 if verdict.collapse else 0
            if verdict.beyond_doubt or suspected >= config.believe:
                raise CollapseError(verdict.collapse)
            looks += 1
            if verdict.score < best:
                best, best_step, looks = verdict.score, step, 0
                game.keep()
            over = over or bool(config.patience and looks >= config.patience)
        if over or time.monotonic() - saved > config.checkpoint_seconds:
            save()
            saved = time.monotonic()
    return Result(step, minutes(), best, best_step, elapsed() < 1)

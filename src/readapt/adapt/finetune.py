"""A training within its portion of the budget, resumable, from the present weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path

import torch
from torch import nn

from readapt.adapt.budget import Portion
from readapt.adapt.stage import State
from readapt.nets.crnn import Crnn
from readapt.train.device import find_device
from readapt.train.loop import LoopConfig, Step, train
from readapt.train.selftrain import Draw, Student
from readapt.types import Image

AVERAGE = 0.997
"""Decay of the slow average: some hundred steps, of the few thousand there are."""


def finetune(
    state: State,
    real: Sequence[tuple[Image, str]],
    known: Draw,
    portion: Portion,
    folder: Path,
    lr: float,
    used: float = 0.0,
    around: Sequence[Image] = (),
) -> Crnn:
    """Train a copy of the present network; returns the average of its weights.

    ``real`` are lines of the scans with pseudo-labels, ``around`` the same ones with their margins
    or none, ``known`` labelled lines; ``used`` seconds of the portion are gone. ``folder`` gets the
    checkpoint, from which a second call goes on.
    """
    device = find_device(state.config.device)
    network, average = (deepcopy(state.network).to(device) for _ in range(2))
    student = _Ticking(network, real, known, state, portion, around)
    config = LoopConfig(
        minutes=max(0.01, portion.minutes - used / 60),
        steps=state.config.steps,
        lr=lr,
        warmup=0.05,
        average=AVERAGE,
        log_every=50,
        checkpoint_seconds=30.0,
        evaluate_seconds=float("inf"),
        seed=state.config.seed,
    )
    train(student, average, config, folder, resume=True, echo=False)
    return average.cpu().eval()


def part_way(before: Crnn, after: Crnn, way: float) -> Crnn:
    """Return the network whose weights are a share ``way`` of the way from ``before`` to ``after``.

    Wortsman et al. 2022, Robust fine-tuning of zero-shot models, equation 1: the networks between
    one and what it was fine-tuned to read better than both.
    """
    mixed = deepcopy(after)
    old, new = before.state_dict(), after.state_dict()
    mixed.load_state_dict(
        {
            name: torch.lerp(old[name], tensor, way) if tensor.is_floating_point() else tensor
            for name, tensor in new.items()
        }
    )
    return mixed.eval()


class _Ticking(Student):
    """A student that tells the clock."""

    def __init__(
        self,
        network: nn.Module,
        real: Sequence[tuple[Image, str]],
        known: Draw,
        state: State,
        portion: Portion,
        around: Sequence[Image],
    ) -> None:
        config = state.config.selftrain
        super().__init__(network, real, known, state.alphabet, config, around)
        self._tick: Callable[[], None] = portion.tick

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        for step in super().steps(position):
            self._tick()
            yield step

"""A training within its portion of the budget, resumable, from the present weights."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import torch

from readapt.adapt.budget import Portion
from readapt.adapt.learning.second_student import CHECKPOINT, FOLDER, LEAST, SecondStudent
from readapt.adapt.learning.training import Training
from readapt.adapt.stage import State
from readapt.cores import cores
from readapt.nets.crnn import Crnn
from readapt.train.device import find_device
from readapt.train.loop import LoopConfig
from readapt.train.selftrain import Draw
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
    number: int,
    used: float = 0.0,
    around: Sequence[Image] = (),
) -> Crnn:
    """Train a copy of the present network, or two where there are two cores; returns their mean.

    ``real`` are lines of the scans with pseudo-labels, ``around`` the same ones with their margins
    or none, ``known`` labelled lines, of which each ``number`` of a training, from 1, has its own;
    ``used`` seconds of the portion are gone. ``folder`` gets the checkpoints, from which a second
    call goes on.
    """
    config = state.config
    loop = LoopConfig(
        minutes=max(0.01, portion.minutes - used / 60),
        steps=config.steps,
        lr=lr,
        warmup=0.05,
        average=AVERAGE,
        log_every=50,
        checkpoint_seconds=30.0,
        evaluate_seconds=float("inf"),
        seed=config.seed,
    )
    student = replace(config.selftrain, seed=config.seed)
    training = Training(
        state.network, real, around, known, state.alphabet, student, loop, config.device
    ).other(number)
    second = SecondStudent(training.other(0.5), folder) if _two(state, loop, folder) else None
    try:
        first = training.run(folder, portion.tick)
        other = None if second is None else second.result(portion.tick)
    finally:
        if second is not None:
            second.close()
    if second is not None and other is None:
        state.told(f"the second student has come to no end ({folder / FOLDER}): one does")
    return first if other is None else part_way(first, other, 0.5)


def _two(state: State, loop: LoopConfig, folder: Path) -> bool:
    """Whether there is a second student: as it was begun, or if it has a core, and time."""
    if (folder / CHECKPOINT).is_file():
        return (folder / FOLDER).is_dir()
    count = state.config.threads or cores()
    on_processor = find_device(state.config.device).type == "cpu"
    return count > 1 and on_processor and (bool(loop.steps) or loop.minutes >= LEAST)


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

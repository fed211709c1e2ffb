"""A training of the detector within its portion of the budget, resumable."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

from readapt.adapt.budget import Portion
from readapt.adapt.stage import State
from readapt.cores import cores
from readapt.nets.detector import DetectorNet
from readapt.train.detector_data import PageSource
from readapt.train.detector_student import DetectorStudent, FoundPage
from readapt.train.device import find_device
from readapt.train.loop import LoopConfig, train
from readapt.train.threads import torch_threads

RATE = 3e-4
"""Peak learning rate: a tenth of that of a training from nothing."""
AVERAGE = 0.98
"""Decay of the slow average: some fifty steps, of the hundreds there are."""


def finetune_detector(
    state: State,
    detector: DetectorNet,
    real: Sequence[FoundPage],
    known: PageSource,
    portion: Portion,
    folder: Path,
    used: float = 0.0,
) -> DetectorNet:
    """Train a copy of a detector; returns the average of its weights.

    ``real`` are pages with what a teacher found on them, ``known`` labelled ones; ``used`` seconds
    of the portion are gone. ``folder`` gets the checkpoint, from which a second call goes on.
    """
    device = find_device(state.config.device)
    network, average = (deepcopy(detector).to(device) for _ in range(2))
    how = replace(state.config.student, seed=state.config.seed)
    student = DetectorStudent(network, real, known, how, portion.tick)
    config = LoopConfig(
        minutes=max(0.01, portion.minutes - used / 60),
        steps=state.config.steps,
        lr=RATE,
        warmup=0.05,
        clip=2.0,
        average=AVERAGE,
        log_every=10,
        checkpoint_seconds=30.0,
        evaluate_seconds=float("inf"),
        seed=state.config.seed,
    )
    with torch_threads(state.config.threads or cores()):
        train(student, average, config, folder, resume=True, echo=False)
    return average.cpu().eval()

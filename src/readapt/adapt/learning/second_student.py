"""A second student on a second core, in a process of its own.

Two students of the same labels that see other noise err in other places; the mean of their weights
reads better than either on the mean (Wortsman et al. 2022, "Model soups: averaging weights of
multiple fine-tuned models improves accuracy without increasing inference time"). Sharing one
student's batches between two cores was no faster (LOG.md).

    python -P -m readapt.adapt.learning.second_student FOLDER
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch

from readapt.adapt.budget import peak_memory
from readapt.adapt.learning.training import Training
from readapt.adapt.learning.weights import load_weights, save_weights
from readapt.errors import ModelError
from readapt.nets.crnn import Crnn
from readapt.train.checkpoint import load_checkpoint

LEAST = 0.5
"""Minutes below which a second process is hardly there before the time is over."""
PATIENCE = 15.0
"""Seconds that the first student waits for the second, which has as long as itself ..."""
STEPS_PATIENCE = 600.0
"""... and where both are told steps instead of minutes."""
FOLDER = "second"
"""Beside the first student's checkpoint."""
CHECKPOINT = "checkpoint.pt"
_TRAINING, _WEIGHTS, _LOG = "training.pickle", "average.safetensors", "log.txt"
_MEMORY, _LOST = "memory", "lost"
_POLL = 0.2
# Batches have hundreds of shapes, and oneDNN keeps kernels for the last 1,024: a third of a
# gigabyte in a hundred steps. Training a recognizer with few was as fast (LOG.md); games were not
# tried, so the first process, which plays them, is left as it is.
_KERNELS = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64"}


class SecondStudent:
    """A training that goes on beside this process, and ends with it."""

    def __init__(self, training: Training, first: Path) -> None:
        """Begin it, or go on with it, beside the first student, whose folder is ``first``.

        One that has ended, or was given up, is not begun again: later trainings built on that.
        """
        self._training, self._folder = training, first / FOLDER
        self._process: subprocess.Popen[bytes] | None = None
        if any((self._folder / name).is_file() for name in (_WEIGHTS, _LOST)):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        left = 60 * training.loop.minutes - _spent(first)
        with (self._folder / _TRAINING).open("wb") as file:
            pickle.dump((training, time.time() + left, os.getpid()), file)
        with (self._folder / _LOG).open("wb") as log:
            self._process = subprocess.Popen(
                # -P: nothing is imported from the folder that the user happens to stand in.
                [sys.executable, "-P", "-m", __name__, str(self._folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "OMP_NUM_THREADS": "1", **_KERNELS},
            )

    def result(self, tick: Callable[[], None] = lambda: None) -> Crnn | None:
        """Wait for its end, not for long; None where it came to none: the first does without it."""
        patience = STEPS_PATIENCE if self._training.loop.steps else PATIENCE
        until = time.monotonic() + patience
        while self._process is not None and self._process.poll() is None:
            if time.monotonic() > until:
                break
            tick()
            time.sleep(_POLL)
        if (self._folder / _LOST).is_file():
            return None
        with suppress(ModelError):
            return load_weights(self._training.network, self._folder / _WEIGHTS)
        (self._folder / _LOST).touch()
        return None

    def close(self) -> None:
        """Stop it where it still goes on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        (self._folder / _TRAINING).unlink(missing_ok=True)


def _spent(folder: Path) -> float:
    """Seconds that an earlier run trained in a folder."""
    path = folder / CHECKPOINT
    return float(load_checkpoint(path)["spent"]) if path.is_file() else 0.0


def main(folder: Path) -> None:
    """Train as the first process asked, until it ends, and no longer than it lives."""
    with (folder / _TRAINING).open("rb") as file:  # our own, of a moment ago
        training, until, parent = pickle.load(file)

    def tick() -> None:
        if os.getppid() != parent:
            raise SystemExit("The first student is gone.")

    torch.set_num_threads(1)
    minutes = (until - time.time() + _spent(folder)) / 60
    loop = replace(training.loop, minutes=max(0.01, minutes))
    save_weights(replace(training, loop=loop).run(folder, tick), folder / _WEIGHTS)
    (folder / _MEMORY).write_text(f"{peak_memory():.3f}", "utf-8")


def most_memory(work: Path) -> float:
    """Gigabytes that a second student below ``work`` held at most; 0 where there was none."""
    most = 0.0
    for file in work.glob(f"**/{FOLDER}/{_MEMORY}"):
        with suppress(ValueError):  # it was just being written
            most = max(most, float(file.read_text("utf-8")))
    return most


if __name__ == "__main__":
    main(Path(sys.argv[1]))

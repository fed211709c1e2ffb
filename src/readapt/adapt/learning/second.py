"""A second student on a second core, in a process of its own.

Two students of the same labels that see other noise err in other places; the mean of their weights
reads better than either on the mean (Wortsman et al. 2022, "Model soups: averaging weights of
multiple fine-tuned models improves accuracy without increasing inference time"). Sharing one
student's batches between two cores was no faster (LOG.md).

    python -m readapt.adapt.learning.second FOLDER
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from readapt.adapt.budget import peak_memory
from readapt.adapt.learning.training import Training
from readapt.adapt.learning.weights import load_weights, save_weights
from readapt.errors import ModelError
from readapt.nets.crnn import Crnn

LEAST = 0.5
"""Minutes below which a second process is hardly there before the time is over."""
PATIENCE = 15.0
"""Seconds that the first student waits for the second, which has as long as itself ..."""
STEPS_PATIENCE = 600.0
"""... and where both are told steps instead of minutes."""
FOLDER = "second"
"""Beside the first student's checkpoint."""
_TRAINING, _WEIGHTS, _LOG = "training.pickle", "average.safetensors", "log.txt"
_MEMORY = "memory"


class Second:
    """A training that goes on beside this process, and ends with it."""

    def __init__(self, training: Training, folder: Path) -> None:
        """Begin it, or go on with it, in ``folder``."""
        self._training, self._folder = training, folder
        self._process: subprocess.Popen[bytes] | None = None
        if (folder / _WEIGHTS).is_file():  # an earlier run has seen it end
            return
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / _TRAINING).open("wb") as file:
            pickle.dump((training, time.time(), os.getpid()), file)
        with (folder / _LOG).open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "readapt.adapt.learning.second", str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )

    def result(self) -> Crnn | None:
        """Wait for its end, not for long; None where it came to none: the first does without it."""
        try:
            if self._process is not None:
                patience = STEPS_PATIENCE if self._training.loop.steps else PATIENCE
                self._process.wait(patience)
            return load_weights(self._training.network, self._folder / _WEIGHTS)
        except (subprocess.TimeoutExpired, ModelError):
            return None

    def close(self) -> None:
        """Stop it where it still goes on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        (self._folder / _TRAINING).unlink(missing_ok=True)


def main(folder: Path) -> None:
    """Train as the first process asked, no longer than that lives."""
    with (folder / _TRAINING).open("rb") as file:  # our own, of a moment ago
        training, asked, parent = pickle.load(file)

    def tick() -> None:
        if os.getppid() != parent:
            raise SystemExit("The first student is gone.")

    torch.set_num_threads(1)
    late = (time.time() - asked) / 60
    loop = replace(training.loop, minutes=max(0.01, training.loop.minutes - late))
    average = replace(training, loop=loop).run(folder, tick)
    (folder / _MEMORY).write_text(f"{peak_memory():.3f}", "utf-8")
    save_weights(average, folder / _WEIGHTS)


def most_memory(work: Path) -> float:
    """Gigabytes that a second student below ``work`` held at most; 0 where there was none."""
    files = work.glob(f"**/{FOLDER}/{_MEMORY}")
    return max((float(file.read_text("utf-8")) for file in files), default=0.0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

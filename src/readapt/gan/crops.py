"""Two sets of prepared lines, and the windows of them that a game is played with.

No torch here. Windows have one width per batch, which is drawn from the widths of the *real* lines:
short lines meet short ones, and nothing is padded. What a batch holds depends on the seed and its
number alone, so that a game resumes anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from readapt.errors import InputError
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.preprocess import prepare_line
from readapt.synth.lines import LineSample
from readapt.train.data import frames_needed
from readapt.types import Image

STRIDE = 4
"""Pixels of width per frame of the recognizer."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A prepared rendered line and where its characters stand."""

    image: Image
    """`height width` uint8, prepared."""
    text: str
    spans: NDArray[np.float32] = field(repr=False)
    """`N 2`: left and right edge of each character of `text`, in pixels of `image`."""


def prepare_sample(sample: LineSample, height: int = 36) -> Rendered:
    """Prepare a rendered line as the recognizer would, and move its characters with it."""
    image = prepare_line(sample.image, height)
    scale = image.shape[1] / sample.image.shape[1]
    x = sample.characters[..., 0] * np.float32(scale)
    spans = np.stack([x.min(axis=1), x.max(axis=1)], axis=1)
    return Rendered(image, sample.text, spans.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a rendered line, with the text that stands in it whole."""

    image: Image
    text: str
    first: int
    """First frame of that text ..."""
    last: int
    """... and the one after its last."""


def cut_window(line: Rendered, start: int, width: int) -> Window | None:
    """Cut `width` columns from `start`; None where no character but spaces stands in them whole.

    Characters cut by the borders are not in the text, and their frames not among those that are
    scored.
    """
    end = start + width
    inside = (line.spans[:, 0] >= start - 0.5) & (line.spans[:, 1] <= end + 0.5)
    drawn = np.array([not c.isspace() for c in line.text], bool)
    kept = np.flatnonzero(inside & drawn)
    if not kept.size:
        return None
    low, high = int(kept[0]), int(kept[-1])
    first = max(0, int((line.spans[low, 0] - start) // STRIDE))
    last = min(width // STRIDE, int(-(-(line.spans[high, 1] - start) // STRIDE)))
    return Window(line.image[:, start:end], line.text[low : high + 1], first, last)


@dataclass(frozen=True, slots=True)
class CropBatch:
    """Windows of real and of rendered lines, all of one width."""

    real: NDArray[np.uint8]
    """`batch height width`."""
    rendered: NDArray[np.uint8]
    """`batch height width`."""
    texts: tuple[str, ...]
    """Of the rendered ones."""
    labels: NDArray[np.int64]
    """Classes of all texts, one after the other."""
    label_lengths: NDArray[np.int64]
    first: NDArray[np.int64]
    """First frame of each text ..."""
    frames: NDArray[np.int64]
    """... and how many there are."""


@dataclass(frozen=True, slots=True)
class FeedConfig:
    """How windows are cut."""

    columns: int = 640
    """Pixels of width in a batch: steps cost the same, whatever the width."""
    widths: tuple[int, ...] = (48, 64, 96, 128, 160)
    """Widths of windows, multiples of 4; real lines narrower than the first are left out."""
    most: int = 16
    """Most windows in a batch."""
    seed: int = 0


class Batches(Protocol):
    """What a game is played with."""

    def batch(self, number: int, /) -> CropBatch:
        """Cut batch `number`, always the same."""


class Feed:
    """Batches of windows: `batch(k)` is always the same.

    Raises :class:`InputError` where no line of one of the sets is wide enough.
    """

    def __init__(
        self,
        real: Sequence[Image],
        rendered: Sequence[Rendered],
        alphabet: Alphabet,
        config: FeedConfig = FeedConfig(),
    ) -> None:
        self.config, self.alphabet = config, alphabet
        least = config.widths[0]
        self.real = [line for line in real if line.shape[1] >= least]
        self.rendered = [line for line in rendered if line.image.shape[1] >= least]
        for name, lines in (("real", self.real), ("rendered", self.rendered)):
            if not lines:
                raise InputError(
                    f"no {name} line is {least} pixels wide at the height of the recognizer: "
                    "nothing to learn from."
                )
        self._real_widths = np.array([line.shape[1] for line in self.real])
        self._rendered_widths = np.array([line.image.shape[1] for line in self.rendered])

    def width(self, rng: Generator) -> int:
        """Draw a width: the largest that fits into a random real line and some rendered one."""
        longest = min(int(rng.choice(self._real_widths)), int(self._rendered_widths.max()))
        return max(w for w in self.config.widths if w <= longest)

    def batch(self, number: int) -> CropBatch:
        """Cut batch `number`."""
        rng = default_rng([self.config.seed, number])
        width = self.width(rng)
        count = min(self.config.most, max(1, self.config.columns // width))
        fitting = np.flatnonzero(self._real_widths >= width)
        real = []
        for i in rng.choice(fitting, count):
            start = int(rng.integers(self._real_widths[i] - width + 1))
            real.append(self.real[i][:, start : start + width])
        fitting = np.flatnonzero(self._rendered_widths >= width)
        windows = [self._window(rng, fitting, width) for _ in range(count)]
        ids = [self.alphabet.encode(w.text) for w in windows]
        return CropBatch(
            np.stack(real),
            np.stack([w.image for w in windows]),
            tuple(w.text for w in windows),
            np.array([i for label in ids for i in label], np.int64),
            np.array([len(label) for label in ids], np.int64),
            np.array([w.first for w in windows], np.int64),
            np.array([w.last - w.first for w in windows], np.int64),
        )

    def _window(self, rng: Generator, fitting: NDArray[np.int64], width: int) -> Window:
        for _ in range(200):
            line = self.rendered[int(rng.choice(fitting))]
            start = int(rng.integers(line.image.shape[1] - width + 1))
            window = cut_window(line, start, width)
            if window is None:
                continue
            if frames_needed(self.alphabet.encode(window.text)) <= window.last - window.first:
                return window
        raise InputError(
            f"no window of {width} pixels of the rendered lines holds a whole character."
        )

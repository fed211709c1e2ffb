"""What happens to ink: applied to coverage (0 none, 1 full) before it meets the paper."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Self

import cv2
import numpy as np
from numpy.random import Generator, default_rng

from readapt.synth.degrade import Degradation, Grey, as_grey, leaning, new_seed
from readapt.synth.noise import smooth_noise


@dataclass(frozen=True, slots=True)
class Spread:
    """Ink that runs (`amount` > 0, in pixels) or a worn type that prints thin (< 0)."""

    amount: float

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Up to a pixel either way."""
        return cls(float(np.clip(rng.normal(0.1, 0.5), -1.0, 1.3)))

    def apply(self, image: Grey) -> Grey:
        """Dilate or erode coverage by a fraction of a pixel."""
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        moved = cv2.dilate(image, kernel) if self.amount > 0 else cv2.erode(image, kernel)
        share = np.float32(min(abs(self.amount), 1.0))
        return image + (moved - image) * share


@dataclass(frozen=True, slots=True)
class Bleed:
    """Ink that soaks: strokes thicken, corners round off, small counters fill.

    Coverage is blurred by `sigma` pixels and multiplied by `gain`: heavy ribbons, carbon copies.
    """

    sigma: float
    gain: float

    @classmethod
    def sample(cls, rng: Generator, size: int) -> Self:
        """From a little to filled counters, for a font of `size` pixels."""
        return cls(float(size * rng.uniform(0.02, 0.055)), float(rng.uniform(1.2, 2.6)))

    def apply(self, image: Grey) -> Grey:
        """Blur and amplify coverage."""
        soaked = cv2.GaussianBlur(image, (0, 0), self.sigma, borderType=cv2.BORDER_REPLICATE)
        return as_grey(np.minimum(as_grey(soaked) * np.float32(self.gain), 1))


@dataclass(frozen=True, slots=True)
class Break:
    """Ink that did not reach the paper everywhere: gaps about `cell` pixels wide."""

    amount: float
    cell: float
    seed: int

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Take a little to a third of the ink."""
        return cls(float(rng.beta(1.5, 4)), float(rng.uniform(1.2, 6)), new_seed(rng))

    def apply(self, image: Grey) -> Grey:
        """Take coverage away where a random field is high."""
        height, width = image.shape[:2]
        field = smooth_noise(default_rng(self.seed), height, width, self.cell, rings=True)
        keep = 1 - np.clip((field - np.float32(1.6 - 1.6 * self.amount)) * 1.5, 0, 1)
        return as_grey(image * keep)


@dataclass(frozen=True, slots=True)
class Fade:
    """Ink that gets weaker along and across the line: ribbons, thermal paper, carbon copies."""

    amount: float
    cell: float
    seed: int

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Down to a third of the ink."""
        return cls(float(rng.beta(1.5, 3)), float(rng.uniform(15, 150)), new_seed(rng))

    def apply(self, image: Grey) -> Grey:
        """Multiply coverage by a slow random field."""
        height, width = image.shape[:2]
        field = smooth_noise(default_rng(self.seed), height, width, self.cell)
        keep = 1 - np.float32(self.amount) * (0.5 + 0.4 * np.clip(field, -1.2, 1.2))
        return as_grey(image * np.clip(keep, 0.15, 1))


@dataclass(frozen=True, slots=True)
class Dropout:
    """Dead heating elements or pins: thin rows, or a dot grid, without ink."""

    period: float
    thickness: float
    columns: bool
    strength: float
    phase: float

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Rows of a print head now and then, or the raster of a matrix printer."""
        grid = rng.random() < 0.5
        period = rng.uniform(2.2, 4.5) if grid else rng.uniform(7, 40)
        return cls(
            float(period),
            float(rng.uniform(0.6, 1.2)),
            bool(grid),
            float(rng.uniform(0.3, 0.9)),
            float(rng.uniform(0, period)),
        )

    def apply(self, image: Grey) -> Grey:
        """Weaken coverage between the dots."""
        height, width = image.shape[:2]
        rows = np.arange(height, dtype=np.float32) + np.float32(self.phase)
        weak = (rows % self.period < self.thickness).astype(np.float32)[:, None]
        if self.columns:
            columns = np.arange(width, dtype=np.float32) + np.float32(self.phase)
            weak = np.maximum(weak, (columns % self.period < self.thickness)[None, :])
        return image * (1 - np.float32(self.strength) * weak)


INK: Final[Mapping[str, Callable[[Generator], Degradation]]] = MappingProxyType(
    {
        "spread ink": Spread.sample,
        "broken ink": Break.sample,
        "faded ink": Fade.sample,
        "print head dots": Dropout.sample,
    }
)
"""What happens to coverage, by the name it is shown under."""


def sample_ink(
    rng: Generator,
    size: int,
    dropout: float = 0.08,
    bleed: float = 0.15,
    favoured: Collection[str] = (),
) -> list[Degradation]:
    """Draw what happens to the ink of a font of `size` pixels.

    `dropout` is the chance of a print head's faults, `bleed` that of soaking ink. `favoured` are
    names in :data:`INK` that are to happen more often; others in it are passed over.
    """
    chances = {"spread ink": 0.6, "broken ink": 0.3, "faded ink": 0.4, "print head dots": dropout}
    chosen: list[Degradation] = []
    if rng.random() < bleed:
        chosen.append(Bleed.sample(rng, size))
        del chances["spread ink"]
    for name, chance in chances.items():
        if rng.random() < leaning(chance, name in favoured):
            chosen.append(INK[name](rng))
    return chosen

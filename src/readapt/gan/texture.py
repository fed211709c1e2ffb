"""What makes two papers look alike: levels, spectrum and direction of small patches.

No network learnt these measures, so none can be gamed by them. They judge the paper game as KID on
recognizer features judges the game of lines; the distance is the same (`monitor.kid`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from readapt.gan.monitor import Features, coverage_density, kid

BANDS = 8
"""Rings of the spectrum, of equal width up to the highest frequency."""


def texture(patches: NDArray[np.uint8]) -> Features:
    """Measure patches, `patch side side`: `patch channel`, not yet on a common scale.

    Median level; its distance to the darkest and brightest hundredth; log of the mean power in
    each ring of the spectrum (of the patch less its mean, under a Hann window); how much more
    change there is in one direction than in the other; share of pixels that are white (255).
    Logarithms are of levels plus a tenth, so that dead flat paper is far from nothing.
    """
    x = patches.astype(np.float64)
    side = x.shape[-1]
    dark, middle, bright = np.quantile(x, (0.01, 0.5, 0.99), axis=(1, 2))
    window = np.hanning(side)[:, None] * np.hanning(side)[None]
    window /= np.sqrt(np.mean(window**2))
    centred = (x - x.mean(axis=(1, 2), keepdims=True)) * window
    power = np.abs(np.fft.fft2(centred)) ** 2 / side**2
    rows = np.fft.fftfreq(side)[:, None]
    ring = np.minimum((np.hypot(rows, rows.T) * 2 * BANDS).astype(int), BANDS - 1)
    bands = [np.log(power[:, ring == band].mean(axis=1) + 0.01) for band in range(BANDS)]
    down = np.log(np.abs(np.diff(x, axis=1)).mean(axis=(1, 2)) + 0.1)
    across = np.log(np.abs(np.diff(x, axis=2)).mean(axis=(1, 2)) + 0.1)
    return np.stack(
        [
            middle,
            np.log(middle - dark + 0.1),
            np.log(bright - middle + 0.1),
            *bands,
            np.abs(down - across),
            (x == 255).mean(axis=(1, 2)),
        ],
        axis=1,
    )


@dataclass(frozen=True)
class TextureScale:
    """Brings textures to mean 0 and deviation 1 on the real ones; a channel ends at 5 away."""

    mean: Features
    deviation: Features

    @classmethod
    def of(cls, real: Features) -> TextureScale:
        """Take the scale from real textures."""
        return cls(real.mean(0), np.maximum(real.std(0), 1e-3))

    def __call__(self, features: Features) -> Features:
        """`patch channel` to the same on the common scale."""
        return np.clip((features - self.mean) / self.deviation, -5, 5)


def texture_figures(
    real: NDArray[np.uint8], sheets: NDArray[np.uint8], scale: TextureScale
) -> dict[str, float]:
    """KID and coverage of drawn patches against real ones, both `patch side side`."""
    a, b = scale(texture(real)), scale(texture(sheets))
    return {"kid": kid(a, b), "coverage": coverage_density(a, b)[0]}

"""Geometry of a line: its ink is moved, and its polygons with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from readapt.synth.degrade import Grey, as_grey, new_seed
from readapt.synth.noise import smooth_noise


@dataclass(frozen=True, slots=True)
class Warp:
    """Rotation, shear and a curved baseline in one resampling, for images and points alike."""

    angle: float
    """Degrees, clockwise."""
    shear: float
    """Horizontal shift per vertical pixel (italics by force)."""
    curve: float
    """Amplitude of the baseline's curve in pixels."""
    wavelength: float
    """Pixels of one full wave of the curve."""
    phase: float

    @classmethod
    def sample(cls, rng: Generator, height: int) -> Self:
        """Small angles; every fourth line curved by up to a tenth of its height."""
        curve = rng.gamma(1.5, 0.025) * height if rng.random() < 0.25 else 0.0
        return cls(
            float(np.clip(rng.normal(0, 0.6), -2.5, 2.5)),
            float(np.clip(rng.normal(0, 0.05), -0.25, 0.25)) if rng.random() < 0.5 else 0.0,
            float(min(curve, 0.15 * height)),
            float(height * rng.uniform(8, 40)),
            float(rng.uniform(0, 2 * np.pi)),
        )

    def points(self, points: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
        """Move points `... 2` of an image of `shape` (height, width) as `apply` moves the image."""
        height, width = shape
        x, y = points[..., 0] - width / 2, points[..., 1] - height / 2
        tilt = np.tan(np.radians(self.angle))
        # Rotation by a small angle as two shears: what `apply` inverts exactly.
        new_x = x - self.shear * y
        new_y = y + tilt * x + self.curve * np.sin(2 * np.pi * x / self.wavelength + self.phase)
        return np.stack([new_x + width / 2, new_y + height / 2], axis=-1).astype(np.float32)

    def apply(self, image: Grey, border: float) -> Grey:
        """Resample; what comes from outside the image gets the value `border`."""
        height, width = image.shape[:2]
        rows = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5 - height / 2)
        columns = np.arange(width, dtype=np.float32)[None, :] + np.float32(0.5 - width / 2)
        # Solve new_x = x - s y, new_y = y + t x + c sin(w x + p) for the source, taking the sine
        # at the source column that a first, linear solution gives: exact for unsheared text.
        tilt = np.float32(np.tan(np.radians(self.angle)))
        shear = np.float32(self.shear)
        scale = np.float32(1 / (1 + shear * tilt))
        x = (columns + shear * rows) * scale
        if self.curve:
            bend = np.float32(self.curve) * np.sin(
                x * np.float32(2 * np.pi / self.wavelength) + np.float32(self.phase)
            )
            y = rows - tilt * x - bend
            x = columns + shear * y
        else:
            y = rows - tilt * x
        x = np.broadcast_to(x, (height, width)) + np.float32(width / 2 - 0.5)
        y = np.broadcast_to(y, (height, width)) + np.float32(height / 2 - 0.5)
        moved = cv2.remap(
            image,
            np.ascontiguousarray(x),
            np.ascontiguousarray(y),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=border,
        )
        return as_grey(moved)


@dataclass(frozen=True, slots=True)
class Recut:
    """The same letters cut by another hand: higher or wider parts, bent strokes.

    Rows, columns and single points are moved by smooth random fields, so that no two lines show
    a font's letters alike: readers of a few fonts of a script learn the script.
    """

    rows: float
    """Deviation of the rows' shift in pixels: the proportions of x-height and ascenders."""
    columns: float
    """Deviation of the columns' shift in pixels: the letters' widths."""
    bend: float
    """Deviation of each point's own shift in pixels."""
    cell: float
    """Size of the fields' blobs in pixels."""
    seed: int

    @classmethod
    def sample(cls, rng: Generator, size: int) -> Self:
        """Up to a twelfth of a font of `size` pixels."""
        return cls(
            float(size * rng.uniform(0, 0.05)),
            float(size * rng.uniform(0, 0.05)),
            float(size * rng.uniform(0, 0.025)),
            float(size * rng.uniform(0.3, 0.6)),
            new_seed(rng),
        )

    def _shifts(self, height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Shifts of x and y, each `height width`, from a point to where its ink comes from."""
        rng = default_rng(self.seed)
        # The whole row moves, else the baseline would dance; the whole column, else stems lean.
        rows = smooth_noise(rng, height, 1, self.cell) * np.float32(self.rows)
        columns = smooth_noise(rng, 1, width, self.cell) * np.float32(self.columns)
        x = smooth_noise(rng, height, width, self.cell) * np.float32(self.bend)
        y = smooth_noise(rng, height, width, self.cell) * np.float32(self.bend)
        return as_grey(x + columns), as_grey(y + rows)

    def apply(self, image: Grey) -> Grey:
        """Resample coverage; outside of the image there is none."""
        height, width = image.shape[:2]
        x, y = self._shifts(height, width)
        x += np.arange(width, dtype=np.float32)[None, :]
        y += np.arange(height, dtype=np.float32)[:, None]
        return as_grey(cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT))

    def points(self, points: NDArray[np.float32], shape: tuple[int, int]) -> NDArray[np.float32]:
        """Move points `... 2` of an image of `shape` as `apply` moves the image (first order)."""
        height, width = shape
        x, y = self._shifts(height, width)
        columns = np.clip(points[..., 0].round().astype(int), 0, width - 1)
        rows = np.clip(points[..., 1].round().astype(int), 0, height - 1)
        moved: NDArray[np.float32] = points - np.stack([x[rows, columns], y[rows, columns]], -1)
        return moved

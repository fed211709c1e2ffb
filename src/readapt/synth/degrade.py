"""What paper, ink, light and scanners do to a clean line or page.

Every degradation is a frozen record of its parameters: `sample` draws them, `apply` is a pure
function of the image (grey float32 `height width`, 0 black to 1 white). Those that need noise
carry a seed, so that applying twice gives the same image. Geometry is apart (`Warp`), because it
moves the polygons too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import ArrayLike, NDArray

Grey: TypeAlias = NDArray[np.float32]
"""`height width` float32, 0 black to 1 white."""


class Degradation(Protocol):
    """One thing that happens to an image."""

    def apply(self, image: Grey) -> Grey:
        """Return the degraded image; the input is left as it is."""
        ...


def _seed(rng: Generator) -> int:
    return int(rng.integers(2**31))


def as_grey(array: ArrayLike) -> Grey:
    """Return the array as `Grey`, not copied where it is float32: OpenCV's stubs promise less."""
    return np.asarray(array, np.float32)


def smooth_noise(rng: Generator, shape: tuple[int, int], cell: float) -> Grey:
    """Noise of mean 0 and about unit deviation whose blobs are about `cell` pixels wide."""
    height, width = shape
    small = (max(2, int(height / cell) + 2), max(2, int(width / cell) + 2))
    field = rng.standard_normal(small, dtype=np.float32)
    return as_grey(cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC))


@dataclass(frozen=True, slots=True)
class Blur:
    """Out of focus, or smeared while the paper moved (`angle` in degrees, `length` in pixels)."""

    sigma: float
    length: float
    angle: float

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Mostly a focus fault of up to two pixels, sometimes motion."""
        motion = rng.uniform(2, 5) if rng.random() < 0.2 else 0.0
        return cls(float(rng.gamma(2.0, 0.35)), float(motion), float(rng.uniform(0, 180)))

    def apply(self, image: Grey) -> Grey:
        """Convolve with the point spread."""
        if self.length >= 2:
            reach = int(np.ceil(self.length))
            kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
            dx = np.cos(np.radians(self.angle)) * self.length / 2
            dy = np.sin(np.radians(self.angle)) * self.length / 2
            start = (round(reach - dx), round(reach - dy))
            cv2.line(kernel, start, (round(reach + dx), round(reach + dy)), 1.0)
            kernel /= kernel.sum()
            spread = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE)
            image = as_grey(spread)
        if self.sigma > 0.2:
            spread = cv2.GaussianBlur(image, (0, 0), self.sigma, borderType=cv2.BORDER_REPLICATE)
            image = as_grey(spread)
        return image


@dataclass(frozen=True, slots=True)
class Noise:
    """Sensor grain: independent per pixel, and coarser film or paper grain (`cell` pixels)."""

    fine: float
    coarse: float
    cell: float
    seed: int

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Up to a tenth of the range."""
        fine, coarse = rng.gamma(1.2, 0.02), rng.gamma(1.0, 0.02)
        return cls(float(fine), float(coarse), float(rng.uniform(1.5, 5)), _seed(rng))

    def apply(self, image: Grey) -> Grey:
        """Add both."""
        rng = default_rng(self.seed)
        shape = (image.shape[0], image.shape[1])
        grain = rng.standard_normal(shape, dtype=np.float32) * np.float32(self.fine)
        if self.coarse > 0.004:
            grain += smooth_noise(rng, shape, self.cell) * np.float32(self.coarse)
        return np.clip(image + grain, 0, 1)


@dataclass(frozen=True, slots=True)
class Light:
    """Uneven light and a paper that is not white: a plane and soft clouds of brightness."""

    slope_x: float
    slope_y: float
    clouds: float
    cell: float
    seed: int

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Up to a fifth of the range from side to side."""
        return cls(
            float(rng.normal(0, 0.07)),
            float(rng.normal(0, 0.05)),
            float(rng.gamma(1.0, 0.03)),
            float(rng.uniform(30, 200)),
            _seed(rng),
        )

    def apply(self, image: Grey) -> Grey:
        """Multiply."""
        height, width = image.shape[:2]
        x = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(self.slope_x)
        y = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(self.slope_y)
        light = 1 + x[None, :] + y[:, None]
        clouds = smooth_noise(default_rng(self.seed), (height, width), self.cell)
        light += np.float32(self.clouds) * clouds
        return np.clip(image * light, 0, 1)


@dataclass(frozen=True, slots=True)
class LowResolution:
    """Scanned or stored too small and enlarged again: `factor` in (0, 1]."""

    factor: float
    sharp: bool

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Keep 40 to 90 % of the pixels a side."""
        return cls(float(rng.uniform(0.4, 0.9)), bool(rng.random() < 0.3))

    def apply(self, image: Grey) -> Grey:
        """Shrink and enlarge."""
        height, width = image.shape[:2]
        small = (max(2, round(width * self.factor)), max(2, round(height * self.factor)))
        shrunk = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        how = cv2.INTER_NEAREST if self.sharp else cv2.INTER_LINEAR
        return as_grey(cv2.resize(shrunk, (width, height), interpolation=how))


@dataclass(frozen=True, slots=True)
class Jpeg:
    """Blocks and ringing of lossy compression; `quality` in [1, 100]."""

    quality: int

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """From poor to good."""
        return cls(int(rng.integers(18, 85)))

    def apply(self, image: Grey) -> Grey:
        """Write and read back."""
        levels = (image * 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        read = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
        assert read is not None  # it was written a line ago
        return as_grey(read) / np.float32(255)


@dataclass(frozen=True, slots=True)
class Binarise:
    """Black and white scans: a threshold that wavers, and softening by the next resampling."""

    threshold: float
    waver: float
    soft: float
    seed: int

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Around the middle between ink and paper."""
        soft = rng.uniform(0.3, 0.8)
        return cls(
            float(rng.uniform(0.35, 0.65)), float(rng.gamma(1, 0.02)), float(soft), _seed(rng)
        )

    def apply(self, image: Grey) -> Grey:
        """Compare with a threshold between the image's darkest and brightest."""
        low, high = np.percentile(image, (1, 95))
        shape = (image.shape[0], image.shape[1])
        waver = smooth_noise(default_rng(self.seed), shape, 6.0) * np.float32(self.waver)
        cut = low + (high - low) * (np.float32(self.threshold) + waver)
        black = (image > cut).astype(np.float32)
        soft = cv2.GaussianBlur(black, (0, 0), self.soft, borderType=cv2.BORDER_REPLICATE)
        return as_grey(soft)


# --- ink: these work on coverage (0 none, 1 full) before it meets the paper -----------------------


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
        return cls(float(rng.beta(1.5, 4)), float(rng.uniform(1.2, 6)), _seed(rng))

    def apply(self, image: Grey) -> Grey:
        """Take coverage away where a random field is high."""
        field = smooth_noise(default_rng(self.seed), (image.shape[0], image.shape[1]), self.cell)
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
        return cls(float(rng.beta(1.5, 3)), float(rng.uniform(15, 150)), _seed(rng))

    def apply(self, image: Grey) -> Grey:
        """Multiply coverage by a slow random field."""
        field = smooth_noise(default_rng(self.seed), (image.shape[0], image.shape[1]), self.cell)
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


@dataclass(frozen=True, slots=True)
class Specks:
    """Dirt: dark specks on the paper and pin holes in the ink, a share of `density` of the area."""

    density: float
    size: float
    dark: bool
    seed: int

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """Few and small."""
        dark = bool(rng.random() < 0.6)
        return cls(float(rng.gamma(1.0, 0.004)), float(rng.uniform(0.4, 1.6)), dark, _seed(rng))

    def apply(self, image: Grey) -> Grey:
        """Darken or lighten in specks."""
        rng = default_rng(self.seed)
        height, width = image.shape[:2]
        count = int(rng.poisson(self.density * height * width / max(1.0, self.size**2)))
        if not count:
            return image
        field = np.zeros((height, width), np.float32)
        field[rng.integers(0, height, count), rng.integers(0, width, count)] = 1
        if self.size > 0.6:
            field = as_grey(cv2.GaussianBlur(field, (0, 0), self.size * 0.6))
            field = np.minimum(field / max(float(field.max()), 1e-6) * 1.3, 1)
        tone = np.float32(0.15 if self.dark else 0.95)
        return image + (tone - image) * field * np.float32(0.85)


@dataclass(frozen=True, slots=True)
class Strokes:
    """Rules, pen strokes and folds that cross the line: `lines` of x0 y0 x1 y1 in [0, 1]."""

    lines: tuple[tuple[float, float, float, float], ...]
    thickness: int
    tone: float

    @classmethod
    def sample(cls, rng: Generator) -> Self:
        """One to three, mostly along the line or upright, above or below the letters."""
        lines = []
        for _ in range(int(rng.integers(1, 3))):
            if rng.random() < 0.6:
                y = rng.uniform(0.85, 1.0) if rng.random() < 0.7 else rng.uniform(0, 0.12)
                lines.append((0.0, y, 1.0, y + rng.normal(0, 0.03)))
            else:
                x = rng.uniform(0, 1)
                lines.append((x, 0.0, x + rng.normal(0, 0.01), 1.0))
        return cls(tuple(lines), int(rng.integers(1, 3)), float(rng.uniform(0.1, 0.8)))

    def apply(self, image: Grey) -> Grey:
        """Draw them over the image."""
        height, width = image.shape[:2]
        drawn = np.zeros((height, width), np.uint8)
        for x0, y0, x1, y1 in self.lines:
            start = (int(x0 * width), int(y0 * height))
            end = (int(x1 * width), int(y1 * height))
            cv2.line(drawn, start, end, 255, self.thickness, cv2.LINE_AA)
        cover = drawn.astype(np.float32) / np.float32(255)
        return as_grey(np.minimum(image, 1 - cover * np.float32(1 - self.tone)))


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
            _seed(rng),
        )

    def _shifts(self, height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Shifts of x and y, each `height width`, from a point to where its ink comes from."""
        rng = default_rng(self.seed)
        # The whole row moves, else the baseline would dance; the whole column, else stems lean.
        rows = smooth_noise(rng, (height, 1), self.cell) * np.float32(self.rows)
        columns = smooth_noise(rng, (1, width), self.cell) * np.float32(self.columns)
        x = smooth_noise(rng, (height, width), self.cell) * np.float32(self.bend)
        y = smooth_noise(rng, (height, width), self.cell) * np.float32(self.bend)
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


def apply_all(image: Grey, degradations: Sequence[Degradation]) -> Grey:
    """Apply one after the other."""
    for degradation in degradations:
        image = degradation.apply(image)
    return image


def sample_ink(
    rng: Generator, size: int, dropout: float = 0.08, bleed: float = 0.15
) -> list[Degradation]:
    """Draw what happens to the ink of a font of `size` pixels: applied to coverage.

    `dropout` is the chance of a print head's faults, `bleed` that of soaking ink.
    """
    chosen: list[Degradation] = []
    if rng.random() < bleed:
        chosen.append(Bleed.sample(rng, size))
    elif rng.random() < 0.6:
        chosen.append(Spread.sample(rng))
    if rng.random() < 0.3:
        chosen.append(Break.sample(rng))
    if rng.random() < 0.4:
        chosen.append(Fade.sample(rng))
    if rng.random() < dropout:
        chosen.append(Dropout.sample(rng))
    return chosen


def sample_scan(rng: Generator) -> list[Degradation]:
    """Draw what paper, light and scanner do: applied to the image."""
    chosen: list[Degradation] = []
    if rng.random() < 0.25:
        chosen.append(Strokes.sample(rng))
    if rng.random() < 0.3:
        chosen.append(Specks.sample(rng))
    if rng.random() < 0.6:
        chosen.append(Light.sample(rng))
    if rng.random() < 0.65:
        chosen.append(Blur.sample(rng))
    if rng.random() < 0.25:
        chosen.append(LowResolution.sample(rng))
    if rng.random() < 0.7:
        chosen.append(Noise.sample(rng))
    if rng.random() < 0.12:
        chosen.append(Binarise.sample(rng))
    if rng.random() < 0.3:
        chosen.append(Jpeg.sample(rng))
    return chosen

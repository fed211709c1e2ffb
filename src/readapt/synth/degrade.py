"""What paper, light and scanners do to a clean line.

Every degradation is a frozen record of its parameters: `sample` draws them, `apply` is a pure
function of the image (grey float32 `height width`, 0 black to 1 white). Those that need noise
carry a seed, so that applying twice gives the same image. What happens to the ink is in `ink`;
geometry is in `distort`, because it moves the polygons too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol, Self, TypeAlias

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import ArrayLike, NDArray

from readapt.synth.noise import smooth_noise

Grey: TypeAlias = NDArray[np.float32]
"""`height width` float32, 0 black to 1 white."""


class Degradation(Protocol):
    """One thing that happens to an image."""

    def apply(self, image: Grey) -> Grey:
        """Return the degraded image; the input is left as it is."""
        ...


def new_seed(rng: Generator) -> int:
    """Draw a seed for a record to keep."""
    return int(rng.integers(2**31))


def as_grey(array: ArrayLike) -> Grey:
    """Return the array as `Grey`, not copied where it is float32: OpenCV's stubs promise less."""
    return np.asarray(array, np.float32)


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
        return cls(float(fine), float(coarse), float(rng.uniform(1.5, 5)), new_seed(rng))

    def apply(self, image: Grey) -> Grey:
        """Add both."""
        rng = default_rng(self.seed)
        shape = (image.shape[0], image.shape[1])
        grain = rng.standard_normal(shape, dtype=np.float32) * np.float32(self.fine)
        if self.coarse > 0.004:
            grain += smooth_noise(rng, *shape, self.cell, rings=True) * np.float32(self.coarse)
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
            new_seed(rng),
        )

    def apply(self, image: Grey) -> Grey:
        """Multiply."""
        height, width = image.shape[:2]
        x = np.linspace(-1, 1, width, dtype=np.float32) * np.float32(self.slope_x)
        y = np.linspace(-1, 1, height, dtype=np.float32) * np.float32(self.slope_y)
        light = 1 + x[None, :] + y[:, None]
        clouds = smooth_noise(default_rng(self.seed), height, width, self.cell)
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
            float(rng.uniform(0.35, 0.65)), float(rng.gamma(1, 0.02)), float(soft), new_seed(rng)
        )

    def apply(self, image: Grey) -> Grey:
        """Compare with a threshold between the image's darkest and brightest."""
        low, high = np.percentile(image, (1, 95))
        shape = (image.shape[0], image.shape[1])
        waver = smooth_noise(default_rng(self.seed), *shape, 6.0) * np.float32(self.waver)
        cut = low + (high - low) * (np.float32(self.threshold) + waver)
        black = (image > cut).astype(np.float32)
        soft = cv2.GaussianBlur(black, (0, 0), self.soft, borderType=cv2.BORDER_REPLICATE)
        return as_grey(soft)


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
        return cls(float(rng.gamma(1.0, 0.004)), float(rng.uniform(0.4, 1.6)), dark, new_seed(rng))

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


def apply_all(image: Grey, degradations: Sequence[Degradation]) -> Grey:
    """Apply one after the other."""
    for degradation in degradations:
        image = degradation.apply(image)
    return image


class Fault(NamedTuple):
    """Something that may happen to a line."""

    sample: Callable[[Generator], Degradation]
    chance: float
    """Share of the lines that it happens to."""


SCAN: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "rules and folds": Fault(Strokes.sample, 0.25),
        "specks": Fault(Specks.sample, 0.3),
        "uneven light": Fault(Light.sample, 0.6),
        "blur": Fault(Blur.sample, 0.65),
        "low resolution": Fault(LowResolution.sample, 0.25),
        "noise": Fault(Noise.sample, 0.7),
        "black and white": Fault(Binarise.sample, 0.12),
        "JPEG": Fault(Jpeg.sample, 0.3),
    }
)
"""What paper, light and scanner do, in this order, by the name it is shown under."""


def leaning(chance: float, favoured: bool) -> float:
    """Return the chance of a fault: one that is favoured is spared half of the lines it was."""
    return (1 + chance) / 2 if favoured else chance


def sample_scan(rng: Generator, favoured: Collection[str] = ()) -> list[Degradation]:
    """Draw what paper, light and scanner do: applied to the image.

    ``favoured`` are names in :data:`SCAN` that are to happen more often; others in it are passed
    over.
    """
    return [
        fault.sample(rng)
        for name, fault in SCAN.items()
        if rng.random() < leaning(fault.chance, name in favoured)
    ]

"""From a flat sheet's ink to a picture of it: inking, paper, camera or scanner, file.

Cheap on purpose: every step is a few passes over the page, so that pages can be made as fast as
a detector eats them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.synth.noise import Field, grain_noise, smooth_noise
from readapt.synth.paper import Colour


@dataclass(frozen=True, slots=True)
class Inking:
    """How the ink took to the paper."""

    colour: Colour
    """Colour of solid ink, red green blue in [0, 1]."""
    strength: float
    """Coverage of a solid stroke, 0 to 1."""
    spread: float
    """Blur of the strokes in pixels."""
    growth: float
    """Strokes grown fatter (above 0) or thinner (below 0), as a share of coverage."""
    patchy: float
    """How unevenly it took, in patches some letters wide."""
    grainy: float
    """How unevenly it took, in specks finer than a stroke."""


def sample_inking(rng: np.random.Generator) -> Inking:
    """Draw the inking of a page: most are sound, some faint, broken or smeared."""
    kind = rng.random()
    if kind < 0.7:
        dark = float(rng.uniform(0.0, 0.35)) * float(rng.random())
        colour = (dark, dark, dark)
    elif kind < 0.85:
        colour = (float(rng.uniform(0.15, 0.45)), 0.2, float(rng.uniform(0.05, 0.2)))
    else:
        colour = (float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.1, 0.4)), 0.55)
    faint = rng.random() < 0.15
    rough = rng.random() < 0.25
    return Inking(
        colour=colour,
        strength=float(rng.uniform(0.4, 0.8)) if faint else float(rng.uniform(0.8, 1.0)),
        spread=float(rng.uniform(0.0, 1.1)),
        growth=float(rng.normal(0, 0.12)),
        patchy=float(rng.uniform(0.1, 0.5)) if rough else float(rng.uniform(0, 0.1)),
        grainy=float(rng.uniform(0.1, 0.6)) if rng.random() < 0.35 else 0.0,
    )


def take_ink(inking: Inking, ink: NDArray[np.uint8], rng: np.random.Generator) -> Field:
    """Turn drawn coverage ``height width`` uint8 into the ink on the paper, float32 in [0, 1]."""
    height, width = ink.shape
    if inking.spread > 0.25:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), inking.spread), dtype=np.uint8)
    wet = ink.astype(np.float32)
    wet *= np.float32(1 / 255)
    if inking.grainy > 0:
        wet *= 1 + np.float32(inking.grainy) * grain_noise(rng, height, width, 1.6)
    # A steeper edge about a moved threshold makes strokes fatter or thinner.
    steep = np.float32(1.0 + min(inking.spread, 1.0))
    wet -= np.float32(0.5 - inking.growth)
    wet *= steep
    wet += np.float32(0.5)
    if inking.growth > 0:
        # Paper without ink stays clean however much strokes grow.
        wet *= ink > 8
    if inking.patchy > 0:
        cell = float(rng.uniform(15, 90))
        clouds = np.clip(smooth_noise(rng, height, width, cell), -1.2, 0.3)
        wet *= 1 + np.float32(inking.patchy) * clouds
    np.clip(wet, 0, 1, out=wet)
    wet *= np.float32(inking.strength)
    return wet


def print_on(
    light: Field,
    paper: Colour,
    inks: list[tuple[Field, Colour]],
    *,
    colour: bool,
) -> NDArray[np.uint8]:
    """Lay inks on paper: ``height width 3`` RGB uint8, or ``height width`` without colour.

    ``light`` is the paper's reflectance; each ink filters the light by its coverage.
    """
    if not colour:
        weights = (0.299, 0.587, 0.114)
        grey = float(np.dot(weights, paper))
        plane = light * np.float32(255 * grey)
        for coverage, tint in inks:
            plane *= 1 - coverage * np.float32(1 - float(np.dot(weights, tint)))
        return np.asarray(cv2.convertScaleAbs(plane), dtype=np.uint8)
    planes = []
    for channel in range(3):
        plane = light * np.float32(255 * paper[channel])
        for coverage, tint in inks:
            plane *= 1 - coverage * np.float32(1 - tint[channel])
        planes.append(cv2.convertScaleAbs(plane))
    return np.asarray(cv2.merge(planes), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Capture:
    """What camera or scanner and the file do to the picture."""

    gain: float
    """Contrast about the middle; below 1 is flat, above 1 is hard."""
    shift: float
    """Added to every value, -255 to 255."""
    gamma: float
    white: float | None
    """Where the paper is brought to, above 255 for whiter than white; None leaves it."""
    blur: float
    """Blur in pixels."""
    noise: float
    """Standard deviation of the noise, in values of 0-255."""
    scale: float
    """Resolution lost: the picture is made this much smaller and enlarged again; 1 keeps it."""
    threshold: float | None
    """Black and white only, cut this far down from the local paper to the ink, 0 to 1; None keeps
    greys."""
    pepper: float
    """Share of pixels of a black and white picture that are flipped."""
    jpeg: int | None
    """Quality of the JPEG file; None for a lossless one."""


def sample_capture(rng: np.random.Generator) -> Capture:
    """Draw a scanner or camera: most are good, many whiten the paper.

    One in six makes black and white pictures.
    """
    bitonal = rng.random() < 0.16
    return Capture(
        gain=float(rng.uniform(0.85, 1.5)),
        shift=float(rng.normal(6, 12)),
        gamma=float(np.exp(rng.normal(0, 0.2))),
        white=float(rng.uniform(235, 290)) if rng.random() < 0.45 else None,
        blur=float(rng.uniform(0.4, 1.6)) if rng.random() < 0.35 else 0.0,
        noise=float(rng.uniform(0, 7)) if rng.random() < 0.6 else 0.0,
        scale=float(rng.uniform(0.5, 1.0)) if rng.random() < 0.3 else 1.0,
        threshold=float(rng.uniform(0.25, 0.65)) if bitonal else None,
        pepper=float(rng.uniform(0, 0.004)) if bitonal and rng.random() < 0.5 else 0.0,
        jpeg=int(rng.integers(25, 95)) if rng.random() < 0.5 else None,
    )


def expose(
    capture: Capture, picture: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Take the picture (grey or RGB uint8) with this camera; same shape and dtype."""
    height, width = picture.shape[:2]
    if capture.scale < 0.98:
        small = cv2.resize(
            picture, None, fx=capture.scale, fy=capture.scale, interpolation=cv2.INTER_AREA
        )
        picture = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))
    if capture.blur > 0.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), capture.blur))
    values = np.arange(256, dtype=np.float64) / 255
    if capture.white is not None:
        # Most of a page is paper: the brightness that a third of it exceeds.
        paper = max(float(np.percentile(picture[::8, ::8], 66)), 60.0)
        values = np.minimum(values * capture.white / paper, 1.0)
    curve = ((values**capture.gamma - 0.6) * capture.gain + 0.6) * 255 + capture.shift
    table = np.clip(curve, 0, 255).astype(np.uint8)
    picture = np.asarray(cv2.LUT(picture, table), dtype=np.uint8)
    if capture.noise > 0.5:
        grain = np.round(grain_noise(rng, height, width, 1.0) * np.float32(capture.noise))
        noise = grain.astype(np.int16)
        noise = noise if picture.ndim == 2 else np.asarray(cv2.merge([noise] * 3), dtype=np.int16)
        picture = np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), dtype=np.uint8)
    if capture.threshold is not None:
        picture = _bitonal(picture, capture.threshold)
        count = int(capture.pepper * height * width)
        if count:
            rows, columns = rng.integers(0, height, count), rng.integers(0, width, count)
            picture[rows, columns] = 255 - picture[rows, columns]
    if capture.jpeg is not None:
        quality = [int(cv2.IMWRITE_JPEG_QUALITY), capture.jpeg]
        _, packed = cv2.imencode(".jpg", picture, quality)
        picture = np.asarray(cv2.imdecode(packed, cv2.IMREAD_UNCHANGED), dtype=np.uint8)
    return picture


def _bitonal(picture: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """Black where the picture is darker than paper less ``share`` of the way from paper to ink."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    small = cv2.resize(grey, None, fx=0.125, fy=0.125, interpolation=cv2.INTER_AREA)
    paper = cv2.blur(cv2.dilate(small, np.ones((3, 3), np.uint8)), (9, 9)).astype(np.float32)
    sample = grey[::4, ::4].astype(np.float32)
    around = cv2.resize(paper, (sample.shape[1], sample.shape[0]), interpolation=cv2.INTER_LINEAR)
    # What is darkest against its own paper is ink; a bare sheet has none, hence the floor.
    depth = max(float(np.percentile(around - sample, 99)), 30.0)
    around = cv2.resize(paper, (grey.shape[1], grey.shape[0]), interpolation=cv2.INTER_LINEAR)
    white = (grey > np.maximum(around - np.float32(share * depth), 20)).astype(np.uint8)
    white *= np.uint8(255)
    return white if picture.ndim == 2 else np.asarray(cv2.merge([white] * 3), dtype=np.uint8)

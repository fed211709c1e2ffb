"""Procedural paper: the light a text-free sheet throws back, and what lies around the sheet.

Parameters are drawn by ``sample_paper`` and applied by ``reflectance``; everything smooth is made
small and enlarged, so that a page costs a few milliseconds.
"""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.synth.noise import Field, grain_noise, smooth_noise
from readapt.types import Image

Colour = tuple[float, float, float]
"""Red, green, blue in [0, 1]."""


class PaperSource(Protocol):
    """Paper that is not procedural, as a scanner saw it; :class:`readapt.gan.paper.LookPaper`."""

    def sheet(self, rng: np.random.Generator, height: int, width: int, line: float) -> Image:
        """Draw bare paper, ``height width`` uint8, where cut lines are ``line`` pixels high."""
        ...

    def ink(self, rng: np.random.Generator) -> float:
        """Draw the share of the paper's light that solid ink lets through."""
        ...


def print_on_sheet(sheet: Image, cover: Field, share: float) -> Image:
    """Lay ink of coverage ``height width`` [0, 1] on a sheet; solid ink lets ``share`` through."""
    inked = sheet * (1 - cover * np.float32(1 - share))
    return np.asarray(np.clip(np.rint(inked), 0, 255), np.uint8)


@dataclass(frozen=True, slots=True)
class Paper:
    """What one sheet is made of; strengths are fractions of full white."""

    colour: Colour
    """Colour of the clean sheet."""
    grain: float
    """Standard deviation of the noise from pixel to pixel."""
    grain_cell: float
    """Size in pixels of a speck of that noise."""
    fibre: float
    """Standard deviation of the streaks that laid paper has."""
    mottle: float
    """Standard deviation of the cloudiness."""
    gradient: float
    """Fall of light from one edge of the sheet to the opposite one."""
    vignette: float
    """Fall of light from the middle to the corners."""
    gutter: float
    """Depth of the shadow along one side, as beside the fold of a book."""
    stains: int
    """How many soft blots, foxing included."""
    folds: int
    """How many straight folds across the whole sheet."""
    creases: int
    """How many short crumpled lines."""
    specks: int
    """How many specks of dirt."""
    show_through: float
    """How dark the mirrored print of the other side is."""


def sample_paper(rng: np.random.Generator) -> Paper:
    """Draw the parameters of a sheet: white office paper, coloured copy paper or old stock."""
    kind = rng.random()
    if kind < 0.35:
        white = float(rng.uniform(0.93, 1.0))
        colour = (white, white, white * float(rng.uniform(0.97, 1.0)))
        age = 0.15
    elif kind < 0.6:
        light = float(rng.uniform(0.72, 0.97))
        warmth = float(rng.uniform(0.0, 0.14))
        colour = (light, light - 0.4 * warmth, light - warmth)
        age = 0.5
    elif kind < 0.85:
        light = float(rng.uniform(0.62, 0.95))
        warmth = float(rng.uniform(0.1, 0.4))
        colour = (light, light - 0.35 * warmth, max(0.2, light - warmth))
        age = 1.0
    else:
        red, green, blue = (float(part) for part in rng.uniform(0.5, 0.95, 3))
        colour = (red, green, blue)
        age = 0.4
    old = float(rng.uniform(0, 1)) * age

    def sometimes(chance: float, most: float) -> float:
        return float(rng.uniform(0, most)) if rng.random() < chance else 0.0

    return Paper(
        colour=colour,
        grain=float(rng.uniform(0.002, 0.02)) + sometimes(0.2, 0.04),
        grain_cell=float(rng.choice([1.0, 1.0, 1.6, 2.5])),
        fibre=sometimes(0.3, 0.02),
        mottle=float(rng.uniform(0, 0.02)) + 0.04 * old,
        gradient=sometimes(0.4, 0.25),
        vignette=sometimes(0.25, 0.25),
        gutter=sometimes(0.25, 0.6),
        stains=int(rng.poisson(2 * old)),
        folds=int(rng.poisson(0.3)),
        creases=int(rng.poisson(0.6 * old + 0.2)),
        specks=int(rng.poisson(6 + 60 * old)) if rng.random() < 0.6 else 0,
        show_through=sometimes(0.2 + 0.3 * old, 0.3),
    )


def reflectance(paper: Paper, rng: np.random.Generator, height: int, width: int) -> Field:
    """Return the share of light a bare sheet throws back, ``height width`` float32 in [0, 1.1].

    It multiplies ``paper.colour``.
    """
    scale = 4
    low_height, low_width = -(-height // scale), -(-width // scale)
    low = np.ones((low_height, low_width), np.float32)
    if paper.mottle > 0:
        for cell, share in ((8.0, 0.25), (50.0, 0.75)):
            low += (paper.mottle * share) * smooth_noise(rng, low_height, low_width, cell)
    _shade(low, paper, rng)
    for _ in range(paper.stains):
        _stain(low, rng)
    for _ in range(paper.folds):
        _fold(low, rng)
    for _ in range(paper.creases):
        _crease(low, rng)
    full = np.asarray(
        cv2.resize(low, (low_width * scale, low_height * scale), interpolation=cv2.INTER_LINEAR),
        dtype=np.float32,
    )[:height, :width]
    full = np.ascontiguousarray(full)
    if paper.grain > 0:
        full += paper.grain * grain_noise(rng, height, width, paper.grain_cell)
    if paper.fibre > 0:
        _laid(full, paper.fibre, rng)
    _speck(full, paper.specks, rng)
    return np.clip(full, 0.0, 1.1, out=full)


def _shade(low: Field, paper: Paper, rng: np.random.Generator) -> None:
    """Light falling unevenly on the sheet: gradient, dark corners, the gutter of a book."""
    height, width = low.shape
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    if paper.gradient > 0:
        angle = rng.uniform(0, 2 * np.pi)
        low -= (
            np.float32(paper.gradient / 2)
            * (1 + np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y)
            / np.float32(1.42)
        )
    if paper.vignette > 0:
        low -= np.float32(paper.vignette / 2) * (x * x + y * y)
    if paper.gutter > 0:
        reach = np.float32(rng.uniform(0.03, 0.2))
        side = x if rng.random() < 0.5 else -x
        low *= 1 - np.float32(paper.gutter) * np.exp(-(1 - side) / reach)


def _stain(low: Field, rng: np.random.Generator) -> None:
    """Add a soft blot, darker at its rim as dried liquid is."""
    height, width = low.shape
    blot = np.zeros_like(low)
    centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
    largest = max(3, int(min(height, width) * rng.choice([0.01, 0.03, 0.08, 0.25])))
    axes = (int(rng.integers(2, largest + 1)), int(rng.integers(2, largest + 1)))
    cv2.ellipse(blot, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    if largest > 10 and rng.random() < 0.4:
        cv2.ellipse(blot, centre, axes, float(rng.uniform(0, 180)), 0, 360, 2.0, 2)
    soft = cv2.GaussianBlur(blot, (0, 0), float(rng.uniform(0.8, 3.0)))
    low *= 1 - np.float32(rng.uniform(0.03, 0.25)) * soft


def _fold(low: Field, rng: np.random.Generator) -> None:
    """Add a straight fold: one side lighter, the other darker, a thin line between."""
    height, width = low.shape
    level = rng.random() < 0.6
    length, across = (width, height) if level else (height, width)
    place = float(rng.choice([1 / 3, 1 / 2, 2 / 3, rng.uniform(0.1, 0.9)])) * across
    tilt = float(rng.normal(0, 0.01))
    along = np.arange(length, dtype=np.float32)
    distance = np.arange(across, dtype=np.float32)[:, None] - (place + tilt * along)[None, :]
    reach = np.float32(rng.uniform(2, 15))
    strength = np.float32(rng.uniform(-0.12, 0.12))
    profile = strength * np.sign(distance) * np.exp(-np.abs(distance) / reach)
    profile += np.float32(rng.uniform(-0.25, 0.15)) * np.exp(-(distance**2) / 0.6)
    low += profile if level else profile.T


def _crease(low: Field, rng: np.random.Generator) -> None:
    """Add a short crumpled line, dark or worn white."""
    height, width = low.shape
    steps = rng.normal(0, 1, (6, 2)) * 0.35 + rng.normal(0, 1, 2)
    points = np.cumsum(steps, axis=0) * 0.04 * max(height, width)
    points += rng.uniform(0, 1, 2) * (width, height)
    mark = np.zeros_like(low)
    cv2.polylines(mark, [points.astype(np.int32)], False, 1.0, 1, cv2.LINE_AA)
    low += np.float32(rng.uniform(-0.2, 0.15)) * cv2.GaussianBlur(mark, (0, 0), 0.7)


def _laid(full: Field, strength: float, rng: np.random.Generator) -> None:
    """Streaks of fibres: noise drawn out in one direction."""
    height, width = full.shape
    fine, long = int(rng.integers(2, 5)), int(rng.integers(30, 120))
    rows, columns = (fine, long) if rng.random() < 0.5 else (long, fine)
    coarse = rng.standard_normal((height // rows + 2, width // columns + 2), dtype=np.float32)
    full += strength * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)


def _speck(full: Field, count: int, rng: np.random.Generator) -> None:
    """Specks of dirt, most of them a pixel or two wide, dark or (worn off) light."""
    height, width = full.shape
    places = rng.uniform(0, 1, (count, 2)) * (width, height)
    radii = np.minimum(rng.exponential(0.8, count), 4).astype(np.int32)
    shades = rng.uniform(0.2, 0.9, count)
    for (x, y), radius, shade in zip(places, radii, shades, strict=True):
        cv2.circle(full, (int(x), int(y)), int(radius), float(shade), -1, cv2.LINE_AA)


def surroundings(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """Make what lies around a photographed sheet: ``height width 3`` RGB uint8.

    A dark table most often, sometimes a light one, wood, or the black of an open scanner.
    """
    kind = rng.random()
    if kind < 0.35:
        base = rng.uniform(0, 40, 3)
        rough = float(rng.uniform(0, 5))
    elif kind < 0.7:
        base = rng.uniform(20, 130) * rng.uniform(0.8, 1.2, 3)
        rough = float(rng.uniform(2, 20))
    elif kind < 0.85:
        base = np.array([120.0, 85.0, 55.0]) * rng.uniform(0.5, 1.4)
        rough = float(rng.uniform(5, 25))
    else:
        base = rng.uniform(150, 250) * rng.uniform(0.9, 1.1, 3)
        rough = float(rng.uniform(0, 8))
    low_height, low_width = -(-height // 4), -(-width // 4)
    texture = smooth_noise(rng, low_height, low_width, float(rng.uniform(8, 75)))
    if rng.random() < 0.4:
        streaks = rng.standard_normal((low_height // 15 + 2, low_width), dtype=np.float32)
        texture += cv2.resize(streaks, (low_width, low_height), interpolation=cv2.INTER_LINEAR)
    texture *= np.float32(rough)
    low = cv2.merge([cv2.convertScaleAbs(np.maximum(texture + float(part), 0)) for part in base])
    return np.asarray(cv2.resize(low, (width, height), interpolation=cv2.INTER_LINEAR))

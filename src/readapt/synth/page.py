"""Synthetic pages: text of known place on paper of every kind, photographed or scanned.

A page is a pure function of ``(config.seed, index)``: layout on a flat sheet (`layout`), ink and
paper (`paper`, `capture`), geometry (`warp`), camera and file (`capture`).
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.synth.capture import (
    expose,
    print_on,
    sample_capture,
    sample_inking,
    take_ink,
)
from readapt.synth.corpus import Corpus, system_corpora
from readapt.synth.fonts import Font, find_fonts
from readapt.synth.layout import LAYOUTS, Layout
from readapt.synth.noise import Field
from readapt.synth.paper import (
    Colour,
    PaperSource,
    print_on_sheet,
    reflectance,
    sample_paper,
    surroundings,
)
from readapt.synth.press import Press, Shelf, shelve
from readapt.synth.sheet import Box, Segment, Sheet
from readapt.synth.warp import Warp, Wave, project_boxes, render
from readapt.types import Image, Quad

_CUT = 1.2
"""Height of a line cut for reading over that of its quad."""
_FAINTEST = 18.0
"""Contrast below which a line cannot be seen, and is no truth."""


@dataclass(frozen=True, slots=True)
class PageConfig:
    """Which pages are made."""

    seed: int = 0
    width: tuple[int, int] = (760, 1400)
    """Least and most pixels across a sheet, before a layout narrows it."""
    pixels: int = 1_900_000
    """The most pixels of a page; larger ones are made with fewer."""
    colour: float = 0.3
    """Share of the pages in colour; the others are grey, and made in two thirds of the time."""
    photographed: float = 0.35
    """Share of the pages seen as a whole sheet on something else, in perspective."""
    curved: float = 0.3
    """Share of the pages that are not flat."""
    degrade: bool = True
    """Worn ink, paper and camera; without it pages are clean and flat."""
    layouts: tuple[Layout, ...] = LAYOUTS
    fonts: tuple[Font, ...] = ()
    """The fonts to set with; empty for all of this system."""
    corpora: tuple[Corpus, ...] = ()
    """The texts to set; empty for those of this system."""
    paper: PaperSource | None = None
    """Paper to print on in place of procedural paper and camera, in grey; None for none."""
    papered: float = 1.0
    """Share of the degraded pages that are printed on it."""
    bare: float = 0.0
    """Share of the pages that are nothing but that paper: they teach silence."""


@dataclass(frozen=True, slots=True)
class PageLine:
    """A line segment on a page."""

    quad: Quad
    """``4 2`` float32: a loose box from ascenders to descenders, clockwise from top-left."""
    text: str
    """Words joined by single spaces, NFC."""
    words: tuple[tuple[str, Quad], ...]


@dataclass(frozen=True, slots=True)
class PageSample:
    """A page and what stands on it."""

    image: Image
    """``height width`` grey or ``height width 3`` RGB, uint8."""
    lines: tuple[PageLine, ...]
    """From top to bottom as they were set; none on a page without text."""
    layout: str
    """Name of the layout."""


@lru_cache(maxsize=1)
def _system_shelf() -> Shelf:
    return shelve(find_fonts())


@lru_cache(maxsize=1)
def _system_corpora() -> tuple[Corpus, ...]:
    return tuple(system_corpora().values())


def make_page(index: int, config: PageConfig) -> PageSample:
    """Make page number ``index``; the same for the same ``config`` in whatever process.

    Raises :class:`readapt.synth.fonts.FontError` where there is no font at all.
    """
    rng = np.random.default_rng([config.seed, index])
    if config.paper is not None and rng.random() < config.bare:
        return _bare(config.paper, config, rng)
    weights = np.array([layout.weight for layout in config.layouts])
    layout = config.layouts[int(rng.choice(len(weights), p=weights / weights.sum()))]
    sheet = _compose(layout, config, rng)
    if not config.degrade:
        image = np.asarray(255 - sheet.ink, dtype=np.uint8)
        flat = Warp(tuple(np.eye(3).ravel()))
        return PageSample(image, _truth(sheet.segments, flat), layout.name)
    paper = config.paper
    if paper is not None and rng.random() >= config.papered:
        paper = None
    photographed = paper is None and rng.random() < config.photographed
    height, width = _frame(sheet, photographed, rng)
    warp = _sample_warp(sheet, height, width, photographed, rng.random() < config.curved, rng)
    lines = _truth(sheet.segments, warp)
    ink = sheet.ink
    seen = []
    for segment, line in zip(sheet.segments, lines, strict=True):
        if _inside(line.quad, height, width):
            seen.append(line)
        else:
            _erase(ink, segment.box)
    if paper is not None:
        image = _print_on_scan(sheet, ink, warp, seen, (height, width), paper, rng)
    else:
        picture = _print(sheet, ink, bool(rng.random() < config.colour), rng)
        picture = _photograph(picture, warp, height, width, photographed, rng)
        image = expose(sample_capture(rng), picture, rng)
    legible = tuple(line for line in seen if _contrast(image, line.quad) >= _FAINTEST)
    return PageSample(image, legible, layout.name)


def _compose(layout: Layout, config: PageConfig, rng: np.random.Generator) -> Sheet:
    """Set the text."""
    width = float(rng.uniform(*config.width)) * float(rng.uniform(*layout.width))
    height = width * float(rng.uniform(*layout.aspect))
    shrink = min(1.0, float(np.sqrt(config.pixels / (width * height))))
    sheet = Sheet(int(width * shrink), int(height * shrink), rng)
    corpora = config.corpora or _system_corpora()
    shelf = shelve(config.fonts) if config.fonts else _system_shelf()
    press = Press(sheet, shelf, corpora[int(rng.integers(len(corpora)))], rng)
    layout.compose(press)
    return sheet


def _frame(sheet: Sheet, photographed: bool, rng: np.random.Generator) -> tuple[int, int]:
    """Height and width of the picture: with a table around the sheet, or the sheet alone."""
    if not photographed:
        return sheet.height, sheet.width
    around = rng.uniform(0.0, 0.18, 2)
    return int(sheet.height * (1 + around[0])), int(sheet.width * (1 + around[1]))


def _sample_warp(
    sheet: Sheet,
    height: int,
    width: int,
    photographed: bool,
    curved: bool,
    rng: np.random.Generator,
) -> Warp:
    """Draw the geometry: tilt of a scanner, perspective of a camera, waves, page curl."""
    corners = np.array(
        [[0, 0], [sheet.width, 0], [sheet.width, sheet.height], [0, sheet.height]], np.float64
    )
    # Most scans are straight to half a degree; a few were laid down carelessly.
    angle = float(rng.normal(0, 0.5 if rng.random() < 0.75 else 2.0))
    turn = np.radians(angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = corners.mean(axis=0)
    placed = (corners - centre) @ rotation.T
    middle = np.array([width, height]) / 2
    if photographed:
        slack = np.array([width - sheet.width, height - sheet.height]) / 2
        middle += rng.uniform(-0.8, 0.8, 2) * slack
        placed += rng.normal(0, 0.012, (4, 2)) * sheet.width
    placed *= float(rng.uniform(0.96, 1.02)) if photographed else float(rng.uniform(0.99, 1.03))
    placed += middle
    to_sheet = cv2.getPerspectiveTransform(
        placed.astype(np.float32), corners.astype(np.float32)
    ).astype(np.float64)
    waves: list[Wave] = []
    curl, reach = 0.0, 1.0
    if curved:
        for _ in range(int(rng.integers(1, 3))):
            length = sheet.width * float(rng.uniform(0.5, 2.5))
            direction = float(rng.uniform(0, 2 * np.pi))
            # Slope at most 2 pi * amplitude / length: about 3 degrees.
            amplitude = length * float(rng.uniform(0, 0.008))
            waves.append(
                Wave(
                    amplitude_x=0.3 * amplitude * float(rng.uniform(-1, 1)),
                    amplitude_y=amplitude,
                    frequency_x=float(np.cos(direction)) / length,
                    frequency_y=float(np.sin(direction)) / length,
                    phase=float(rng.uniform(0, 2 * np.pi)),
                )
            )
        if rng.random() < 0.3:
            curl = sheet.width * float(rng.uniform(-0.02, 0.02))
            reach = sheet.width * float(rng.uniform(0.08, 0.25))
    return Warp(
        to_sheet=tuple(float(value) for value in to_sheet.ravel()),
        waves=tuple(waves),
        curl=curl,
        curl_at=0.0 if rng.random() < 0.5 else float(sheet.width),
        curl_reach=reach,
    )


def _truth(segments: list[Segment], warp: Warp) -> tuple[PageLine, ...]:
    """Take the segments of the sheet into the picture."""
    boxes = [segment.box for segment in segments]
    boxes += [box for segment in segments for _, box in segment.words]
    quads = project_boxes(warp, np.array(boxes, np.float64).reshape(-1, 4))
    words = iter(quads[len(segments) :])
    return tuple(
        PageLine(quad, segment.text, tuple((word, next(words)) for word, _ in segment.words))
        for segment, quad in zip(segments, quads, strict=False)
    )


def _inside(quad: Quad, height: int, width: int) -> bool:
    """Whether a quad lies in the picture, give or take two pixels of its air."""
    low, high = quad.min(axis=0), quad.max(axis=0)
    return bool(low.min() >= -2 and high[0] <= width + 2 and high[1] <= height + 2)


def _contrast(image: Image, quad: Quad) -> float:
    """Measure the step from paper to ink inside a quad, in values of 0-255."""
    x0, y0 = np.maximum(quad.min(axis=0), 0).astype(int)
    x1, y1 = quad.max(axis=0).astype(int) + 1
    part = image[y0:y1, x0:x1]
    part = part[..., 1] if part.ndim == 3 else part
    if part.size == 0:
        return 0.0
    counts = np.cumsum(np.bincount(part.ravel(), minlength=256))
    dark, light = np.searchsorted(counts, [0.03 * counts[-1], 0.8 * counts[-1]])
    return float(light) - float(dark)


def _erase(ink: NDArray[np.uint8], box: Box) -> None:
    """Take the ink of a line away that the picture would cut: half a line is no one's truth."""
    x0, y0, x1, y1 = (max(0, round(value)) for value in box)
    ink[y0:y1, x0:x1] = 0


def _print(
    sheet: Sheet, ink: NDArray[np.uint8], colour: bool, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Ink on paper."""
    paper = sample_paper(rng)
    light = reflectance(paper, rng, sheet.height, sheet.width)
    if paper.show_through > 0:
        light *= 1 - np.float32(paper.show_through) * _other_side(ink, rng)
    return print_on(light, paper.colour, _inks(sheet, ink, rng), colour=colour)


def _inks(
    sheet: Sheet, ink: NDArray[np.uint8], rng: np.random.Generator
) -> list[tuple[Field, Colour]]:
    """Coverage and colour of the inks on a sheet."""
    inking = sample_inking(rng)
    inks: list[tuple[Field, Colour]] = [(take_ink(inking, ink, rng), inking.colour)]
    second = sheet.colour_ink
    if second is not None:
        tint = [(0.75, 0.1, 0.15), (0.15, 0.15, 0.7), (0.35, 0.1, 0.55), (0.25, 0.25, 0.28)]
        chosen = tint[int(rng.integers(len(tint)))]
        strength = np.float32(rng.uniform(0.4, 0.95) / 255)
        inks.append((second.astype(np.float32) * strength, chosen))
    return inks


def _print_on_scan(
    sheet: Sheet,
    ink: NDArray[np.uint8],
    warp: Warp,
    lines: list[PageLine],
    size: tuple[int, int],
    paper: PaperSource,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Ink on paper that a scanner has seen already: only the ink is bent, `size` height, width."""
    white = np.ones((sheet.height, sheet.width), np.float32)
    picture = print_on(white, (1.0, 1.0, 1.0), _inks(sheet, ink, rng), colour=False)
    seen, cover = render(warp, picture, *size)
    taken = 1 - np.where(cover > 0, seen, 255).astype(np.float32) * np.float32(1 / 255)
    heights = [float(np.ptp(line.quad[:, 1])) for line in lines]
    line = _CUT * float(np.median(heights)) if heights else float(rng.uniform(18, 45))
    scan = paper.sheet(rng, *size, line)
    return print_on_sheet(scan, taken, paper.ink(rng))


def _bare(paper: PaperSource, config: PageConfig, rng: np.random.Generator) -> PageSample:
    """Nothing but paper."""
    width = int(rng.uniform(*config.width))
    height = min(int(width * rng.uniform(0.7, 1.8)), config.pixels // width)
    image = paper.sheet(rng, height, width, float(rng.uniform(18, 45)))
    return PageSample(image, (), "bare paper")


def _other_side(ink: NDArray[np.uint8], rng: np.random.Generator) -> Field:
    """Mirror the print for the other side, moved and diffuse: ``height width`` in [0, 1]."""
    half = cv2.resize(ink[:, ::-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    half = cv2.GaussianBlur(half, (0, 0), float(rng.uniform(0.6, 2.0)))
    shift = (int(rng.integers(-40, 41)), int(rng.integers(-40, 41)))
    half = np.roll(half, shift, axis=(0, 1))
    full = cv2.resize(half, (ink.shape[1], ink.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, dtype=np.float32) * np.float32(1 / 255)


def _photograph(
    picture: NDArray[np.uint8],
    warp: Warp,
    height: int,
    width: int,
    photographed: bool,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """See the sheet through the warp, on whatever it lies."""
    seen, cover = render(warp, picture, height, width)
    if photographed:
        ground = surroundings(rng, height, width)
        if seen.ndim == 2:
            ground = np.asarray(cv2.cvtColor(ground, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        _cast_shadow(ground, cover, rng)
    elif rng.random() < 0.6:
        return seen  # the scanner's crop: the paper goes on to the edge
    else:
        ground = np.full_like(seen, 0 if rng.random() < 0.5 else 255)
    return np.asarray(cv2.copyTo(seen, cover, ground), dtype=np.uint8)


def _cast_shadow(
    ground: NDArray[np.uint8], cover: NDArray[np.uint8], rng: np.random.Generator
) -> None:
    """Darken the table beside the sheet."""
    small = cv2.resize(cover, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    shift = rng.integers(-4, 5, 2)
    small = np.roll(small, (int(shift[0]), int(shift[1])), axis=(0, 1))
    small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(1, 5)))
    shade = cv2.convertScaleAbs(small, alpha=-float(rng.uniform(0.2, 0.8)), beta=255)
    soft = cv2.resize(shade, (cover.shape[1], cover.shape[0]), interpolation=cv2.INTER_LINEAR)
    if ground.ndim == 3:
        soft = cv2.merge([soft] * 3)
    cv2.multiply(ground, soft, dst=ground, scale=1 / 255)

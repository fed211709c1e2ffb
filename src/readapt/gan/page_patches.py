"""Whole pages in the game: patches of scans, and of clean drawn pages, with text of one size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from readapt.errors import InputError
from readapt.export.restore import from_bundle
from readapt.gan.colour import grey
from readapt.gan.crops import CropBatch
from readapt.gan.kindred import find_kindred
from readapt.gan.scans import pages_of
from readapt.geometry import quad_size
from readapt.lines.crop import crop_line
from readapt.models.bundle import Bundle
from readapt.reader import Reader
from readapt.recognize.preprocess import levels_of, prepare_line
from readapt.synth.layout import layouts_of
from readapt.synth.lines import LineMaker
from readapt.synth.page import PageConfig, PageLine, make_page
from readapt.types import Image, Quad

LINE: Final = 24
"""Pixels of height that lines, as they are cut, have on every page."""
_FEWEST_LINES: Final = 3
"""Lines that a page has at least: fewer say little of the size of its text."""


@dataclass(frozen=True, slots=True)
class TextPage:
    """A page at the scale at which its lines are `LINE` pixels high, paper near `PAPER`."""

    image: Image
    """`height width` uint8, or `height width 3` RGB."""
    lines: tuple[PageLine, ...]
    """In pixels of the image; of scans without texts."""


def scan_pages(
    scans: Sequence[str],
    reader: Reader,
    *,
    least: int = 1,
    most: int = 120,
    colour: bool = False,
    told: Callable[[str], None] = lambda said: None,
) -> list[TextPage]:
    """Bring pages of scans to one size of text, found by the reader's detector.

    Pages with fewer than three lines are left out, and what cannot be loaded, which `told` hears.
    Raises :class:`InputError`, saying what is
    missing, where fewer than `least` remain.
    """
    found: list[TextPage] = []
    looked = 0
    for page in pages_of(scans, told):
        looked += 1
        quads = [cut.quad for cut in reader.cut_lines(page)]
        if len(quads) >= _FEWEST_LINES:
            lines = tuple(PageLine(quad, "", ()) for quad in quads)
            found.append(at_one_size(page.image if colour else grey(page.image), lines))
        if len(found) == most:
            break
    if len(found) < least:
        raise InputError(
            f"Only {len(found)} of {looked} pages have {_FEWEST_LINES} lines of text or more, and "
            f"{least} are needed: add more, or learn single lines with `readapt train cyclegan`."
        )
    return found


def draw_page(index: int, config: PageConfig) -> TextPage | None:
    """Draw a clean, flat page at the common scale; None where no line of text came onto it."""
    page = make_page(index, replace(config, degrade=False))
    return at_one_size(page.image, page.lines) if page.lines else None


def at_one_size(image: Image, lines: Sequence[PageLine]) -> TextPage:
    """Scale a page until its middle line is `LINE` pixels high, and stretch its levels."""
    middle = float(np.median([quad_size(line.quad)[1] for line in lines]))
    scale = LINE / max(middle, 1.0)
    height, width = image.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(np.ascontiguousarray(image), size, interpolation=how), np.uint8)
    factors = np.array([size[0] / width, size[1] / height], np.float32)
    moved = tuple(
        PageLine(
            _times(line.quad, factors),
            line.text,
            tuple((word, _times(quad, factors)) for word, quad in line.words),
        )
        for line in lines
    )
    return TextPage(np.asarray(levels_of(grey(scaled))[scaled]), moved)


def _times(quad: Quad, factors: NDArray[np.float32]) -> Quad:
    return (quad * factors).astype(np.float32)


def akin(
    config: PageConfig,
    pages: Sequence[TextPage],
    maker: LineMaker,
    bundle: Bundle,
    pilot: int = 40,
    compared: int = 300,
) -> PageConfig:
    """Let pages be of the kinds, and set in the fonts, that the lines of real pages look like."""
    recognizer = from_bundle(bundle)
    height = recognizer.config.height
    places = [(page.image, line.quad) for page in pages for line in page.lines]
    some = places[:: max(1, len(places) // compared)]
    lines = [prepare_line(crop_line(image, quad, 0.0), height) for image, quad in some]
    found = find_kindred(maker, lines, recognizer, pilot, height)
    fonts = tuple(font for font in maker.fonts if font.family in found.families)
    return replace(config, layouts=layouts_of(dict(found.genres)), fonts=fonts)


@dataclass(frozen=True, slots=True)
class PatchConfig:
    """How patches are cut."""

    side: int = 96
    """Pixels, a multiple of 4; smaller pages are left out."""
    batch: int = 4
    seed: int = 0


class PatchFeed:
    """Batches of patches around lines: `batch(k)` is always the same. They have no texts.

    Raises :class:`InputError` where no page of one of the sets is large enough.
    """

    def __init__(
        self,
        real: Sequence[TextPage],
        drawn: Sequence[TextPage],
        config: PatchConfig = PatchConfig(),
    ) -> None:
        self.config = config
        self.real, self.drawn = (
            [page for page in pages if min(page.image.shape[:2]) >= config.side]
            for pages in (real, drawn)
        )
        for name, pages in (("real", self.real), ("drawn", self.drawn)):
            if not pages:
                raise InputError(
                    f"no {name} page is {config.side} pixels high and wide where its lines are "
                    f"{LINE} pixels high: nothing to learn from."
                )

    def batch(self, number: int) -> CropBatch:
        """Cut batch `number`."""
        rng = default_rng([self.config.seed, number])
        real, drawn = (
            np.stack([self._patch(rng, pages) for _ in range(self.config.batch)])
            for pages in (self.real, self.drawn)
        )
        none = np.zeros(self.config.batch, np.int64)
        texts = ("",) * self.config.batch
        return CropBatch(real, drawn, texts, np.zeros(0, np.int64), none, none, none)

    def _patch(self, rng: Generator, pages: Sequence[TextPage]) -> Image:
        """Cut around a point of a line: margins are seen where lines end."""
        page, side = pages[int(rng.integers(len(pages)))], self.config.side
        quad = page.lines[int(rng.integers(len(page.lines)))].quad
        centre = quad.mean(axis=0) + (rng.random() - 0.5) * (quad[1] - quad[0])
        corner = centre - side * rng.uniform(0.2, 0.8, 2)
        height, width = page.image.shape[:2]
        x, y = np.clip(np.round(corner), 0, (width - side, height - side)).astype(int)
        return page.image[y : y + side, x : x + side]

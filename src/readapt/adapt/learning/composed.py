"""Labelled pages for the detector: akin to the scans, in their look, and of all kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.adapt.learning.known import Known
from readapt.adapt.scans.steady import as_array
from readapt.gan.look import Look
from readapt.gan.paper import LookPaper
from readapt.synth.layout import layouts_of
from readapt.synth.page import PageConfig, make_page
from readapt.synth.paper import PaperSource, print_on_sheet, reflectance, sample_paper
from readapt.train.detector import SyntheticPages
from readapt.train.detector_data import LabelledPage
from readapt.types import Image, Quad

FAINT: Final = 0.12
"""Darkness of a translated line that counts as its paper: it has that of the page."""
SHEETS: Final = 24
"""Tiles of learnt paper that are drawn once."""
_PAD = 0.1
"""Margin around a prepared line, in heights of its quad."""


@dataclass(frozen=True)
class ComposedPages:
    """A :class:`readapt.train.detector_data.PageSource`: every other page is a general one.

    Of the others every other one is in the look, where there is one.
    """

    general: PageConfig
    akin: PageConfig
    """Kinds of pages, fonts and texts of the collection."""
    lines: tuple[Image, ...] = ()
    """Prepared lines in the look; none: lines are printed as they were drawn."""
    paper: PaperSource | None = None
    """Paper of the look; None: procedural paper."""

    def __call__(self, index: int) -> LabelledPage:
        """Page number `index` and the quads of its lines."""
        if index % 2:
            return SyntheticPages(self.general)(index)
        if index % 4 and (self.lines or self.paper):
            return self.in_look(index)
        return SyntheticPages(self.akin)(index)

    def in_look(self, index: int) -> LabelledPage:
        """Compose page `index` of lines in the look, on its paper."""
        page = make_page(index, replace(self.akin, degrade=False))
        rng = np.random.default_rng([self.akin.seed, index, 3])
        cover = np.asarray(1 - page.image.astype(np.float32) / 255, np.float32)
        quads = [line.quad for line in page.lines]
        if self.lines:
            widths = np.array([line.shape[1] / line.shape[0] for line in self.lines])
            quads = [self._set(cover, quad, widths, rng) for quad in quads]
        height, width = cover.shape
        if self.paper is not None:
            line = float(np.median([np.ptp(q[:, 1]) for q in quads])) if quads else 30.0
            sheet = self.paper.sheet(rng, height, width, (1 + 2 * _PAD) * line)
            ink = self.paper.ink(rng)
        else:
            light = reflectance(sample_paper(rng), rng, height, width)
            sheet = np.asarray(np.clip(255 * rng.uniform(0.7, 1.0) * light, 0, 255), np.uint8)
            ink = float(rng.uniform(0.05, 0.5))
        return print_on_sheet(sheet, cover, ink), as_array(quads)

    def _set(
        self,
        cover: NDArray[np.float32],
        quad: Quad,
        widths: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> Quad:
        """Put a line of the look in the place of a line; returns its quad.

        A line that none of the look's fits stays as it was drawn.
        """
        x0, y0, x1, y1 = (round(float(v)) for v in (*quad.min(0), *quad.max(0)))
        pad = round(_PAD * (y1 - y0))
        top, left, height = max(0, y0 - pad), max(0, x0), y1 - y0 + 2 * pad
        room = (x1 - x0) / max(height, 1)
        fitting = np.flatnonzero((widths <= room) & (widths >= 0.6 * room))
        if not len(fitting) or x1 <= left or top + height > cover.shape[0] or height < 8:
            return quad
        line = self.lines[int(rng.choice(fitting))]
        size = (max(1, round(line.shape[1] * height / line.shape[0])), height)
        taken = ink_of(np.asarray(cv2.resize(line, size, interpolation=cv2.INTER_AREA), np.uint8))
        taken = taken[:, : cover.shape[1] - left]
        inked = np.flatnonzero((taken > 0.25).any(0))
        if not len(inked):
            return quad
        cover[y0:y1, left:x1] = 0
        place = cover[top : top + height, left : left + taken.shape[1]]
        np.maximum(place, taken, out=place)
        start, end = left + inked[0] - pad, left + inked[-1] + 1 + pad
        return np.array([[start, y0], [end, y0], [end, y1], [start, y1]], np.float32)


def ink_of(line: Image) -> NDArray[np.float32]:
    """Take the ink of a line, `height width` float32 in [0, 1], and leave its paper behind."""
    paper = max(float(np.median(line)), 1.0)
    dark = 1 - line.astype(np.float32) / np.float32(paper)
    return np.asarray(np.clip((dark - FAINT) / (1 - FAINT), 0, 1), np.float32)


def compose(
    known: Known, genres: Mapping[str, float], looks: Sequence[Path], seed: int
) -> ComposedPages:
    """Make the pages of a collection: its kinds and fonts, its look where one was learnt.

    Their paper is that of the first of `looks` that has any.
    """
    general = PageConfig(seed=seed + 51, colour=0.1, corpora=tuple(known.general.corpora.values()))
    akin = replace(general, seed=seed + 52, fonts=known.akin.fonts, layouts=layouts_of(genres))
    papers = (str(look) for look in looks if Look.load(look).manifest.paper is not None)
    folder = next(papers, None)
    paper = None if folder is None else LookPaper(folder, SHEETS)
    return ComposedPages(general, akin, tuple(image for image, _ in known.translated), paper)

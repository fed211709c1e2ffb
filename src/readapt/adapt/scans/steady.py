"""Lines that a detector finds again when a page is looked at in other ways.

A page is seen at several scales, each moved by a few pixels, so that the cells of the map and the
borders of the tiles fall elsewhere. What is found alike in most views is very probably a line;
what comes and goes is neither text nor paper until more is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.detect.scoremap import ScoremapConfig, find_lines
from readapt.evaluate.boxes import match
from readapt.types import Image, Quad

SAME: Final = 0.6
"""Intersection over union from which on two boxes are the same line."""
FAINT: Final = ScoremapConfig(threshold=0.25, split_thresholds=(0.4, 0.7, 0.85), min_score=0.35)
"""How the map is searched for what may be a line."""


@dataclass(frozen=True, slots=True)
class View:
    """A way to look at a page."""

    scale: float
    shift: tuple[int, int]
    """Pixels cut off at the left and at the top, once it is scaled."""


VIEWS: Final = (View(1.0, (0, 0)), View(0.8, (6, 10)), View(1.25, (17, 3)))


class Maps(Protocol):
    """What gives the maps of a page; :class:`readapt.detect.detector.Detector` does."""

    stride: int

    def maps(self, grey: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores ``h w`` and edges ``2 h w``."""
        ...


@dataclass(frozen=True)
class Lines:
    """What several views of a page have found; quads ``n 4 2`` float32 in its pixels."""

    steady: NDArray[np.float32]
    """Found alike in most views; the mean of what these found."""
    doubtful: NDArray[np.float32]
    """Found in few views, or faintly."""


def find_steady(detector: Maps, page: Image, views: Sequence[View] = VIEWS) -> Lines:
    """Look at a page, ``H W`` uint8 at the detector's scale, and sort what is found."""
    seen = [look_at(detector, page, view) for view in views]
    found = together([quads for quads, _ in seen])
    most = [group for group in found if 2 * len(group) > len(views)]
    steady = as_array([np.mean(group, 0) for group in most])
    few = [quad for group in found if 2 * len(group) <= len(views) for quad in group]
    doubtful = [
        quad for maybe in (few, *(faint for _, faint in seen)) for quad in _others(maybe, steady)
    ]
    return Lines(steady, as_array(doubtful))


def _others(quads: Sequence[Quad], known: NDArray[np.float32]) -> list[Quad]:
    """Leave out the boxes that are one of the known lines, or much the same."""
    same = {j for _, j in match(list(known), quads, threshold=0.3).pairs}
    return [quad for j, quad in enumerate(quads) if j not in same]


def look_at(detector: Maps, page: Image, view: View) -> tuple[list[Quad], list[Quad]]:
    """Return the lines that one view finds, and what it finds faintly, in pixels of the page."""
    rows, columns = (max(1, round(n * view.scale)) for n in page.shape)
    how = cv2.INTER_AREA if view.scale < 1 else cv2.INTER_LINEAR
    scaled = np.asarray(cv2.resize(page, (columns, rows), interpolation=how), np.uint8)
    left, top = (min(cut, n - 1) for cut, n in zip(view.shift, (columns, rows), strict=True))
    scores, edges = detector.maps(np.ascontiguousarray(scaled[top:, left:]))
    corner = np.array([left, top], np.float32)
    factor = np.array([page.shape[1] / columns, page.shape[0] / rows], np.float32)

    def quads(config: ScoremapConfig | None) -> list[Quad]:
        found, _ = find_lines(scores, edges, detector.stride, config)
        return list((found + corner) * factor)

    return quads(None), quads(FAINT)


def together(views: Sequence[Sequence[Quad]]) -> list[list[Quad]]:
    """Group the boxes of several views that are the same line, one of each at most."""
    left = [list(quads) for quads in views]
    groups: list[list[Quad]] = []
    for a in range(len(left)):
        mine = [[quad] for quad in left[a]]
        for b in range(a + 1, len(left)):
            pairs = match(left[a], left[b], threshold=SAME).pairs
            for i, j in pairs:
                mine[i].append(left[b][j])
            taken = {j for _, j in pairs}
            left[b] = [quad for j, quad in enumerate(left[b]) if j not in taken]
        groups += mine
    return groups


def as_array(quads: Sequence[Quad]) -> NDArray[np.float32]:
    """Stack quads: ``n 4 2`` float32, also where there are none."""
    return np.array(quads, np.float32).reshape(-1, 4, 2)

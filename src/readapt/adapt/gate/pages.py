"""The gate of the detector: more is read on held-out pages, and general pages lose no line.

What a detector is worth is what a recognizer, the same before and after, reads in its boxes:
characters it is sure of count for, those it is not sure of against. To find nothing is worth
nothing. To find everything costs: a box in which nothing can be read, or one that lies on another,
counts against. And what is read counts only as far as the box is found again in other views.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.adapt.gate.evidence import more_share
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.scans.steady import VIEWS, Maps, look_at
from readapt.adapt.settings import GateConfig
from readapt.evaluate.boxes import Detection, match
from readapt.lines.crop import crop_frame, line_frame
from readapt.recognize.reading import Reading
from readapt.train.detector_data import LabelledPage
from readapt.types import Image, Quad


class Finds(Maps, Protocol):
    """What finds the lines of a page; ``Detector`` does."""

    def detect(self, page: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Quads ``n 4 2`` from the best down, and their scores."""
        ...


class Reads(Protocol):
    """What reads cut lines; ``Recognizer`` does."""

    def read(self, lines: Sequence[Image]) -> Sequence[Reading]:
        """Return one reading per line, in order."""
        ...


@dataclass(frozen=True)
class PageScore:
    """How a detector does."""

    worth: NDArray[np.float64] = field(repr=False)
    """Characters well read on each held-out page, less those that are not."""
    general: float
    """H-mean of the lines of general pages."""


class PageGate:
    """Scores detectors on pages held out, and decides between two of them."""

    def __init__(
        self,
        held_out: Sequence[Image],
        general: Sequence[LabelledPage],
        config: GateConfig,
        pad: float = 0.1,
    ) -> None:
        """``held_out`` are sheets, ``pad`` the margin of cut lines in line heights."""
        self.config = config
        self._held_out, self._general, self._pad = held_out, general, pad

    def score(
        self, detector: Finds, reader: Reads, tick: Callable[[], None] = lambda: None
    ) -> PageScore:
        """Find the lines of both sets of pages, and read those of the held-out ones."""
        found = Detection()
        for page, quads in self._general:
            tick()
            found += match(list(quads), list(detector.detect(page)[0])).detection
        worth = []
        for page in self._held_out:
            tick()
            worth.append(page_worth(detector, reader, page, self._pad))
        return PageScore(np.array(worth, np.float64), found.hmean)

    def decide(self, before: PageScore, after: PageScore, general: float) -> Verdict:
        """Compare a candidate with the present detector; ``general`` is the base's H-mean."""
        config = self.config
        least = general - config.general_margin
        moved = f"well-read characters {before.worth.sum():.0f} -> {after.worth.sum():.0f}"
        others = f"general pages {general:.3f} -> {after.general:.3f}"
        if not after.worth.sum() > before.worth.sum():
            return Verdict(False, f"not better on held-out pages ({moved})")
        sure = more_share(before.worth, after.worth)
        if sure < config.sure:
            return Verdict(False, f"better on {sure:.0%} of resampled pages only ({moved})")
        if after.general < least:
            return Verdict(False, f"worse on others than {least:.3f} allows ({others}; {moved})")
        return Verdict(True, f"{moved}, {others}")


def page_worth(detector: Finds, reader: Reads, page: Image, pad: float) -> float:
    """Weigh what is read in the boxes found on a page, ``H W`` uint8 at the detector's scale.

    A character read with confidence c counts 2c - 1, times the share of other views that find its
    line too; a line in which nothing is read counts -1, and one that lies on better ones against.
    """
    quads, _ = detector.detect(page)
    if len(quads) == 0:
        return 0.0
    cuts = [crop_frame(page, line_frame(quad, pad)) for quad in quads]
    texts = reader.read(cuts)
    read = np.array([len(r.text) * (2 * r.confidence - 1) if r.text else -1.0 for r in texts])
    steady = np.zeros(len(quads))
    for view in VIEWS[1:]:
        for i, _ in match(list(quads), look_at(detector, page, view)[0]).pairs:
            steady[i] += 1 / len(VIEWS[1:])
    worth = np.where(read > 0, read * steady, read)
    return float(np.where(fresh(quads, page.shape), worth, -np.abs(read)).sum())


def fresh(quads: Sequence[Quad] | NDArray[np.float32], size: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tell which quads lie by more than half where no earlier one does."""
    taken = np.zeros(size[:2], np.uint8)
    found = np.zeros(len(quads), np.bool_)
    for i, quad in enumerate(quads):
        own = np.zeros_like(taken)
        cv2.fillPoly(own, [np.rint(quad).astype(np.int32)], 1)
        area = int(own.sum())
        found[i] = int((own & (1 - taken)).sum()) > 0.5 * area
        taken |= own
    return found

"""Text-free patches of a user's scans: what paper is learnt from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.errors import InputError
from readapt.gan.scans import pages_of
from readapt.geometry import quad_size
from readapt.pages.load import find_inputs
from readapt.reader import Reader
from readapt.types import Image, Quad

SIDE = 64
"""Pixels a side of the patches."""
LINE = 36.0
"""Height in pixels of a cut line, air included, at the scale that paper is learnt in."""
AIR = 1.2
"""Height of a line cut for reading over that of its quad."""
_A_PAGE = 300


@dataclass(frozen=True, slots=True)
class Tone:
    """How grey levels become the values in [-1, 1] that networks see.

    Logarithmic about the paper's level: most paper is near it, and there single levels matter; the
    few patches of another tone are kept, at a coarser scale.
    """

    mean: float
    """Level of the paper, value 0."""
    scale: float
    """Levels from `mean` that have the value 1 or -1."""
    soft: float
    """Levels up to which values are about proportional."""

    @classmethod
    def of(cls, levels: NDArray[np.uint8]) -> Tone:
        """Measure patches: median, all but the outermost pixels, deviation within a patch."""
        mean = float(np.median(levels))
        low, high = np.quantile(levels, (0.002, 0.998))
        within = float(np.median(levels.astype(np.float32).std(axis=(1, 2))))
        return cls(mean, max(mean - float(low), float(high) - mean, 3.0), max(within, 1.0))

    def values(self, levels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring levels of any shape to `sign(d) log(1 + |d| / soft) / log(1 + scale / soft)`.

        `d` is the distance from `mean`; at most 1.
        """
        away = levels - np.float32(self.mean)
        size = np.log1p(np.abs(away) / self.soft) / np.log1p(self.scale / self.soft)
        return np.asarray(np.sign(away) * np.minimum(size, 1), np.float32)

    def levels(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Bring values back to uint8 levels."""
        away = self.soft * np.expm1(np.abs(values) * np.log1p(self.scale / self.soft))
        return np.asarray(np.clip(np.rint(self.mean + np.sign(values) * away), 0, 255), np.uint8)


@dataclass(frozen=True, slots=True)
class Patches:
    """Text-free patches, what they have in common, and the ink of the pages they are from."""

    levels: NDArray[np.uint8]
    """`patch SIDE SIDE`."""
    tone: Tone
    pages: int
    ink: tuple[float, float]
    """Share of the paper's light that ink lets through: 10 % and 90 % quantile of the pages."""


def find_patches(
    scans: Sequence[str],
    reader: Reader,
    *,
    most: int = 4000,
    least: int = 100,
    pages: int = 30,
    seed: int = 0,
    told: Callable[[str], None] = lambda said: None,
) -> Patches:
    """Find text-free patches on scans, at the scale at which cut lines are `LINE` pixels high.

    A patch lies outside of every line that `reader` finds, with a margin, and passes
    :func:`plain_paper`. At most `pages` pages, of files drawn by `seed`, are looked at, each for
    about as many patches; `told` hears what cannot be loaded. Raises :class:`InputError`, saying
    what is missing, where fewer than `least` are found.
    """
    rng = np.random.default_rng([seed, 11])
    files = [file for name in scans for file in find_inputs(name)]
    chosen = [files[i] for i in sorted(rng.permutation(len(files))[:pages])]
    some = islice(pages_of(chosen, told), pages)
    quads = ((page.image, [c.quad for c in reader.cut_lines(page)]) for page in some)
    return cut_patches(quads, rng, most=most, least=least)


def cut_patches(
    pages: Iterable[tuple[Image, Sequence[Quad]]],
    rng: np.random.Generator,
    *,
    most: int = 4000,
    least: int = 100,
) -> Patches:
    """Cut text-free patches out of pages, `H W` or `H W 3` uint8, whose lines are at `quads`.

    As :func:`find_patches` does, and with the same errors.
    """
    found: list[list[Image]] = []
    inks = []
    for image, quads in pages:
        some, ink = _patches_on(image, quads, rng)
        found.append(some)
        inks += ink
    count = sum(map(len, found))
    if count < least:
        raise InputError(_missing(count, least, len(found), len(inks)))
    low, high = np.quantile(inks, (0.1, 0.9))
    levels = np.stack(_evenly(found, most))
    return Patches(levels, Tone.of(levels), len(found), (float(low), float(high)))


def _missing(count: int, least: int, pages: int, with_text: int) -> str:
    where = f"{pages} page{'s' if pages != 1 else ''}"
    if not with_text:
        return (
            f"No line of text was found on {where}, so the scale of the paper is unknown: are "
            "these scans of text, bright enough, and right side up?"
        )
    if not count:
        return (
            f"No bare paper was found on {where}: the text leaves no margin of two lines' height, "
            "or the margins were painted over; add pages with margins."
        )
    return (
        f"Only {count} patches of bare paper were found on {where}, and {least} are needed: "
        f"about {least * pages // count + 1} such pages would do."
    )


def _evenly(found: Sequence[list[Image]], most: int) -> list[Image]:
    """At most `most` patches, the same number of every page as far as pages have them."""
    cap = max(map(len, found))
    while sum(min(len(some), cap) for some in found) > most:
        cap -= 1
    return [patch for some in found for patch in some[:cap]]


def _patches_on(
    image: Image, quads: Sequence[Quad], rng: np.random.Generator
) -> tuple[list[Image], list[float]]:
    """Patches of a page in random order, and the share of light its ink lets through."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image)
    if not quads:
        return [], []
    middle = float(np.median([quad_size(quad)[1] for quad in quads]))
    scale = min(LINE / max(AIR * middle, 1.0), 2.0)
    blocked = np.zeros(grey.shape, np.uint8)
    for quad in quads:
        cv2.fillConvexPoly(blocked, np.round(quad).astype(np.int32), 255)
    reach = max(3, round(0.25 * middle)) | 1
    blocked = np.asarray(cv2.dilate(blocked, np.ones((reach, reach), np.uint8)))
    ink, paper = np.quantile(grey[blocked > 0], (0.02, 0.7))
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(grey, size, interpolation=how), np.uint8)
    covered = np.asarray(cv2.resize(blocked, size, interpolation=cv2.INTER_NEAREST))
    patches = []
    for y in range(0, small.shape[0] - SIDE + 1, SIDE // 2):
        for x in range(0, small.shape[1] - SIDE + 1, SIDE // 2):
            if covered[y : y + SIDE, x : x + SIDE].any():
                continue
            patch = small[y : y + SIDE, x : x + SIDE]
            if plain_paper(patch, float(ink)):
                patches.append(np.ascontiguousarray(patch))
    order = rng.permutation(len(patches))[:_A_PAGE]
    return [patches[i] for i in order], [float(ink) / max(float(paper), 1.0)]


def plain_paper(patch: Image, ink: float) -> bool:
    """Whether a patch holds no ink the detector missed: no place near the page's `ink` level.

    Nor is it the scanner's bed (dark on the whole), nor dead (one level: a painted margin).
    """
    paper = float(np.median(patch))
    darkest = float(np.quantile(cv2.blur(patch, (3, 3)), 0.002))
    return paper > 100 and darkest > paper - 0.35 * (paper - min(ink, paper)) and patch.std() > 0.3

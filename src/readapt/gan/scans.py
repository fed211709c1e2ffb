"""Lines of a user's scans, cut and prepared: what adversarial training calls real."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from readapt.errors import InputError
from readapt.pages.load import STDIN, PageImage, find_inputs, load_pages
from readapt.pages.spread import SpreadPages
from readapt.reader import Reader
from readapt.recognize.preprocess import prepare_colour, prepare_line
from readapt.recognize.tighten import cut_as_read, tightened
from readapt.types import Image

BLANK = 140
"""A prepared line whose darkest hundredth is brighter than this holds no ink."""
DARK = 90
"""A prepared line whose median is darker than this is no text on paper."""
SMALLEST = 8
"""Lines of fewer pixels in height have no look to learn."""


@dataclass(frozen=True, slots=True)
class ScanLines:
    """Usable lines and where they came from."""

    lines: tuple[Image, ...]
    """Prepared, `height width` uint8, or `height width 3` in colour."""
    pages: int
    """Pages looked at."""
    left_out: int
    """Lines found and not used: too small, blank or black."""


def usable(line: Image, prepared: Image) -> bool:
    """Whether a cut line, and the same prepared, is large enough and shows ink on paper."""
    if min(line.shape[:2]) < SMALLEST or prepared.shape[1] < prepared.shape[0] // 2:
        return False
    darkest, median = np.quantile(prepared, (0.01, 0.5))
    return bool(darkest <= BLANK and median >= DARK)


def scan_lines(
    scans: Sequence[str],
    reader: Reader | None,
    *,
    height: int = 36,
    most: int = 3000,
    least: int = 8,
    colour: bool = False,
    told: Callable[[str], None] = lambda said: None,
) -> ScanLines:
    """Cut the lines out of scans: files, folders, globs, PDFs.

    `reader` finds them; with None, every image holds one line. In `colour` they are prepared as
    `height width 3`. Pages are taken evenly over all there are, until there are `most` lines;
    `told` hears what cannot be loaded. Raises :class:`InputError`, saying what is missing, where
    fewer than `least` are usable.
    """
    kept: list[Image] = []
    pages = left_out = 0
    for page in pages_of(scans, told):
        pages += 1
        if reader is None:
            cuts = [tightened(page.image)]
        else:
            cuts = cut_as_read(reader, [cut.image for cut in reader.cut_lines(page)])
        for cut in cuts:
            prepared = prepare_line(cut, height)
            if usable(cut, prepared):
                kept.append(prepare_colour(cut, height) if colour else prepared)
            else:
                left_out += 1
        if len(kept) >= most:
            break
    if len(kept) < least:
        raise InputError(_missing(len(kept), least, pages, left_out, reader is None))
    return ScanLines(tuple(kept[:most]), pages, left_out)


def pages_of(
    scans: Sequence[str], told: Callable[[str], None] = lambda said: None
) -> Iterator[PageImage]:
    """Yield the pages of files, folders and globs, any first ones spread over all of them.

    A document on stdin comes first. `told` hears what is damaged. Raises :class:`InputError` for a
    file that is not there, and where nothing can be loaded.
    """
    files = [file for name in scans for file in find_inputs(name)]
    for file in files:
        if file == STDIN or not Path(file).exists():
            yield from load_pages(file)
    damaged: list[str] = []
    said = loaded = 0
    for page in SpreadPages([file for file in files if file != STDIN], damaged.append):
        if page is not None:
            loaded += 1
            yield page
        for text in damaged[said:] if loaded else ():
            told(f"{text}. What is damaged is left out.")
            said += 1
    if damaged and not loaded and STDIN not in files:
        raise InputError(f"{damaged[0]}.")


def _missing(kept: int, least: int, pages: int, left_out: int, single: bool) -> str:
    where = f"{pages} image{'s' if pages != 1 else ''}"
    if kept == 0 and left_out:
        return (
            f"All {left_out} lines on {where} are blank, black or tiny: are these scans of text, "
            "and right side up?"
        )
    if kept == 0:
        return f"No line of text was found on {where}: are these scans of text?"
    more = "add more" if single else f"about {least * pages // kept + 1} such pages are needed"
    return f"Only {kept} usable lines on {where}, and {least} are needed: {more}."

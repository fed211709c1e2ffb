"""The unlabelled scans: their lines, cut once and kept on disk, some of them never learnt from."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.adapt.scans.names import name_files, name_page
from readapt.adapt.scans.sheets import MOST, Sheets, pack, part, sheet_of, unpack
from readapt.errors import InputError, UsageError
from readapt.gan.scans import usable
from readapt.lines.crop import crop_line
from readapt.pages.load import PageImage
from readapt.pages.spread import SpreadPages
from readapt.reader import Reader
from readapt.recognize.preprocess import prepare_line
from readapt.recognize.tighten import cut_as_read
from readapt.train.reframe import AROUND
from readapt.types import Image
from readapt.whole import written_whole

FILE_NAME: Final = "lines.npz"
TALLEST: Final = 64
"""Pixels of height that cut lines are kept at for other engines."""
FEWEST_PAGES = 10
"""Pages from which on whole ones are held out: of fewer, each may be a kind of its own, to learn
from and to judge by."""
MOST_HELD_OUT = 0.4
"""Share of the lines that is held out at most: one page may have nearly all of them."""
_SHOWN = 5
"""Names in a sentence."""
_IMAGES: Final = ("lines", "held_out", "cuts", "held_out_cuts", "around")


@dataclass(frozen=True, slots=True)
class TargetConfig:
    """What is taken from the scans."""

    single: bool = False
    """Every image holds one line; otherwise lines are found on pages."""
    most: int = 3000
    """Lines at most; pages are taken evenly from the whole collection."""
    least: int = 20
    """Lines at least."""
    held_out: float = 0.2
    """Share of the pages (of the lines, where there are few pages) that is never learnt from."""
    most_held_out: int = 200
    """Lines that are held out at most."""
    widest: int = 2200
    """Pixels of width of a prepared line that is learnt from; wider ones are read only."""
    height: int = 36


@dataclass(frozen=True)
class Target:
    """Lines of the scans, prepared: `height width` uint8, dark on bright."""

    lines: tuple[Image, ...]
    """To learn from."""
    held_out: tuple[Image, ...]
    """To judge by."""
    cuts: tuple[Image, ...]
    """The lines to learn from as they were cut, grey, at most ``TALLEST`` pixels high ..."""
    pages: tuple[int, ...]
    """Number of the page each of ``lines`` is from."""
    remarks: tuple[str, ...] = ()
    """What the user should know about the scans, a sentence each."""
    held_out_cuts: tuple[Image, ...] = ()
    """... and those to judge by."""
    around: tuple[Image, ...] = ()
    """The lines to learn from with ``train.reframe.AROUND`` of their height on all sides, grey, at
    most ``TALLEST`` pixels high; none where every image is a line."""
    sheets: Sheets = field(default_factory=Sheets)
    """Whole pages, for the detector; none where every image is a line."""
    held_out_pages: tuple[int, ...] = ()
    """Number of the page each of ``held_out`` is from."""
    names: tuple[str, ...] = ()
    """What to call each page, by its number."""
    heights: tuple[int, ...] = ()
    """Pixels that each of ``lines`` was high on its page."""

    def name(self, page: int) -> str:
        """Say what to call a page, by its number."""
        return self.names[page] if page < len(self.names) else f"page {page + 1}"


def load_target(path: Path) -> Target | None:
    """Load what :func:`save_target` wrote; None where there is nothing.

    Raises :class:`UsageError` where it is damaged.
    """
    try:
        return _load(path)
    except FileNotFoundError:
        return None
    except (BadZipFile, EOFError, KeyError, ValueError) as error:
        raise UsageError(
            f"{path}: the lines of the scans are damaged; remove {path.parent} to begin anew."
        ) from error


def _load(path: Path) -> Target:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        images = {
            name: _unpack(arrays[f"{name}_pixels"], arrays[f"{name}_shapes"]) for name in _IMAGES
        }
        return Target(
            pages=tuple(map(int, arrays["pages"])),
            remarks=tuple(map(str, arrays["remarks"])),
            sheets=unpack(arrays),
            held_out_pages=tuple(map(int, arrays["held_out_pages"])),
            names=tuple(map(str, arrays["names"])),
            heights=tuple(map(int, arrays["heights"])),
            **images,
        )


def save_target(target: Target, path: Path) -> None:
    """Write the lines of a target, whole or not at all."""
    arrays: dict[str, NDArray[np.generic]] = {
        "pages": np.array(target.pages, np.int64),
        "held_out_pages": np.array(target.held_out_pages, np.int64),
        "remarks": np.array(target.remarks, np.str_),
        "names": np.array(target.names, np.str_),
        "heights": np.array(target.heights, np.int64),
        **pack(target.sheets),
    }
    for name in _IMAGES:
        images: tuple[Image, ...] = getattr(target, name)
        arrays[f"{name}_pixels"] = np.concatenate(
            [np.zeros(0, np.uint8), *(i.ravel() for i in images)]
        )
        arrays[f"{name}_shapes"] = np.array([i.shape for i in images], np.int64).reshape(-1, 2)
    with written_whole(path) as scratch, scratch.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _unpack(pixels: NDArray[np.uint8], shapes: NDArray[np.int64]) -> tuple[Image, ...]:
    ends = np.cumsum(shapes.prod(axis=1))
    return tuple(
        pixels[end - h * w : end].reshape(h, w)
        for end, (h, w) in zip(ends.tolist(), shapes.tolist(), strict=True)
    )


def find_target(
    scans: Sequence[str],
    reader: Reader,
    config: TargetConfig,
    seconds: float = float("inf"),
    seed: int = 0,
    told: Callable[[int, int], None] = lambda done, count: None,
    most_seconds: float = float("inf"),
) -> Target:
    """Cut the lines out of scans: files, folders, globs, PDFs.

    Takes pages evenly over the collection until there are lines enough, or ``seconds`` have gone
    and there are ``config.least``; after ``most_seconds`` it ends whatever was found. Both are
    counted from when the files have been found, and their pages counted.
    A page that cannot be loaded, or that came before pixel for pixel, is left out and named.
    ``told`` hears after every page, those too, how many are done, and of how many.

    Raises:
        InputError: no page at all, or fewer lines than ``config.least``.

    """
    names, others = name_files(scans)
    remarks = []
    if others:
        remarks.append(f"Not images, left out: {_listed(others)}.")
    damaged: list[str] = []
    twice: list[str] = []
    seen: dict[bytes, str] = {}
    found: list[_Line] = []
    called: list[str] = []
    sheets: list[tuple[int, Image]] = []
    pages = left_out = done = 0
    every = SpreadPages(list(names), damaged.append)
    started = time.monotonic()  # to open thousands of files on a slow disk is no looking yet
    for done, page in enumerate(every, 1):
        mark = b"" if page is None else hashlib.sha256(page.image.tobytes()).digest()
        name = "" if page is None else name_page(page, names, every.counts)
        if page is not None and mark in seen:
            twice.append(f"{name} (as {seen[mark]})")
        elif page is not None:
            seen[mark] = name
            cuts, sheet = _cuts(page, reader, config.single)
            if sheet is not None and len(sheets) < MOST:
                sheets.append((pages, sheet))
            kept = [line for line in (_kept(pages, cut, config) for cut in cuts) if line]
            left_out += len(cuts) - len(kept)
            found += kept
            called.append(name)
            pages += 1
        told(done, len(every))
        late = seconds if len(found) >= config.least else most_seconds
        if len(found) >= config.most or time.monotonic() - started > late:
            break
    if damaged:
        remarks.append(f"Cannot be read, left out: {_listed(damaged, '; ')}.")
    if twice:
        remarks.append(
            f"{len(twice)} of {pages + len(twice)} scans are the same picture as another and "
            f"count once: {_listed(twice)}."
        )
    if len(found) < config.least:
        said = [_too_few(len(found), left_out, pages, config, damaged)]
        if done < len(every):
            said.append(
                f"Only {done} of {len(every)} pages were looked at in this time: give more "
                "--minutes, or pages with more text."
            )
        raise InputError(" ".join([*said, *(remarks if pages else ())]))
    if done < len(every):
        remarks.append(
            f"{done} of {len(every)} pages are looked at, evenly over all of "
            "them; --resume keeps to these."
        )
    target = _parted(found[: config.most], config, seed, tuple(remarks))
    held_out = frozenset(target.held_out_pages) - set(target.pages)
    return replace(target, sheets=part(sheets, held_out, seed), names=tuple(called))


class _Cut(NamedTuple):
    """A line, cut out of its page ..."""

    image: Image
    as_read: Image
    """... as reading cuts it once more ..."""
    around: Image | None = None
    """... and with what is around it; None where every image is a line."""


def _cuts(page: PageImage, reader: Reader, single: bool) -> tuple[list[_Cut], Image | None]:
    """Cut the lines out of a page; shrink it for the detector."""
    if single:
        return [_Cut(page.image, *cut_as_read(reader, [page.image], cut_elsewhere=True))], None
    found = reader.cut_lines(page)
    images, quads = [cut.image for cut in found], [cut.quad for cut in found]
    around = [crop_line(page.image, quad, AROUND) for quad in quads]
    cuts = map(_Cut, images, cut_as_read(reader, images), around)
    return list(cuts), sheet_of(page.image, quads)


class _Line(NamedTuple):
    """A line of the scans."""

    page: int
    prepared: Image
    cut: Image
    around: Image | None
    height: int
    """Pixels, before ``cut`` was shrunk."""


def _kept(page: int, cut: _Cut, config: TargetConfig) -> _Line | None:
    """Return a line prepared, and grey at a height other engines like; None for no usable line."""
    prepared = prepare_line(cut.as_read, config.height)
    if not usable(cut.image, prepared) or prepared.shape[1] > config.widest:
        return None
    wider = None if cut.around is None else _grey(cut.around)
    return _Line(page, prepared, _grey(cut.image), wider, cut.image.shape[0])


def _grey(cut: Image) -> Image:
    """Make a cut grey, and at most ``TALLEST`` pixels high."""
    grey = cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY) if cut.ndim == 3 else cut
    if grey.shape[0] > TALLEST:
        width = max(1, round(grey.shape[1] * TALLEST / grey.shape[0]))
        grey = cv2.resize(grey, (width, TALLEST), interpolation=cv2.INTER_AREA)
    return np.asarray(grey, np.uint8)


def _parted(
    found: Sequence[_Line],
    config: TargetConfig,
    seed: int,
    remarks: tuple[str, ...],
) -> Target:
    """Hold out whole pages; lines, with few pages or hardly any lines on all but one."""
    wanted = min(config.most_held_out, max(1, round(config.held_out * len(found))))
    unit = [line.page for line in found]
    held = _held(unit, wanted, seed)
    if len(set(unit)) < FEWEST_PAGES or 2 * sum(u in held for u in unit) < wanted:
        unit = list(range(len(found)))
        held = _held(unit, wanted, seed)
    learnt = [line for line, u in zip(found, unit, strict=True) if u not in held]
    judged = [line for line, u in zip(found, unit, strict=True) if u in held]
    judged = judged[: config.most_held_out]
    return Target(
        tuple(line.prepared for line in learnt),
        tuple(line.prepared for line in judged),
        tuple(line.cut for line in learnt),
        tuple(line.page for line in learnt),
        remarks,
        tuple(line.cut for line in judged),
        tuple(line.around for line in learnt if line.around is not None),
        held_out_pages=tuple(line.page for line in judged),
        heights=tuple(line.height for line in learnt),
    )


def _held(unit: Sequence[int], wanted: int, seed: int) -> set[int]:
    """Draw pages, or lines, until ``wanted`` of the lines, each of a ``unit``, are on them.

    None with which most of what there is to learn from would be gone.
    """
    held: set[int] = set()
    count, sizes = 0, Counter(unit)
    for chosen in np.random.default_rng([seed, 11]).permutation(sorted(sizes)).tolist():
        if count < wanted and count + sizes[chosen] <= MOST_HELD_OUT * len(unit):
            held.add(chosen)
            count += sizes[chosen]
    return held


def _listed(names: Sequence[str], between: str = ", ") -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return between.join(names[:_SHOWN]) + more


def _too_few(
    lines: int, left_out: int, pages: int, config: TargetConfig, damaged: Sequence[str]
) -> str:
    images = f"{pages} image{'s' if pages != 1 else ''}"
    if not pages:
        return f"None of the scans can be read: {'; '.join(damaged[:_SHOWN])}."
    if not lines and left_out:
        return f"All {left_out} lines on {images} are blank, black, tiny or far too long."
    if not lines:
        return (
            f"No line of text was found on {images}: are these scans of text, and if each is a "
            "single line, was --lines given?"
        )
    return (
        f"Only {lines} usable lines on {images}, and {config.least} are needed to learn from: "
        "add more scans."
    )

"""Synthetic lines and pages on disk, with the ground truth other tools read too.

Lines: ``000000.png`` beside ``000000.gt.txt``. Pages: ``000000.png`` beside ``000000.json``, and on
request PAGE XML (2019-07-15) in the sub-folder ``page``. Files are named by index, and what is in
them depends on configuration and index alone, however many processes share the work (PAGE XML
also states when it was written).
"""

import json
import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np

from readapt.document.elements import Line, Page, Word
from readapt.errors import UsageError
from readapt.formats.pagexml import write_pagexml
from readapt.synth.corpus import Corpus, read_corpus
from readapt.synth.lines import LineConfig, LineMaker, LineSample
from readapt.synth.page import PageConfig, PageSample, make_page
from readapt.types import Image, Polygon, Quad
from readapt.whole import written_whole

MakesPage: TypeAlias = Callable[[int, PageConfig], PageSample]
"""The number of a page and how pages are made to the page."""

_CHUNK = 4


def write_line(folder: Path, index: int, sample: LineSample) -> None:
    """Write ``<index>.gt.txt`` (UTF-8, one line) and ``<index>.png``: where that is, both are."""
    (folder / f"{index:06d}.gt.txt").write_text(sample.text + "\n", encoding="utf-8")
    with written_whole(folder / f"{index:06d}.png") as scratch:
        _write_image(scratch, sample.image)


def write_page(folder: Path, index: int, sample: PageSample, *, page_xml: bool = False) -> None:
    """Write ``<index>.png`` and ``<index>.json``, and PAGE XML into ``page`` if asked to.

    The JSON is ``{"image", "width", "height", "level", "doc", "lines": [{"polygon", "text",
    "words": [{"polygon", "text"}]}]}``; coordinates in pixels, to a tenth.
    """
    name = f"{index:06d}"
    _write_image(folder / f"{name}.png", sample.image)
    height, width = sample.image.shape[:2]
    truth = {
        "image": f"{name}.png",
        "width": width,
        "height": height,
        "level": "line",
        "doc": sample.layout,
        "lines": [
            {
                "polygon": _corners(line.quad),
                "text": line.text,
                "words": [{"polygon": _corners(quad), "text": text} for text, quad in line.words],
            }
            for line in sample.lines
        ],
    }
    text = json.dumps(truth, ensure_ascii=False, indent=1)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    if page_xml:
        (folder / "page").mkdir(exist_ok=True)
        page = as_page(sample, f"{name}.png")
        xml = write_pagexml([page], "synth")
        (folder / "page" / f"{name}.xml").write_text(xml, encoding="utf-8")


def as_page(sample: PageSample, source: str = "") -> Page:
    """Return the truth of a page in the form of a reading, confidence 1 throughout."""
    height, width = sample.image.shape[:2]
    lines = tuple(
        Line(
            _corners(line.quad),
            line.text,
            1.0,
            tuple(Word(text, _corners(quad), 1.0) for text, quad in line.words),
        )
        for line in sample.lines
    )
    return Page(width, height, lines, source)


def write_lines(
    folder: Path, count: int, config: LineConfig, corpus: str | None, jobs: int
) -> Iterator[int]:
    """Write lines 0 to ``count - 1`` into ``folder``; yields how many are done.

    ``corpus`` is a text file whose words are drawn, None for the texts of this system. Raises
    InputError where it cannot be read, FontError where there is no font.
    """
    _line_maker(config, corpus)
    return _share(partial(_one_line, folder, config, corpus), folder, count, jobs)


def write_pages(
    folder: Path,
    count: int,
    config: PageConfig,
    corpus: str | None,
    jobs: int,
    *,
    page_xml: bool = False,
    make: MakesPage = make_page,
) -> Iterator[int]:
    """Write pages 0 to ``count - 1`` into ``folder``; yields how many are done.

    ``make`` makes them, and pickles where ``jobs`` is more than one.
    ``corpus`` and errors as for :func:`write_lines`.
    """
    if corpus is not None:
        _corpus(corpus)
    write = partial(_one_page, folder, config, corpus, page_xml, make)
    return _share(write, folder, count, jobs)


def _share(make: Callable[[int], None], folder: Path, count: int, jobs: int) -> Iterator[int]:
    """Call ``make`` for every index, in this process or shared among ``jobs``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written to as a folder ({error.strerror}): name another with -o."
        ) from error
    if jobs <= 1:
        for index in range(count):
            make(index)
            yield index + 1
        return
    with multiprocessing.get_context("spawn").Pool(
        min(jobs, count), cv2.setNumThreads, (1,)
    ) as pool:
        for done, _ in enumerate(pool.imap_unordered(make, range(count), chunksize=_CHUNK), 1):
            yield done


def _one_line(folder: Path, config: LineConfig, corpus: str | None, index: int) -> None:
    write_line(folder, index, _line_maker(config, corpus).make(index))


def _one_page(
    folder: Path,
    config: PageConfig,
    corpus: str | None,
    page_xml: bool,
    make: MakesPage,
    index: int,
) -> None:
    if corpus is not None:
        config = _with_corpus(config, corpus)
    write_page(folder, index, make(index, config), page_xml=page_xml)


# Each process reads the corpus once; a Corpus of megabytes never travels between processes.
@lru_cache(maxsize=2)
def _corpus(path: str) -> Corpus:
    return read_corpus(path)


@lru_cache(maxsize=2)
def _line_maker(config: LineConfig, corpus: str | None) -> LineMaker:
    if corpus is None:
        return LineMaker(config)
    known = _corpus(corpus)
    return LineMaker(config, corpora={known.name: known})


def _with_corpus(config: PageConfig, path: str) -> PageConfig:
    return replace(config, corpora=(_corpus(path),))


def _write_image(path: Path, image: Image) -> None:
    """Write a PNG; grey stays one channel."""
    stored = cv2.cvtColor(image, cv2.COLOR_RGB2BGR) if image.ndim == 3 else image
    _, packed = cv2.imencode(".png", stored, [int(cv2.IMWRITE_PNG_COMPRESSION), 3])
    path.write_bytes(np.asarray(packed).tobytes())


def _corners(quad: Quad) -> Polygon:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in quad)

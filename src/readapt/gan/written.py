"""Labelled lines in a look, on disk: drawn, translated, read again, and kept if they still read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count as counted
from itertools import islice
from pathlib import Path
from typing import TypeAlias

import numpy as np

from readapt.errors import ReadaptError
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer
from readapt.gan.crops import Rendered
from readapt.gan.look import Look
from readapt.gan.monitor import Reads
from readapt.gan.paper import LookPaper, lay_under
from readapt.gan.setting import Setting
from readapt.gan.source import source_line
from readapt.gan.translate import translate_line
from readapt.synth.lines import LineMaker, LineSample
from readapt.synth.truth import write_line
from readapt.types import Image

Change: TypeAlias = Callable[[Image, int], Image]
"""A clean prepared line and a seed to the line in the look, of the same shape."""

_CHUNK = 32
_MOST_TRIES = 5
"""Lines drawn per line wanted, before it is said that the look breaks texts."""


class BrokenTextsError(ReadaptError):
    """A look in which hardly a text survives."""


@dataclass(frozen=True, slots=True)
class Written:
    """How far the writing is."""

    kept: int
    """Lines on disk."""
    drawn: int
    """Lines translated for them."""

    @property
    def share(self) -> float:
        """Share of the lines that kept their text."""
        return self.kept / max(self.drawn, 1)


def change_of(look: Look) -> Change:
    """Return what a look does to a line: its translator, or its paper where it has no more."""
    if look.manifest.translator is None and look.manifest.paper is not None:
        source = LookPaper(str(look.folder))

        def on_paper(line: Image, seed: int) -> Image:
            rng = np.random.default_rng(seed)
            height, width = line.shape[:2]
            return lay_under(line, source.sheet(rng, height, width, height), source.ink(rng))

        return on_paper
    generator = look.translator()
    return lambda line, seed: translate_line(generator, line, seed)


def errors(text: str, label: str) -> float:
    """Edits between a reading and its label per character of the label, spaces aside."""
    bare = ["".join(fold(t).split()) for t in (label, text)]
    return cer(bare[0], bare[1]).edits / max(len(bare[0]), 1)


def keeps_its_text(clean: str, translated: str, label: str, tolerance: float) -> bool:
    """Whether a translated line still says its label, by what was read of it and of the clean one.

    A line that is hard to read is what a recognizer learns from; one whose text has changed is
    what ruins it. So a reading may be worse than that of the clean line, by `tolerance` errors per
    character at most.
    """
    return errors(translated, label) <= errors(clean, label) + tolerance


def write_look_lines(
    folder: Path,
    count: int,
    maker: LineMaker,
    change: Change,
    reads: Reads,
    *,
    seed: int = 0,
    tolerance: float = 0.1,
    height: int = 36,
    settings: Sequence[Setting] = (),
) -> Iterator[Written]:
    """Write `count` lines in a look to `folder`: `000000.png` and `000000.gt.txt`.

    `maker` gives texts, which are set as one of the `settings` says, and draws lines by itself
    where there are none; `reads` reads them before and after. Lines that lost their text are
    dropped, others drawn for them; yields how far it is after every few. Raises
    :class:`BrokenTextsError` where four of five are lost.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = drawn = 0
    indices = iter(counted())
    while kept < count:
        if drawn >= _MOST_TRIES * max(count, _CHUNK):
            raise BrokenTextsError(
                f"Only {kept} of {drawn} translated lines keep their text: this look breaks texts; "
                "train it with --text-weight 5, or read with a better model (-m)."
            )
        lines, translated = _chunk(
            list(islice(indices, _CHUNK)), maker, change, seed, height, settings
        )
        pairs = zip(reads([line.image for line in lines]), reads(translated), strict=True)
        for line, image, (before, after) in zip(lines, translated, pairs, strict=True):
            if kept == count:
                break
            drawn += 1
            if keeps_its_text(before, after, line.text, tolerance):
                quads = _quads(line, height)
                write_line(folder, kept, LineSample(image, line.text, quads, ""))
                kept += 1
        yield Written(kept, drawn)


def _chunk(
    indices: Sequence[int],
    maker: LineMaker,
    change: Change,
    seed: int,
    height: int,
    settings: Sequence[Setting],
) -> tuple[list[Rendered], list[Image]]:
    lines = [source_line(maker, i, seed, height, settings) for i in indices]
    translated = [change(line.image, seed + i) for i, line in zip(indices, lines, strict=True)]
    return lines, translated


def _quads(line: Rendered, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    quads = np.zeros((len(line.text), 4, 2), np.float32)
    quads[:, (0, 3), 0] = line.spans[:, :1]
    quads[:, (1, 2), 0] = line.spans[:, 1:]
    quads[:, 2:, 1] = height
    return quads

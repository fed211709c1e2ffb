"""Labelled lines to learn from beside the real ones: akin to the scans, general, in the look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from readapt.evaluate.truth import TEXT_SUFFIX
from readapt.pages.load import load_page
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.preprocess import prepare_line
from readapt.synth.corpus import Corpus
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image

FRESH = 1_000_000
"""Number of the first rendered line that no stage comes to."""
SPARE = 8
"""One in so many lines in the look is kept back to calibrate with."""
GENERAL = 3
"""Of five rendered lines so many are of all kinds, whatever the scans look like: for variety."""


@dataclass(frozen=True)
class Known:
    """A :class:`readapt.train.selftrain.Draw`: rendered lines, every other one in the look."""

    akin: LineMaker
    """Draws the kinds and fonts that the scans look like ..."""
    general: LineMaker
    """... and all there are."""
    height: int
    translated: tuple[tuple[Image, str], ...] = ()
    """Prepared lines in the look; none: all lines are rendered."""
    spare: tuple[tuple[Image, str], ...] = ()
    """More of these, which :meth:`fresh` alone gives."""

    def __call__(self, start: int, count: int) -> list[tuple[Image, str]]:
        """Draw lines ``start`` to ``start + count - 1``."""
        return [self._line(i) for i in range(start, start + count)]

    def _line(self, index: int) -> tuple[Image, str]:
        if self.translated and index % 2:
            return self.translated[index // 2 % len(self.translated)]
        maker = self.general if index // 2 % 5 < GENERAL else self.akin
        sample = maker.make(index)
        return prepare_line(sample.image, self.height), sample.text

    def fresh(self, start: int, count: int) -> list[tuple[Image, str]]:
        """Draw lines that nothing was learnt from; every other one in the look, where any are."""
        return [self._fresh(i) for i in range(start, start + count)]

    def _fresh(self, index: int) -> tuple[Image, str]:
        if self.spare and index % 2:
            return self.spare[index // 2 % len(self.spare)]
        sample = self.akin.make(FRESH + index)
        return prepare_line(sample.image, self.height), sample.text


def read_translated(folder: Path, height: int) -> tuple[tuple[Image, str], ...]:
    """Read lines in a look from ``x.png`` + ``x.gt.txt``, prepared."""
    found = []
    for path in sorted(folder.glob("*.png")):
        text = path.with_name(path.stem + TEXT_SUFFIX).read_text("utf-8").strip()
        found.append((prepare_line(load_page(path).image, height), text))
    return tuple(found)


def line_maker(config: LineConfig, corpora: Mapping[str, Corpus], alphabet: Alphabet) -> LineMaker:
    """Make the maker of lines for a collection's texts."""
    return LineMaker(config, corpora=corpora, alphabet=alphabet)

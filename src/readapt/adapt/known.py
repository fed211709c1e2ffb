"""Labelled lines to learn from beside the real ones: drawn on the fly, and in the look.

Which kinds of document are drawn more often follows from the scans: every real line votes for the
kind of the rendered lines that a recognizer takes for its nearest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import numpy as np

from readapt.evaluate.truth import TEXT_SUFFIX
from readapt.gan.monitor import pooled_features
from readapt.nets.crnn import Crnn
from readapt.pages.load import load_page
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.preprocess import prepare_line
from readapt.synth.corpus import Corpus
from readapt.synth.fonts import FontError
from readapt.synth.lines import Genre, LineConfig, LineMaker
from readapt.types import Image

VARIETY = 0.4
"""Share of the genres' usual weights that stays, whatever the scans look like."""
EACH = 60
"""Rendered lines of each genre that real lines may be nearest to."""
_NEIGHBOURS = 5


def genre_votes(
    network: Crnn, real: Sequence[Image], config: LineConfig, alphabet: Alphabet
) -> dict[Genre, float]:
    """Share of the real lines whose nearest rendered lines are of each genre, by their features."""
    drawn: list[Image] = []
    genres: list[int] = []
    names = get_args(Genre)
    for number, name in enumerate(names):
        try:
            maker = LineMaker(replace(config, genres=((name, 1.0),)), alphabet=alphabet)
        except FontError:
            continue
        drawn += [prepare_line(maker.make(i).image, config.height) for i in range(EACH)]
        genres += [number] * EACH
    a, b = pooled_features(network, drawn), pooled_features(network, real)
    scale = a.std(0) + 1e-6
    a, b = (a - a.mean(0)) / scale, (b - a.mean(0)) / scale
    distance = (b**2).sum(1)[:, None] - 2 * b @ a.T + (a**2).sum(1)[None]
    nearest = np.argpartition(distance, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
    votes = np.bincount(np.array(genres)[nearest].ravel(), minlength=len(names))
    return {name: float(votes[i] / votes.sum()) for i, name in enumerate(names)}


def matched_config(votes: Mapping[Genre, float], config: LineConfig) -> LineConfig:
    """Draw genres by the votes, and by their usual weights for the sake of variety."""
    total = sum(weight for _, weight in config.genres)
    genres = tuple(
        (name, VARIETY * weight / total + (1 - VARIETY) * votes.get(name, 0.0))
        for name, weight in config.genres
    )
    return replace(config, genres=genres)


@dataclass(frozen=True)
class Known:
    """A :class:`readapt.train.selftrain.Draw`: rendered lines, every other one in the look."""

    maker: LineMaker
    height: int
    translated: tuple[tuple[Image, str], ...] = ()
    """Prepared lines in the look; none: all lines are rendered."""

    def __call__(self, start: int, count: int) -> list[tuple[Image, str]]:
        """Draw lines ``start`` to ``start + count - 1``."""
        return [self._line(i) for i in range(start, start + count)]

    def _line(self, index: int) -> tuple[Image, str]:
        if self.translated and index % 2:
            return self.translated[index // 2 % len(self.translated)]
        sample = self.maker.make(index)
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

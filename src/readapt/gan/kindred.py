"""Which kinds of documents and which fonts to draw, so that lines are akin to the scans.

What a game cannot change it must be given: no translator turns Fraktur into a receipt. A pilot of
degraded lines of every kind is drawn. A linear discriminant on a recognizer's features tells their
kinds apart, and says of which kinds the real lines are; then every real line votes for the fonts
of the pilot lines of these kinds that are nearest to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from readapt.gan.look import Look
from readapt.gan.monitor import Features, pooled_features
from readapt.gan.setting import Setting
from readapt.nets.crnn import Crnn
from readapt.recognize.preprocess import prepare_line
from readapt.synth.fonts import FontError
from readapt.synth.genres import Genre
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image

LEAST_FAMILIES = 6
"""Font families at least, where there are so many."""
_VOTES = 5
"""Votes of a real line."""
_MASS = 0.75
"""Share of the votes that the chosen fonts have together."""
_IN_NO_ORDER: Final[Genre] = "scattered"
"""What teaches every character, in all fonts and out of all words: no scans are of that kind."""
_RARE = 0.1
"""Kinds of documents of a smaller share are left out."""


@dataclass(frozen=True, slots=True)
class Kindred:
    """What lines akin to some scans are drawn from."""

    genres: tuple[tuple[Genre, float], ...]
    """Kinds of documents with their shares, which sum to 1."""
    families: tuple[str, ...]
    """Font families, the most akin first."""
    settings: tuple[Setting, ...] = ()
    """How some of the real lines were set, where that is known."""

    def maker(self, like: LineMaker, *, clean: float = 1.0) -> LineMaker:
        """Make a maker of such lines with the texts and the seed of another.

        Families that are not installed are passed over; where none is, all fonts are used.
        """
        config = replace(like.config, genres=self.genres, clean=clean)
        chosen = [font for font in like.fonts if font.family in self.families]
        return LineMaker(config, chosen or list(like.fonts), like.corpora, like.alphabet)


def kindred_of(look: Look) -> Kindred | None:
    """Return what the lines of a look are drawn from; None where it does not say."""
    section = look.manifest.translator
    if section is None or not section.genres:
        return None
    known = {genre: section.genres[genre] for genre in get_args(Genre) if genre in section.genres}
    if not known:
        return None
    settings = tuple(Setting(*one) for one in section.settings)
    return Kindred(tuple(known.items()), section.families, settings)


def find_kindred(
    maker: LineMaker,
    real: Sequence[Image],
    recognizer: Crnn,
    each: int = 150,
    height: int = 36,
    likely: Mapping[Genre, float] = MappingProxyType({}),
) -> Kindred:
    """Draw a pilot of `each` degraded lines per kind of document, and weigh kinds and fonts.

    `real` are prepared lines; `likely` is how likely kinds are by what the lines say, from 0 to 1,
    1 for those it does not name. Kinds that no font can draw are left out.
    """
    lines: list[Image] = []
    genres: list[Genre] = []
    families: list[str] = []
    by_name = {font.name: font.family for font in maker.fonts}
    known = {name for name, _ in maker.config.genres}
    for genre in [g for g in get_args(Genre) if g in known - {_IN_NO_ORDER}] or [_IN_NO_ORDER]:
        config = replace(maker.config, genres=((genre, 1.0),), clean=LineConfig().clean)
        try:
            pilot = LineMaker(config, maker.fonts, maker.corpora, maker.alphabet)
        except FontError:
            continue
        for i in range(each):
            sample = pilot.make(i)
            lines.append(prepare_line(sample.image, height))
            genres.append(genre)
            families.append(by_name[sample.font])
    a, b = (pooled_features(recognizer, some) for some in (lines, real))
    centre, scale = a.mean(0), a.std(0) + 1e-6
    a, b = (a - centre) / scale, (b - centre) / scale
    shares = sharpened(genres, posteriors(a, genres, b).mean(0), likely)
    kept = [i for i, genre in enumerate(genres) if genre in shares]
    voted = nearest(a[kept], b, min(_VOTES, len(kept)))
    return Kindred(
        tuple(sorted(shares.items(), key=lambda one: -one[1])),
        elected([families[i] for i in kept], voted),
    )


def posteriors(
    a: Features, kinds: Sequence[str], b: Features, ridge: float = 0.1
) -> NDArray[np.float64]:
    """Tell of which kind each of `b` is: `sample kind`, kinds in the order in which they begin.

    Fisher's linear discriminant with the kinds' common covariance, a ridge on it, and equal priors.
    """
    names = list(dict.fromkeys(kinds))
    labels = np.array([names.index(kind) for kind in kinds])
    means = np.array([a[labels == k].mean(0) for k in range(len(names))])
    within = a - means[labels]
    inverse = np.linalg.inv(within.T @ within / len(a) + ridge * np.eye(a.shape[1]))
    scores = b @ inverse @ means.T - 0.5 * np.einsum("ki,ij,kj->k", means, inverse, means)
    likely = np.exp(scores - scores.max(1, keepdims=True))
    return np.asarray(likely / likely.sum(1, keepdims=True))


def sharpened(
    genres: Sequence[Genre],
    mean: NDArray[np.float64],
    likely: Mapping[Genre, float] = MappingProxyType({}),
) -> dict[Genre, float]:
    """Square mean posteriors, which are too even, to shares; leave out what is rare."""
    names = list(dict.fromkeys(genres))
    squared = mean**2 * [likely.get(name, 1.0) for name in names]
    squared /= squared.sum()
    kept = {g: float(s) for g, s in zip(names, squared, strict=True) if s >= _RARE}
    return {g: s / sum(kept.values()) for g, s in kept.items()}


def nearest(a: Features, b: Features, count: int) -> NDArray[np.int64]:
    """Find the `count` nearest of `a` for each of `b`."""
    distance = (a**2).sum(1)[None] - 2 * b @ a.T  # squared, but for a constant of each row
    return np.asarray(np.argpartition(distance, count - 1, axis=1)[:, :count])


def elected(families: Sequence[str], voted: NDArray[np.int64]) -> tuple[str, ...]:
    """Choose families by the votes for their pilot lines, most votes per line first.

    One line more without a vote is counted for each, so that luck alone puts none in front.
    """
    votes = np.bincount(voted.ravel(), minlength=len(families)).astype(float)
    each = {}
    for family in sorted(set(families)):
        own = votes[[x == family for x in families]]
        each[family] = float(own.sum() / (len(own) + 1))
    ranked = sorted(each, key=lambda family: -each[family])
    mass = np.cumsum([each[family] for family in ranked]) / sum(each.values())
    return tuple(ranked[: max(LEAST_FAMILIES, int(np.searchsorted(mass, _MASS)) + 1)])

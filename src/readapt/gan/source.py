"""Rendered lines for a game: twins of real lines, and other texts set as those are set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import default_rng

from readapt.gan.crops import Rendered, prepare_sample
from readapt.gan.kindred import Kindred, find_kindred
from readapt.gan.setting import Setting, set_text
from readapt.gan.twins import Twin, elected, find_twins, originals
from readapt.nets.crnn import Crnn
from readapt.recognize.alphabet import Alphabet
from readapt.synth.fonts import Font, FontError
from readapt.synth.genres import KINDS
from readapt.synth.lines import LineMaker
from readapt.synth.marks import can_set
from readapt.types import Image

_TRIES = 20
_RARE = 0.02
"""Faces that fewer of the twins are set in are left out."""
_FEW = 100
"""Twins below which the judge looks at other lines too: by a handful one lost text decides."""


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """How much is drawn and compared."""

    pilot: int = 40
    """Rendered lines of each kind of document that tell which kinds the scans are of."""
    compared: int = 300
    """Real lines that tell it."""
    kept: int = 800
    """Rendered lines to play with, beside those that are judged."""
    judged: int = 200
    """Rendered lines that are judged."""
    least_width: int = 1
    """Pixels; narrower lines are left out."""


@dataclass(frozen=True, slots=True)
class Source:
    """Rendered lines akin to the scans."""

    played: list[Rendered]
    """Twins of real lines, and other texts set as they are."""
    judged: list[Rendered]
    """Twins of real lines that are not played with."""
    kindred: Kindred


def choose_source(
    maker: LineMaker,
    real: Sequence[Image],
    judged: Sequence[Image],
    alphabet: Alphabet,
    recognizer: Crnn,
    config: SourceConfig,
    seed: int = 0,
    kindred: Kindred | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Source:
    """Find kinds, fonts and settings of the real lines, all prepared, and draw lines like them.

    Kinds are those of `kindred` where they are known. Half of the lines are twins of `real` ones as
    far as those go; the others are set like them with texts of the maker. Where nothing is read
    surely on the scans, all are as the maker draws them.
    """
    height = real[0].shape[0]
    if kindred is None:
        kindred = find_kindred(maker, real[: config.compared], recognizer, config.pilot, height)
    fonts = _fonts(maker, kindred)
    read = originals(real[: config.kept], recognizer, alphabet)
    twins = find_twins(fonts, read[: config.kept // 2], recognizer, tick)
    faces = {name for name, share in elected(twins) if share >= _RARE} if twins else set()
    chosen = [font for font in fonts if font.name in faces]
    others: list[Twin] = []
    if chosen:
        families = dict.fromkeys(font.family for font in chosen)
        settings = tuple(t.setting for t in twins if t.setting.face in faces)
        kindred = Kindred(kindred.genres, tuple(families), settings)
        read = originals(judged[: 2 * config.judged], recognizer, alphabet)
        others = find_twins(chosen, read, recognizer, tick)
    missing = max(0, config.judged - len(others)) if len(others) < _FEW else 0
    count, least = config.kept - len(twins) + missing, config.least_width
    texts = source_lines(kindred.maker(maker), count, seed, height, kindred.settings)
    more = _wide(texts, least)
    return Source(
        [*_wide((twin.line for twin in twins), least), *more[missing:]],
        [*_wide((twin.line for twin in others), least), *more[:missing]],
        kindred,
    )


def _fonts(maker: LineMaker, kindred: Kindred) -> list[Font]:
    """Fonts of the kinds that the kinds of documents are set in; all, where there is none."""
    kinds = {kind for genre, _ in kindred.genres for kind in KINDS[genre]}
    return [font for font in maker.fonts if font.kind in kinds] or list(maker.fonts)


def _wide(lines: Iterable[Rendered], least: int) -> list[Rendered]:
    return [line for line in lines if line.image.shape[1] >= least]


def source_lines(
    maker: LineMaker,
    count: int,
    seed: int = 0,
    height: int = 36,
    settings: Sequence[Setting] = (),
) -> Iterator[Rendered]:
    """Draw `count` clean lines with the texts of a maker; see :func:`source_line`."""
    for i in range(count):
        yield source_line(maker, i, seed, height, settings)


def source_line(
    maker: LineMaker,
    index: int,
    seed: int = 0,
    height: int = 36,
    settings: Sequence[Setting] = (),
) -> Rendered:
    """Draw line `index`: a text of the maker, set as one of the `settings` says.

    Settings in faces that the maker does not have are passed over. Where none is left the line is
    drawn as the maker draws it; use one of `LineConfig(clean=1.0)`: dirt and light are for the
    translator.
    """
    fonts = {font.name: font for font in maker.fonts}
    known = [setting for setting in settings if setting.face in fonts]
    rng = default_rng([seed, index, 1])
    genres, weights = zip(*maker.config.genres, strict=True)
    shares = np.array(weights, float) / sum(weights)
    for _ in range(_TRIES if known else 0):
        setting = known[int(rng.integers(len(known)))]
        text = maker.text(genres[int(rng.choice(len(genres), p=shares))], rng)
        if text and can_set(fonts[setting.face], text):
            try:
                line = set_text(setting, text, fonts[setting.face], height)
            except FontError:  # a glyph without ink
                continue
            if line is not None:
                return line
    return prepare_sample(maker.make(index), height)

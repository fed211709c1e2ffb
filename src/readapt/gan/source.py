"""Rendered lines for a game, set as lines of the scans are set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.random import default_rng

from readapt.gan.crops import Rendered, prepare_sample
from readapt.gan.setting import Setting, set_text
from readapt.synth.fonts import FontError
from readapt.synth.lines import LineMaker

_TRIES = 20


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
        if text and fonts[setting.face].can_draw(text):
            try:
                line = set_text(setting, text, fonts[setting.face], height)
            except FontError:  # a glyph without ink
                continue
            if line is not None:
                return line
    return prepare_sample(maker.make(index), height)

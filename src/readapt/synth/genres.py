"""Kinds of document: the fonts they are set in, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
from numpy.random import Generator

from readapt.synth.fonts import Kind
from readapt.synth.render import Style

Genre = Literal["receipt", "typescript", "print", "old", "blackletter", "scattered"]

KINDS: Final[Mapping[Genre, Mapping[Kind, float]]] = {
    "receipt": {"mono": 5, "sans": 3, "typewriter": 1.5, "serif": 0.5},
    "typescript": {"typewriter": 8, "mono": 2},
    "print": {"serif": 5, "old": 4, "sans": 2, "mono": 0.2},
    "old": {"old": 8, "serif": 2},
    "blackletter": {"fraktur": 4, "blackletter": 1},
    "scattered": {
        "mono": 2,
        "sans": 2,
        "serif": 2,
        "old": 2,
        "typewriter": 3,
        "fraktur": 1.5,
        "blackletter": 0.5,
    },
}
"""Which fonts a genre is set in, by weight."""
_SPACED: Final[Mapping[Genre, float]] = {"blackletter": 0.12, "old": 0.03}
"""Share of a genre's lines with words set apart by spaced letters."""
_LIGATURES: Final[Mapping[Genre, float]] = {"blackletter": 0.85, "old": 0.8, "print": 0.6}
"""Share of a genre's lines with letters cast together, where the font has such pieces."""
_SMALL: Final[Mapping[Genre, float]] = {"old": 0.6, "print": 0.6}
"""Share of a genre's lines whose words in capitals are set in small ones."""


def draw_style(genre: Genre, text: str, rng: Generator) -> Style:
    """Draw how a line of `text` is set: size, spacing, and how worn the types are."""
    low, high = (16, 36) if len(text) > 40 else (18, 50)
    size = 2 * int(rng.integers(low, high + 1) // 2)
    tracking = 0.0
    if rng.random() < 0.35:
        tracking = float(np.clip(rng.normal(0.0, 0.06), -0.09, 0.3))
    titled = text.isupper() and genre in ("print", "old")  # capitals of titles are set wide
    if rng.random() < (0.3 if titled else 0.03):
        tracking = float(rng.uniform(0.1, 0.5 if titled else 0.35))
    word_space = float(rng.uniform(0.7, 1.9)) if rng.random() < 0.5 else 1.0
    underline = bool(rng.random() < (0.07 if genre == "typescript" else 0.02))
    if genre == "typescript":
        worn = rng.random() < 0.6
        return Style(
            size,
            tracking,
            1.0,
            jitter=float(rng.gamma(1.5, 0.012)) if worn else 0.0,
            drift=float(rng.gamma(1.5, 0.008)) if worn else 0.0,
            pressure=float(rng.beta(1.5, 3)) if worn else 0.0,
            doubled=float(rng.uniform(0, 0.1)) if rng.random() < 0.1 else 0.0,
            gap=float(rng.gamma(1.5, 2.0)) if rng.random() < 0.05 else 0.0,
            underline=underline,
        )
    pressure = float(rng.beta(1, 6)) if genre in ("old", "blackletter") else 0.0
    jitter = float(rng.gamma(1.5, 0.006)) if genre in ("old", "blackletter") else 0.0
    gap = float(rng.gamma(1.5, 2.5)) + 0.5 if rng.random() < 0.12 else 0.0
    joined = genre == "blackletter" and rng.random() < 0.8
    small = not text.isupper() and rng.random() < _SMALL.get(genre, 0.0)
    return Style(
        size,
        tracking,
        word_space,
        jitter=jitter,
        pressure=pressure if rng.random() < 0.5 else 0.0,
        gap=gap,
        underline=underline,
        ligatures=bool(rng.random() < _LIGATURES.get(genre, 0.0)),
        joined=float(rng.uniform(0.02, 0.1)) if joined else 0.0,
        double=bool(genre == "blackletter" and rng.random() < 0.5),
        small=float(rng.uniform(0.68, 0.88)) if small else 0.0,
        spaced=float(rng.uniform(0.1, 0.5)) if rng.random() < _SPACED.get(genre, 0.01) else 0.0,
    )

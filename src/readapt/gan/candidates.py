"""Sets of rendered lines that might look more like the scans: fonts, genres, degradations.

No torch here. Every set is drawn from the same indices, so that sets differ in what they are
named for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.random import default_rng

from readapt.recognize.alphabet import LATIN, Alphabet
from readapt.recognize.preprocess import PAPER, prepare_line
from readapt.synth.corpus import Corpus
from readapt.synth.degrade import SCAN, apply_all
from readapt.synth.fonts import Font, FontError, Kind, find_fonts
from readapt.synth.genres import Genre
from readapt.synth.ink import INK, sample_ink
from readapt.synth.lines import LineConfig, LineMaker, on_paper
from readapt.types import Image

Group: TypeAlias = Literal["fonts", "families", "documents", "degradations"]
GROUPS: Final[tuple[Group, ...]] = ("fonts", "documents", "degradations")
"""What :func:`candidates` gives; families are those of one kind, by :func:`families`."""
FAMILIES: Final = 12
"""Families of a kind that are tried at most."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A set of lines with the group it is ranked in."""

    group: Group
    name: str
    lines: tuple[Image, ...]
    """Prepared."""


def draw_lines(maker: LineMaker, count: int, height: int = 36) -> list[Image]:
    """Draw prepared lines 0 to `count - 1` of a maker."""
    return [prepare_line(maker.make(i).image, height) for i in range(count)]


def degraded(image: Image, name: str, seed: int) -> Image:
    """Do one thing to a clean line, `height width` uint8 black on white; the same shape."""
    rng = default_rng(seed)
    grey = image.astype(np.float32) / np.float32(255)
    changed = (
        1 - INK[name](rng).apply(1 - grey) if name in INK else SCAN[name].sample(rng).apply(grey)
    )
    return (np.clip(changed, 0, 1) * np.float32(255)).astype(np.uint8)


def dressed(image: Image, seed: int) -> Image:
    """Do everything to a clean line that synthesis does at random: ink, paper, light, scanner.

    `height width` uint8 black on white, or prepared; the same shape.
    """
    rng = default_rng(seed)
    ink = np.clip(1 - image.astype(np.float32) / np.float32(PAPER), 0, 1)
    ink = apply_all(ink, sample_ink(rng, image.shape[0]))
    return on_paper(ink, rng, clean=False)


def candidates(
    config: LineConfig,
    count: int,
    fonts: Sequence[Font] | None = None,
    corpora: Mapping[str, Corpus] | None = None,
    height: int = 36,
    groups: Collection[Group] = GROUPS,
    alphabet: Alphabet = LATIN,
) -> Iterator[Candidate]:
    """Yield sets of `count` lines: one kind of font each, one genre each, one degradation each.

    Those of `groups` alone. Degradations work on clean lines; the set named `none` of their group
    is the clean lines themselves, which the others are compared with. Kinds without a usable font
    are left out.
    """
    found = list(fonts if fonts is not None else find_fonts())
    for kind in get_args(Kind) if "fonts" in groups else ():
        chosen = [font for font in found if font.kind == kind]
        if chosen:
            maker = LineMaker(config, chosen, corpora, alphabet)
            yield Candidate("fonts", kind, tuple(draw_lines(maker, count, height)))
    for genre in get_args(Genre) if "documents" in groups else ():
        try:
            maker = LineMaker(replace(config, genres=((genre, 1.0),)), found, corpora, alphabet)
        except FontError:
            continue
        yield Candidate("documents", genre, tuple(draw_lines(maker, count, height)))
    if "degradations" not in groups:
        return
    maker = LineMaker(replace(config, clean=1.0), found, corpora, alphabet)
    clean = [maker.make(i).image for i in range(count)]
    plain = tuple(prepare_line(line, height) for line in clean)
    yield Candidate("degradations", "none", plain)
    for name in (*INK, *SCAN):
        changed = (degraded(line, name, i) for i, line in enumerate(clean))
        lines = tuple(prepare_line(line, height) for line in changed)
        yield Candidate("degradations", name, lines)


def families(
    kind: str,
    config: LineConfig,
    count: int,
    fonts: Sequence[Font] | None = None,
    corpora: Mapping[str, Corpus] | None = None,
    height: int = 36,
    alphabet: Alphabet = LATIN,
) -> Iterator[Candidate]:
    """Yield sets of `count` lines, one font family of a `kind` each; ``FAMILIES`` at most."""
    of_kind = [f for f in (fonts if fonts is not None else find_fonts()) if f.kind == kind]
    names = sorted({font.family for font in of_kind})
    chosen = np.linspace(0, len(names) - 1, min(FAMILIES, len(names))).astype(int)
    for name in (names[i] for i in chosen):
        members = [font for font in of_kind if font.family == name]
        maker = LineMaker(config, members, corpora, alphabet)
        yield Candidate("families", name, tuple(draw_lines(maker, count, height)))

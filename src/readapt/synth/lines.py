"""Labelled line images: a text, a font that can draw it, ink, paper, a scanner, a crop.

`LineMaker.make(index)` depends on its configuration and the index alone, so any number of
processes make the same lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from readapt.recognize.alphabet import LATIN, Alphabet
from readapt.recognize.alphabet import name as names
from readapt.synth import corpus as texts
from readapt.synth.corpus import Corpus, system_corpora
from readapt.synth.degrade import Grey, Recut, Warp, apply_all, as_grey, sample_ink, sample_scan
from readapt.synth.fonts import Font, FontError, Kind, face, find_fonts
from readapt.synth.paper import PaperSource, print_on_sheet
from readapt.synth.render import Rendering, Style, join_words, render_line
from readapt.types import Image

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

LANGUAGES: Final[Mapping[Genre, Mapping[str, float]]] = {
    "receipt": {"en": 6, "de": 1, "fr": 1, "es": 1, "it": 1, "nl": 0.5, "pt": 0.5, "pl": 0.5},
    "typescript": {
        "en": 3,
        "de": 3,
        "fr": 3,
        "da": 1.5,
        "it": 0.5,
        "es": 0.5,
        "nl": 0.5,
        "pl": 0.3,
    },
    "print": {
        "en": 2,
        "de": 3,
        "fr": 3,
        "it": 1,
        "es": 1,
        "pt": 0.7,
        "nl": 0.7,
        "da": 0.7,
        "pl": 0.7,
    },
    "old": {"la": 4, "fr": 3, "de": 1, "en": 1, "it": 1},
    "blackletter": {"de": 8, "la": 0.5, "da": 0.5},
    "scattered": {"en": 1, "de": 1, "fr": 1, "pl": 1, "es": 1},
}


@dataclass(frozen=True, slots=True)
class LineConfig:
    """What lines to make."""

    seed: int = 0
    genres: tuple[tuple[Genre, float], ...] = (
        ("receipt", 26),
        ("typescript", 26),
        ("print", 20),
        ("old", 11),
        ("blackletter", 12),
        ("scattered", 5),
    )
    """Kinds of document by weight."""
    min_characters: int = 1
    max_characters: int = 75
    """Longest text; curricula begin short."""
    height: int = 36
    """The height the crop will be scaled to by the recognizer: bounds the resolution drawn."""
    clean: float = 0.03
    """Share of lines without any degradation."""
    textless: float = 0.0
    """Share of images with nothing to read and the text "": they teach silence."""
    paper: PaperSource | None = None
    """Paper to lay under lines in place of procedural paper, light and scanner; None for none."""
    papered: float = 1.0
    """Share of the lines that are not clean that it is laid under."""


@dataclass(frozen=True, slots=True)
class LineSample:
    """A line image and its exact truth, in pixels of the image."""

    image: Image
    """`height width` uint8 grey."""
    text: str
    """NFC, words parted by single spaces."""
    characters: NDArray[np.float32] = field(repr=False)
    """`N 4 2`, one quad per character of `text`."""
    font: str
    """The font's name."""

    @property
    def words(self) -> tuple[tuple[str, NDArray[np.float32]], ...]:
        """Words with their quads `4 2`."""
        return join_words(self.text, self.characters)


class LineMaker:
    """Makes lines from fonts and texts.

    Raises :class:`readapt.synth.fonts.FontError` where no font is usable.
    """

    def __init__(
        self,
        config: LineConfig,
        fonts: Sequence[Font] | None = None,
        corpora: Mapping[str, Corpus] | None = None,
        alphabet: Alphabet = LATIN,
    ) -> None:
        self.config = config
        self.alphabet = alphabet
        self.corpora = dict(corpora) if corpora is not None else system_corpora()
        self._families: dict[Kind, list[list[Font]]] = {}
        grouped: dict[tuple[Kind, str], list[Font]] = {}
        for font in fonts if fonts is not None else find_fonts():
            grouped.setdefault((font.kind, font.family), []).append(font)
        for (kind, _), members in grouped.items():
            self._families.setdefault(kind, []).append(members)
        if not self._families:
            raise FontError("no font to draw with: install the ones of apt-packages.txt")
        names, weights = zip(*config.genres, strict=True)
        self._genres: tuple[Genre, ...] = names
        self._weights = np.array(weights, float) / sum(weights)

    @property
    def fonts(self) -> tuple[Font, ...]:
        """Every font that may be drawn with."""
        kinds = self._families.values()
        return tuple(font for families in kinds for members in families for font in members)

    def make(self, index: int) -> LineSample:
        """Make line number `index`: always the same for the same configuration."""
        rng = default_rng([self.config.seed, index])
        textless = self.config.textless > 0 and rng.random() < self.config.textless
        genre = self._genres[int(rng.choice(len(self._genres), p=self._weights))]
        while True:
            text = self.text(genre, rng)
            try:
                font = self.font(genre, text, rng)
                if text and font is not None:
                    if textless:
                        return self._nothing(text, font, rng)
                    return self._draw(genre, text, font, rng)
            except FontError:  # an inkless glyph: another text and another font
                continue

    # --- what is written --------------------------------------------------------------------------

    def text(self, genre: Genre, rng: Generator) -> str:
        """Draw one line of text of a genre, at most `max_characters`, in the alphabet."""
        corpus = self._corpus(genre, rng)
        longest = self.config.max_characters
        length = self._length(genre, rng)
        form = rng.random()
        if genre == "receipt":
            if form < 0.45:
                text = texts.commerce(rng, corpus)
            elif form < 0.68:
                text = texts.amount(rng)
            elif form < 0.8:
                text = texts.date(rng)
            elif form < 0.92:
                text = texts.code(rng)
            else:
                text = corpus.sequence(rng, length)
        elif genre == "scattered":
            if rng.random() < 0.5:
                characters = self.alphabet.characters
            else:
                characters = "0123456789.,:;-/()'\"ABCDEFGHIJKLMNOPQRSTUVWXYZil1|!IOQ0CGeco&%#@*+=?"
            text = texts.scattered(rng, characters, int(rng.integers(2, 14)))
        elif form < 0.06:
            text = texts.amount(rng)
        elif form < 0.1:
            text = texts.date(rng)
        elif form < 0.15:
            text = texts.code(rng)
        elif form < 0.75:
            text = corpus.passage(rng, length)
        else:
            text = corpus.sequence(rng, length)
            if rng.random() < 0.6:
                text = texts.punctuate(rng, text)
        case = rng.random()
        if genre != "scattered":
            if case < (0.3 if genre == "receipt" else 0.07):
                text = text.upper()
            elif case < 0.12:
                text = text.title()
            if genre in ("typescript", "print") and rng.random() < 0.02 and len(text) < 25:
                text = " ".join(text.replace(" ", ""))
        if genre in ("old", "blackletter") and rng.random() < 0.85:
            text = texts.old_spelling(rng, text)
        if genre in ("old", "blackletter", "print") and rng.random() < 0.04:
            text += "¬"
        elif genre != "receipt" and rng.random() < 0.06 and text[-1:].isalpha():
            text += "-"
        text = "".join(c for c in texts.clean(text) if c in self.alphabet)
        return self._shorten(" ".join(text.split()), longest, rng)

    def _corpus(self, genre: Genre, rng: Generator) -> Corpus:
        known = {k: w for k, w in LANGUAGES[genre].items() if k in self.corpora}
        if not known:
            known = dict.fromkeys(self.corpora, 1.0)
        names = list(known)
        weights = np.array(list(known.values()))
        return self.corpora[names[int(rng.choice(len(names), p=weights / weights.sum()))]]

    def _length(self, genre: Genre, rng: Generator) -> int:
        longest = self.config.max_characters
        if genre == "receipt" or rng.random() < 0.45:
            length = int(rng.gamma(2.0, 7.0)) + 2
        else:
            length = int(rng.integers(25, 76))
        return min(length, longest)

    def _shorten(self, text: str, longest: int, rng: Generator) -> str:
        if len(text) <= longest:
            return text
        words = text.split(" ")
        first = int(rng.integers(len(words)))
        kept = words[first][:longest]
        for word in words[first + 1 :]:
            if len(kept) + 1 + len(word) > longest:
                break
            kept += " " + word
        return kept

    def font(self, genre: Genre, text: str, rng: Generator) -> Font | None:
        """Draw a font of the genre that has every glyph of `text`; None where luck has none."""
        kinds = [k for k in KINDS[genre] if k in self._families] or list(self._families)
        weights = np.array([KINDS[genre].get(k, 1.0) for k in kinds])
        for _ in range(10):
            kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
            families = self._families[kind]
            family = families[int(rng.integers(len(families)))]
            font = family[int(rng.integers(len(family)))]
            if not font.can_draw(text):
                continue
            if text == text.upper() or not face(font, 32).is_unicase():
                return font
        return None

    # --- how it looks -----------------------------------------------------------------------------

    def _style(self, genre: Genre, text: str, rng: Generator) -> Style:
        low, high = (16, 36) if len(text) > 40 else (18, 50)
        size = 2 * int(rng.integers(low, high + 1) // 2)
        tracking = 0.0
        if rng.random() < 0.35:
            tracking = float(np.clip(rng.normal(0.0, 0.06), -0.09, 0.3))
        if rng.random() < 0.03:
            tracking = float(rng.uniform(0.1, 0.35))
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
        return Style(
            size,
            tracking,
            word_space,
            jitter=jitter,
            pressure=pressure if rng.random() < 0.5 else 0.0,
            gap=gap,
            underline=underline,
            joined=float(rng.uniform(0.02, 0.1)) if joined else 0.0,
        )

    def _draw(self, genre: Genre, text: str, font: Font, rng: Generator) -> LineSample:
        style = self._style(genre, text, rng)
        line = render_line(text, font, style, rng)
        ink, quads, box = frame(line, style.size, rng)
        clean = rng.random() < self.config.clean
        if not clean:
            shape = (ink.shape[0], ink.shape[1])
            if rng.random() < 0.5:
                recut = Recut.sample(rng, style.size)
                ink = recut.apply(ink)
                quads = recut.points(quads, shape)
            warp = Warp.sample(rng, style.size)
            ink = warp.apply(ink, 0.0)
            quads = warp.points(quads, shape)
            dropout = 0.25 if genre == "receipt" else 0.05
            bleed = 0.35 if genre == "typescript" else 0.06
            ink = apply_all(ink, sample_ink(rng, style.size, dropout, bleed))
        left, top, right, bottom = box
        ink = np.ascontiguousarray(ink[top:bottom, left:right])
        quads = quads - np.array([left, top], np.float32)
        stretched = squeeze(rng) if rng.random() < 0.25 else 1.0
        if stretched != 1.0:
            width = max(4, round(ink.shape[1] * stretched))
            quads[..., 0] *= width / ink.shape[1]
            ink = as_grey(cv2.resize(ink, (width, ink.shape[0]), interpolation=cv2.INTER_LINEAR))
        image = self._on_paper(ink, rng, clean)
        return LineSample(image, text, quads, font.name)

    def _nothing(self, text: str, font: Font, rng: Generator) -> LineSample:
        """Draw what a detector may take for a line: the other side's text, marks, bare paper."""
        size = 2 * int(rng.integers(8, 20))
        line = render_line(text, font, Style(size), rng)
        form = rng.random()
        # The other side of the leaf; a short word may look the same mirrored, so no short ones.
        if form < 0.5 and len(text) > 7:
            ink = as_grey(
                cv2.GaussianBlur(line.ink[:, ::-1], (0, 0), float(rng.gamma(2.0, 0.4)) + 0.1)
            )
            ink = ink * np.float32(rng.uniform(0.15, 1.0))
        elif form < 0.75:
            ink = scribble(line.ink.shape[0], line.ink.shape[1], rng)
        else:
            ink = np.zeros_like(line.ink)
        image = self._on_paper(ink, rng, clean=False)
        return LineSample(image, "", np.zeros((0, 4, 2), np.float32), font.name)

    def _on_paper(self, ink: Grey, rng: Generator, clean: bool) -> Image:
        paper = self.config.paper
        if clean or paper is None or rng.random() >= self.config.papered:
            return on_paper(ink, rng, clean)
        height, width = ink.shape[:2]
        sheet = paper.sheet(rng, height, width, height)
        # The sheet has been through the scanner's optics already, the ink has not.
        blurred = cv2.GaussianBlur(ink, (0, 0), float(rng.uniform(0.2, 0.9)) * height / 36)
        return print_on_sheet(sheet, np.clip(as_grey(blurred), 0, 1), paper.ink(rng))


def scribble(height: int, width: int, rng: Generator) -> Grey:
    """Draw pen strokes that are no letters: coverage `height width` of a few smooth curves."""
    drawn = np.zeros((height, width), np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        count = int(rng.integers(2, 7))
        x = (
            np.sort(rng.uniform(0, width, count))
            if rng.random() < 0.6
            else rng.uniform(0, width, count)
        )
        y = rng.uniform(-0.2, 1.2, count) * height
        steps = np.linspace(0, count - 1, 12 * count)
        curve = np.stack([np.interp(steps, range(count), x), np.interp(steps, range(count), y)], 1)
        points = as_grey(cv2.GaussianBlur(as_grey(curve), (1, 0), 3.0)).astype(np.int32)
        cv2.polylines(drawn, [points], False, 255, int(rng.integers(1, 4)), cv2.LINE_AA)
    return drawn.astype(np.float32) * np.float32(rng.uniform(0.3, 1.0) / 255)


def drawing_problems(corpus: Corpus, alphabet: Alphabet = LATIN) -> list[str]:
    """Say which characters of a corpus will be left out, by name, and why; [] if none."""
    problems = []
    characters = set("".join(corpus.words)) | set(corpus.text)
    outside = sorted(c for c in characters if c not in alphabet)
    if outside:
        problems.append(
            f"{corpus.name}: the alphabet has no {names(outside)}; left out of the lines."
        )
    inside = "".join(sorted(characters - set(outside)))
    undrawn = set(inside).intersection(*(font.lacks(inside) for font in find_fonts()))
    if undrawn:
        problems.append(
            f"{corpus.name}: no font here can draw {names(undrawn)}; texts with them are left "
            f"out: install a font that has them."
        )
    return problems


def squeeze(rng: Generator) -> float:
    """Draw a factor on the width: condensed and extended types."""
    return float(np.exp(rng.uniform(-0.3, 0.25)))


def frame(
    line: Rendering, size: int, rng: Generator
) -> tuple[Grey, NDArray[np.float32], tuple[int, int, int, int]]:
    """Set the line on a larger canvas, and draw the crop a detector or a person would cut.

    Returns the ink on the canvas, the character quads there, and the crop's left, top, right,
    bottom. Crops hug the ink or leave paper around it, and may show slivers of the lines above
    and below.
    """
    above = int(0.8 * size)
    side = int(0.2 * size) + int(rng.gamma(1.0, 0.5) * size) if rng.random() < 0.6 else 2
    ink = np.pad(line.ink, ((above, above), (side, side)))
    quads = line.characters + np.array([side, above], np.float32)
    rows = np.flatnonzero(line.ink.max(axis=1) > 0.3)
    first, last = (rows[0], rows[-1]) if rows.size else line.body
    ascender, descender = line.body
    if rng.random() < 0.35:
        low, high = float(first), float(last) + 1
        low -= rng.uniform(-0.03, 0.2) * size
        high += rng.uniform(-0.03, 0.2) * size
    else:
        low = min(ascender, float(first)) - abs(rng.normal(0, 0.16)) * size
        high = max(descender, float(last)) + abs(rng.normal(0, 0.16)) * size
    if rng.random() < 0.12:
        low -= rng.uniform(0.1, 0.6) * size
        high += rng.uniform(0.1, 0.6) * size
    if rng.random() < 0.3:
        pitch = int((descender - ascender) * rng.uniform(0.95, 1.5))
        for shift in (-pitch, pitch):
            if rng.random() < 0.7:
                other = np.roll(line.ink[:, ::-1], int(rng.integers(line.ink.shape[1])), axis=1)
                other = other[:, ::-1]
                y = above + shift
                y0, y1 = max(y, 0), min(y + other.shape[0], ink.shape[0])
                if y1 > y0:
                    part = ink[y0:y1, side : side + other.shape[1]]
                    np.maximum(part, other[y0 - y : y1 - y], out=part)
    starts, ends = quads[0, 0, 0], quads[-1, 1, 0]
    left = max(0, int(starts - side * rng.random() - 0.06 * size))
    right = min(ink.shape[1], int(ends + side * rng.random() + 0.08 * size) + 1)
    top = max(0, int(low) + above)
    bottom = int(min(ink.shape[0], max(int(np.ceil(high)) + above, top + 6)))
    return ink, quads, (left, top, right, bottom)


def on_paper(ink: Grey, rng: Generator, clean: bool) -> Image:
    """Bring coverage `height width` [0, 1] onto paper and through a scanner; uint8 grey."""
    if clean:
        return ((1 - ink) * 255).astype(np.uint8)
    paper = float(rng.uniform(0.55, 1.0)) if rng.random() < 0.6 else float(rng.uniform(0.9, 1.0))
    contrast = float(rng.beta(3, 2)) * 0.9 + 0.08
    tone = paper * (1 - contrast)
    image = np.full(ink.shape, paper, np.float32)
    if rng.random() < 0.08:  # show-through: the other side's text, mirrored and soft
        behind = cv2.GaussianBlur(ink[:, ::-1], (0, 0), rng.uniform(1, 3))
        behind = np.roll(behind, int(rng.integers(-10, 10)), axis=0)
        image -= behind * np.float32(rng.uniform(0.03, 0.25) * paper)
    image += (np.float32(tone) - image) * np.clip(ink, 0, 1)
    image = apply_all(image, sample_scan(rng))
    if rng.random() < 0.03:
        image = 1 - image
    return (np.clip(image, 0, 1) * np.float32(255)).astype(np.uint8)


@lru_cache(maxsize=8)
def _maker(config: LineConfig) -> LineMaker:
    return LineMaker(config)


def make_line(index: int, config: LineConfig) -> LineSample:
    """Line number `index` of `config` from this system's fonts and texts."""
    return _maker(config).make(index)

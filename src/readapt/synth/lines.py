"""Labelled line images: a text, a font that can draw it, ink, paper, a scanner, a crop.

`LineMaker.make(index)` depends on its configuration and the index alone, so any number of
processes make the same lines.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from readapt.recognize.alphabet import LATIN, Alphabet
from readapt.synth.corpus import Corpus, system_corpora
from readapt.synth.degrade import Grey, apply_all, as_grey, sample_scan
from readapt.synth.distort import Recut, Warp
from readapt.synth.fonts import Font, FontError, Kind, face, find_fonts
from readapt.synth.framing import frame, squeeze
from readapt.synth.genres import KINDS, Genre, draw_style
from readapt.synth.ink import sample_ink
from readapt.synth.marks import can_set
from readapt.synth.paper import PaperSource, print_on_sheet
from readapt.synth.render import Style, join_words, render_line
from readapt.synth.wording import LANGUAGES, OLD, draw_text
from readapt.types import Image


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
    favoured: tuple[str, ...] = ()
    """What is to happen more often to ink and image: names in `ink.INK` and `degrade.SCAN`."""
    old_spelling: float = OLD
    """Share of the lines of old kinds that are spelled in old letters."""
    languages: tuple[tuple[str, float], ...] = ()
    """Languages by weight; none: those that each kind of document is in."""


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
        longest, old = self.config.max_characters, self.config.old_spelling
        languages = dict(self.config.languages) or LANGUAGES[genre]
        return draw_text(genre, self.corpora, languages, self.alphabet, longest, rng, old)

    def font(self, genre: Genre, text: str, rng: Generator) -> Font | None:
        """Draw a font of the genre that has every glyph of `text`; None where luck has none."""
        kinds = [k for k in KINDS[genre] if k in self._families] or list(self._families)
        weights = np.array([KINDS[genre].get(k, 1.0) for k in kinds])
        for _ in range(10):
            kind = kinds[int(rng.choice(len(kinds), p=weights / weights.sum()))]
            families = self._families[kind]
            family = families[int(rng.integers(len(families)))]
            font = family[int(rng.integers(len(family)))]
            if not can_set(font, text):
                continue
            if text == text.upper() or not face(font, 32).is_unicase():
                return font
        return None

    # --- how it looks -----------------------------------------------------------------------------

    def _draw(self, genre: Genre, text: str, font: Font, rng: Generator) -> LineSample:
        style = draw_style(genre, text, rng)
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
            favoured = self.config.favoured
            ink = apply_all(ink, sample_ink(rng, style.size, dropout, bleed, favoured))
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
            return on_paper(ink, rng, clean, self.config.favoured)
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


def on_paper(ink: Grey, rng: Generator, clean: bool, favoured: Collection[str] = ()) -> Image:
    """Bring coverage `height width` [0, 1] onto paper and through a scanner; uint8 grey.

    `favoured` are names in `degrade.SCAN` of what is to happen more often.
    """
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
    image = apply_all(image, sample_scan(rng, favoured))
    if rng.random() < 0.03:
        image = 1 - image
    return (np.clip(image, 0, 1) * np.float32(255)).astype(np.uint8)


@lru_cache(maxsize=8)
def _maker(config: LineConfig) -> LineMaker:
    return LineMaker(config)


def make_line(index: int, config: LineConfig) -> LineSample:
    """Line number `index` of `config` from this system's fonts and texts."""
    return _maker(config).make(index)

"""Fonts found on this system, and what each of them can draw.

A glyph that a font lacks is never drawn: coverage comes from the font's cmap (read by fontconfig,
or by fontTools where fontconfig is missing), and a character whose glyph has no ink although it
should is not trusted either (`Face.glyph`).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

from readapt.errors import ReadaptError

Kind = Literal["typewriter", "mono", "fraktur", "blackletter", "old", "serif", "sans", "display"]

BROKEN: Final[tuple[Kind, ...]] = ("fraktur", "blackletter")
"""Kinds of broken script: Fraktur and Schwabacher as books were set in them, and all others. They
have no italic."""

NEEDED: Final = frozenset(
    map(ord, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-")
)
"""A font without these is of no use for Latin text."""

FEATURES: Final = ["liga", "dlig", "hlig", "-kern"]
"""Of OpenType, where several letters are drawn at once: all ligatures, and no kerning."""

_TYPEWRITER = re.compile(
    r"typewriter|special elite|courier|cutive|typoscript|compagnon|femkeklaver|tlwg ?ty|"
    r"nimbus mono|freemono|tex gyre cursor|latin modern mono|lmmono|cmu type|typist",
    re.IGNORECASE,
)
_FRAKTUR = re.compile(r"fraktur|blankenburg|yfrak|yswab|ygoth", re.IGNORECASE)
_BLACKLETTER = re.compile(
    r"pirata|grenze|jacquard|texturina|new rocker|germania|^kings|metamorphous|uncial|fruktur|"
    r"manufacturing|gamaliel|rusch|durandus|hamlet|soufflet",
    re.IGNORECASE,
)
_OLD = re.compile(
    r"fell|essays|junicode|elstob|cardo|isabella|caslon|goudy|garamond|gfs|old ?standard|bodoni|"
    r"didot|theano|ibarra|\bfbb|levien|fanwood|linden|caudex|baskerv|gotico|century|oldania|romande|"
    r"solothurn|caledonia",
    re.IGNORECASE,
)
_SERIF = re.compile(
    r"serif|times|termes|roman|libertine|charis|doulos|gentium|caladea|prociono|quattrocento|"
    r"vollkorn|stix|pt serif|bonum|pagella|schola|palladio|bookman|c059|p052|slab|rokkitt|zilla",
    re.IGNORECASE,
)
_DISPLAY = re.compile(r" brk\b|rubik d|bigelow|radis|rufscript|comic|major mono", re.IGNORECASE)
_USELESS = re.compile(
    r"symbol|dingbat|emoji|ornament|music|math|barcode|braille|unifont|lastresort|icons?\b|"
    r"opendyslexic|ascii|circos|aegyptus|hieroglyph|initials|swashes|caps$|outline|inline|xkcd|"
    r"keyboard|wingding|mahjong|d050000l|nushu|wargames| brk\b|small ?caps|\bsc\b|titling",
    re.IGNORECASE,
)


class FontError(ReadaptError):
    """No usable font, or a text that no given font can draw."""


@dataclass(frozen=True, slots=True)
class Font:
    """One face of one font file."""

    path: str
    """The file."""
    index: int
    """The face's number within the file."""
    family: str
    style: str
    kind: Kind
    """What sort of document it looks like."""
    covers: frozenset[int]
    """Code points of its cmap."""

    @property
    def name(self) -> str:
        """Family and style, for messages and rankings."""
        return f"{self.family} {self.style}".strip()

    def can_draw(self, text: str) -> bool:
        """Whether the cmap has every character of `text`."""
        return all(ord(c) in self.covers for c in text)

    def lacks(self, text: str) -> str:
        """Characters of `text` the cmap does not have, each once, in order of code point."""
        return "".join(sorted({c for c in text if ord(c) not in self.covers}))


@dataclass(frozen=True, slots=True)
class Glyph:
    """A drawn piece of type: coverage, where it stands from the pen, how far the pen moves."""

    ink: NDArray[np.uint8]
    """`height width` coverage [0, 255]; empty for a space."""
    left: int
    """Pixels from the pen to the bitmap's left edge."""
    top: int
    """Pixels from the baseline to the bitmap's top edge, negative above the baseline."""
    advance: float
    """Pixels the pen moves."""


class Face:
    """A font at one size in pixels: draws single pieces of type, and remembers them."""

    def __init__(self, font: Font, size: int) -> None:
        self.font = font
        self.size = size
        self._face = ImageFont.truetype(
            font.path, size, font.index, layout_engine=ImageFont.Layout.BASIC
        )
        self._shaping: ImageFont.FreeTypeFont | None = None
        self._glyphs: dict[str, Glyph] = {}
        ascent, descent = self._face.getmetrics()
        self.ascent, self.descent = float(ascent), float(descent)

    def is_unicase(self) -> bool:
        """Whether small letters are drawn as capitals: then `g p q` stay on the baseline."""
        glyphs = [self.glyph(c) for c in "gpq"]
        return all(g.top + g.ink.shape[0] < 0.06 * self.size for g in glyphs)

    def glyph(self, letters: str) -> Glyph:
        """Draw one character, or letters that are one piece (:func:`readapt.synth.ligatures.cast`).

        Raises :class:`FontError`, naming font and character, where the cmap lacks it, or the
        glyph is blank although the character is no space, or of no width although it combines
        with none.
        """
        known = self._glyphs.get(letters)
        if known is not None:
            return known
        lacking = self.font.lacks(letters)
        if lacking:
            raise FontError(
                f"{self._of(lacking[0], 'has no glyph for')}: choose a font that has it"
            )
        try:
            drawn, options = self._drawing(letters)
            mask, (left, top) = drawn.getmask2(letters, mode="L", anchor="ls", features=options)
            advance = float(drawn.getlength(letters, features=options))
        except OSError as error:  # FreeType cannot draw every outline at every size
            raise FontError(f"{self._of(letters, 'cannot draw')}: {error}") from error
        width, height = mask.size
        ink = np.asarray(mask, dtype=np.uint8).reshape(height, width)
        if not letters.isspace() and (ink.size == 0 or int(ink.max()) < 32):
            raise FontError(f"{self._of(letters, 'draws')} without ink: choose another font")
        if advance <= 0 and not unicodedata.combining(letters[0]):
            raise FontError(
                f"{self._of(letters, 'draws')} over what stands beside it: choose another font"
            )
        glyph = self._glyphs[letters] = Glyph(ink, int(left), int(top), advance)
        return glyph

    def _drawing(self, letters: str) -> tuple[ImageFont.FreeTypeFont, list[str] | None]:
        """Return what draws letters: shaped, which is slow, only where they are several."""
        if len(letters) == 1:
            return self._face, None
        if self._shaping is None:
            raqm = ImageFont.Layout.RAQM
            self._shaping = self._face.font_variant(layout_engine=raqm)
        return self._shaping, FEATURES

    def _of(self, letters: str, what: str) -> str:
        codes = " ".join(f"U+{ord(c):04X}" for c in letters)
        return f"{self.font.name} ({self.font.path}) {what} {letters!r} ({codes})"


@lru_cache(maxsize=512)
def face(font: Font, size: int) -> Face:
    """`font` at `size` pixels; the last few hundred are kept open."""
    return Face(font, size)


def classify(family: str, monospaced: bool) -> Kind:
    """Guess the kind of document a family looks like, from its name and spacing."""
    if _TYPEWRITER.search(family):
        return "typewriter"
    if _FRAKTUR.search(family):
        return "fraktur"
    if _BLACKLETTER.search(family):
        return "blackletter"
    if _DISPLAY.search(family):
        return "display"
    if monospaced:
        return "mono"
    if _OLD.search(family):
        return "old"
    return "serif" if _SERIF.search(family) else "sans"


def _code_points(charset: str) -> frozenset[int]:
    """Code points of fontconfig's `20-7e a0 ...`, up to the last Latin block."""
    points: set[int] = set()
    for part in charset.split():
        first, _, last = part.partition("-")
        low = int(first, 16)
        if low <= 0xFFFF:
            points.update(range(low, min(int(last or first, 16), 0xFFFF) + 1))
    return frozenset(points)


def _from_fontconfig() -> list[Font]:
    pattern = "%{file}\t%{index}\t%{family[0]}\t%{style[0]}\t%{spacing}\t%{scalable}\t%{charset}\n"
    listed = subprocess.run(
        ["fc-list", "--format", pattern], capture_output=True, text=True, check=True
    )
    fonts = []
    for row in sorted(set(listed.stdout.splitlines())):
        fields = row.split("\t")
        if len(fields) != 7:  # a name with a line break in it
            continue
        path, index, family, style, spacing, scalable, charset = fields
        # Indices above 65535 name instances of variable fonts, which FreeType draws alike.
        if scalable != "True" or _USELESS.search(f"{family} {style}") or int(index) > 0xFFFF:
            continue
        covers = _code_points(charset)
        if covers >= NEEDED:
            kind = classify(family, spacing == "100")
            fonts.append(Font(path, int(index), family, style, kind, covers))
    return fonts


def read_font(path: str | Path) -> Font:
    """Describe one font file by its own tables (needs fontTools, of the training extra).

    Raises :class:`FontError` that names the file where it is no font.
    """
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with Path(path).open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as tables:
            covers = frozenset(tables.getBestCmap() or ())
            family = tables["name"].getBestFamilyName() or Path(path).stem
            style = tables["name"].getBestSubFamilyName() or ""
            monospaced = bool(tables["post"].isFixedPitch) if "post" in tables else False
    except (TTLibError, OSError, KeyError) as error:
        raise FontError(f"{path} cannot be read as a font: {error}") from error
    return Font(str(path), 0, family, style, classify(family, monospaced), covers)


def _from_matplotlib() -> list[Font]:
    from matplotlib import font_manager

    fonts = []
    for path in sorted({*font_manager.findSystemFonts(), font_manager.findfont("DejaVu Sans")}):
        try:
            font = read_font(path)
        except FontError:
            continue
        if font.covers >= NEEDED and not _USELESS.search(font.name):
            fonts.append(font)
    return fonts


@lru_cache(maxsize=1)
def find_fonts() -> tuple[Font, ...]:
    """All usable Latin fonts of this system, in a fixed order.

    fontconfig knows them where it is installed; otherwise matplotlib's font manager finds them,
    and its own DejaVu is always among them. Raises :class:`FontError` where there is none.
    """
    fonts = _from_fontconfig() if shutil.which("fc-list") else []
    if not fonts:
        fonts = _from_matplotlib()
    if not fonts:
        raise FontError(
            "no font with Latin letters was found: install the ones of apt-packages.txt"
        )
    return tuple(fonts)

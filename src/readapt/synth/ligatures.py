"""Letters that are cast as one piece of type.

Broken types join ch, ck, tz and a long s with what follows it to shapes of their own, a closed tz
that is nearly a sharp s among them; roman ones join an f with what follows it, old ones a c or a
long s with a t. A font has such pieces under code points, Unicode's own or the private ones of MUFI
(mufi.info, version 4.0) and of German type foundries (UNZ1), or as OpenType's substitutions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from PIL import ImageFont, features

from readapt.synth.fonts import FEATURES, Font, Kind

CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ch": "\uf1bb",
        "ck": "\ueec4",
        "ct": "\ueec5",
        "ff": "\ufb00",
        "ffi": "\ufb03",
        "ffl": "\ufb04",
        "fi": "\ufb01",
        "fl": "\ufb02",
        "ft": "\ueecb",
        "ll": "\uf4f9",
        "tz": "\ueedc",
        "ſch": "\uf4fa",
        "ſi": "\ueba2",
        "ſl": "\ueba3",
        "ſſ": "\ueba6",
        "ſſi": "\ueba7",
        "ſt": "\ufb05",
        "ſz": "",
    }
)
"""Letters that types cast together, with the code point of the piece; "" for none."""
NEVER_PARTED: Final = frozenset("ch ck tz ſt".split())
"""Those that stay one piece in words whose other letters are set apart."""
CASTING: Final[frozenset[Kind]] = frozenset(("fraktur", "blackletter", "old", "serif"))
"""Kinds of fonts whose documents were printed from types."""
_LONGEST: Final = max(map(len, CODES))
_LARGE: Final = 60
"""Pixels at which shapes are compared: at few of them all are alike."""
_APART: Final = [f"-{name.lstrip('-')}" for name in (*FEATURES, "rlig", "clig")]
"""Features that draw letters one by one."""


def cast(font: Font, text: str) -> Mapping[str, str]:
    """Return the ligatures of a text that a font has, and what to draw for each."""
    drawn = {letters: _drawn(font, letters) for letters in CODES if letters in text}
    return {letters: what for letters, what in drawn.items() if what}


@lru_cache(maxsize=8192)
def _drawn(font: Font, letters: str) -> str:
    """Return a code point, or the letters where the font substitutes them; "" for neither.

    A substitution is known by what it changes; none is found where Pillow comes without Raqm, which
    makes them.
    """
    code = CODES[letters]
    if code and ord(code) in font.covers:
        return code
    if not features.check("raqm") or not font.can_draw(letters):
        return ""
    face = ImageFont.truetype(font.path, _LARGE, font.index)
    one, several = (face.getmask(letters, features=names) for names in (FEATURES, _APART))
    return letters if one.size != several.size or bytes(one) != bytes(several) else ""


def pieces(text: str, joined: Collection[str]) -> Iterator[str]:
    """Cut a text into what is one piece of type each: `joined` letters, the longest first."""
    start = 0
    while start < len(text):
        for length in range(_LONGEST, 0, -1):
            piece = text[start : start + length]
            if length == 1 or piece in joined:
                yield piece
                start += len(piece)
                break

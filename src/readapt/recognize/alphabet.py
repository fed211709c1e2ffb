"""The characters a recognizer can write, and their numbers.

Class 0 is the blank of CTC; character ``i`` of the alphabet is class ``i + 1``.
Text is Unicode NFC throughout. A character that has no class of its own but whose canonical
decomposition has one for every part (``ḡ`` = ``g`` + U+0304) is written as those parts and
put together again on the way back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from readapt.errors import ReadaptError

BLANK: Final = 0
"""The class of CTC's blank, in every alphabet."""


class AlphabetError(ReadaptError):
    """A text holds characters that the alphabet cannot write, or an alphabet is ill formed."""


class Alphabet:
    """An ordered set of characters; equal alphabets number their characters alike.

    ``characters`` holds each character once, each a single code point that NFC leaves as it is;
    raises :class:`AlphabetError` where it is empty, repeats one, or holds one that NFC changes.
    """

    __slots__ = ("_class_of", "characters")

    characters: str

    def __init__(self, characters: str) -> None:
        repeated = sorted({c for c in characters if characters.count(c) > 1})
        unstable = [c for c in characters if not unicodedata.is_normalized("NFC", c)]
        if not characters:
            raise AlphabetError("an alphabet needs at least one character, and this one is empty")
        if repeated:
            raise AlphabetError(
                f"an alphabet holds each character once, not {name(repeated)} twice"
            )
        if unstable:
            raise AlphabetError(f"an alphabet is Unicode NFC; not NFC: {name(unstable)}")
        self.characters = characters
        self._class_of = {c: i + 1 for i, c in enumerate(characters)}

    @property
    def classes(self) -> int:
        """Number of classes of a network for this alphabet: the characters and the blank."""
        return len(self.characters) + 1

    @property
    def space(self) -> int | None:
        """The class that separates words, or None in an alphabet without a space."""
        return self._class_of.get(" ")

    def encode(self, text: str) -> list[int]:
        """Classes of ``text`` in NFC, each in ``[1, classes)``.

        ``decode(encode(text))`` is ``text`` in NFC. Raises :class:`AlphabetError` that names
        every character without a class.
        """
        ids: list[int] = []
        for character in unicodedata.normalize("NFC", text):
            parts = self._parts(character)
            if parts is None:
                raise AlphabetError(f"the alphabet has no class for {name(self.missing(text))}")
            ids.extend(parts)
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Write a class sequence as text in NFC.

        Raises :class:`AlphabetError` for a number that is no character's class, such as the
        blank.
        """
        characters: list[str] = []
        for i in ids:
            if not 1 <= i <= len(self.characters):
                raise AlphabetError(f"class {i} is not in [1, {self.classes}) of this alphabet")
            characters.append(self.characters[i - 1])
        return unicodedata.normalize("NFC", "".join(characters))

    def missing(self, text: str) -> frozenset[str]:
        """Find the characters of ``text`` (in NFC) that this alphabet cannot write."""
        characters = set(unicodedata.normalize("NFC", text))
        return frozenset(c for c in characters if self._parts(c) is None)

    def _parts(self, character: str) -> list[int] | None:
        """Classes that write one NFC character: its own, or those of its decomposition."""
        own = self._class_of.get(character)
        if own is not None:
            return [own]
        parts: list[int] = []
        # One step of decomposition at a time: Ỗ may be Ô and a tilde where O, ^ and ~ are not.
        for code in _canonical(character):
            deeper = self._parts(code)
            if deeper is None:
                return None
            parts.extend(deeper)
        return parts or None

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: object) -> bool:
        return character in self._class_of

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Alphabet) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        return f"Alphabet({self.characters!r})"


def name(characters: Iterable[str]) -> str:
    """Characters for a message: each shown, with its code point, in order of code point."""
    return ", ".join(f"{c!r} (U+{ord(c):04X})" for c in sorted(characters))


def _canonical(character: str) -> list[str]:
    """Take one step of canonical decomposition; nothing for a character that has none."""
    codes = unicodedata.decomposition(character).split()
    return [] if codes and codes[0].startswith("<") else [chr(int(code, 16)) for code in codes]


# Numbers of classes are baked into trained networks: this string never changes. A different
# set of characters is a different alphabet with a name of its own.
LATIN: Final = Alphabet(
    " "
    "0123456789"
    "abcdefghijklmnopqrstuvwxyz"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    # Western and northern Europe (the letters of Latin-1), with œ, ÿ and both sharp s.
    "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿßœ"
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŸẞŒ"
    # Polish, Czech, Slovak, Hungarian, Romanian, Turkish, Croatian.
    "ăąćčďđęěğıľłńňőřśşšťůűźżžșț"
    "ĂĄĆČĎĐĘĚĞİĽŁŃŇŐŘŚŞŠŤŮŰŹŻŽȘȚ"
    # Early print: long s, r rotunda, vowels with a stroke for a missing m or n, the rest of the
    # strokes and the small e above by combination, the two hyphens.
    "ſꝛāēīōūẽĩũ"
    "\u0303\u0304\u0364"
    "⸗¬"
    "¢£¥€"
    "“”„‘’‚«»‹›–—…•·"
    "°§¶†‡©®™±×÷‰ºª¡¿"
    "½¼¾⁰¹²³⁴⁵⁶⁷⁸⁹"
)
"""Latin script: the modern languages of Europe west of Cyrillic, and early print. Space is 1."""

"""What a layout has at hand: a sheet, fonts by kind, running text, chance."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from readapt.synth.corpus import Corpus
from readapt.synth.fonts import Font, FontError, Kind
from readapt.synth.sheet import Face, Item, Sheet

_BOLD = re.compile(r"bold|black|heavy|extrabold|semibold|demi", re.IGNORECASE)
_ITALIC = re.compile(r"italic|oblique|slanted|kursiv", re.IGNORECASE)
_ODD = re.compile(r"light|thin|hairline|condensed|narrow|extended|expanded", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Family:
    """The cuts of one typeface; a cut the family lacks is imitated."""

    name: str
    regular: Font
    bold: Font | None = None
    italic: Font | None = None

    def face(
        self, size: float, *, bold: bool = False, italic: bool = False, tracking: float = 0.0
    ) -> Face:
        """Return the face at ``size`` pixels; a cut that is missing is imitated."""
        pixels = max(8, round(size))
        face = Face(self.regular, pixels, tracking=tracking)
        if bold and self.bold is not None:
            face = replace(face, font=self.bold)
        elif bold:
            face = replace(face, bold=max(1, pixels // 40))
        if italic and not bold and self.italic is not None:
            face = replace(face, font=self.italic)
        elif italic:
            face = replace(face, slant=0.2)
        return face


Shelf = dict[Kind, tuple[Family, ...]]
"""Families by the kind of document they look like."""

_NEXT_BEST: dict[Kind, tuple[Kind, ...]] = {
    "typewriter": ("mono", "serif"),
    "mono": ("typewriter", "sans"),
    "fraktur": ("blackletter", "old", "serif"),
    "blackletter": ("fraktur", "old", "serif"),
    "old": ("serif",),
    "serif": ("old", "sans"),
    "sans": ("serif", "mono"),
    "display": ("sans", "serif"),
}


@lru_cache(maxsize=8)
def shelve(fonts: tuple[Font, ...]) -> Shelf:
    """Sort fonts into families: a regular cut each, with its bold and italic where they exist."""
    cuts: dict[tuple[Kind, str], list[Font]] = {}
    for font in fonts:
        cuts.setdefault((font.kind, font.family), []).append(font)
    shelf: dict[Kind, list[Family]] = {}
    for (kind, name), members in sorted(cuts.items()):
        members.sort(key=lambda font: (len(font.style), font.style, font.path))
        plain = [font for font in members if not _BOLD.search(font.style)]
        upright = [font for font in plain if not _ITALIC.search(font.style)]
        bold = [
            font for font in members if _BOLD.search(font.style) and not _ITALIC.search(font.style)
        ]
        italic = [font for font in plain if _ITALIC.search(font.style)]
        # A narrow or light cut is a typeface of its own; it borrows no bold from the wide one.
        regular = [font for font in upright if not _ODD.search(font.style)]
        families = shelf.setdefault(kind, [])
        if regular or not upright:
            first = (regular or members)[0]
            families.append(
                Family(name, first, bold[0] if bold else None, italic[0] if italic else None)
            )
        families.extend(Family(f"{name} {odd.style}", odd) for odd in upright if odd not in regular)
    return {kind: tuple(families) for kind, families in shelf.items()}


@dataclass(frozen=True, slots=True)
class Press:
    """Everything a layout needs; it sets text on ``sheet`` and returns nothing."""

    sheet: Sheet
    shelf: Shelf
    corpus: Corpus
    rng: np.random.Generator

    @property
    def width(self) -> int:
        """Width of the sheet in pixels."""
        return self.sheet.width

    @property
    def height(self) -> int:
        """Height of the sheet in pixels."""
        return self.sheet.height

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return bool(self.rng.random() < probability)

    def between(self, low: float, high: float) -> float:
        """Draw a number of [low, high)."""
        return float(self.rng.uniform(low, high))

    def whole(self, low: int, high: int) -> int:
        """Draw a whole number of [low, high], both included."""
        return int(self.rng.integers(low, high + 1))

    def family(self, *kinds: Kind) -> Family:
        """Draw a family of one of these kinds, or of the next best kind there is.

        Raises FontError where the shelf is empty.
        """
        wanted = list(kinds)
        first = wanted.pop(int(self.rng.integers(len(wanted))))
        for kind in (first, *wanted, *_NEXT_BEST[first], *_NEXT_BEST):
            if self.shelf.get(kind):
                families = self.shelf[kind]
                return families[int(self.rng.integers(len(families)))]
        raise FontError("no font to set pages with: pass at least one to PageConfig")

    def words(self, count: int, font: Font) -> list[str]:
        """``count`` words of running text, all of which ``font`` can draw."""
        found: list[str] = []
        for _ in range(8):
            passage = self.corpus.passage(self.rng, 7 * (count - len(found)) + 8)
            found.extend(word for word in passage.split() if font.can_draw(word))
            if len(found) >= count:
                break
        return found[:count]

    def title(self, longest: int, font: Font) -> list[str]:
        """One to ``longest`` words as a heading has them: no mark at the end but a full stop."""
        words = [
            word.strip(".,;:!?()\"'«»„“”") for word in self.words(self.whole(1, longest), font)
        ]
        return [word for word in words if word]

    def centred(
        self, words: Sequence[str], face: Face, middle: float, baseline: float, shade: int = 255
    ) -> tuple[float, float]:
        """Set words around ``middle``; words that do not fit the sheet are left off at the end.

        Returns x of the left and the right end.
        """
        kept = list(words)
        room = 2 * min(middle, self.width - middle) - 2 * face.size * 0.3
        while kept and face.width(" ".join(kept)) > room:
            kept.pop()
        wide = face.width(" ".join(kept)) if kept else 0.0
        x = middle - wide / 2
        self.sheet.line(kept, face, x, baseline, shade=shade)
        return x, x + wide

    def cells(self, cells: Sequence[tuple[str, float, float]], face: Face, baseline: float) -> None:
        """Set one row of a table: ``(text, x, align)`` with align 0 left, 0.5 middle, 1 right.

        A cell that would touch the one before it, or leave the sheet, is left out.
        """
        items: list[Item] = []
        end = 0.0
        for text, x, align in sorted(cells, key=lambda cell: cell[1]):
            start = x - align * face.width(text)
            stop = start + face.width(text)
            if start < end or start < 2 or stop > self.width - 2:
                continue
            for word in text.split():
                items.append(Item(word, start, face))
                start += face.width(word) + face.space
            end = stop + 0.9 * face.space
        self.sheet.row(items, baseline)

    def wrap(self, words: Sequence[str], face: Face, room: float) -> list[list[str]]:
        """Break words into lines no wider than ``room`` pixels; a word too wide is left out."""
        lines: list[list[str]] = []
        line: list[str] = []
        used = 0.0
        for word in words:
            wide = face.width(word)
            if wide > room:
                continue
            if line and used + face.space + wide > room:
                lines.append(line)
                line, used = [], 0.0
            used += wide + (face.space if line else 0.0)
            line.append(word)
        if line:
            lines.append(line)
        return lines

    def paragraph(
        self,
        words: Sequence[str],
        face: Face,
        x: float,
        y: float,
        room: float,
        leading: float,
        bottom: float,
        *,
        justify: bool = False,
        indent: float = 0.0,
        hang: float = 0.0,
        first_free: float = 0.0,
        free_lines: int = 0,
    ) -> float:
        """Set a paragraph with its first baseline at ``y``; stop above ``bottom``.

        ``indent`` moves the first line in, ``hang`` all others; the first ``free_lines`` lines
        leave ``first_free`` pixels at their left for an initial. Returns the next baseline.
        """
        rest = list(words)
        number = 0
        while rest and y < bottom:
            inset = first_free if number < free_lines else (hang if number else indent)
            count, used = 0, -face.space
            while count < len(rest) and used + face.space + face.width(rest[count]) <= room - inset:
                used += face.space + face.width(rest[count])
                count += 1
            if count == 0:
                rest.pop(0)
                continue
            last = count == len(rest)
            fill = room - inset if justify and not last and used > 0.6 * (room - inset) else None
            self.sheet.line(rest[:count], face, x + inset, y, fill_width=fill)
            rest = rest[count:]
            y += leading
            number += 1
        return y

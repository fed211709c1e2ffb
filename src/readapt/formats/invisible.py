"""The invisible text of a PDF: found, marked and copied where the letters are, never seen.

Each word is set in a font of one glyph without area (``recipes/invisible_font.py``), stretched over
the word's corners, whichever way it runs. What a code of the font means is said by its ToUnicode
map (ISO 32000-1, 9.10.3), so any character can be written, whatever fonts there are.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from functools import cache
from importlib import resources

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

Corners = NDArray[np.float64]
"""Clockwise from the text's top-left, ``4 2``, in points of the page, y up."""

ADVANCE, DESCENT = 0.5, 0.2
"""Width of the glyph and depth below the baseline, in sizes of the font."""
THINNEST = 0.01
"""Points: what is thinner has no direction, and viewers drop it."""
_PER_BLOCK = 100  # entries, as the CMap format allows


class InvisibleFont:
    """The font, embedded once in a document, with codes for the characters that will be set."""

    def __init__(self, document: pdfium.FPDF_DOCUMENT, characters: Iterable[str]) -> None:
        self._document = document
        self._codes = {c: code for code, c in enumerate(sorted({*characters, " "}), 1)}
        data = _font_file()
        glyphs = bytes(2 * (len(self._codes) + 1))  # every code is drawn as glyph 0
        self._font = pdfium.FPDFText_LoadCidType2Font(
            document,
            (ctypes.c_uint8 * len(data)).from_buffer_copy(data),
            len(data),
            _to_unicode(self._codes),
            (ctypes.c_uint8 * len(glyphs)).from_buffer_copy(glyphs),
            len(glyphs),
        )
        if not self._font:
            raise RuntimeError("PDFium did not load the invisible font")

    def set(self, page: pdfium.FPDF_PAGE, text: str, corners: Corners) -> None:
        """Lay ``text`` over its corners; spaces at its end lie beyond them.

        Readers of PDFs find words that way, whatever they make of distances.
        """
        top_left, _, bottom_right, bottom_left = corners
        up = _long_enough(top_left - bottom_left, np.array([0.0, 1.0]))
        along = _long_enough(bottom_right - bottom_left, np.array([up[1], -up[0]]))
        along = along / (ADVANCE * len(text.rstrip()))
        origin = bottom_left + DESCENT * up
        codes = [self._codes[c] for c in text]
        item = pdfium.FPDFPageObj_CreateTextObj(self._document, self._font, 1.0)
        pdfium.FPDFText_SetCharcodes(item, (ctypes.c_uint32 * len(codes))(*codes), len(codes))
        pdfium.FPDFTextObj_SetTextRenderMode(item, pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)
        pdfium.FPDFPageObj_SetMatrix(item, pdfium.FS_MATRIX(*along, *up, *origin))
        pdfium.FPDFPage_InsertObject(page, item)


def is_invisible(item: pdfium.FPDF_PAGEOBJECT) -> bool:
    """Whether a page's object is invisible text, or a form that holds nothing else."""
    kind = pdfium.FPDFPageObj_GetType(item)
    if kind == pdfium.FPDF_PAGEOBJ_TEXT:
        mode = pdfium.FPDFTextObj_GetTextRenderMode(item)
        return bool(mode == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE)
    if kind != pdfium.FPDF_PAGEOBJ_FORM:
        return False
    count = pdfium.FPDFFormObj_CountObjects(item)
    return count > 0 and all(
        is_invisible(pdfium.FPDFFormObj_GetObject(item, i)) for i in range(count)
    )


def _long_enough(vector: NDArray[np.float64], otherwise: NDArray[np.float64]) -> Corners:
    """Keep a vector, or take one of the least length in another direction."""
    if np.hypot(*vector) >= THINNEST:
        return vector
    return np.asarray(otherwise * (THINNEST / np.hypot(*otherwise)))


def _to_unicode(codes: dict[str, int]) -> bytes:
    """Write the CMap from codes to UTF-16."""
    entries = [f"<{code:04X}> <{c.encode('utf-16-be').hex().upper()}>" for c, code in codes.items()]
    blocks = [entries[i : i + _PER_BLOCK] for i in range(0, len(entries), _PER_BLOCK)]
    maps = [line for block in blocks for line in (f"{len(block)} beginbfchar", *block, "endbfchar")]
    return "\n".join([_HEAD, *maps, _TAIL]).encode("ascii")


@cache
def _font_file() -> bytes:
    return (resources.files("readapt.formats") / "invisible.ttf").read_bytes()


_HEAD = """\
/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange"""
_TAIL = """\
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""

"""Make the font of the text layer of PDFs: one glyph, half as wide as it is high, of no area.

    python recipes/invisible_font.py src/readapt/formats/invisible.ttf

Which character a code means is said in the PDF itself; the font only gives its place and size. An
empty glyph would have no extent, and PDFium would not find text that runs downwards.
"""

import sys

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

ASCENT, DESCENT, ADVANCE = 800, -200, 500
"""Thousandths of the font's size; ``readapt.formats.invisible`` relies on them."""
MADE = 3_800_000_000
"""Seconds since 1904, so that the file is the same whenever it is made."""


def main() -> None:
    """Write the font to the path named."""
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef"])
    builder.setupCharacterMap({})
    pen = TTGlyphPen(None)
    pen.moveTo((0, DESCENT))
    pen.lineTo((ADVANCE, ASCENT))
    pen.closePath()
    builder.setupGlyf({".notdef": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    names = {"familyName": "Readapt Invisible", "styleName": "Regular"}
    builder.setupNameTable(names | {"psName": "ReadaptInvisible"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT)
    builder.setupPost(keepGlyphNames=False)
    font = builder.font
    font.recalcTimestamp = False
    font["head"].created = font["head"].modified = MADE
    builder.save(sys.argv[1])


if __name__ == "__main__":
    main()

"""The recipe of fonts: a long s out of an f, OpenType's curves as TrueType's, ligatures found."""

import sys
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.ttLib import TTFont
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, str(Path(__file__).parents[1] / "recipes"))
from fonts import add_long_s, keep_ligatures, quadratic

EM = 1000
LEFT, STEM, BAR, TOP = 100, (200, 300), (450, 520), 700
"""Where letters begin; of the f, left and right of its stem, bottom and top of its bar: in units,
a thousand to an em."""


def box(pen: T2CharStringPen, left: float, bottom: float, right: float, top: float) -> None:
    pen.moveTo((left, bottom))
    pen.lineTo((left, top))
    pen.curveTo((left, top), (right, top + 40), (right, top))  # a cubic, as OpenType draws
    pen.lineTo((right, bottom))
    pen.closePath()


@pytest.fixture
def font(tmp_path: Path) -> TTFont:
    """Return an OpenType font of f, x, and a ligature that nothing leads to."""
    shapes = {
        ".notdef": [],
        "f": [(STEM[0], 0, STEM[1], TOP), (LEFT, BAR[0], 450, BAR[1])],
        "x": [(LEFT, 0, 400, 500)],
        "longs_t": [(LEFT, 0, 600, TOP)],
    }
    drawn = {}
    for name, boxes in shapes.items():
        pen = T2CharStringPen(600, None)
        for one in boxes:
            box(pen, *one)
        drawn[name] = pen.getCharString()
    builder = FontBuilder(EM, isTTF=False)
    builder.setupGlyphOrder(list(shapes))
    builder.setupCharacterMap({ord("f"): "f", ord("x"): "x"})
    builder.setupCFF("Made", {}, drawn, {})
    builder.setupHorizontalMetrics(dict.fromkeys(shapes, (600, LEFT)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Made", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(tmp_path / "made.otf")
    return TTFont(tmp_path / "made.otf")


def ink(path: Path, letter: str) -> NDArray[np.bool_]:
    """Draw a letter, a pixel for ten thousandths of an em, its baseline at row 80."""
    picture = Image.new("L", (60, 100), 0)
    face = ImageFont.truetype(str(path), 100)
    ImageDraw.Draw(picture).text((0, 80), letter, fill=255, font=face, anchor="ls")
    return np.asarray(picture) > 127


def test_curves_stay_where_they_were(font: TTFont, tmp_path: Path) -> None:
    quadratic(font)
    font.save(tmp_path / "made.ttf")
    assert "glyf" in TTFont(tmp_path / "made.ttf")
    for letter in "fx":
        before, after = ink(tmp_path / "made.otf", letter), ink(tmp_path / "made.ttf", letter)
        assert before.sum() > 500
        assert (before != after).sum() <= 0.01 * before.sum()


def test_a_long_s_is_an_f_without_the_right_of_its_bar(font: TTFont, tmp_path: Path) -> None:
    quadratic(font)
    add_long_s(font)
    font.save(tmp_path / "made.ttf")
    f, long_s = ink(tmp_path / "made.ttf", "f"), ink(tmp_path / "made.ttf", "ſ")
    right = STEM[1] // 10
    assert f[:, right:].sum() > 50
    assert not long_s[:, right:].any()
    f[:, right:] = False
    assert (f != long_s).sum() <= 0.01 * f.sum()


def test_ligatures_get_their_code_points(font: TTFont) -> None:
    keep_ligatures(font)
    assert font.getBestCmap()[0xFB05] == "longs_t"
    assert ord("f") in font.getBestCmap()

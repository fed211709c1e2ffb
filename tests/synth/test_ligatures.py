"""Letters cast together: found in a font by code points or by shaping, and drawn as one piece."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import font_manager
from PIL import features

from readapt.synth.fonts import Font, face, read_font
from readapt.synth.ligatures import CODES, cast, pieces
from readapt.synth.render import Style, render_line


@pytest.fixture(scope="module")
def font() -> Font:
    return read_font(font_manager.findfont("DejaVu Sans"))


@pytest.fixture
def shaped(font: Font) -> Font:
    """Its ligatures have no code points, but substitutions."""
    if not features.check("raqm"):
        pytest.skip("this Pillow comes without Raqm")
    return replace(font, covers=font.covers - {ord(code) for code in CODES.values() if code})


def test_pieces_are_the_longest_there_are() -> None:
    assert list(pieces("effizient", {"ff", "fi"})) == ["e", "ff", "i", "z", "i", "e", "n", "t"]
    assert list(pieces("effizient", {"ff", "ffi"})) == ["e", "ffi", "z", "i", "e", "n", "t"]
    assert list(pieces("ſſ", {"ſſi"})) == ["ſ", "ſ"]
    assert list(pieces("", {"ff"})) == []


def test_a_font_has_ligatures_by_code_points_and_by_shaping(font: Font, shaped: Font) -> None:
    text = "tz und Schifffahrt fi"
    assert cast(font, text)["fi"] == "\ufb01"
    assert cast(shaped, text)["fi"] == "fi"
    assert "tz" not in cast(font, text)
    assert "fl" not in cast(font, text)  # not in the text


def test_both_draw_the_same_piece(font: Font, shaped: Font) -> None:
    by_code, by_shape = face(font, 60).glyph("\ufb01"), face(shaped, 60).glyph("fi")
    assert by_shape.ink.shape == by_code.ink.shape
    difference = np.abs(by_shape.ink.astype(int) - by_code.ink.astype(int))
    assert difference.mean() < 1


def test_letters_share_their_piece_evenly(font: Font) -> None:
    style = Style(size=60, ligatures=True)
    line = render_line("offen", font, style, np.random.default_rng(0))
    assert line.characters.shape == (5, 4, 2)
    widths = line.characters[:, 1, 0] - line.characters[:, 0, 0]
    assert widths[1] == pytest.approx(widths[2])
    apart = render_line("offen", font, Style(size=60), np.random.default_rng(0))
    assert line.characters[-1, 1, 0] != apart.characters[-1, 1, 0]


def test_letters_set_apart_are_not_cast_together(font: Font) -> None:
    def drawn(ligatures: bool) -> np.ndarray:
        style = Style(size=40, spaced=0.3, ligatures=ligatures)
        return render_line("offiziell", font, style, np.random.default_rng(0)).ink

    np.testing.assert_array_equal(drawn(True), drawn(False))

"""Marks that a font lacks are made: above the letter, without room of their own."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib import font_manager

from readapt.synth.fonts import Font, FontError, face, read_font
from readapt.synth.marks import MACRON, SMALL_E, TILDE, can_set, double_hyphen, glyph
from readapt.synth.render import Style, render_line


@pytest.fixture(scope="module")
def plain() -> Font:
    """A font of unmarked letters."""
    font = read_font(font_manager.findfont("DejaVu Sans"))
    return replace(font, covers=frozenset(range(32, 127)))


def test_small_letters_with_a_mark_can_be_set(plain: Font) -> None:
    assert can_set(plain, f"vnd ẽ ũ ñ ā a{SMALL_E} Haus")
    for text in ("Ẽ", "é", "漢", "ǖ"):
        assert not can_set(plain, text)
        with pytest.raises(FontError, match="has no glyph"):
            glyph(face(plain, 32), text)


@pytest.mark.parametrize("character", ["ẽ", "ū", "ñ"])
def test_a_mark_stands_above_its_letter(plain: Font, character: str) -> None:
    drawn = face(plain, 48)
    letter, marked = drawn.glyph({"ẽ": "e", "ū": "u", "ñ": "n"}[character]), glyph(drawn, character)
    assert marked.advance == letter.advance
    assert marked.top < letter.top
    below = marked.ink[letter.top - marked.top :]
    assert below.sum() == pytest.approx(letter.ink.sum())
    above = marked.ink[: letter.top - marked.top - 1]
    assert above.max() > 200
    assert (above.sum(axis=1) == 0).any()  # paper between both


def test_a_small_e_is_the_fonts_own(plain: Font) -> None:
    drawn = face(plain, 48)
    np.testing.assert_array_equal(glyph(drawn, SMALL_E).ink, face(plain, 24).glyph("e").ink)
    assert glyph(drawn, SMALL_E).advance == 0
    line = render_line(f"a{SMALL_E}x", plain, Style(48), np.random.default_rng(0))
    bare = render_line("ax", plain, Style(48), np.random.default_rng(0))
    assert line.characters[2, 0, 0] == bare.characters[1, 0, 0]
    assert line.ink.sum() > bare.ink.sum()


def test_a_tilde_waves_and_a_macron_does_not(plain: Font) -> None:
    drawn = face(plain, 48)
    wave, bar = glyph(drawn, TILDE).ink, glyph(drawn, MACRON).ink
    assert wave.shape[1] == bar.shape[1]
    heights = [np.ptp(np.argmax(ink, axis=0)) for ink in (wave, bar)]
    assert heights[0] >= 2
    assert heights[1] == 0


def test_a_double_hyphen_is_two_strokes_at_the_height_of_small_letters(plain: Font) -> None:
    drawn = face(plain, 60)
    x_height = -drawn.glyph("x").top
    for seed in range(20):
        hyphen = double_hyphen(drawn, np.random.default_rng(seed))
        middle = -hyphen.top - hyphen.ink.shape[0] / 2
        assert middle == pytest.approx(x_height / 2, abs=1)
        assert hyphen.advance >= hyphen.ink.shape[1]
        column = hyphen.ink[:, hyphen.ink.shape[1] // 2] > 128
        assert np.count_nonzero(np.diff(column.astype(int)) == 1) + column[0] == 2

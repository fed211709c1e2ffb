"""Character polygons are where the ink is."""

import numpy as np
import pytest
from matplotlib import font_manager

from readapt.synth.fonts import Font, FontError, read_font
from readapt.synth.render import Style, render_line


@pytest.fixture(scope="module")
def font() -> Font:
    return read_font(font_manager.findfont("DejaVu Sans"))


def test_each_character_has_its_own_ink(font: Font) -> None:
    text = "Hi mW.,|"
    line = render_line(text, font, Style(size=40, tracking=0.2), np.random.default_rng(0))
    assert line.characters.shape == (len(text), 4, 2)
    total = line.ink.sum()
    inside = 0.0
    for character, quad in zip(text, line.characters, strict=True):
        left, right = int(np.floor(quad[0, 0])), int(np.ceil(quad[1, 0]))
        ink = float(line.ink[:, left:right].sum())
        assert (ink > 1) == (character != " ")
        inside += ink
    assert inside == pytest.approx(total, rel=0.02)


def test_boxes_go_clockwise_and_onwards(font: Font) -> None:
    line = render_line("Ordnung", font, Style(size=30), np.random.default_rng(0))
    top_left, top_right, bottom_right, bottom_left = line.characters.transpose(1, 0, 2)
    assert (top_left[:, 0] < top_right[:, 0]).all()
    assert (top_left[:, 1] < bottom_left[:, 1]).all()
    assert (top_right[:, 1] < bottom_right[:, 1]).all()
    assert (np.diff(top_left[:, 0]) > 0).all()
    assert line.body[0] < line.baseline < line.body[1]


def test_no_letter_stands_before_the_one_before_it(font: Font) -> None:
    """Narrow types, set closely and cast together: a line of them has a width all the same."""
    style = Style(size=20, tracking=-0.6)
    line = render_line("...", font, style, np.random.default_rng(0))
    starts, ends = line.characters[:, 0, 0], line.characters[:, 1, 0]
    assert (ends >= starts).all()
    assert (np.diff(starts) >= 0).all()


def test_words_are_their_characters(font: Font) -> None:
    text = "zwei Wörter"
    line = render_line(text, font, Style(size=30), np.random.default_rng(0))
    words = line.words(text)
    assert [word for word, _ in words] == ["zwei", "Wörter"]
    np.testing.assert_array_equal(words[1][1][0], line.characters[5, 0])
    np.testing.assert_array_equal(words[1][1][2], line.characters[10, 2])


def test_a_combining_mark_stands_over_its_letter(font: Font) -> None:
    plain = render_line("xa", font, Style(size=40), np.random.default_rng(0))
    marked = render_line("xa\u0303", font, Style(size=40), np.random.default_rng(0))
    assert marked.characters[2, 0, 0] == marked.characters[2, 1, 0]  # no width of its own
    extra = marked.ink.sum(axis=0)[: plain.ink.shape[1]] - plain.ink.sum(axis=0)
    columns = np.flatnonzero(extra > 0.5)
    assert columns.min() > plain.characters[1, 0, 0] - 3
    assert columns.max() < plain.characters[1, 1, 0] + 3


def test_pressure_takes_ink_away_and_jitter_moves_it(font: Font) -> None:
    rng = np.random.default_rng
    plain = render_line("typescript", font, Style(size=30), rng(0)).ink
    faint = render_line("typescript", font, Style(size=30, pressure=0.8), rng(0)).ink
    moved = render_line("typescript", font, Style(size=30, jitter=0.1), rng(0)).ink
    assert faint.sum() < 0.9 * plain.sum()
    assert moved.sum() == pytest.approx(plain.sum(), rel=0.02)
    assert not np.array_equal(moved, plain)


def test_a_gap_parts_the_last_word(font: Font) -> None:
    plain = render_line("12 Birnen 30", font, Style(size=30), np.random.default_rng(0))
    apart = render_line("12 Birnen 30", font, Style(size=30, gap=3.0), np.random.default_rng(0))
    assert apart.ink.shape[1] == pytest.approx(plain.ink.shape[1] + 90, abs=1)
    assert apart.ink.sum() == pytest.approx(plain.ink.sum(), rel=0.01)


def test_ligatures_stand_closer(font: Font) -> None:
    rng = np.random.default_rng
    plain = render_line("nicht ahnen", font, Style(size=30), rng(0))
    joined = render_line("nicht ahnen", font, Style(size=30, joined=0.1), rng(0))
    moved = joined.characters[:, 0, 0] - plain.characters[:, 0, 0]
    assert moved == pytest.approx([0, 0, 0] + [-3] * 8)  # from the h of ch on


def test_words_are_set_apart_by_spaced_letters(font: Font) -> None:
    rng = np.random.default_rng
    plain = render_line("nachts", font, Style(size=30), rng(0))
    spaced = render_line("nachts", font, Style(size=30, spaced=0.2), rng(0))
    moved = spaced.characters[:, 0, 0] - plain.characters[:, 0, 0]
    assert moved == pytest.approx([0, 6, 12, 12, 18, 24])  # ch stays together
    text = "eins zwei drei vier fünf"
    for seed in range(8):
        plain = render_line(text, font, Style(size=30), rng(seed))
        spaced = render_line(text, font, Style(size=30, spaced=0.2), rng(seed))
        moved = spaced.characters[:, 0, 0] - plain.characters[:, 0, 0]
        (changed,) = np.nonzero(np.diff(moved) > 1)
        assert len(changed)
        assert changed[0] == 0 or text[changed[0] - 1] == " "  # whole words
        assert changed[-1] + 2 == len(text) or text[changed[-1] + 2] == " "
        assert np.array_equal(np.diff(changed), np.ones(len(changed) - 1))  # that follow each other


def test_small_capitals_are_words_in_capitals_within_a_line(font: Font) -> None:
    rng = np.random.default_rng
    text = "CORPVS album X 12"
    plain = render_line(text, font, Style(size=60), rng(0)).characters
    widths = plain[:, 1, 0] - plain[:, 0, 0]
    initials = set()
    for seed in range(8):
        small = render_line(text, font, Style(size=60, small=0.7), rng(seed)).characters
        share = (small[:, 1, 0] - small[:, 0, 0]) / widths
        assert share[1:6] == pytest.approx(0.7, abs=0.03)
        assert share[6:] == pytest.approx(1)
        initials.add(round(float(share[0]), 1))
    assert initials == {0.7, 1.0}  # the first letter is a full capital, or small as well


def test_double_hyphens_stand_where_hyphens_do(font: Font) -> None:
    rng = np.random.default_rng
    plain = render_line("Natur-", font, Style(size=60), rng(0))
    double = render_line("Natur-", font, Style(size=60, double=True), rng(0))
    np.testing.assert_array_equal(double.characters[:5], plain.characters[:5])
    hyphen = int(plain.characters[5, 0, 0])
    np.testing.assert_array_equal(double.ink[:, :hyphen], plain.ink[:, :hyphen])
    assert double.ink[:, hyphen:].any(axis=1).sum() > plain.ink[:, hyphen:].any(axis=1).sum()


def test_a_missing_glyph_is_never_drawn(font: Font) -> None:
    with pytest.raises(FontError, match="漢"):
        render_line("a漢", font, Style(), np.random.default_rng(0))

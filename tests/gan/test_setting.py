"""Setting a text as a line was set: place, weight, characters."""

import numpy as np
import pytest
from matplotlib import font_manager

from readapt.gan.setting import (
    SIZE,
    Setting,
    draw,
    edge_distance,
    ink_rows,
    moved_edges,
    rounded,
    set_text,
    word_columns,
    word_gaps,
)
from readapt.synth.fonts import Font, read_font


@pytest.fixture(scope="module")
def font() -> Font:
    return read_font(font_manager.findfont("DejaVu Sans"))


def test_edges_move_by_pixels() -> None:
    square = np.full((60, 60), 255, np.uint8)
    square[20:40, 20:40] = 0
    distance = edge_distance(square)
    assert distance[30, 19] == pytest.approx(0.5, abs=0.1)
    assert distance[30, 20] == pytest.approx(-0.5, abs=0.1)
    for by in (-4, 0, 3):
        ink = moved_edges(square, by) < 128
        assert ink[30].sum() == 20 + 2 * by
        assert ink[:, 30].sum() == 20 + 2 * by


def test_specks_are_no_rows_of_text() -> None:
    line = np.full((36, 100), 230, np.uint8)
    assert ink_rows(line) is None
    line[10:20, 20:80] = 0
    line[3, 5:7] = 0
    assert ink_rows(line) == (10, 20)


def test_words_are_parted_where_there_is_no_ink() -> None:
    spans = np.array([[0, 10], [10, 20], [20, 30]], np.float64)
    assert word_gaps("a b", spans) == [(5, 25)]
    line = np.full((36, 40), 230, np.uint8)
    line[5:9, 2:8] = line[5:9, 10:11] = line[5:9, 22:29] = 0
    assert word_columns(line, (5, 9), [(5, 25)]) == ((2, 11), (22, 29))
    assert word_columns(line, (5, 9), [(23, 27)]) is None  # ink all over
    assert word_columns(line, (5, 9), [(30, 39)]) is None  # no word after it


def test_a_text_stands_where_the_setting_says(font: Font) -> None:
    setting = Setting(font.name, 27.0, 0.5, 0.4, 0.0, 1.0, 6.0, 9.0)
    line = set_text(setting, "Hut am", font)
    assert line is not None
    assert line.image.shape[0] == 36
    assert line.text == "Hut am"
    columns = np.flatnonzero((line.image < 115).any(axis=0))
    assert columns[0] == pytest.approx(6, abs=1)
    assert line.image.shape[1] - 1 - columns[-1] == pytest.approx(9, abs=1)
    rows = ink_rows(line.image)
    assert rows is not None
    assert rows[1] == pytest.approx(27, abs=1)  # no letter goes below the baseline
    capital = 0.73 * SIZE * 0.5
    assert rows[1] - rows[0] == pytest.approx(capital, abs=2)
    # Characters lie one after the other, their ink within them.
    assert (np.diff(line.spans.mean(axis=1)) > 0).all()
    ink = (line.image < 115).any(axis=0)
    gap = line.spans[3]
    assert not ink[round(gap[0]) + 1 : round(gap[1]) - 1].any()


def test_heavier_is_heavier_and_wider_is_wider(font: Font) -> None:
    plain = Setting(font.name, 27.0, 0.5, 0.4, 0.0, 1.0, 6.0, 9.0)
    heavy = Setting(font.name, 27.0, 0.5, 0.4, 1.5, 1.0, 6.0, 9.0)
    spaced = Setting(font.name, 27.0, 0.5, 0.4, 0.0, 2.5, 6.0, 9.0)
    thin, thick, wide = (set_text(s, "ein Wort", font) for s in (plain, heavy, spaced))
    assert thin is not None
    assert thick is not None
    assert wide is not None
    assert (thick.image < 115).sum() > 1.3 * (thin.image < 115).sum()
    assert wide.image.shape[1] > thin.image.shape[1] + 3


def test_what_has_no_ink_is_not_drawn(font: Font) -> None:
    assert draw(" ", font) is None
    assert rounded(Setting("A", 1.23456, 1, 1, 1, 1, 1, 1)).baseline == 1.235

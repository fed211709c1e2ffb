from dataclasses import replace

import numpy as np
import pytest

from pages import FONTS
from readapt.synth.sheet import SPLIT_GAP, Face, Item, Sheet

SANS = Face(FONTS[0], 30)


def blank() -> Sheet:
    return Sheet(600, 120, np.random.default_rng(0))


def extent(ink):
    rows, columns = np.nonzero(ink > 60)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize(
    "face",
    [
        SANS,
        replace(SANS, bold=2),
        replace(SANS, slant=0.25),
        replace(SANS, stretch=1.4),
        replace(SANS, stretch=0.7, slant=0.1, tracking=3.0),
        replace(SANS, tracking=6.0),
        replace(SANS, wear=1.0),
    ],
)
def test_the_box_holds_the_ink_and_little_more(face):
    sheet = blank()
    sheet.line(["Abhgp", "dplqy"], face, 60, 70)
    (segment,) = sheet.segments
    x0, y0, x1, y1 = segment.box
    left, top, right, bottom = extent(sheet.ink)
    assert x0 - 1 <= left <= x0 + 8
    assert y0 - 2 <= top <= y0 + 8
    assert x1 - 14 <= right <= x1 + 1
    assert y1 - 8 <= bottom <= y1 + 2


def test_letters_without_hanging_parts_get_the_same_height():
    sheet = blank()
    sheet.line(["aces"], SANS, 10, 70)
    sheet.line(["dpg"], SANS, 300, 70)
    first, second = sheet.segments
    assert first.box[1::2] == second.box[1::2]


def test_a_wide_gap_splits_and_a_narrow_one_does_not():
    for factor, count in [(0.9, 1), (1.1, 2)]:
        sheet = blank()
        start = 10 + SANS.width("Total") + factor * SPLIT_GAP * SANS.height
        sheet.row([Item("Total", 10, SANS), Item("9.90", start, SANS)], 70)
        assert len(sheet.segments) == count
        assert " ".join(segment.text for segment in sheet.segments) == "Total 9.90"


def test_justified_words_end_at_the_margin():
    sheet = blank()
    end = sheet.line(["one", "two", "three"], SANS, 20, 70, fill_width=235)
    assert end == pytest.approx(255, abs=0.01)


def test_a_line_with_holes_is_set_ragged_instead():
    sheet = blank()
    assert sheet.line(["one", "two"], SANS, 20, 70, fill_width=500) < 200


def test_words_follow_the_text():
    sheet = blank()
    sheet.line(["one", "two", "three"], SANS, 20, 70)
    (segment,) = sheet.segments
    assert segment.text == " ".join(word for word, _ in segment.words) == "one two three"
    boxes = [box for _, box in segment.words]
    assert [box[0] for box in boxes] == sorted(box[0] for box in boxes)
    assert boxes[0][0] == segment.box[0]
    assert boxes[-1][2] == segment.box[2]


def test_bold_letters_are_solid():
    plain, bold = blank(), blank()
    plain.line(["H"], Face(FONTS[0], 80), 20, 90)
    bold.line(["H"], Face(FONTS[0], 80, bold=3), 20, 90)
    assert np.all(bold.ink[plain.ink == 255] == 255)
    assert (bold.ink > 127).sum() > 1.2 * (plain.ink > 127).sum()


def test_unlabelled_text_leaves_no_segment():
    sheet = blank()
    sheet.line(["-----"], SANS, 20, 70, labelled=False)
    assert sheet.segments == []
    assert sheet.ink.any()


def test_white_on_black():
    sheet = blank()
    sheet.pen.rectangle((0, 0, 600, 120), fill=255)
    sheet.line(["HELLO"], SANS, 20, 70, shade=0)
    assert sheet.ink.min() == 0


def test_paste_is_cut_at_the_edges_and_keeps_what_is_darker():
    sheet = blank()
    sheet.pen.rectangle((0, 0, 10, 10), fill=255)
    sheet.paste(np.full((40, 40), 100, np.uint8), -20, -20)
    sheet.paste(np.full((40, 40), 100, np.uint8), 700, 20)
    assert sheet.ink[5, 5] == 255
    assert sheet.ink[15, 15] == 100
    assert sheet.colour_ink is None
    sheet.paste(np.full((4, 4), 9, np.uint8), 1, 1, second_ink=True)
    assert sheet.colour_ink.max() == 9


def test_spaced_out_letters_stay_one_line():
    sheet = blank()
    sheet.line(["Die", "Axt"], replace(SANS, tracking=35.0), 20, 70)
    assert [segment.text for segment in sheet.segments] == ["Die Axt"]

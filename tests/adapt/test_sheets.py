"""Pages for the detector: scaled, cut, held out, stored."""

import numpy as np

from readapt.adapt.scans.sheets import LINE, SIDE, Sheets, pack, part, sheet_of, unpack
from readapt.geometry import box_quad


def test_lines_get_the_height_that_the_detector_wants() -> None:
    page = np.zeros((600, 900, 3), np.uint8)
    quads = [box_quad(10, y, 800, y + 64) for y in (10, 110, 210)]
    sheet = sheet_of(page, quads)
    assert sheet is not None
    assert sheet.shape == (300, 450)
    small = sheet_of(page, [box_quad(0, 0, 90, LINE / 2)])
    assert small is not None
    assert small.shape == (600, 900)  # never enlarged


def test_large_pages_are_cut_to_their_middle() -> None:
    page = np.zeros((3000, 1200), np.uint8)
    page[1500] = 255
    sheet = sheet_of(page, [box_quad(0, 0, 500, LINE)])
    assert sheet is not None
    assert sheet.shape == (SIDE, 1200)
    assert sheet[SIDE // 2, 0] == 255


def test_pages_on_their_side_and_empty_ones_are_none() -> None:
    page = np.zeros((300, 300), np.uint8)
    assert sheet_of(page, []) is None
    turned = np.roll(box_quad(0, 0, 30, 200), 1, axis=0)
    assert sheet_of(page, [turned]) is None


def test_some_are_held_out_and_come_back_from_the_disk() -> None:
    found = [(i, np.full((8, 9 + i), i, np.uint8)) for i in range(20)]
    assert part(found[:4], (), 0) == Sheets()
    sheets = part(found, {2, 7, 11}, 0)
    assert (len(sheets.learnt), len(sheets.held_out)) == (16, 4)
    assert {2, 7, 11} < {int(image[0, 0]) for image in sheets.held_out}
    again = unpack({**pack(sheets), "pages": np.zeros(3)})
    for a, b in ((sheets.learnt, again.learnt), (sheets.held_out, again.held_out)):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))

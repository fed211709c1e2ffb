from dataclasses import replace

import cv2
import numpy as np
import pytest

from pages import SMALL
from readapt.synth.layout import LAYOUTS, Layout
from readapt.synth.page import make_page
from readapt.synth.press import Press


def one_line(press: Press) -> None:
    face = press.family("sans").face(30)
    press.sheet.line(["Hdgp", "Hdgp"], face, press.width * 0.3, press.height * 0.4)


LINE = Layout("one line", one_line, 1.0, (0.7, 1.0))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("index", range(4))
def test_every_layout_keeps_its_promises(layout, index):
    page = make_page(index, replace(SMALL, layouts=(layout,)))
    height, width = page.image.shape[:2]
    assert page.image.dtype == np.uint8
    assert page.layout == layout.name
    assert height * width < 1.5 * SMALL.pixels
    for line in page.lines:
        assert line.quad.shape == (4, 2)
        assert line.quad.dtype == np.float32
        assert line.quad.min() >= -2
        assert line.quad[:, 0].max() <= width + 2
        assert line.quad[:, 1].max() <= height + 2
        # Clockwise with y down: positive by the shoelace formula.
        x, y = line.quad.T
        assert np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0
        assert line.quad[0, 0] < line.quad[1, 0]
        assert line.text == " ".join(text for text, _ in line.words)
        assert all(text == text.strip() != "" for text, _ in line.words)
    if layout.name == "textless":
        assert page.lines == ()


@pytest.mark.parametrize(
    "layout", [x for x in LAYOUTS if x.name != "textless"], ids=lambda x: x.name
)
def test_layouts_set_text(layout):
    config = replace(SMALL, layouts=(layout,), degrade=False)
    assert sum(len(make_page(index, config).lines) for index in range(4)) >= 8


def test_a_page_depends_on_seed_and_index_alone():
    first = make_page(3, SMALL)
    make_page(4, SMALL)
    again = make_page(3, SMALL)
    assert np.array_equal(first.image, again.image)
    assert [line.text for line in first.lines] == [line.text for line in again.lines]
    for one, other in zip(first.lines, again.lines, strict=True):
        assert np.array_equal(one.quad, other.quad)
    elsewhere = make_page(3, replace(SMALL, seed=2))
    assert elsewhere.image.shape != first.image.shape


def test_quads_lie_on_the_ink_after_all_geometry():
    config = replace(SMALL, layouts=(LINE,), photographed=0.6, curved=1.0)
    found = 0
    for index in range(25):
        page = make_page(index, config)
        if not page.lines:
            continue
        (line,) = page.lines
        grey = page.image if page.image.ndim == 2 else page.image[..., 1]
        # Straighten the quad with a margin around it, and look where the ink is.
        width = int(np.linalg.norm(line.quad[1] - line.quad[0]))
        height = int(np.linalg.norm(line.quad[3] - line.quad[0]))
        margin = 12
        flat = np.float32([[0, 0], [width, 0], [width, height], [0, height]]) + margin
        to_flat = cv2.getPerspectiveTransform(line.quad, flat)
        cut = cv2.warpPerspective(grey, to_flat, (width + 2 * margin, height + 2 * margin))
        paper = float(np.median(cut))
        dark = cut < paper - 0.6 * (paper - float(np.percentile(cut, 1)))
        inside = dark[margin:-margin, margin:-margin]
        if dark.sum() > 0.5 * dark.size or inside.sum() < 100:
            continue  # a stain or a fold drowns the text
        assert inside.sum() > 0.85 * dark.sum()
        rows, columns = np.nonzero(inside)
        assert np.ptp(rows) > 0.6 * height
        assert np.ptp(columns) > 0.85 * width
        found += 1
    assert found >= 15


def test_clean_pages_are_black_on_white_and_flat():
    page = make_page(0, replace(SMALL, layouts=(LINE,), degrade=False))
    assert page.image.ndim == 2
    assert page.image[0, 0] == 255
    (line,) = page.lines
    assert line.quad[0, 1] == line.quad[1, 1]
    assert line.text == "Hdgp Hdgp"


def test_colour_is_a_choice():
    assert make_page(0, replace(SMALL, colour=0.0)).image.ndim == 2
    assert make_page(0, replace(SMALL, colour=1.0)).image.shape[2] == 3

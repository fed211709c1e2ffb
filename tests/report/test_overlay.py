import numpy as np
import pytest

from readapt import Line, Page, Reader, Word
from readapt.models.bundle import Bundle
from readapt.report.overlay import draw_overlay
from tiny_model import draw_page


def test_words_stand_where_they_were_read(tiny_model: Bundle) -> None:
    image = draw_page([(20, 30, "abba ab"), (100, 200, "ba")])
    page = Reader(tiny_model.folder).read(image)
    picture = draw_overlay(image, page)
    assert picture.shape == (320, 1024, 3)
    assert picture.dtype == np.uint8
    dark = picture[:, 512:].max(axis=2) < 100
    assert dark[30:62, 30:260].any()
    assert dark[200:232, 100:200].any()
    for line in page.lines:
        (x1, y1), _, (x2, y2), _ = line.polygon
        dark[int(y1) : int(y2) + 2, int(x1) - 1 : int(x2) + 2] = False
    assert not dark.any()
    colour = np.repeat(image[:, :, None], 3, axis=2)
    assert (picture[:, :512] != colour).any(axis=2)[30:62, 20:270].any()
    assert np.array_equal(picture[250:, :512], colour[250:])


def test_any_page_can_be_drawn() -> None:
    empty = Page(3000, 10, ())
    assert draw_overlay(np.zeros((10, 3000), np.uint8), empty, 300).shape == (1, 600, 3)
    box = ((0, 0), (0.0, 0), (0, 0.0), (0, 0))
    odd = Page(40, 40, (Line(box, "Ωſ", 0.1, (Word("Ωſ", box, 7.0),)), Line(box, "x", -1.0)))
    assert draw_overlay(np.zeros((40, 40, 3), np.uint8), odd).shape == (40, 80, 3)
    with pytest.raises(ValueError, match="differ"):
        draw_overlay(np.zeros((4, 4), np.uint8), empty)

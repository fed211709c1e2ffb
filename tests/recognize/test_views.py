"""Views keep the line's size, so that frames match, and change it a little."""

import numpy as np
import pytest

from readapt.recognize.preprocess import PAPER
from readapt.recognize.views import VIEWS

LINE = np.full((36, 80), PAPER, np.uint8)
LINE[8:28, 10:16] = 0
LINE[8:28, 30:70] = 120


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_the_line_a_little_changed(name: str) -> None:
    view = VIEWS[name](LINE)
    assert view.shape == LINE.shape
    assert view.dtype == np.uint8
    difference = np.abs(view.astype(int) - LINE)
    assert 0.2 < difference.mean() < 30
    assert (view == VIEWS[name](LINE)).all()


def test_what_each_is_named_for() -> None:
    ink = {name: (view(LINE) < 115).sum(axis=0)[12] for name, view in VIEWS.items()}
    assert ink["lower"] < 20 < ink["higher"]
    assert VIEWS["softer"](LINE)[18, 9] < PAPER


@pytest.mark.parametrize("height", [8, 9, 36])
def test_small_lines_are_no_trouble(height: int) -> None:
    line = np.full((height, 1), 100, np.uint8)
    assert all(view(line).shape == (height, 1) for view in VIEWS.values())

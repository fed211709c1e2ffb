from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.lines.split import Splitting, Window, settle, split


@st.composite
def splittings(draw: st.DrawFn) -> Splitting:
    stride = draw(st.sampled_from([1, 2, 4, 8]))
    multiple = stride * draw(st.integers(1, 8))
    max_width = multiple * draw(st.integers(-(-5 * stride // multiple), 60))
    overlap = stride * draw(st.integers(1, max_width // 5 // stride))
    return Splitting(max_width, overlap, stride, multiple)


@given(splittings(), st.integers(1, 20_000))
def test_laws(splitting: Splitting, width: int) -> None:
    windows = split(width, splitting)
    assert (windows[0].start, windows[-1].end) == (0, width)
    assert all(w.start % splitting.stride == 0 for w in windows)
    assert all(0 < w.end - w.start <= splitting.max_width for w in windows)
    for left, right in pairwise(windows):
        assert left.start < right.start
        assert left.end - right.start >= splitting.overlap
    if width <= splitting.max_width:
        assert windows == (Window(0, width),)
    else:
        # As few as can be, and all of one padded width.
        least = -(-(width - splitting.overlap) // (splitting.max_width - splitting.overlap))
        assert len(windows) == least
        padded = {-(-(w.end - w.start) // splitting.multiple) for w in windows}
        assert len(padded) == 1


@given(splittings(), st.integers(1, 20_000))
def test_middle_halves_of_overlaps_follow_one_another(splitting: Splitting, width: int) -> None:
    middles = []
    for left, right in pairwise(split(width, splitting)):
        quarter = (left.end - right.start) / 4
        middles.append((right.start + quarter, left.end - quarter))
    assert all(before[1] <= after[0] for before, after in pairwise(middles))


def test_a_line_just_too_long_is_halved() -> None:
    splitting = Splitting(max_width=1600, overlap=160)
    assert split(1604, splitting) == (Window(0, 896), Window(708, 1604))


@pytest.mark.parametrize(
    ("max_width", "overlap", "stride", "multiple"),
    [
        (1600, 160, 3, 32),
        (1601, 160, 4, 32),
        (1600, 400, 4, 32),
        (1600, 0, 4, 32),
        (1600, 162, 4, 32),
    ],
)
def test_impossible_splittings(max_width: int, overlap: int, stride: int, multiple: int) -> None:
    with pytest.raises(ValueError, match="multiple"):
        Splitting(max_width, overlap, stride, multiple)


def test_a_line_has_a_width() -> None:
    with pytest.raises(ValueError, match="at least 1 pixel"):
        split(0, Splitting())


@given(splittings(), st.integers(1, 5_000), st.integers(0, 2**31))
def test_edges_move_inwards_by_less_than_a_quarter_of_the_overlap(
    splitting: Splitting, width: int, seed: int
) -> None:
    line = np.random.default_rng(seed).integers(0, 256, (20, width), np.uint8)
    before = split(width, splitting)
    after = settle(before, line, splitting)
    assert (after[0].start, after[-1].end) == (0, width)
    assert len(after) == len(before)
    for window, moved in zip(before, after, strict=True):
        assert 0 <= moved.start - window.start <= splitting.overlap // 4
        assert 0 <= window.end - moved.end <= splitting.overlap // 4
        assert moved.start % splitting.stride == 0
    for left, right in pairwise(after):
        assert left.end - right.start >= splitting.overlap / 2
        assert left.end % splitting.stride == 0


def test_edges_move_into_gaps() -> None:
    splitting = Splitting(max_width=320, overlap=64)
    line = np.full((30, 1000), 230, np.uint8)
    letters = np.arange(1000) % 16 < 5  # gaps of 11 pixels, wider than those about an edge
    line[8:22, letters] = 20
    for window in settle(split(1000, splitting), line, splitting):
        if window.start:
            assert not letters[window.start - 1 : window.start + 1].any()
        if window.end < 1000:
            assert not letters[window.end - 1 : window.end + 1].any()

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.detect.tiles import spans


@given(st.integers(1, 400), st.integers(2, 40), st.data())
def test_kept_parts_cover_the_axis_once_with_room_around(length, tile, data):
    overlap = data.draw(st.integers(0, (tile - 1) * 32))
    tiles = spans(length * 32, tile * 32, overlap, 32)
    assert tiles[0].keep_start == 0
    assert tiles[-1].keep_stop == length * 32
    for a, b in pairwise(tiles):
        assert a.keep_stop == b.keep_start
        assert a.stop - b.start >= overlap
        assert a.stop - a.keep_stop >= overlap / 2 - 32
        assert b.keep_start - b.start >= overlap / 2 - 32
    for t in tiles:
        assert 0 <= t.start <= t.keep_start < t.keep_stop <= t.stop <= length * 32
        assert t.stop - t.start <= tile * 32
        assert all(x % 32 == 0 for x in (t.start, t.stop, t.keep_start, t.keep_stop))


def test_an_axis_that_fits_is_one_tile():
    assert [(t.start, t.stop) for t in spans(640, 640, 64, 32)] == [(0, 640)]


@pytest.mark.parametrize(
    ("length", "tile", "overlap"), [(0, 64, 0), (65, 64, 0), (128, 65, 0), (128, 64, 33)]
)
def test_what_cannot_be_is_refused(length, tile, overlap):
    with pytest.raises(ValueError, match="must"):
        spans(length, tile, overlap, 32)

"""Real lines cut anew."""

import numpy as np

from readapt.train.reframe import AROUND, reframe
from readapt.types import Image

HEIGHT = 36


def line_with_neighbours() -> Image:
    """A line of 32 rows between two others, with half its height around it."""
    around = np.full((64, 300), 220, np.uint8)
    for x in range(30, 270, 6):  # the line: 40 bars
        around[20:44, x : x + 3] = 20
    around[:6, 30:270] = around[-6:, 30:270] = 90  # slivers of the neighbours
    return around


def test_frames_vary_and_the_line_is_always_inside() -> None:
    rng = np.random.default_rng(0)
    framed = [reframe(line_with_neighbours(), rng, HEIGHT) for _ in range(200)]
    assert all(one.shape[0] == HEIGHT for one in framed)
    bars = [int((np.diff((one[HEIGHT // 2] < 115).astype(int)) == 1).sum()) for one in framed]
    assert min(bars) == max(bars) == 40
    heights = [int((one < 115).any(axis=1).sum()) for one in framed]
    assert max(heights) - min(heights) > 6
    grey = sum(bool(((one[0] > 40) & (one[0] < 190)).mean() > 0.5) for one in framed)
    assert 0 < grey < 60  # slivers of a neighbour, sometimes


def test_the_same_draw_gives_the_same_frame() -> None:
    line = line_with_neighbours()
    first, second = (reframe(line, np.random.default_rng(3), HEIGHT) for _ in range(2))
    assert np.array_equal(first, second)


def test_tiny_cuts_are_no_error() -> None:
    for shape in ((1, 1), (2, 3), (3, 1)):
        tiny = np.full(shape, 200, np.uint8)
        assert reframe(tiny, np.random.default_rng(1), HEIGHT).shape[0] == HEIGHT
    assert AROUND > 0

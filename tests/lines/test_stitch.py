import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from readapt.lines.split import Splitting, split
from readapt.lines.stitch import CONFIDENT, seam, stitch

Posteriors = NDArray[np.float32]


def fake_network(line: NDArray[np.uint8], stride: int, reach: int) -> Posteriors:
    """``height width`` -> ``time 3``: each frame sees ``reach`` pixels to either side of it."""
    ink = np.pad(255.0 - line.mean(axis=0), reach)
    frames = -(-line.shape[1] // stride)
    seen = [ink[t * stride : t * stride + 2 * reach + stride] for t in range(frames)]
    weights = np.cos(np.arange(2 * reach + stride))
    logits = np.array([[s.sum(), 99.0 * (s @ weights[: len(s)]), 300.0] for s in seen]) / 300
    return (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)


def read_in_windows(line: NDArray[np.uint8], splitting: Splitting, reach: int) -> Posteriors:
    windows = split(line.shape[1], splitting)
    stride = splitting.stride
    pieces = [fake_network(line[:, w.start : w.end], stride, reach) for w in windows]
    return stitch(pieces, [w.start // stride for w in windows])


def random_line(width: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (2, width), np.uint8)


def test_twenty_thousand_pixels_without_a_trace() -> None:
    line, splitting = random_line(20_000, 0), Splitting()
    whole = fake_network(line, 4, reach=40)
    np.testing.assert_array_equal(read_in_windows(line, splitting, 40), whole)


@given(st.integers(1, 3000), st.integers(0, 99), st.sampled_from([(320, 64), (160, 32), (96, 16)]))
@settings(deadline=None, max_examples=50)
def test_split_then_stitch_is_identity(width: int, seed: int, sizes: tuple[int, int]) -> None:
    line, splitting = random_line(width, seed), Splitting(*sizes)
    reach = splitting.overlap // 4 - splitting.stride
    whole = fake_network(line, splitting.stride, reach)
    np.testing.assert_array_equal(read_in_windows(line, splitting, reach), whole)


def test_one_window_is_returned_itself() -> None:
    piece = np.zeros((7, 3), np.float32)
    assert stitch([piece], [0]) is piece


def test_the_seam_avoids_characters() -> None:
    blank = np.full(40, -9.0, np.float32)
    blank[[3, 15, 26]] = -0.01
    assert seam(blank, blank) == 15
    elsewhere = blank.copy()
    elsewhere[15] = -9.0
    assert seam(blank, elsewhere) == 26
    assert seam(np.full(40, -9.0, np.float32), blank) == 20


@given(st.integers(1, 200), st.integers(0, 999))
def test_the_seam_lies_in_the_middle_half(frames: int, seed: int) -> None:
    left, right = np.random.default_rng(seed).uniform(4 * CONFIDENT, 0, (2, frames))
    at = seam(left.astype(np.float32), right.astype(np.float32))
    assert frames // 4 <= at <= frames - frames // 4
    assert 0 <= at < frames


def test_windows_that_do_not_meet_are_refused() -> None:
    piece = np.zeros((7, 3), np.float32)
    with pytest.raises(ValueError, match="do not overlap"):
        stitch([piece, piece], [0, 7])

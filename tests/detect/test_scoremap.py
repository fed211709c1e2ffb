import numpy as np
import pytest

from readapt.detect.scoremap import ScoremapConfig, core_cut, find_lines, line_length
from readapt.train.detector_data import CropConfig, targets

STRIDE = 4


def maps_of(quads, size=(256, 384)):
    """What a perfect network would answer."""
    quads = np.asarray(quads, np.float32).reshape(-1, 4, 2)
    core, edges, _ = targets(quads, size, STRIDE, CropConfig())
    return core, edges


def box(x, y, w, h, degrees=0.0):
    angle = np.deg2rad(degrees)
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], float)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return corners @ turn + [x, y]


@pytest.mark.parametrize("height", [10, 16, 24, 40, 64])
@pytest.mark.parametrize("degrees", [0, -3, 5, 12])
def test_a_line_comes_back_as_it_was_drawn(height, degrees):
    quad = box(40, 80, 9 * height if height < 32 else 290, height, degrees)
    found, scores = find_lines(*maps_of(quad), STRIDE)
    assert found.shape == (1, 4, 2)
    assert found.dtype == scores.dtype == np.float32
    assert scores[0] > 0.6
    assert np.abs(found[0] - quad).max() < 3.2 + 0.06 * height


def test_lines_whose_boxes_touch_stay_apart():
    quads = [box(20, 20 + 20 * i, 300, 20) for i in range(8)]
    found, _ = find_lines(*maps_of(quads), STRIDE)
    assert len(found) == 8
    order = np.argsort(found[:, 0, 1])
    assert np.abs(found[order] - quads).max() < 4


def test_segments_of_a_row_stay_apart():
    quads = [box(20, 40, 80, 24), box(118, 40, 40, 24), box(200, 40, 30, 24)]
    found, _ = find_lines(*maps_of(quads), STRIDE)
    assert np.sort(found[:, 0, 0]) == pytest.approx([20, 118, 200], abs=3)


@pytest.mark.parametrize("degrees", [0.0, 6.0])
def test_a_lone_digit_takes_the_direction_of_the_page(degrees):
    quads = [
        box(60, 30, 280, 24, degrees),
        box(60, 70, 240, 24, degrees),
        box(200, 150, 11, 24, degrees),
    ]
    found, _ = find_lines(*maps_of(quads), STRIDE)
    digit = found[np.argmax(found[:, 0, 1])]
    along = digit[1] - digit[0]
    assert np.rad2deg(np.arctan2(along[1], along[0])) == pytest.approx(degrees, abs=2)
    assert np.linalg.norm(digit[3] - digit[0]) == pytest.approx(24, abs=3)


def test_lengths_are_the_inverse_of_the_cut():
    for length in (4.0, 12.0, 30.0, 500.0):
        core = length - 2 * core_cut(length, 24.0)
        back = line_length(np.array([core]), np.array([24.0]))
        assert back == pytest.approx([length])


def test_lines_that_grew_together_are_taken_apart():
    core, edges = maps_of([box(20, 40, 300, 24), box(20, 64, 300, 24)])
    core = core.copy()
    core[:, 40:43] = np.maximum(core[:, 40:43], np.where(core[:, 40:43] == 0, 0.6, 0))
    core[:8] = core[24:] = 0
    edges[:, :, 40:43] = np.where(edges[:, :, 40:43] == 0, 12, edges[:, :, 40:43])
    assert len(find_lines(core, edges, STRIDE)[0]) == 2
    assert len(find_lines(core, edges, STRIDE, ScoremapConfig(split_thresholds=()))[0]) == 1


def test_empty_paper_has_no_lines():
    scores, edges = np.full((32, 32), 0.2, np.float32), np.ones((2, 32, 32), np.float32)
    quads, found = find_lines(scores, edges, STRIDE)
    assert quads.shape == (0, 4, 2)
    assert found.shape == (0,)


def test_weak_small_and_flat_finds_are_dropped():
    scores, edges = np.zeros((32, 32), np.float32), np.full((2, 32, 32), 12, np.float32)
    scores[4, 4] = 1.0  # one cell
    scores[10:13, 4:20] = 0.55  # weak
    scores[20, 4:20] = 1.0
    edges[:, 18:25] = 0.5  # flat
    assert len(find_lines(scores, edges, STRIDE)[0]) == 0


def test_quads_go_clockwise_from_the_top_left():
    found, _ = find_lines(*maps_of([box(40, 80, 200, 24, 4), box(40, 140, 200, 24, -4)]), STRIDE)
    for quad in found:
        assert quad[0, 0] < quad[1, 0]
        assert quad[0, 1] < quad[3, 1]
        side, following = quad[1] - quad[0], quad[2] - quad[1]
        assert side[0] * following[1] - side[1] * following[0] > 0

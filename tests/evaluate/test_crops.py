import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.evaluate.crops import MARGIN, crop_truth, line_quad
from readapt.geometry import quad_angle, quad_size


def turned(width: float, height: float, degrees: float) -> np.ndarray:
    angle = np.deg2rad(degrees)
    corners = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return corners @ rotation.T + 300


@given(st.floats(40, 400), st.floats(5, 12), st.floats(-40, 40), st.integers(0, 3), st.booleans())
def test_the_rectangle_of_a_line_runs_with_its_text(
    width: float, height: float, degrees: float, start: int, backwards: bool
) -> None:
    corners = turned(width, height, degrees)
    given_corners = np.roll(corners, start, axis=0)[:: -1 if backwards else 1]
    quad = line_quad(tuple(map(tuple, given_corners.tolist())))
    np.testing.assert_allclose(quad, corners, atol=0.1)
    assert quad_angle(quad) == pytest.approx(degrees, abs=0.5)


def test_a_glyph_hugging_polygon_gets_the_rectangle_around_it() -> None:
    x = np.linspace(0, 200, 101)
    ragged = np.abs(np.sin(x)) * 3
    above, below = np.stack([x, 10 + ragged]), np.stack([x, 30 - ragged])
    polygon = tuple(map(tuple, np.hstack([above, below[:, ::-1]]).T.tolist()))
    width, height = quad_size(line_quad(polygon))
    assert width == pytest.approx(200, abs=2)
    assert height == pytest.approx(20, abs=2)


def test_a_short_line_is_upright_whatever_its_polygon() -> None:
    diamond = ((10.0, 0.0), (20.0, 10.0), (10.0, 20.0), (0.0, 10.0))
    assert line_quad(diamond).tolist() == [[0, 0], [20, 0], [20, 20], [0, 20]]


def test_the_cut_is_upright_and_has_a_margin() -> None:
    page = np.full((600, 600), 255, np.uint8)
    corners = turned(300, 20, 12)
    cv2.fillPoly(page, [np.round(corners * 16).astype(np.int32)], 0, cv2.LINE_AA, 4)
    cut = crop_truth(page, tuple(map(tuple, corners.tolist())))
    height, width = cut.shape
    assert height == pytest.approx(20 * (1 + 2 * MARGIN), abs=1)
    assert width == pytest.approx(300 + 2 * MARGIN * 20, abs=1)
    assert cut[3:-3, 3:-3].max() < 60

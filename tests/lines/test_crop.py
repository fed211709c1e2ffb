import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.geometry import box_quad, quad_angle, quad_size, to_polygon
from readapt.lines.crop import crop_frame, crop_line, line_frame

noise = np.random.default_rng(1).integers(0, 256, (60, 90, 3), np.uint8)


@given(st.integers(0, 80), st.integers(0, 50), st.integers(1, 9), st.integers(1, 9))
def test_an_upright_box_is_cut_without_touching_a_pixel(x: int, y: int, w: int, h: int) -> None:
    cut = crop_line(noise, box_quad(x, y, x + w, y + h), 0.0)
    assert np.array_equal(cut, noise[y : y + h, x : x + w])
    assert np.array_equal(
        crop_line(noise[:, :, 0], box_quad(x, y, x + w, y + h), 0.0),
        noise[y : y + h, x : x + w, 0],
    )


def test_margin_and_repeated_edge() -> None:
    assert np.array_equal(crop_line(noise, box_quad(20, 20, 40, 30), 0.2), noise[18:32, 18:42])
    cut = crop_line(noise, box_quad(0, 0, 20, 10), 0.2)
    assert cut.shape == (14, 24, 3)
    assert np.array_equal(cut[0, 2:], noise[0, :22])


@pytest.mark.parametrize("angle", [-170.0, -90.0, -3.0, 7.0, 90.0, 180.0])
def test_turned_text_comes_out_upright(angle: float) -> None:
    flat = np.full((20, 60), 255, np.uint8)
    flat[5:15, 5:15] = 0  # a mark at the start of the line
    matrix = cv2.getRotationMatrix2D((30, 10), -angle, 1.0)
    matrix[:, 2] += (70, 90)
    page = cv2.warpAffine(flat, matrix, (200, 200), borderValue=255)
    corners = cv2.transform(box_quad(0, 0, 60, 20)[None], matrix)[0].astype(np.float32)
    assert quad_size(corners) == pytest.approx((60, 20), abs=1e-3)
    assert np.cos(np.radians(quad_angle(corners) - angle)) == pytest.approx(1)
    cut = crop_line(page, corners, 0.0)
    assert cut.shape == (20, 60)
    assert cut[7:13, 7:13].max() < 60
    assert cut[:, 20:].min() > 200


def test_a_span_is_mapped_back_onto_the_page() -> None:
    frame = line_frame(box_quad(100, 50, 300, 70), 0.1)
    assert (frame.width, frame.height, frame.margin) == (204, 24, pytest.approx(2))
    assert np.allclose(frame.span(2, 102), box_quad(100, 50, 200, 70), atol=1e-3)
    assert np.allclose(frame.span(-9, 999), box_quad(98, 50, 302, 70), atol=1e-3)
    turned = np.array([[300, 70], [100, 70], [100, 50], [300, 50]], np.float32)  # upside down
    back = line_frame(turned, 0.1).span(2, 102)
    assert np.allclose(back, [[300, 70], [200, 70], [200, 50], [300, 50]], atol=1e-3)


def test_a_line_longer_than_opencv_can_warp() -> None:
    page = np.tile(np.arange(20, dtype=np.uint8)[:, None], (1, 40_000))
    frame = line_frame(np.array([[3, 4], [39_990, 5], [39_990, 15], [3, 14]], np.float32), 0.0)
    cut = crop_frame(page, frame)
    assert cut.shape == (frame.height, frame.width)
    assert frame.width == 39_987
    assert cut[:, 5].tolist() == list(range(4, 15))


def test_degenerate_and_outside_quads_still_give_an_image() -> None:
    for quad in (box_quad(5, 5, 5, 5), box_quad(-50, -50, -40, -45), box_quad(500, 500, 510, 505)):
        cut = crop_line(noise, quad, 0.1)
        assert cut.size > 0


def test_polygons_stay_on_the_page() -> None:
    assert to_polygon(box_quad(-3, 2.04, 200, 99), 100, 50) == (
        (0.0, 2.0),
        (100.0, 2.0),
        (100.0, 50.0),
        (0.0, 50.0),
    )

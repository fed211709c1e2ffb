import cv2
import numpy as np
import pytest

from readapt.synth.warp import Warp, Wave, project_boxes, render


def bent() -> Warp:
    corners = np.float32([[0, 0], [300, 0], [300, 400], [0, 400]])
    seen = np.float32([[20, 12], [310, 25], [325, 430], [8, 415]])
    homography = cv2.getPerspectiveTransform(seen, corners)
    waves = (Wave(1.0, 3.0, 1 / 300, 1 / 700, 0.3), Wave(-0.5, 1.5, -1 / 450, 1 / 200, 2.0))
    return Warp(tuple(homography.ravel()), waves, curl=5.0, curl_at=300.0, curl_reach=40.0)


IDENTITY = Warp(tuple(np.eye(3).ravel()))


def test_project_is_the_inverse_of_unproject():
    points = np.random.default_rng(0).uniform((5, 5), (295, 395), (200, 2))
    assert bent().unproject(bent().project(points)) == pytest.approx(points, abs=0.01)


def test_a_dot_is_seen_where_its_point_is_projected():
    warp = bent()
    for x, y in [(40, 50), (250, 60), (150, 200), (280, 350)]:
        sheet = np.zeros((400, 300), np.uint8)
        cv2.circle(sheet, (x, y), 4, 255, -1)
        picture, _ = render(warp, sheet, 450, 340)
        rows, columns = np.nonzero(picture > 127)
        centre = np.array([columns.mean() + 0.5, rows.mean() + 0.5])
        # The middle of pixel x is at x + 0.5.
        assert centre == pytest.approx(warp.project(np.array([x + 0.5, y + 0.5])), abs=0.3)


def test_identity_renders_the_sheet_itself():
    sheet = np.random.default_rng(1).integers(0, 256, (70, 53, 3), dtype=np.uint8)
    picture, cover = render(IDENTITY, sheet, 70, 53)
    assert np.array_equal(picture, sheet)
    assert cover.min() == 255


def test_cover_ends_where_the_sheet_ends():
    moved = Warp((1, 0, -10, 0, 1, -20, 0, 0, 1))
    _, cover = render(moved, np.zeros((40, 30), np.uint8), 80, 60)
    rows, columns = np.nonzero(cover)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 59, 10, 39)


def test_a_flat_box_is_its_own_quad():
    quads = project_boxes(IDENTITY, np.array([[3.0, 4.0, 50.0, 20.0]]))
    assert quads.dtype == np.float32
    assert quads[0].tolist() == [[3, 4], [50, 4], [50, 20], [3, 20]]


def test_a_bent_box_lies_in_its_quad():
    warp = bent()
    boxes = np.array([[20.0, 30, 280, 50], [20, 300, 290, 318], [100, 200, 130, 216]])
    for box, quad in zip(boxes, project_boxes(warp, boxes), strict=True):
        across, down = np.meshgrid(np.linspace(box[0], box[2], 40), np.linspace(box[1], box[3], 5))
        points = warp.project(np.stack([across, down], axis=-1)).reshape(-1, 2)
        outside = [-cv2.pointPolygonTest(quad, tuple(map(float, p)), True) for p in points]
        assert max(outside) < 0.6
        assert cv2.contourArea(quad) < 1.8 * (box[2] - box[0]) * (box[3] - box[1])


def test_no_boxes_no_quads():
    assert project_boxes(bent(), np.zeros((0, 4))).shape == (0, 4, 2)

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readapt.detect.nms import (
    convex_quads,
    gaussian_decay,
    linear_decay,
    merge_quads,
    nms_boxes,
    nms_quads,
    nms_rotated,
    quad_areas,
    quad_intersections,
    rotated_to_quads,
    soft_nms_boxes,
    soft_nms_quads,
    suppress_contained,
)
from reference import nms as slow

UNIT = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)


def random_boxes(rng, n, side=100.0, size=(5.0, 40.0)):
    centre, extent = rng.uniform(0, side, (n, 2)), rng.uniform(*size, (n, 2))
    return np.concatenate([centre - extent / 2, centre + extent / 2], 1)


def random_quads(rng, n, side=100.0, size=(5.0, 40.0)):
    centre, extent = rng.uniform(0, side, (n, 2)), rng.uniform(*size, (n, 2))
    turned = rotated_to_quads(np.c_[centre, extent, rng.uniform(-180, 180, n)])
    return turned + rng.uniform(-2, 2, turned.shape)


# --- areas ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "area"),
    [
        (UNIT, 1.0),
        (0.5 + UNIT, 0.25),
        (np.add(UNIT, [1, 0]), 0.0),  # they share a side
        (1 + UNIT, 0.0),  # they share a corner
        (UNIT * 3 - 1, 1.0),  # it lies around
        (UNIT / 2 + 0.25, 0.25),  # it lies inside
        (9 + UNIT, 0.0),
        (np.array([[0.5, -0.5], [1.5, 0.5], [0.5, 1.5], [-0.5, 0.5]]), 1.0),
        (np.array([[0, 0], [1, 0], [1, 0], [0, 0]], float), 0.0),  # a stroke
        (np.zeros((4, 2)), 0.0),  # a point
    ],
)
def test_areas_worked_out_by_hand(other, area):
    both = convex_quads([UNIT, other])
    assert quad_intersections(both[:1], both[1:]) == pytest.approx([area], abs=1e-12)
    assert quad_intersections(both[1:], both[:1]) == pytest.approx([area], abs=1e-12)


def test_areas_equal_shapely_wherever_the_page_lies():
    rng = np.random.default_rng(0)
    for offset in (0.0, 1e4, -1e6):
        a, b = random_quads(rng, 300) + offset, random_quads(rng, 300) + offset
        found = quad_intersections(convex_quads(a), convex_quads(b))
        wanted = [slow.solid(p).intersection(slow.solid(q)).area for p, q in zip(a, b, strict=True)]
        assert found == pytest.approx(wanted, abs=1e-6)
        assert quad_areas(convex_quads(a)) == pytest.approx([slow.solid(p).area for p in a])


coordinates = st.integers(-4, 4).map(float)
small_quads = st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=4)


@settings(max_examples=300, deadline=None)
@given(small_quads, small_quads)
def test_any_four_corners_on_a_grid(a, b):
    """Ties of every kind: shared sides and corners, strokes, points, bow ties, arrows."""
    both = convex_quads([a, b])
    found = quad_intersections(both[:1], both[1:])[0]
    wanted = slow.solid(np.array(a)).intersection(slow.solid(np.array(b))).area
    assert found == pytest.approx(wanted, abs=1e-9)
    assert quad_areas(both) == pytest.approx([slow.solid(np.array(q)).area for q in (a, b)])


def test_rotated_rectangles_are_opencvs():
    rng = np.random.default_rng(1)
    for x, y, w, h, degrees in rng.uniform([0, 0, 1, 1, -180], [99, 99, 40, 40, 180], (20, 5)):
        ours = rotated_to_quads([[x, y, w, h, degrees]])[0]
        theirs = cv2.boxPoints(((x, y), (w, h), degrees))
        distance = np.linalg.norm(ours[:, None] - theirs[None], axis=-1)
        assert distance.min(1) == pytest.approx(0, abs=1e-3)


# --- greedy --------------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("size", [(1.0, 8.0), (5.0, 40.0), (60.0, 90.0)])
def test_boxes_as_the_definition(threshold, size):
    rng = np.random.default_rng(2)
    boxes, scores = random_boxes(rng, 250, size=size), rng.integers(0, 40, 250) / 40
    wanted = slow.greedy(250, scores, lambda i, j: slow.box_iou(boxes[i], boxes[j]), threshold)
    assert nms_boxes(boxes, scores, threshold).tolist() == wanted


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("size", [(1.0, 8.0), (20.0, 60.0)])
def test_quads_as_the_definition(threshold, size):
    rng = np.random.default_rng(3)
    quads, scores = random_quads(rng, 120, size=size), rng.integers(0, 20, 120) / 20
    wanted = slow.greedy(120, scores, lambda i, j: slow.iou(quads[i], quads[j]), threshold)
    assert nms_quads(quads, scores, threshold).tolist() == wanted


def test_a_pile_is_worn_down_and_the_rest_paired_to_the_same_end():
    """Both halves of the search, on boxes that need both."""
    rng = np.random.default_rng(4)
    pile, spread = random_boxes(rng, 1200, 30, (20, 40)), random_boxes(rng, 800, 3000)
    boxes = np.concatenate([pile, spread])
    scores = rng.random(2000)
    quads = np.stack([boxes[:, [0, 1]], boxes[:, [2, 1]], boxes[:, [2, 3]], boxes[:, [0, 3]]], 1)
    for threshold in (0.2, 0.6, 0.95):
        kept = nms_boxes(boxes, scores, threshold).tolist()
        alive = np.argsort(-scores, kind="stable").tolist()
        wanted = []
        while alive:
            best, *rest = alive
            wanted.append(best)
            a, b = boxes[best], boxes[rest]
            w = np.maximum(0, np.minimum(a[2], b[:, 2]) - np.maximum(a[0], b[:, 0]))
            h = np.maximum(0, np.minimum(a[3], b[:, 3]) - np.maximum(a[1], b[:, 1]))
            size = np.prod(b[:, 2:] - b[:, :2], 1) + (a[2] - a[0]) * (a[3] - a[1])
            alive = [i for i, o in zip(rest, w * h / (size - w * h), strict=True) if o <= threshold]
        assert kept == wanted
        assert nms_quads(quads, scores, threshold).tolist() == wanted


def test_the_order_of_the_input_does_not_matter():
    rng = np.random.default_rng(5)
    quads, scores = random_quads(rng, 300), rng.permutation(300) / 300
    order = rng.permutation(300)
    assert order[nms_quads(quads[order], scores[order], 0.4)].tolist() == (
        nms_quads(quads, scores, 0.4).tolist()
    )
    turned = np.roll(quads, 1, axis=1)[:, ::-1]
    assert nms_quads(turned, scores, 0.4).tolist() == nms_quads(quads, scores, 0.4).tolist()


def test_of_equal_scores_the_first_comes_first():
    assert nms_boxes([[0, 0, 9, 9]] * 5, [0.5] * 5, 0.5).tolist() == [0]
    assert nms_boxes([[i * 10, 0, i * 10 + 9, 9] for i in range(5)], [0.5] * 5, 0).tolist() == [
        0, 1, 2, 3, 4,
    ]  # fmt: skip


def test_boxes_that_touch_share_nothing():
    assert len(nms_boxes([[0, 0, 5, 5], [5, 0, 9, 5], [0, 5, 5, 9]], [1, 1, 1], 0)) == 3


def test_what_has_no_area_neither_goes_nor_drives_away():
    boxes = [[0, 0, 9, 9], [3, 3, 3, 6], [3, 3, 3, 6], [4, 4, 4, 4]]
    assert nms_boxes(boxes, [0.1, 0.9, 0.8, 0.7], 0.0).tolist() == [1, 2, 3, 0]
    quads = [[[0, 0], [9, 9], [0, 0], [9, 9]], [[1, 1], [1, 1], [1, 1], [1, 1]], UNIT * 9]
    assert nms_quads(quads, [3, 2, 1], 0.0).tolist() == [0, 1, 2]


def test_nothing_in_nothing_out():
    assert nms_boxes([], [], 0.5).tolist() == []
    assert nms_quads(np.zeros((0, 4, 2)), [], 0.5).tolist() == []
    assert nms_rotated([], [], 0.5).tolist() == []
    assert suppress_contained([], []).tolist() == []
    assert [len(x) for x in merge_quads([], [], 0.5)] == [0, 0]
    assert [len(x) for x in soft_nms_boxes([], [], linear_decay(0.5))] == [0, 0]


@pytest.mark.parametrize(
    ("boxes", "scores"),
    [
        ([[0, 0, 1]], [1]),
        ([[0, 0, 1, np.nan]], [1]),
        ([[2, 0, 1, 1]], [1]),
        ([[0, 0, 1, 1]], [1, 2]),
        ([[0, 0, 1, 1]], [np.inf]),
    ],
)
def test_boxes_that_are_none_are_refused(boxes, scores):
    with pytest.raises(ValueError, match="must be"):
        nms_boxes(boxes, scores, 0.5)


# --- OpenCV --------------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.8])
def test_boxes_as_opencv(threshold):
    rng = np.random.default_rng(6)
    boxes = random_boxes(rng, 800, 300)
    scores = (rng.permutation(800) + 1) / 1024  # exact in float32, no two equal
    theirs = cv2.dnn.NMSBoxes(
        np.c_[boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], scores, 0, threshold
    )
    assert nms_boxes(boxes, scores, threshold).tolist() == list(theirs)


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.8])
def test_rotated_rectangles_as_opencv_up_to_its_float32(threshold):
    rng = np.random.default_rng(7)
    n = 300
    rectangles = rng.uniform([0, 0, 5, 30, -90], [150, 150, 10, 40, 90], (n, 5))
    rectangles = np.float32(rectangles)
    scores = (rng.permutation(n) + 1) / 512
    theirs = cv2.dnn.NMSBoxesRotated(
        [((x, y), (w, h), a) for x, y, w, h, a in rectangles.tolist()], scores, 0, threshold
    )
    # An overlap within its rounding of the threshold would let the two differ; here there is none.
    quads = rotated_to_quads(rectangles)
    i, j = np.triu_indices(n, 1)
    convex = convex_quads(quads)
    shared = quad_intersections(convex[i], convex[j])
    area = quad_areas(convex)
    # Nor does one lie inside another, which OpenCV gives an overlap of 1.
    assert (shared < 0.999 * np.minimum(area[i], area[j])).all()
    assert np.abs(shared / (area[i] + area[j] - shared) - threshold).min() > 1e-6
    assert nms_rotated(rectangles, scores, threshold).tolist() == list(theirs)


def test_a_rectangle_inside_another_overlaps_by_its_area_only():
    pair, scores = [((50, 50), (40, 40), 10), ((50, 50), (10, 10), 10)], [0.9, 0.8]
    assert list(cv2.dnn.NMSBoxesRotated(pair, scores, 0, 0.5)) == [0]
    assert nms_rotated([[*p, *s, a] for p, s, a in pair], scores, 0.5).tolist() == [0, 1]


# --- soft ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decay", "reference"),
    [(linear_decay(0.3), slow.linear(0.3)), (gaussian_decay(0.5), slow.gaussian(0.5))],
)
def test_soft_as_the_definition(decay, reference):
    rng = np.random.default_rng(8)
    boxes, scores = random_boxes(rng, 80), rng.random(80)
    kept, lowered = slow.soft(
        scores, lambda i, j: slow.box_iou(boxes[i], boxes[j]), reference, 0.05
    )
    found, values = soft_nms_boxes(boxes, scores, decay, 0.05)
    assert found.tolist() == kept
    assert values == pytest.approx(lowered)
    assert (np.diff(values) <= 1e-12).all()
    quads = random_quads(rng, 60)
    kept, lowered = slow.soft(
        scores[:60], lambda i, j: slow.iou(quads[i], quads[j]), reference, 0.05
    )
    found, values = soft_nms_quads(quads, scores[:60], decay, 0.05)
    assert found.tolist() == kept
    assert values == pytest.approx(lowered)


def test_soft_keeps_what_greedy_drops_with_less_belief():
    boxes, scores = [[0, 0, 10, 10], [0, 0, 10, 8]], [0.9, 0.8]
    assert nms_boxes(boxes, scores, 0.5).tolist() == [0]
    found, values = soft_nms_boxes(boxes, scores, linear_decay(0.5))
    assert found.tolist() == [0, 1]
    assert values == pytest.approx([0.9, 0.8 * 0.2])


# --- merging and containment ---------------------------------------------------------------------


def test_merging_is_the_mean_weighted_by_score():
    quads, sums = merge_quads([UNIT * 10, UNIT * 10 + [1, 0]], [3.0, 1.0], 0.5)
    assert quads == pytest.approx((UNIT * 10 + [0.25, 0])[None])
    assert sums == pytest.approx([4.0])


def test_merging_leaves_strangers_alone_and_forgets_the_input_order():
    rng = np.random.default_rng(9)
    lines = [UNIT * [60, 10] + [0, 30 * row] for row in range(5)]
    quads = np.concatenate([line + rng.normal(0, 0.5, (6, 4, 2)) for line in lines])
    scores = rng.uniform(0.5, 1, 30)
    merged, sums = merge_quads(quads, scores, 0.5)
    assert len(merged) == 5
    assert sums.sum() == pytest.approx(scores.sum())
    order = rng.permutation(30)
    again, same = merge_quads(quads[order], scores[order], 0.5)
    assert again == pytest.approx(merged)
    assert same == pytest.approx(sums)


def test_what_lies_inside_goes():
    outer, inner, half_out = UNIT * 10, UNIT * 2 + 4, UNIT * 4 + [8, 0]
    quads, scores = [inner, outer, half_out], [0.9, 0.5, 0.7]
    assert suppress_contained(quads, scores).tolist() == [2, 1]
    assert suppress_contained(quads, scores, 0.5).tolist() == [1]


@pytest.mark.parametrize("share", [0.5, 0.9, 1.0])
def test_containment_as_the_definition(share):
    rng = np.random.default_rng(10)
    quads, scores = random_quads(rng, 150, size=(2.0, 60.0)), rng.random(150)
    assert suppress_contained(quads, scores, share).tolist() == slow.contained(
        list(quads), scores, share
    )

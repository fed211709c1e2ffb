import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely.geometry import Polygon
from tests.reference.icdar import icdar_counts

from readapt.evaluate.boxes import Detection, match, overlap

Corners = list[tuple[float, float]]
SQUARE: Corners = [(0, 0), (10, 0), (10, 10), (0, 10)]


@st.composite
def stars(draw: st.DrawFn) -> Corners:
    """Polygons around a point: simple, mostly concave, 3 to 12 corners."""
    centre = draw(st.tuples(st.integers(0, 40), st.integers(0, 40)))
    count = draw(st.integers(3, 12))
    radii = draw(st.lists(st.floats(1, 30), min_size=count, max_size=count))
    turn = draw(st.floats(0, 1))
    return [
        (
            centre[0] + r * math.cos(2 * math.pi * (k + turn) / count),
            centre[1] + r * math.sin(2 * math.pi * (k + turn) / count),
        )
        for k, r in enumerate(radii)
    ]


@st.composite
def boxes(draw: st.DrawFn) -> Corners:
    x, y = draw(st.integers(0, 60)), draw(st.integers(0, 20))
    w, h = draw(st.integers(1, 40)), draw(st.integers(1, 12))
    return [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]


def test_hand_worked_overlaps() -> None:
    shifted = [(x + 5, y) for x, y in SQUARE]
    assert overlap(SQUARE, shifted).shared == pytest.approx(50)
    assert overlap(SQUARE, shifted).iou == pytest.approx(50 / 150)
    assert overlap(SQUARE, SQUARE).iou == pytest.approx(1)
    assert overlap(SQUARE, [(x + 10, y) for x, y in SQUARE]).iou == 0


def test_a_polygon_may_be_concave_or_cross_itself() -> None:
    comb = [(0, 0), (10, 0), (10, 10), (7, 10), (7, 3), (3, 3), (3, 10), (0, 10)]
    assert overlap(comb, SQUARE).first == pytest.approx(100 - 28)
    assert overlap(comb, [(3, 3), (7, 3), (7, 10), (3, 10)]).shared == pytest.approx(0)
    bow_tie = [(0, 0), (10, 10), (10, 0), (0, 10)]
    assert overlap(bow_tie, SQUARE).first == pytest.approx(50)
    assert overlap(bow_tie, SQUARE).shared == pytest.approx(50)


@pytest.mark.parametrize("nothing", [[], [(1, 1)], [(0, 0), (5, 5)], [(0, 2), (9, 2), (4, 2)]])
def test_what_has_no_area_overlaps_nothing(nothing: Corners) -> None:
    assert overlap(nothing, SQUARE).iou == 0
    assert overlap(nothing, nothing).iou == 0


def test_a_wrong_shape_is_named() -> None:
    with pytest.raises(ValueError, match=r"\(corners, 2\), not \(4,\)"):
        overlap([1, 2, 3, 4], SQUARE)


@given(stars(), stars())
def test_agrees_with_shapely(first: Corners, second: Corners) -> None:
    a, b = Polygon(first), Polygon(second)
    assume(a.is_valid and b.is_valid)
    mine = overlap(first, second)
    assert mine.first == pytest.approx(a.area, rel=1e-6, abs=1e-6)
    assert mine.second == pytest.approx(b.area, rel=1e-6, abs=1e-6)
    assert mine.shared == pytest.approx(a.intersection(b).area, rel=1e-6, abs=1e-6)


@given(stars(), stars())
def test_overlap_is_symmetric_and_blind_to_orientation(first: Corners, second: Corners) -> None:
    there, back = overlap(first, second[::-1]), overlap(second, first)
    assert there.shared == pytest.approx(back.shared, rel=1e-6, abs=1e-6)
    assert there.iou == pytest.approx(back.iou, rel=1e-6, abs=1e-6)


def test_matching_is_one_to_one_and_forgives_ignored_regions() -> None:
    other = [(x + 50, y) for x, y in SQUARE]
    result = match([SQUARE, other], [SQUARE, SQUARE, other], ignore=[False, True])
    assert result.pairs == ((0, 0),)
    assert result.found_ignored == {2}
    assert result.detection == Detection(hits=1, truth=1, found=2)
    assert result.detection.precision == 0.5
    assert result.detection.recall == 1.0
    assert result.detection.hmean == pytest.approx(2 / 3)


def test_an_overlap_of_exactly_one_half_is_no_hit() -> None:
    assert match([SQUARE], [[*SQUARE[:1], (20, 0), (20, 10), (0, 10)]]).detection.hits == 0


def test_nothing_to_find_and_nothing_found() -> None:
    assert match([], []).detection.hmean == 1.0
    assert match([], [SQUARE]).detection.precision == 0.0
    assert match([SQUARE], []).detection.recall == 0.0


def test_flags_must_fit_the_truth() -> None:
    with pytest.raises(ValueError, match="2 ignore flags for 1 true"):
        match([SQUARE], [], ignore=[True, False])


@given(
    st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=5),
    st.lists(boxes(), max_size=6),
    st.randoms(use_true_random=False),
)
def test_agrees_with_the_icdar_rule_where_truth_does_not_overlap(
    rows: list[tuple[int, bool]], found: list[Corners], random: "np.random.Generator"
) -> None:
    truth: list[Corners] = [
        [(0, 6 * i), (w, 6 * i), (w, 6 * i + 6), (0, 6 * i + 6)] for i, (w, _) in enumerate(rows)
    ]
    ignore = [flag for _, flag in rows]
    detection = match(truth, found, ignore).detection
    expected = icdar_counts(truth, found, ignore)
    assert (detection.hits, detection.truth, detection.found) == expected
    random.shuffle(found)  # type: ignore[arg-type]
    assert match(truth, found, ignore).detection == detection

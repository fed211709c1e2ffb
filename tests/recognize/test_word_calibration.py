import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.errors import UsageError
from readapt.evaluate.calibration import calibration_error, reliability
from readapt.recognize.calibration import (
    AS_IS,
    FEWEST,
    ConfidenceMap,
    error_curve,
    fit_map,
    most_wrong,
    threshold_for,
    words_right,
)

shares = st.floats(0, 1)


@given(st.lists(st.tuples(shares, st.booleans()), min_size=1, max_size=60), shares, shares)
def test_a_map_rises_and_stays_within_0_and_1(
    words: list[tuple[float, bool]], a: float, b: float
) -> None:
    found = fit_map([x for x, _ in words], [y for _, y in words])
    low, high = found(min(a, b)), found(max(a, b))
    assert 0 <= low <= high + 1e-12
    assert high <= 1


def test_a_map_by_hand() -> None:
    # Bins of two words: 0/2, 2/2, 1/2, 2/2 right; the middle ones violate the order and are one.
    raw = [0.1, 0.1, 0.3, 0.3, 0.5, 0.5, 0.9, 0.9]
    right = [0, 0, 1, 1, 1, 0, 1, 1]
    found = fit_map(raw, right, bins=4)
    assert found.knots == ((0.1, 0.0), (0.4, 0.75), (0.9, 1.0))
    assert [found(x) for x in (0.0, 0.1, 0.25, 0.4, 0.65, 1.0)] == pytest.approx(
        [0, 0, 0.375, 0.75, 0.875, 1]
    )
    assert AS_IS(0.37) == 0.37


@pytest.mark.parametrize("knots", [((0.5, 0.1), (0.5, 0.2)), ((0.1, 0.5), (0.2, 0.4)), ((0, 2),)])
def test_a_map_that_does_not_rise_is_refused(knots: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match="rise"):
        ConfidenceMap(knots)


def test_confidences_become_honest() -> None:
    rng = np.random.default_rng(0)
    raw = rng.uniform(0, 1, 20_000)
    right = rng.uniform(0, 1, raw.size) < raw**3
    found = fit_map(raw[::2], right[::2])
    ones = np.ones(raw.size // 2)
    before = calibration_error(reliability(raw[1::2], right[1::2], ones))
    after = calibration_error(reliability([found(x) for x in raw[1::2]], right[1::2], ones))
    assert before > 0.2
    assert after < 0.02


def test_the_threshold_keeps_the_promise_on_other_words() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0, 1, 40_000) ** 0.3
    right = rng.uniform(0, 1, confidence.size) < confidence
    curve = error_curve(confidence[::2], right[::2])
    assert list(curve) == sorted(curve)
    assert curve[0][1] == pytest.approx(1 - right[::2].mean(), abs=0.01)
    for wanted in (0.2, 0.1, 0.05):
        kept = confidence[1::2] >= threshold_for(curve, wanted)
        assert 1 - right[1::2][kept].mean() == pytest.approx(wanted, abs=0.02)


def test_a_promise_on_few_words_holds_in_most_draws() -> None:
    """One draw in twenty may break it, not one in two as the share itself would."""
    rng = np.random.default_rng(2)
    broken = sum(most_wrong(int(rng.binomial(300, 0.04)), 300) < 0.04 for _ in range(400))
    assert broken / 400 < 0.08


@pytest.mark.parametrize(
    ("wrong", "words", "limit"),
    # With nothing wrong it is 1 - 0.05 ** (1 / n); the others are quantiles of the beta law.
    [(0, 10, 0.258866), (0, 300, 0.009936), (1, 20, 0.216106), (10, 100, 0.163724), (7, 7, 1.0)],
)
def test_limits_of_clopper_and_pearson(wrong: int, words: int, limit: float) -> None:
    assert most_wrong(wrong, words) == pytest.approx(limit, abs=1e-5)


@given(st.lists(st.tuples(st.sampled_from([0.2, 0.5, 0.5000001, 0.9, 1.0]), st.booleans())))
def test_the_curve_is_what_counting_gives(words: list[tuple[float, bool]]) -> None:
    words = words * FEWEST  # enough of each
    curve = error_curve([x for x, _ in words], [y for _, y in words])
    assert bool(curve) == bool(words)
    for threshold, wrong in curve:
        kept = [y for x, y in words if x >= threshold]
        assert wrong == pytest.approx(most_wrong(len(kept) - sum(kept), len(kept)), abs=1e-6)
        assert len(kept) >= FEWEST


def test_promises_that_cannot_be_kept_are_not_given() -> None:
    assert threshold_for([(0.2, 0.3), (0.9, 0.02)], 0.3) == 0.2
    with pytest.raises(UsageError, match=r"2\.00%"):
        threshold_for([(0.2, 0.3), (0.9, 0.02)], 0.01)
    with pytest.raises(UsageError, match="calibrate"):
        threshold_for([], 0.01)
    with pytest.raises(UsageError, match="none"):
        fit_map([], [])


@pytest.mark.parametrize(
    ("truth", "reading", "right"),
    [
        ("the old house", "the old house", [1, 1, 1]),
        ("the old house", "the o1d house", [1, 0, 1]),
        ("the old house", "theold house", [0, 1]),
        ("the old house", "the o ld house", [1, 0, 0, 1]),
        ("house", "old house", [0, 1]),
        ("house", "", []),
        ("", "a", [0]),
    ],
)
def test_words_right(truth: str, reading: str, right: list[int]) -> None:
    assert words_right(truth, reading).tolist() == [bool(x) for x in right]

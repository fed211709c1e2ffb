import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.evaluate.calibration import Bin, calibration_error, reliability

readings = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(1, 50)), min_size=1, max_size=20
)


def test_a_hand_worked_case() -> None:
    bins = reliability([0.95, 0.91, 0.2], [1.0, 0.0, 0.2], [1, 1, 2])
    assert bins == (
        Bin(pytest.approx(0.2), pytest.approx(0.2), 0.5),
        Bin(pytest.approx(0.93), 0.5, 0.5),
    )
    assert calibration_error(bins) == pytest.approx(0.5 * 0.43)


def test_certainty_has_a_bin_and_nothing_has_none() -> None:
    assert reliability([1.0], [1.0], [3]) == (Bin(1.0, 1.0, 1.0),)
    assert reliability([], [], []) == ()
    assert calibration_error(()) == 0.0


def test_a_confidence_is_a_probability() -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        reliability([1.5], [1.0], [1])


@given(readings)
def test_laws(rows: list[tuple[float, float, int]]) -> None:
    said, right, weight = zip(*rows, strict=True)
    bins = reliability(said, right, weight)
    assert sum(b.weight for b in bins) == pytest.approx(1)
    assert 0 <= calibration_error(bins) <= 1
    assert calibration_error(reliability(said, said, weight)) == pytest.approx(0, abs=1e-9)

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from readapt.recognize.ctc import log_likelihood
from readapt.recognize.spans import span_log_likelihoods


def frames(time: int, seed: int, peak: float) -> NDArray[np.float64]:
    logits = peak * np.random.default_rng(seed).standard_normal((time, 6))
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 50),
    st.sampled_from([1.0, 5.0, 40.0, 400.0]),
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 50), st.lists(st.integers(1, 5), max_size=6)),
        max_size=9,
    ),
)
@example(seed=15235381, time=2, peak=400.0, given_texts=[(0, 2, [])])  # near the least number
@example(seed=512, time=24, peak=400.0, given_texts=[(11, 24, [3, 3, 1, 3])])  # 1e300 times less
@settings(deadline=None)
def test_each_is_the_likelihood_in_its_own_frames(
    seed: int, time: int, peak: float, given_texts: list[tuple[int, int, list[int]]]
) -> None:
    log_probs = frames(time, seed, peak)
    spans = np.array([sorted((min(a, time), min(b, time))) for a, b, _ in given_texts], np.int64)
    spans = spans.reshape(-1, 2)
    targets = [target for _, _, target in given_texts]
    expected = [
        log_likelihood(log_probs[None, begin:end], [target])[0]
        for (begin, end), target in zip(spans.tolist(), targets, strict=True)
    ]
    found = span_log_likelihoods(log_probs, spans, targets)
    exact = np.isclose(found, expected, rtol=1e-9, atol=1e-9)
    if peak < 400:
        assert exact.all()
    # Paths that were 1e300 times less probable than others up to some frame may be missing.
    left_out = (found <= expected) & (np.array(expected) < -300 * np.log(10))
    assert (exact | left_out).all()


@pytest.mark.parametrize("temperature", [0.01, 0.7, 3.0])
def test_a_temperature_is_a_softmax_of_the_scaled(temperature: float) -> None:
    log_probs = frames(300, 1, 3.0)
    warm = log_probs / temperature
    warm -= np.logaddexp.reduce(warm, axis=1, keepdims=True)
    spans, targets = np.array([[0, 9], [100, 300], [7, 8]]), [[1, 2], [3] * 40, [5]]
    expected = span_log_likelihoods(warm, spans, targets)
    found = span_log_likelihoods(log_probs, spans, targets, temperature)
    assert found == pytest.approx(expected, rel=1e-9)
    single = span_log_likelihoods(log_probs.astype(np.float32), spans, targets, temperature)
    assert single == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_texts_far_too_improbable_for_plain_numbers() -> None:
    log_probs = np.full((40, 3), -900.0)
    log_probs[:, 0] = 0.0
    found = span_log_likelihoods(log_probs, np.array([[0, 40], [10, 13]]), [[1, 2, 1], [1, 1]])
    assert found == pytest.approx([log_likelihood(log_probs[None], [[1, 2, 1]])[0], -1800.0])
    assert found[0] < -2600

from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.recognize import ctc
from readapt.recognize.greedy import best_path


@given(st.lists(st.integers(0, 4), max_size=30))
def test_a_certain_path_is_read_back(path: list[int]) -> None:
    log_probs = np.full((len(path), 5), np.log(0.05))
    log_probs[np.arange(len(path)), path] = np.log(0.8)
    result = best_path(log_probs)
    runs, at = [], 0
    for k, run in groupby(path):
        length = len(list(run))
        runs.append((k, at, at + length))
        at += length
    expected = [run for run in runs if run[0] != 0]
    assert result.ids == tuple(k for k, _, _ in expected)
    assert result.spans.tolist() == [[start, end] for _, start, end in expected]
    assert result.log_probability == pytest.approx(len(path) * np.log(0.8))


@given(st.integers(0, 2**32 - 1), st.integers(1, 25))
def test_it_is_the_viterbi_alignment_of_its_own_text(seed: int, time: int) -> None:
    logits = 3 * np.random.default_rng(seed).standard_normal((time, 5))
    log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    result = best_path(log_probs)
    alignment = ctc.align(log_probs, result.ids)
    assert alignment.log_probability == pytest.approx(result.log_probability)
    np.testing.assert_array_equal(alignment.spans, result.spans)

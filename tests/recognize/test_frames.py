import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.recognize.frames import Choice, Run, steps
from readapt.recognize.greedy import best_path


def test_runs_and_choices_by_hand() -> None:
    p = np.full((8, 4), 1e-6)
    for t, k in enumerate([0, 1, 1, 2, 0, 3, 3, 3]):
        p[t, k] = 1.0
    p[3] = [0.1, 0.3, 0.5, 0.1]
    p[4] = [0.9996, 0.0002, 0.0002, 0.0]
    first, choice, last = steps(np.log(np.maximum(p, 1e-300)), top=2, least=1e-4, blank=0.999)
    assert first == Run("\x01", True, False, pytest.approx(0.0))
    assert isinstance(choice, Choice)
    assert choice.blank == pytest.approx(0.1)
    assert choice.characters == [("\x02", pytest.approx(0.5)), ("\x01", pytest.approx(0.3))]
    assert last == Run("\x03", True, False, pytest.approx(np.log(0.9996)))


def test_a_character_goes_on_after_a_choice() -> None:
    p = np.array([[0.0, 1.0], [0.5, 0.5], [0.0, 1.0], [1.0, 0.0]])
    with np.errstate(divide="ignore"):
        first, _, last = steps(np.log(p), top=9, least=0.0, blank=2.0)
    assert first == Run("\x01", False, False, 0.0)
    assert last == Run("\x01", False, True, 0.0)


@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.sampled_from([1.0, 8.0]))
def test_all_frames_in_order(seed: int, time: int, peak: float) -> None:
    logits = peak * np.random.default_rng(seed).standard_normal((time, 5))
    log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    # Nothing but the best class is worth trying: one run, which is the best path.
    found = list(steps(log_probs, top=9, least=1.0, blank=2.0))
    assert len(found) == min(time, 1)
    for run in found:
        assert isinstance(run, Run)
        path = best_path(log_probs)
        assert tuple(map(ord, run.text)) == path.ids
        assert run.log_probability == pytest.approx(path.log_probability)
    # Everything is: no runs, and the frames as they are.
    for choice, frame in zip(steps(log_probs, 9, 0.0, 2.0), np.exp(log_probs), strict=True):
        assert isinstance(choice, Choice)
        assert choice.blank == pytest.approx(frame[0])
        assert {ord(k): p for k, p in choice.characters} == pytest.approx(
            dict(enumerate(frame.tolist()[1:], start=1))
        )
        assert choice.characters == sorted(choice.characters, key=lambda pair: -pair[1])

from dataclasses import replace
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.reference import ctc as reference

from readapt.recognize import ctc
from readapt.recognize.beam import DEFAULT, EXHAUSTIVE, Beam, beam_search
from readapt.recognize.greedy import best_path


def frames(time: int, classes: int, seed: int, peak: float = 2.0) -> NDArray[np.float64]:
    logits = peak * np.random.default_rng(seed).standard_normal((time, classes))
    return logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("time", "classes"), [(1, 3), (2, 4), (3, 4), (4, 3), (5, 3)])
def test_unpruned_is_enumeration(time: int, classes: int, seed: int) -> None:
    log_probs = frames(time, classes, seed)
    expected = reference.text_probabilities(log_probs)
    found = beam_search(log_probs, EXHAUSTIVE)
    assert {h.ids for h in found} == set(expected)
    for h in found:
        assert exp(h.log_probability) == pytest.approx(expected[h.ids], rel=1e-9)
    scores = [h.score for h in found]
    assert scores == sorted(scores, reverse=True)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 30),
    st.integers(2, 9),
    st.sampled_from([1.0, 3.0, 6.0, 12.0]),
    st.integers(1, 6),
    st.integers(1, 4),
    st.sampled_from([0.0, 1e-3, 0.05]),
)
@settings(deadline=None)
def test_runs_and_shortcuts_change_nothing(
    seed: int, time: int, classes: int, peak: float, width: int, top: int, least: float
) -> None:
    """The same texts with the same masses as frame by frame, class by class."""
    log_probs = frames(time, classes, seed, peak)
    search = Beam(width, top=top, least=least, blank=2.0, cutoff=1e-9)
    found = {h.ids: h.log_probability for h in beam_search(log_probs, search)}
    expected = reference.prefix_search(log_probs, width, top, least, 1e-9)
    assert set(found) == set(expected)
    for ids, mass in expected.items():
        assert found[ids] == pytest.approx(log(mass), abs=1e-8)


def test_it_finds_the_text_that_the_best_path_misses() -> None:
    # Graves 2006, figure 2's point: blank blank is the best path, "a" the best text.
    log_probs = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert best_path(log_probs).ids == ()
    best, second = beam_search(log_probs)
    assert best.ids == (1,)
    assert exp(best.log_probability) == pytest.approx(0.64)
    assert exp(second.log_probability) == pytest.approx(0.36)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([0.5, 2.0, 6.0]))
@settings(deadline=None)
def test_pruned_probabilities_are_lower_bounds(seed: int, time: int, peak: float) -> None:
    log_probs = frames(time, 8, seed, peak)
    found = beam_search(log_probs)
    assert 1 <= len(found) <= DEFAULT.width
    assert len({h.ids for h in found}) == len(found)
    exact = ctc.log_likelihood(np.repeat(log_probs[None], len(found), 0), [h.ids for h in found])
    for h, true in zip(found, exact, strict=True):
        assert h.log_probability <= true + 1e-9
        assert h.score == h.log_probability


def test_better_than_the_best_path() -> None:
    gains = []
    for seed in range(40):
        log_probs = frames(40, 8, seed, 2.0)
        texts = [beam_search(log_probs)[0].ids, best_path(log_probs).ids]
        beam, greedy = ctc.log_likelihood(np.stack([log_probs] * 2), texts)
        gains.append(beam - greedy)
    # A beam may lose what it pruned, but seldom and little.
    assert min(gains) > -0.5
    assert np.mean(gains) > 0.5


def test_long_lines_do_not_underflow() -> None:
    log_probs = frames(3000, 6, 1, 0.3)
    best = beam_search(log_probs, Beam(width=3))[0]
    assert -6000 < best.log_probability < -1000


def test_blank_frames_are_skipped_at_almost_no_loss() -> None:
    blank = np.log(np.array([[0.9998, 0.0001, 0.0001]]))
    mixed = np.log(np.array([[0.5, 0.3, 0.2]]))
    log_probs = np.concatenate([blank, mixed, blank, blank, mixed, blank])
    fast = {h.ids: h.log_probability for h in beam_search(log_probs)}
    slow = {h.ids: h.log_probability for h in beam_search(log_probs, EXHAUSTIVE)}
    for text, log_probability in fast.items():
        assert log_probability == pytest.approx(slow[text], abs=5e-3)


class Bigrams:
    """p(character | the one before), over classes 1 and 2; the end is as likely as not."""

    def start(self) -> int:
        return 0

    def extend(self, state: int, character: int) -> tuple[float, int]:
        return log(0.9 if character != state else 0.1), character

    def end(self, state: int) -> float:
        return log(0.5) if state else 0.0


@pytest.mark.parametrize("seed", range(4))
def test_language_model_against_enumeration(seed: int) -> None:
    log_probs, model = frames(5, 3, seed), Bigrams()
    search = replace(EXHAUSTIVE, language_model=model, weight=0.7, length_weight=0.3)
    found = beam_search(log_probs, search)
    expected = reference.text_probabilities(log_probs)
    assert {h.ids for h in found} == set(expected)
    for h in found:
        state, prior = model.start(), 0.0
        for k in h.ids:
            log_p, state = model.extend(state, k)
            prior += log_p
        prior += model.end(state)
        assert h.log_probability == pytest.approx(log(expected[h.ids]))
        assert h.score == pytest.approx(h.log_probability + 0.7 * prior + 0.3 * len(h.ids))


def test_a_language_model_is_asked_in_runs_too() -> None:
    # Sure frames, one doubtful one between them: 1 2 1 or 1 1 with a blank between.
    p = np.full((5, 3), 1e-9)
    for t, k in enumerate([1, 0, 2, 0, 1]):
        p[t, k] = 1.0
    p[2] = [0.5, 1e-9, 0.5]
    log_probs, model = np.log(p), Bigrams()
    search = Beam(language_model=model, weight=1.0, length_weight=0.0)
    best, second = beam_search(log_probs, search)
    assert best.ids == (1, 2, 1)
    assert best.score == pytest.approx(log(0.5 * 0.9**3 * 0.5), abs=1e-6)
    assert second.ids == (1, 1)
    assert second.score == pytest.approx(log(0.5 * 0.9 * 0.1 * 0.5), abs=1e-6)


def test_a_heavy_language_model_does_not_underflow() -> None:
    log_probs = frames(30, 3, 1, 6.0)
    search = Beam(language_model=Bigrams(), weight=3000.0)
    best = beam_search(log_probs, search)[0]
    assert best.ids
    assert np.isfinite([best.score, best.log_probability]).all()
    (exact,) = ctc.log_likelihood(log_probs[None], [best.ids])
    assert best.log_probability <= exact + 1e-6


def test_no_frames_no_text() -> None:
    (only,) = beam_search(np.zeros((0, 4)))
    assert (only.ids, only.log_probability) == ((), 0.0)


def test_a_beam_needs_a_width() -> None:
    with pytest.raises(ValueError, match="width"):
        Beam(width=0)

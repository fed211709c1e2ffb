from math import exp

import numpy as np
import pytest
from tests.reference import ctc as reference

from readapt.recognize.alphabet import Alphabet
from readapt.recognize.alternatives import alternatives
from readapt.recognize.beam import EXHAUSTIVE, Beam


@pytest.mark.parametrize("seed", range(3))
def test_probabilities_are_those_of_enumeration(seed: int) -> None:
    alphabet = Alphabet(" ab")
    logits = 2 * np.random.default_rng(seed).standard_normal((4, alphabet.classes))
    log_probs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    expected: dict[str, float] = {}
    for ids, p in reference.text_probabilities(log_probs).items():
        text = " ".join(alphabet.decode(ids).split())
        expected[text] = expected.get(text, 0.0) + p
    found = alternatives(log_probs, alphabet, 10**6, EXHAUSTIVE)
    assert {one.text: one.probability for one in found} == pytest.approx(expected)
    assert sum(one.probability for one in found) == pytest.approx(1)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(exp(one.score) == pytest.approx(one.probability) for one in found)
    pruned = alternatives(log_probs, alphabet, 3, Beam(8))
    assert len(pruned) == 3
    assert len({one.text for one in pruned}) == 3
    assert all(exp(one.score) <= one.probability + 1e-9 for one in pruned)


def test_one_letter_composed_in_two_ways_is_one_text() -> None:
    alphabet = Alphabet("aā\u0304")
    p = np.array([[0.05, 0.5, 0.44, 0.01], [0.3, 0.05, 0.05, 0.6]])
    found = alternatives(np.log(p), alphabet, 5, EXHAUSTIVE)
    assert [one.text for one in found].count("ā") == 1
    exact = reference.text_probabilities(np.log(p))
    (best,) = [one for one in found if one.text == "ā"]
    assert best.probability == pytest.approx(exact[(2,)] + exact[(1, 3)])

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from readapt.recognize import ctc
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.beam import Beam
from readapt.recognize.decode import GREEDY, Decoder, decode
from readapt.recognize.reading import Posteriors, read_posteriors

ALPHABET = Alphabet(" abc")


def frames(time: int, seed: int, peak: float = 3.0) -> NDArray[np.float32]:
    logits = peak * np.random.default_rng(seed).standard_normal((time, ALPHABET.classes))
    logits -= np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return logits.astype(np.float32)


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 999)), max_size=6),
    st.sampled_from([GREEDY, Beam(4)]),
    st.sampled_from([0.5, 1.0, 3.0]),
)
@settings(deadline=None)
def test_laws(shapes: list[tuple[int, int]], decoder: Decoder, temperature: float) -> None:
    lines = [Posteriors(frames(time, seed), 2.5, round(2.5 * time)) for time, seed in shapes]
    readings = read_posteriors(lines, ALPHABET, decoder, temperature)
    assert len(readings) == len(lines)
    for line, reading in zip(lines, readings, strict=True):
        decoded = decode(line.log_probs, decoder)
        assert reading.text == " ".join(ALPHABET.decode(decoded.ids).split())
        assert reading.text == " ".join(word.text for word in reading.words)
        assert 0 <= reading.confidence <= 1
        assert all(word.text and " " not in word.text for word in reading.words)
        assert all(0 <= word.confidence <= 1 for word in reading.words)
        edges = [x for word in reading.words for x in (word.start, word.end)]
        assert edges == sorted(edges)
        assert all(word.start < word.end for word in reading.words)
        if edges:
            assert 0 <= edges[0] <= edges[-1] <= line.width
        # A reading does not depend on its neighbours.
        (alone,) = read_posteriors([line], ALPHABET, decoder, temperature)
        assert alone.text == reading.text
        assert alone.confidence == pytest.approx(reading.confidence)


def test_a_word_s_confidence_is_its_likelihood_and_that_of_the_spaces_beside_it() -> None:
    log_probs = np.log(np.full((7, 5), 0.025, np.float32))
    for t, k in enumerate([0, 2, 3, 1, 0, 4, 4]):  # _ab__cc with a space at 3
        log_probs[t, k] = np.log(0.9)
    (reading,) = read_posteriors([Posteriors(log_probs, 4.0, 28)], ALPHABET, GREEDY, 1.0)
    ab, c = reading.words
    (p_ab,) = np.exp(ctc.log_likelihood(log_probs[None, :3], [[2, 3]]))
    (p_c,) = np.exp(ctc.log_likelihood(log_probs[None, 4:], [[4]]))
    assert ab.confidence == pytest.approx(p_ab * 0.9)
    assert c.confidence == pytest.approx(0.9 * p_c)
    assert reading.confidence == pytest.approx((p_ab * 0.9 * p_c) ** (1 / 4))

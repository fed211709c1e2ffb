import numpy as np
import pytest
from numpy.typing import NDArray

from readapt.errors import UsageError
from readapt.evaluate.calibrate import calibrate, fit_writes_at, word_overlaps, word_results
from readapt.models.manifest import Calibration
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.calibration import ConfidenceMap, threshold_for
from readapt.recognize.reading import WordSpan

ALPHABET = Alphabet(" abcdefg")


def lines(count: int, surer: float) -> tuple[list[NDArray[np.float32]], list[str]]:
    """Lines of four words of two letters; their network is surer than right by this power."""
    rng = np.random.default_rng(0)
    posteriors, truths = [], []
    for _ in range(count):
        truth = rng.integers(2, ALPHABET.classes, (4, 2))
        p = np.full((24, ALPHABET.classes), 1e-9)
        p[:, 0] = 1
        for w, word in enumerate(truth.tolist()):
            right = rng.uniform(0.4, 1.0)
            p[6 * w + 5] = 1e-9
            p[6 * w + 5, 1] = 1
            for i, k in enumerate(word):
                said = k if rng.random() < right else 2 + (k - 1) % (ALPHABET.classes - 2)
                p[6 * w + 1 + 2 * i] = (1 - right**surer) / (ALPHABET.classes - 1)
                p[6 * w + 1 + 2 * i, said] = right**surer
        p = p[:-1]
        posteriors.append(np.log(p / p.sum(axis=1, keepdims=True)).astype(np.float32))
        truths.append(" ".join(ALPHABET.decode(word) for word in truth.tolist()))
    return posteriors, truths


def test_a_calibrated_network_says_what_it_knows() -> None:
    posteriors, truths = lines(1500, 0.3)
    found = calibrate(posteriors, truths, ALPHABET, Calibration(min_confidence=0.25))
    assert found.error_before > 0.1
    assert found.error < 0.06  # 150 words a bin leave about 0.03 to chance
    assert found.calibration.min_confidence == 0.25
    assert Calibration.model_validate(found.calibration.model_dump()) == found.calibration
    # The promise holds on the fitting half and the measured half together.
    results = word_results(
        posteriors,
        truths,
        ALPHABET,
        found.calibration.temperature,
        ConfidenceMap(found.calibration.words),
    )
    assert found.wrong == pytest.approx(1 - results.right.mean(), abs=0.02)
    kept = results.confidence >= threshold_for(found.calibration.word_errors, 0.1)
    assert 0 < kept.mean() < 0.9
    assert 1 - results.right[kept].mean() == pytest.approx(0.1, abs=0.03)


def test_too_few_words_are_refused() -> None:
    with pytest.raises(UsageError, match="more lines"):
        calibrate(*lines(4, 1.0), ALPHABET)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.8])
def test_where_a_network_writes_is_found(place: float) -> None:
    rng = np.random.default_rng(2)
    posteriors, words = [], []
    for _ in range(40):
        ids = [k for _ in range(4) for k in [*rng.integers(2, 9, rng.integers(2, 6)), 1]][:-1]
        widths = rng.integers(8, 13, len(ids))
        edges = np.concatenate([[5], 5 + np.cumsum(widths)])
        p = np.full((int(edges[-1]) + 5, ALPHABET.classes), 1e-6)
        p[:, 0] = 1
        for k, left, width in zip(ids, edges, widths, strict=False):
            p[int(left + place * width)] = 1e-6
            p[int(left + place * width), k] = 1
        posteriors.append(np.log(p / p.sum(axis=1, keepdims=True)).astype(np.float32))
        text = ALPHABET.decode(ids)
        truth, start = [], 0
        for word in text.split():
            truth.append((word, float(edges[start]), float(edges[start + len(word)])))
            start += len(word) + 1
        words.append(truth)
    found, overlap = fit_writes_at(posteriors, words, ALPHABET)
    assert found == pytest.approx(place, abs=0.1)
    assert overlap > 0.9


def test_overlaps_of_words_that_were_read() -> None:
    truth = [("a", 0.0, 10.0), ("b", 20.0, 30.0), ("c", 40.0, 50.0)]
    read = (WordSpan("a", 0.0, 5.0, 1.0), WordSpan("x", 20.0, 30.0, 1.0))
    assert word_overlaps(read, truth) == [0.5]
    assert word_overlaps((WordSpan("c", 60.0, 70.0, 1.0),), truth) == [0.0]

import numpy as np
import pytest
from numpy.typing import NDArray

from readapt.errors import UsageError
from readapt.evaluate.calibrate import calibrate, word_results
from readapt.models.manifest import Calibration
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.calibration import ConfidenceMap, threshold_for

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

"""Make a model's confidences honest and its words' edges right, by synthetic lines.

    python recipes/calibrate.py MODEL [--lines 8000] [-o FOLDER]

The lines are of a seed that no training uses. Half of them fit, the other half measure; MODEL is
rewritten in one step (or, with -o, written elsewhere) with the section `calibration` of
model.json replaced: temperature, where in a character the network writes it, the map of word
confidences, the share of wrong words at each confidence, which `readapt read --max-word-errors`
looks up, and the estimate of errors behind `readapt read --estimate`. Its card stays.
"""

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import get_args

import cv2
import numpy as np

from readapt.evaluate.calibrate import Edges, calibrate, fit_writes_at
from readapt.evaluate.estimate import Signs, find_signs, fit_estimate
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.models.bundle import Bundle, find_bundle, save_bundle
from readapt.models.manifest import ErrorEstimate
from readapt.reader import load_recognizer
from readapt.recognize.calibration import threshold_for
from readapt.recognize.recognizer import Recognizer
from readapt.synth.degrade import apply_all, sample_scan
from readapt.synth.genres import Genre
from readapt.synth.lines import LineConfig, LineMaker, LineSample
from readapt.types import Image

SEED = 10_000_019
"""Of the lines: held out from every training."""

CARD = "README.md"

_TOGETHER = 64
_LEVELS = ((1.0, 0), (1.0, 1), (0.03, 0), (0.03, 1))
"""Share of clean lines, and how often all are scanned once more: what the estimate is fitted to."""
_READABLE = 0.3
"""Error rate above which a set is left out."""
_SET = 40
"""Lines of a genre and a level."""
_BOXES = 400
"""Lines that the edges of words are fitted to."""


def main(given: Sequence[str] | None = None) -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("model")
    parser.add_argument("--lines", type=int, default=8000)
    parser.add_argument("--threads", type=int)
    parser.add_argument("-o", "--out", type=Path)
    arguments = parser.parse_args(given)
    cv2.setNumThreads(1)
    bundle = Bundle.load(find_bundle(arguments.model))
    recognizer = load_recognizer(bundle, arguments.threads)
    maker = LineMaker(
        LineConfig(seed=SEED, height=bundle.manifest.recognizer.height), alphabet=bundle.alphabet
    )
    posteriors, truths = [], []
    words: list[list[Edges]] = []
    section = bundle.manifest.recognizer
    for start in range(0, arguments.lines, _TOGETHER):
        samples = [maker.make(i) for i in range(start, min(start + _TOGETHER, arguments.lines))]
        posteriors += recognizer.log_posteriors([sample.image for sample in samples])
        truths += [sample.text for sample in samples]
        words += [edges(sample, section.height, section.stride) for sample in samples]
    place, overlap = fit_writes_at(posteriors[:_BOXES], words[:_BOXES], bundle.alphabet)
    errors = fit_errors(recognizer, bundle)
    found = calibrate(posteriors, truths, bundle.alphabet, bundle.manifest.calibration)
    metrics = {
        "word_calibration_error_synthetic": round(found.error, 4),
        "wrong_words_synthetic": round(found.wrong, 4),
        "word_box_overlap_synthetic": round(overlap, 4),
    }
    calibration = found.calibration.model_copy(update={"writes_at": place, "errors": errors})
    manifest = bundle.manifest.model_copy(
        update={
            "calibration": calibration,
            "metrics": bundle.manifest.metrics | metrics,
        }
    )
    files = {name: bundle.folder / name for name in bundle.manifest.sha256}
    out = arguments.out or bundle.folder
    card = bundle.folder / CARD
    text = card.read_text("utf-8") if card.exists() else ""
    save_bundle(out, manifest, files, replace=True)
    if text:
        (out / CARD).write_text(text, "utf-8")
    print(f"{out}: temperature {found.calibration.temperature}, {found.words} words measured")
    print(f"writes a character at {place} of it; words overlap the truth by {overlap:.3f}")
    print(f"wrong words: {found.wrong:.2%}")
    print(f"calibration error of words: {found.error_before:.4f} before, {found.error:.4f} after")
    lowest = min(wrong for _, wrong in found.calibration.word_errors)
    for wanted in (0.1, 0.05, 0.02, 0.01):
        if wanted >= lowest:
            threshold = threshold_for(found.calibration.word_errors, wanted)
            print(f"at most {wanted:.0%} wrong words: confidence {threshold:.4f}")
        else:
            print(f"at most {wanted:.0%} wrong words: never (at best {lowest:.2%})")


def fit_errors(recognizer: Recognizer, bundle: Bundle) -> ErrorEstimate:
    """Fit the estimate of errors to sets of lines: each genre, degraded more and more.

    Sets that can hardly be read say nothing of documents that anybody reads, and are left out.
    """
    height = bundle.manifest.recognizer.height
    signs: list[Signs] = []
    edits: list[int] = []
    sets: list[range] = []
    for number, (genre, (clean, harm)) in enumerate(product(get_args(Genre), _LEVELS)):
        seed = SEED + 1 + number
        config = LineConfig(seed=seed, genres=((genre, 1.0),), clean=clean, height=height)
        maker = LineMaker(config, alphabet=bundle.alphabet)
        samples = [maker.make(i) for i in range(_SET)]
        rng = np.random.default_rng([SEED, number])
        images = [degraded(sample.image, harm, rng) for sample in samples]
        found = find_signs(recognizer, images, height)
        pairs = zip(samples, found, strict=True)
        rates = [cer(fold(sample.text), fold(sign.text)) for sample, sign in pairs]
        if total(rates).rate <= _READABLE:
            sets.append(range(len(signs), len(signs) + _SET))
        edits += [rate.edits for rate in rates]
        signs += found
    return fit_estimate(signs, edits, sets)


def degraded(image: Image, times: int, rng: np.random.Generator) -> Image:
    """Print and scan a line image again and again."""
    grey = image.astype(np.float32) / np.float32(255)
    for _ in range(times):
        grey = apply_all(grey, sample_scan(rng))
    return (np.clip(grey, 0, 1) * np.float32(255)).astype(np.uint8)


def edges(sample: LineSample, height: int, stride: int) -> list[Edges]:
    """Return a line's words with their edges in frames."""
    frames = height / sample.image.shape[0] / stride
    return [
        (text, float(quad[[0, 3], 0].mean()) * frames, float(quad[[1, 2], 0].mean()) * frames)
        for text, quad in sample.words
    ]


if __name__ == "__main__":
    main()

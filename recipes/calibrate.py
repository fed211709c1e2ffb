"""Make a model's confidences honest: fit them on synthetic lines, write them into the model.

    python recipes/calibrate.py MODEL [--lines 4000] [-o FOLDER]

The lines are of a seed that no training uses. Half of them fit, the other half measure; MODEL is
rewritten in one step (or, with -o, written elsewhere) with the section `calibration` of
model.json replaced: temperature, the map of word confidences, and the share of wrong words at each
confidence, which `readapt read --max-word-errors` looks up.
"""

import argparse
from pathlib import Path

import cv2

from readapt.evaluate.calibrate import calibrate
from readapt.models.bundle import Bundle, find_bundle, save_bundle
from readapt.reader import load_recognizer
from readapt.recognize.calibration import threshold_for
from readapt.synth.lines import LineConfig, LineMaker

SEED = 10_000_019
"""Of the lines: held out from every training."""

_TOGETHER = 64


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("model")
    parser.add_argument("--lines", type=int, default=4000)
    parser.add_argument("--threads", type=int)
    parser.add_argument("-o", "--out", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    bundle = Bundle.load(find_bundle(arguments.model))
    recognizer = load_recognizer(bundle, arguments.threads)
    maker = LineMaker(
        LineConfig(seed=SEED, height=bundle.manifest.recognizer.height), alphabet=bundle.alphabet
    )
    posteriors, truths = [], []
    for start in range(0, arguments.lines, _TOGETHER):
        samples = [maker.make(i) for i in range(start, min(start + _TOGETHER, arguments.lines))]
        posteriors += recognizer.log_posteriors([sample.image for sample in samples])
        truths += [sample.text for sample in samples]
    found = calibrate(posteriors, truths, bundle.alphabet, bundle.manifest.calibration)
    metrics = {
        "word_calibration_error_synthetic": round(found.error, 4),
        "word_error_rate_of_reading_synthetic": round(found.wrong, 4),
    }
    manifest = bundle.manifest.model_copy(
        update={
            "calibration": found.calibration,
            "metrics": bundle.manifest.metrics | metrics,
        }
    )
    files = {name: bundle.folder / name for name in bundle.manifest.sha256}
    out = arguments.out or bundle.folder
    save_bundle(out, manifest, files, replace=True)
    print(f"{out}: temperature {found.calibration.temperature}, {found.words} words measured")
    print(f"wrong words: {found.wrong:.2%}")
    print(f"calibration error of words: {found.error_before:.4f} before, {found.error:.4f} after")
    lowest = min(wrong for _, wrong in found.calibration.word_errors)
    for wanted in (0.1, 0.05, 0.02, 0.01):
        if wanted >= lowest:
            threshold = threshold_for(found.calibration.word_errors, wanted)
            print(f"at most {wanted:.0%} wrong words: confidence {threshold:.4f}")
        else:
            print(f"at most {wanted:.0%} wrong words: never (at best {lowest:.2%})")


if __name__ == "__main__":
    main()

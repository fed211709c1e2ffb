"""Whether confidences of words are honest on real documents, and what a threshold is worth there.

    python benchmarks/calibration.py DATA [-m MODEL] [--limit N] [--errors 0.01] [--name NAME]

DATA holds the collections of `documents.py`. Lines are cut along the truth and read greedily, in
the frames that `readapt recognize` takes; a word is right if it stands in the line's truth at its
place, folded. The model was calibrated on synthetic lines alone (`recipes/calibrate.py`), so
nothing here was fitted to these documents.
Writes ``results/<date>-calibration[-NAME].json``.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from documents import COLLECTIONS, prepare
from hardware import RESULTS, head, write_result

from readapt.errors import UsageError
from readapt.evaluate.calibrate import WordResults, word_results
from readapt.models.bundle import Bundle, find_bundle
from readapt.pages.load import load_page
from readapt.reader import load_recognizer
from readapt.recognize.calibration import ConfidenceMap, threshold_for
from readapt.recognize.tighten import cut_as_read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-m", "--model")
    parser.add_argument("--limit", type=int, help="lines of each collection")
    parser.add_argument("--errors", type=float, default=0.01, help="share of wrong words wanted")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--name", default="")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    bundle = Bundle.load(find_bundle(arguments.model))
    calibration = bundle.manifest.calibration
    if not calibration.words:
        raise SystemExit(f"{bundle.folder} is not calibrated: recipes/calibrate.py does it")
    try:
        threshold = threshold_for(calibration.word_errors, arguments.errors)
    except UsageError as error:
        raise SystemExit(str(error)) from error
    recognizer = load_recognizer(bundle, arguments.threads)
    words = ConfidenceMap(calibration.words)
    rows = []
    every: list[tuple[WordResults, WordResults]] = []
    for collection in COLLECTIONS:
        with tempfile.TemporaryDirectory() as folder:
            documents = prepare(collection, arguments.data, Path(folder), arguments.limit)
            posteriors = []
            for path in documents.lines:
                line = [load_page(path).image]
                framed = cut_as_read(recognizer, line, cut_elsewhere=True)
                posteriors += recognizer.log_posteriors(framed)
        read = posteriors, documents.texts, bundle.alphabet
        case = collection.ignore_case
        before = word_results(*read, ignore_case=case)
        after = word_results(*read, calibration.temperature, words, ignore_case=case)
        every.append((before, after))
        rows.append(row(collection.name, len(documents.lines), before, after, threshold))
    together = [
        WordResults(
            np.concatenate([pair[i].confidence for pair in every]),
            np.concatenate([pair[i].right for pair in every]),
        )
        for i in (0, 1)
    ]
    lines = sum(int(one["lines"]) for one in rows)
    rows.append(row("all", lines, *together, threshold))
    result: dict[str, Any] = {
        "name": arguments.name,
        **head(),
        "model": bundle.manifest.name,
        "model_version": bundle.manifest.version,
        "wanted_wrong": arguments.errors,
        "threshold": threshold,
        "collections": rows,
    }
    path = write_result(result, "calibration", arguments.name, arguments.out)
    print(f"confidence {threshold:.4f} for at most {arguments.errors:.1%} wrong words\n")
    print("| collection | words | wrong | error before | after | kept | wrong of the kept |")
    print("|---|---|---|---|---|---|---|")
    for one in rows:
        print(
            f"| {one['collection']} | {one['words']} | {one['wrong']:.3f} "
            f"| {one['error_before']:.3f} | {one['error']:.3f} | {one['kept']:.3f} "
            f"| {one['kept_wrong']:.4f} |"
        )
    print(f"wrote {path}", file=sys.stderr)


def row(
    name: str, lines: int, before: WordResults, after: WordResults, threshold: float
) -> dict[str, Any]:
    kept = after.confidence >= threshold
    return {
        "collection": name,
        "lines": lines,
        "words": int(after.right.size),
        "wrong": float(1 - after.right.mean()),
        "error_before": before.calibration_error,
        "error": after.calibration_error,
        "kept": float(kept.mean()),
        "kept_wrong": float(1 - after.right[kept].mean()) if kept.any() else 0.0,
    }


if __name__ == "__main__":
    main()

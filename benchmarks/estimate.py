"""Estimated against true error rates: collections and their documents, for one model or several.

    python benchmarks/estimate.py DATA [-m MODEL]... [--limit N] [--name NAME] [--only COLLECTION]

DATA holds the collections of `documents.py`; lines are cut along the truth and as reading cuts
them, and read greedily. The estimate knows no text: `readapt.evaluate.estimate`, fitted to degraded
rendered lines (`recipes/calibrate.py`). A model named `x:collection` is measured on that collection
alone, as models adapted to it are. Writes ``results/<date>-estimate[-NAME].json``.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from documents import COLLECTIONS, Collection, prepare
from hardware import RESULTS, head, write_result

from readapt.evaluate.estimate import Signs, estimate, estimating, find_signs
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.models.bundle import Bundle, find_bundle
from readapt.pages.load import load_page
from readapt.reader import load_recognizer
from readapt.recognize.tighten import cut_as_read

_PART = 25
"""Neighbouring lines that stand for a page: cut lines are listed page by page."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("-m", "--model", action="append")
    parser.add_argument("--limit", type=int, help="lines of each collection")
    parser.add_argument("--only", action="append", help="collections; default: all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--name", default="")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    parts: list[tuple[float, float]] = []
    for model in arguments.model or [None]:
        name, _, only = (model or "latin").partition(":")
        bundle = Bundle.load(find_bundle(name if model else None))
        for collection in COLLECTIONS:
            wanted = [only] if only else arguments.only
            if not wanted or collection.name in wanted:
                row, of_parts = measure(bundle, collection, arguments)
                rows.append(row)
                parts += of_parts
    result = {"name": arguments.name, **head(), "rows": rows, "together": together(rows, parts)}
    path = write_result(result, "estimate", arguments.name, arguments.out)
    print("| model | collection | lines | true | estimated | interval | inside |")
    print("|---|---|---|---|---|---|---|")
    for one in rows:
        inside = "yes" if one["low"] <= one["true"] <= one["high"] else "no"
        print(
            f"| {one['model']} | {one['collection']} | {one['lines']} | {one['true']:.3f} "
            f"| {one['estimated']:.3f} | {one['low']:.3f} to {one['high']:.3f} | {inside} |"
        )
    print("  ".join(f"{key} {value:.3f}" for key, value in result["together"].items()))
    print(f"wrote {path}", file=sys.stderr)


def measure(
    bundle: Bundle, collection: Collection, arguments: argparse.Namespace
) -> tuple[dict[str, Any], list[tuple[float, float]]]:
    """Read a collection; its row, and true and estimated rate of each part of it."""
    recognizer = load_recognizer(bundle, arguments.threads)
    errors, words = estimating(bundle)
    height = bundle.manifest.recognizer.height
    with tempfile.TemporaryDirectory() as folder:
        documents = prepare(collection, arguments.data, Path(folder), arguments.limit)
        signs: list[Signs] = []
        for path in documents.lines:
            lines = cut_as_read(recognizer, [load_page(path).image], cut_elsewhere=True)
            signs += find_signs(recognizer, lines, height, words=words)
    case = collection.ignore_case
    rates = [
        cer(fold(truth, ignore_case=case), fold(sign.text, ignore_case=case))
        for truth, sign in zip(documents.texts, signs, strict=True)
    ]
    found = estimate(signs, errors)
    parts = [
        (total(rates[i : i + _PART]).rate, estimate(signs[i : i + _PART], errors, 2).rate)
        for i in range(0, len(signs) - _PART + 1, _PART)
    ]
    row = {
        "model": bundle.manifest.name,
        "collection": collection.name,
        "lines": len(signs),
        "true": total(rates).rate,
        "estimated": found.rate,
        "low": found.low,
        "high": found.high,
    }
    return row, parts


def together(rows: list[dict[str, Any]], parts: list[tuple[float, float]]) -> dict[str, float]:
    """Rank correlation (Spearman) and mean absolute error, of collections and of parts."""
    whole = [(row["true"], row["estimated"]) for row in rows]
    figures: dict[str, float] = {}
    for name, pairs in (("collections", whole), ("parts", parts)):
        true, said = np.array(pairs).T
        figures[f"{name}: rank correlation"] = spearman(true, said)
        figures[f"{name}: mean error"] = float(np.abs(true - said).mean())
    figures["inside"] = float(np.mean([r["low"] <= r["true"] <= r["high"] for r in rows]))
    return figures


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Correlate ranks; 0 for fewer than three pairs."""
    if len(a) < 3:
        return 0.0
    ranks = [np.argsort(np.argsort(x, kind="stable"), kind="stable") for x in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


if __name__ == "__main__":
    main()

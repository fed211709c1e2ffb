"""What adaptation takes of the errors that are ones of reading.

    python recipes/study.py OUT --data DATA --variants default --seeds 1
    python benchmarks/attainable.py OUT/*-60 --data DATA [--keep FILE] [--name NAME]

An error that Tesseract and RapidOCR make too, at the same place and in the same way, is rarely one
of reading: the truth has another space, another accent, or a mistake. Both halves of each
collection, cut along the truth, are read by the model that comes with readapt, by the adapted one
and by these two; how many errors fewer the adapted one makes is said with and without those that
both engines make alike. ``--keep`` keeps the engines' readings, and takes those that it has. Writes
``results/<date>-attainable[-NAME].json``.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hardware import RESULTS, ROOT, head, write_result
from shared_errors import edited

from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import graphemes
from readapt.models.bundle import Bundle, find_bundle
from readapt.reader import load_recognizer

sys.path.insert(0, str(ROOT / "recipes"))
from study import COLLECTIONS, TEACHERS, Half, asking, halves, reading
from study_table import resampled

MODELS = ("shipped", "adapted")
PARTS = ("seen", "unseen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("models", type=Path, nargs="+", help="COLLECTION-VARIANT-...: as adapted")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="file of the engines' readings")
    parser.add_argument("--name", default="")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    kept: dict[str, list[list[str]]] = {}
    if arguments.keep is not None and arguments.keep.exists():
        kept = json.loads(arguments.keep.read_text("utf-8"))
    print("| collection | shipped | adapted | fewer | fewer, of those that are ones of reading |")
    print("|---|---|---|---|---|")
    rows = []
    for model in arguments.models:
        rows.append(row(model, arguments, kept))
        print(shown(rows[-1]), flush=True)
        if arguments.keep is not None:
            arguments.keep.write_text(json.dumps(kept, ensure_ascii=False), "utf-8")
    gains = [
        np.array([[one[part][key] for part in PARTS] for one in rows])
        for key in ("fewer", "of reading")
    ]
    means = [" / ".join(f"{mean:.0%}" for mean in found.mean(0)) for found in gains]
    print(f"| mean | | | {means[0]} | {means[1]} |")
    spread = map(resampled, gains)
    print(f"| 5 to 95 %, collections resampled | | | {' | '.join(spread)} |")
    result = {"name": arguments.name, **head(), "rows": rows}
    path = write_result(result, "attainable", arguments.name, arguments.out)
    print(f"wrote {path}", file=sys.stderr)


def row(model: Path, arguments: argparse.Namespace, kept: dict[str, list[list[str]]]) -> Any:
    """Count the errors of one adapted model, on both halves of its collection."""
    name = model.name.split("-", 1)[0]
    found: dict[str, Any] = {"collection": name, "model": model.name}
    bundles = dict(zip(MODELS, (find_bundle(None), find_bundle(model)), strict=True))
    readers = {
        one: reading(load_recognizer(Bundle.load(path), arguments.threads))
        for one, path in bundles.items()
    }
    both = halves(arguments.data / name)
    keys = [f"{name} {engine} {digest(both)}" for engine in TEACHERS]
    for engine, key in zip(TEACHERS, keys, strict=True):
        if key not in kept:
            read = asking(engine, COLLECTIONS[name].languages, arguments.threads)
            kept[key] = [read(half.lines) for half in both]
    for place, (part, half) in enumerate(zip(PARTS, both, strict=True)):
        others = [kept[key][place] for key in keys]
        ours = {one: read(half.lines) for one, read in readers.items()}
        found[part] = counted(half, ours, others)
    return found


def digest(both: Sequence[Half]) -> str:
    """Identify the lines that engines have read: another cut is another line."""
    sha = hashlib.sha256()
    for half in both:
        for line in half.lines:
            sha.update(repr(line.shape).encode() + line.tobytes())
    return sha.hexdigest()[:16]


def counted(
    half: Half, ours: dict[str, list[str]], others: Sequence[Sequence[str]]
) -> dict[str, float]:
    """Count errors of the shipped and the adapted model, and those that all others make alike."""

    def split(text: str) -> list[str]:
        return graphemes(fold(text, ignore_case=half.ignore_case))

    characters = 0
    errors, alike = Counter[str](), Counter[str]()
    for i, text in enumerate(half.texts):
        truth = split(text)
        characters += len(truth)
        common = edited(truth, split(others[0][i]))
        for other in others[1:]:
            common &= edited(truth, split(other[i]))
        for one, texts in ours.items():
            edits = edited(truth, split(texts[i]))
            errors[one] += edits.total()
            alike[one] += (edits & common).total()
    before, after = (errors[one] for one in MODELS)
    left = [errors[one] - alike[one] for one in MODELS]
    return {
        "characters": characters,
        **{one: errors[one] / characters for one in MODELS},
        **{f"{one}, alike": alike[one] / characters for one in MODELS},
        "fewer": 1 - after / max(before, 1),
        "of reading": 1 - left[1] / max(left[0], 1),
        "alike mended": 1 - alike[MODELS[1]] / max(alike[MODELS[0]], 1),
    }


def shown(one: dict[str, Any]) -> str:
    """Return a row of the table: seen / unseen."""

    def both(key: str, form: str) -> str:
        return " / ".join(format(one[part][key], form) for part in PARTS)

    rates = [" / ".join(f"{100 * one[part][key]:.2f}" for part in PARTS) for key in MODELS]
    fewer = [both(key, ".0%") for key in ("fewer", "of reading")]
    return f"| {one['collection']} | {' | '.join(rates)} | {' | '.join(fewer)} |"


if __name__ == "__main__":
    main()

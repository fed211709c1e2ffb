"""What adaptation is worth on whole pages, lines found by our own detector.

    python recipes/study.py OUT --data DATA --variants default --seeds 1
    python benchmarks/whole_pages.py OUT/*-60 --data DATA [--name NAME]

Both halves of each collection are read as ``readapt read`` does, by the model that comes with
readapt and by the adapted one: characters of the true lines read wrong, those of lines that were
not found among them, and words wherever they stand. Collections of single lines have no pages.
Writes ``results/<date>-whole-pages[-NAME].json``.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from attainable import MODELS, PARTS
from hardware import RESULTS, ROOT, head, write_result

from readapt.evaluate.run import Evaluation, EvaluationConfig, evaluate
from readapt.evaluate.truth import Truth, load_truth
from readapt.models.bundle import find_bundle
from readapt.reader import Reader

sys.path.insert(0, str(ROOT / "recipes"))
from study import COLLECTIONS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("models", type=Path, nargs="+", help="COLLECTION-VARIANT-...: as adapted")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--name", default="")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    print("| collection | wrong characters | fewer | lines found | words, F1 | fewer wrong |")
    print("|---|---|---|---|---|---|")
    rows = []
    for model in arguments.models:
        name = model.name.split("-", 1)[0]
        truth = load_truth([arguments.data / name])
        if truth.pages:
            rows.append(row(model, truth, arguments.threads))
            print(shown(rows[-1]), flush=True)
    result = {"name": arguments.name, **head(), "rows": rows}
    path = write_result(result, "whole-pages", arguments.name, arguments.out)
    print(f"wrote {path}", file=sys.stderr)


def row(model: Path, truth: Truth, threads: int) -> dict[str, Any]:
    """Read both halves with both models."""
    name = model.name.split("-", 1)[0]
    config = EvaluationConfig(lines=False, ignore_case=COLLECTIONS[name].ignore_case)
    found: dict[str, Any] = {"collection": name, "model": model.name}
    for part, offset in zip(PARTS, (0, 1), strict=True):
        half = Truth(truth.pages[offset::2], ())
        found[part] = {
            one: counted(evaluate(half, Reader(path, threads), config))
            for one, path in zip(MODELS, (find_bundle(None), find_bundle(model)), strict=True)
        }
    return found


def counted(done: Evaluation) -> dict[str, float]:
    """Rate of wrong characters, share of the true lines found, and of the words."""
    return {
        "cer": done.cer_on_pages.rate,
        "found": done.detection.recall,
        "words": done.words.f1,
    }


def shown(one: dict[str, Any]) -> str:
    """Return a row of the table: seen / unseen, shipped -> adapted."""

    def both(key: str) -> str:
        return " -> ".join(
            " / ".join(f"{100 * one[part][model][key]:.2f}" for part in PARTS) for model in MODELS
        )

    def fewer(key: str, whole: float) -> str:
        pairs = [[abs(whole - one[part][model][key]) for model in MODELS] for part in PARTS]
        return " / ".join(f"{1 - after / before:.0%}" for before, after in pairs)

    cells = [both("cer"), fewer("cer", 0.0), both("found"), both("words"), fewer("words", 1.0)]
    return f"| {one['collection']} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()

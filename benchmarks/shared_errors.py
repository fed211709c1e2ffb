"""How many errors engines that know nothing of each other make alike: texts, not readers, differ.

    python benchmarks/peers.py NAME --pages "" --keep-readings READINGS
    python benchmarks/shared_errors.py READINGS [NAME] [--data PATH] [--limit N]

An error that readapt, Tesseract and RapidOCR make at the same place in the same way is rarely one
of reading: the truth has another space, another accent, or a mistake. Beside it: the error rate of
an oracle that knows which of the three read each line best. Both say how far below the present
rate any reader can come. Writes ``results/<date>-shared-errors[-NAME].json``.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from documents import COLLECTIONS, Documents, prepare
from hardware import RESULTS, ROOT, head, write_result
from rapidfuzz.distance import Levenshtein

from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import graphemes

OURS = "readapt"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("readings", type=Path)
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--limit", type=int, help="as it was when the lines were read")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    readings = json.loads(arguments.readings.read_text("utf-8"))["readings"]
    rows = []
    for collection in COLLECTIONS:
        if collection.name not in readings:
            continue
        with tempfile.TemporaryDirectory() as folder:
            documents = prepare(collection, arguments.data, Path(folder), arguments.limit)
            rows.append(
                {"collection": collection.name, **row(readings[collection.name], documents)}
            )
    print("| collection | CER, percent | made alike by all | an oracle's CER |\n|---|---|---|---|")
    for one in rows:
        print(
            f"| {one['collection']} | {100 * one['cer']:.2f} | {100 * one['alike']:.0f} % | "
            f"{100 * one['oracle']:.2f} |"
        )
    result = {"name": arguments.name, **head(), "rows": rows}
    path = write_result(result, "shared-errors", arguments.name, arguments.out)
    print(f"wrote {path}", file=sys.stderr)


def row(engines: Mapping[str, Any], documents: Documents) -> dict[str, Any]:
    """Compare the lines of a collection; they have to be those that were read."""
    found: dict[str, list[str]] = {}
    for name, read in engines.items():
        if read["parts"]["lines"]["digest"] != documents.digest("lines"):
            raise SystemExit(f"{documents.collection.name}: {name} has read other lines.")
        found[name] = read["parts"]["lines"]["found"]
    case = documents.collection.ignore_case

    def split(text: str) -> list[str]:
        return graphemes(fold(text, ignore_case=case))

    characters = ours = alike = best = 0
    frequent: Counter[tuple[str, str]] = Counter()
    for i, text in enumerate(documents.texts):
        truth = split(text)
        edits = {name: edited(truth, split(texts[i])) for name, texts in found.items()}
        common = edits[OURS]
        for other in edits.values():
            common = common & other
        characters += len(truth)
        ours += edits[OURS].total()
        alike += common.total()
        best += min(some.total() for some in edits.values())
        for (at, read), count in common.items():
            frequent[truth[at[0]] if at[1] else "", read] += count
    return {
        "engines": sorted(found),
        "lines": len(documents.texts),
        "characters": characters,
        "cer": ours / characters,
        "alike": alike / max(ours, 1),
        "oracle": best / characters,
        "most frequent": [[a, b, count] for (a, b), count in frequent.most_common(8)],
    }


def edited(truth: Sequence[str], reading: Sequence[str]) -> Counter[tuple[tuple[int, bool], str]]:
    """Count the edits of a minimal alignment.

    Each is where in the truth and whether a character stands there in it, and what is read.
    """
    return Counter(
        (
            (edit.src_pos, edit.tag != "insert"),
            "" if edit.tag == "delete" else reading[edit.dest_pos],
        )
        for edit in Levenshtein.editops(truth, reading)
    )


if __name__ == "__main__":
    main()

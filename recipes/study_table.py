"""Lay out the study's figures as Markdown: error rates, what each variant gains, how surely.

    python recipes/study_table.py CELLS.jsonl [CELLS.jsonl ...] [--variants shipped,look,...]
        [--minutes 9 13] [--compare alone:unaided,...] [--estimates unaided,...]

Cells are what `recipes/study.py` writes. Several of a collection and variant are averaged, whatever
their seeds and their versions of the code, so choose. Columns come in the order of the files, or as
they are named.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any, TypeAlias

import numpy as np

Cell: TypeAlias = dict[str, Any]
HALVES = ("seen", "unseen")
TITLES = {
    "sroie_receipts": "receipts",
    "tapuscorpus_fr_typewritten": "French typescript",
    "ehri_typewritten_en_de_da": "wartime typescript",
    "fondue_art_catalogues": "art catalogues",
    "cremma_early_print": "early print",
    "ocrd_fraktur_pages": "German pages, Fraktur",
    "archiscribe_fraktur_lines": "Fraktur lines",
}
"""Collections as the documentation names them, in its order; others keep their folder's name."""
BASE = "shipped"
"""Whose errors the gains are shares of."""
TIMELESS = (BASE, "tesseract", "rapidocr")
"""What is the same whatever minutes were given."""
ROUNDS = 5000
FEWEST = 4
"""Runs, from which on estimates can be said to follow the truth or not."""


def table(cells: Sequence[Cell], variants: Sequence[str] = ()) -> str:
    """Lay out collections by variants: error rates, then what each variant gains on the mean."""
    variants = variants or in_order(cell["variant"] for cell in cells)
    rows = [
        "| collection | " + " | ".join(variants) + " |",
        "|---" * (len(variants) + 1) + "|",
    ]
    for name in collections(cells):
        row = []
        for variant in variants:
            here = of(cells, name, variant)
            row.append(" / ".join(spread([c[half] for c in here]) for half in HALVES))
        rows.append(f"| {TITLES.get(name, name)} | " + " | ".join(row) + " |")
    for title, row in (
        ("errors fewer, mean", [gained(cells, variant) for variant in variants]),
        ("5 to 95 %, collections resampled", [interval(cells, variant) for variant in variants]),
        ("seeds and runs of a collection", [runs(cells, variant) for variant in variants]),
        ("minutes", [middle(cells, variant, "minutes", 1) for variant in variants]),
        ("ms a line", [middle(cells, variant, "milliseconds a line", 0) for variant in variants]),
        ("GB at most", [highest(cells, variant, "gigabytes") for variant in variants]),
        (
            "MB of the model",
            [highest(cells, variant, "megabytes of the model") for variant in variants],
        ),
        ("estimate: rank correlation", [honesty(cells, variant)[0] for variant in variants]),
        ("estimate: mean error, points", [honesty(cells, variant)[1] for variant in variants]),
        ("estimate: truth inside", [honesty(cells, variant)[2] for variant in variants]),
    ):
        rows.append(f"| {title} | " + " | ".join(row) + " |")
    return (
        "Characters wrong, percent, on pages adapted to / on held-out pages of the same look; "
        "mean ± standard deviation over runs.\n\n" + "\n".join(rows) + "\n"
    )


def comparisons(cells: Sequence[Cell], pairs: Sequence[tuple[str, str]]) -> str:
    """Lay out what the second variant of each pair gains over the first, where there are both."""
    rows = ["| | errors fewer, mean | 5 to 95 %, collections resampled | collections |"]
    rows.append("|---|---|---|---|")
    for first, second in pairs:
        found = gains(cells, second, first)
        if len(found):
            gain = " / ".join(f"{100 * g:.0f} %" for g in found.mean(0))
            rows.append(f"| {second} over {first} | {gain} | {resampled(found)} | {len(found)} |")
    return "\n".join(rows) + "\n"


def in_order(names: Iterable[str]) -> list[str]:
    """Leave out repetitions."""
    return list(dict.fromkeys(names))


def collections(cells: Sequence[Cell]) -> list[str]:
    """Name the collections of these cells, those that the documentation knows first."""
    found = in_order(cell["collection"] for cell in cells)
    return [n for n in TITLES if n in found] + [n for n in found if n not in TITLES]


def of(cells: Sequence[Cell], collection: str, variant: str) -> list[Cell]:
    """Choose the cells of a collection and variant."""
    return [c for c in cells if (c["collection"], c["variant"]) == (collection, variant)]


def spread(rates: Sequence[float]) -> str:
    if not rates:
        return "–"
    more = f" ± {100 * stdev(rates):.2f}" if len(rates) > 1 else ""
    return f"{100 * mean(rates):.2f}{more}"


def gained(cells: Sequence[Cell], variant: str) -> str:
    """Mean share of the shipped model's errors that a variant does not make."""
    found = gains(cells, variant)
    if variant == BASE or not len(found):
        return "–"
    return " / ".join(f"{100 * gain:.0f} %" for gain in found.mean(0))


def gains(cells: Sequence[Cell], variant: str, base: str = BASE) -> np.ndarray:
    """Return the shares of the errors of ``base`` that are gone, `collection half`."""
    found = []
    for name in collections(cells):
        here, there = of(cells, name, variant), of(cells, name, base)
        if here and there:
            rates = [mean(c[half] for c in here) / mean(c[half] for c in there) for half in HALVES]
            found.append([1 - rate for rate in rates])
    return np.array(found).reshape(-1, 2)


def interval(cells: Sequence[Cell], variant: str) -> str:
    """Of the mean gain, over collections drawn again."""
    found = gains(cells, variant)
    return "–" if variant == BASE else resampled(found)


def resampled(found: np.ndarray) -> str:
    """Interval of the mean of gains, `collection half`, over collections drawn again."""
    if len(found) < 3:
        return "–"
    drawn = np.random.default_rng(0).integers(len(found), size=(ROUNDS, len(found)))
    low, high = np.quantile(100 * found[drawn].mean(1), (0.05, 0.95), axis=0)
    return " / ".join(f"{a:.0f} to {b:.0f}" for a, b in zip(low, high, strict=True))


def runs(cells: Sequence[Cell], variant: str) -> str:
    """How many seeds, and how many runs, a collection has of a variant."""
    found = [of(cells, name, variant) for name in collections(cells)]
    counts = [(len({c["seed"] for c in here}), len(here)) for here in found if here]
    if not counts:
        return "–"
    return ", ".join(
        f"{low}" if low == high else f"{low} to {high}"
        for low, high in ((min(n), max(n)) for n in zip(*counts, strict=True))
    )


def honesty(cells: Sequence[Cell], variant: str) -> tuple[str, str, str]:
    """Of estimates on the very lines: rank correlation, mean error, share with the truth inside."""
    pairs = [
        (c[half], *c["said"][i])
        for c in cells
        if c["variant"] == variant and "said" in c
        for i, half in enumerate(HALVES)
    ]
    if len(pairs) < 4:
        return "–", "–", "–"
    true, rate, low, high = np.array(pairs).T
    inside = int(((low <= true) & (true <= high)).sum())
    error = 100 * float(np.abs(true - rate).mean())
    return f"{rank_correlation(true, rate):.2f}", f"{error:.2f}", f"{inside} of {len(pairs)}"


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Correlate the ranks; ties count in order."""
    ranks = [np.argsort(np.argsort(x, kind="stable"), kind="stable") for x in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])


def foretold(cells: Sequence[Cell], variant: str) -> str:
    """Lay out what runs said of all scans, before and after, beside what was true of those read."""
    rows = [f"| {variant} | said before, mean (least to most) | true | said after | true |"]
    rows.append("|---|---|---|---|---|")
    pairs: tuple[list[tuple[float, float]], list[tuple[float, float]]] = ([], [])
    for name in collections(cells):
        here = [c for c in of(cells, name, variant) if "estimated" in c]
        shipped = of(cells, name, BASE)
        if not here or not shipped:
            continue
        row = [TITLES.get(name, name)]
        for i, true in enumerate(([shipped[0]["seen"]] * len(here), [c["seen"] for c in here])):
            said = [c["estimated"][i] for c in here]
            pairs[i].extend(zip(true, said, strict=True))
            row.append(f"{100 * mean(said):.1f} ({100 * min(said):.1f} to {100 * max(said):.1f})")
            row.append(f"{100 * mean(true):.1f}")
        rows.append("| " + " | ".join(row) + " |")
    row = [f"rank correlation, mean error, too low, of {len(pairs[0])} runs"]
    for one in pairs if len(pairs[0]) >= FEWEST else ():
        true, said = np.array(one).T
        error = 100 * float(np.abs(true - said).mean())
        row += [f"{rank_correlation(true, said):.2f}, {error:.2f}, {int((said < true).sum())}", ""]
    if len(row) > 1:
        rows.append("| " + " | ".join(row) + " |")
    return "\n".join(rows) + "\n"


def highest(cells: Sequence[Cell], variant: str, key: str) -> str:
    """Largest figure over all cells of a variant that have it."""
    found = [c[key] for c in cells if c["variant"] == variant and c.get(key)]
    return f"{max(found):.1f}" if found else "–"


def middle(cells: Sequence[Cell], variant: str, key: str, digits: int) -> str:
    """Median of a figure over all cells of a variant that have it."""
    found = [c[key] for c in cells if c["variant"] == variant and c.get(key)]
    return f"{median(found):.{digits}f}" if found else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cells", type=Path, nargs="+")
    parser.add_argument("--variants", default="", help="columns, by commas")
    parser.add_argument("--minutes", type=float, nargs=2, help="least and most that were given")
    parser.add_argument("--compare", default="", help="pairs, as in taught:look,alone:unaided")
    parser.add_argument("--estimates", default="", help="variants whose own estimates are shown")
    options = parser.parse_args()
    cells = [json.loads(row) for path in options.cells for row in path.open(encoding="utf-8")]
    if options.minutes:
        least, most = options.minutes
        cells = [c for c in cells if c["variant"] in TIMELESS or least <= c["asked"] <= most]
    print(table(cells, tuple(filter(None, options.variants.split(",")))))
    pairs = [tuple(pair.split(":")) for pair in options.compare.split(",") if pair]
    if pairs:
        print(comparisons(cells, pairs))
    for variant in filter(None, options.estimates.split(",")):
        print(foretold(cells, variant))


if __name__ == "__main__":
    main()

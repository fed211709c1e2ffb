"""The study's table: what is gained, how surely, and how honest the estimates were."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "recipes"))
import study_table

NAMES = tuple(study_table.TITLES)[:4]
TRUE = (0.04, 0.03, 0.02, 0.01)


def cells(variant: str, factor: float, seed: int = 0) -> list[study_table.Cell]:
    return [
        {
            "collection": name,
            "variant": variant,
            "seed": seed,
            "seen": factor * true,
            "unseen": 2 * factor * true,
            "minutes": 10.0,
            "gigabytes": 2.5,
            "said": [[factor * true * 1.1, 0.0, 1.0], [0.5, 0.4, 0.6]],
        }
        for name, true in zip(NAMES, TRUE, strict=True)
    ]


@pytest.fixture
def both() -> list[study_table.Cell]:
    return cells("shipped", 1.0) + cells("self", 0.5) + cells("self", 0.7, seed=1)


def test_gains_are_shares_of_the_shipped_models_errors(both: list[study_table.Cell]) -> None:
    assert study_table.gains(both, "self") == pytest.approx(0.4)
    assert study_table.gained(both, "self") == "40 % / 40 %"
    assert study_table.gained(both, "look") == "–"
    assert study_table.interval(both, "self") == "40 to 40 / 40 to 40"


def test_estimates_are_held_to_the_truth_of_both_halves() -> None:
    """Of the first halves a tenth too high, of the others one and the same, and far off."""
    found = cells("self", 0.5)
    ranks, error, inside = study_table.honesty(found, "self")
    true = [c[half] for c in found for half in study_table.HALVES]
    said = [c["said"][i][0] for c in found for i in range(2)]
    order = [np.argsort(np.argsort(x, kind="stable"), kind="stable") for x in (true, said)]
    assert ranks == f"{1 - 6 * np.square(order[0] - order[1]).sum() / (8 * 63):.2f}"  # Spearman
    assert float(error) == pytest.approx(100 * (0.1 * 0.0125 + 0.475) / 2, abs=0.01)
    assert inside == "4 of 8"
    assert study_table.honesty([], "self") == ("–", "–", "–")


def test_a_variant_is_held_beside_another_on_the_collections_that_have_both(
    both: list[study_table.Cell],
) -> None:
    both += cells("look", 0.3)[:3]
    table = study_table.comparisons(both, [("self", "look"), ("look", "words")])
    assert "| look over self | 50 % / 50 % | 50 to 50 / 50 to 50 | 3 |" in table
    assert "words" not in table


def test_the_table_has_every_variant_and_collection(both: list[study_table.Cell]) -> None:
    table = study_table.table(both)
    titles = [study_table.TITLES[name] for name in NAMES]
    assert "| collection | shipped | self |" in table
    assert all(title in table for title in titles)
    assert "| seeds and runs of a collection | 1, 1 | 2, 2 |" in table
    assert "2.40 ± 0.57 / 4.80 ± 1.13" in table
    assert "| GB at most | 2.5 | 2.5 |" in table

"""The estimate of errors: its signs, its weights, its interval."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from readapt.document.elements import Line, Page
from readapt.errors import UsageError
from readapt.evaluate.estimate import (
    Signs,
    estimate,
    expected_edits,
    find_signs,
    fit_estimate,
    page_signs,
)
from readapt.models.bundle import Bundle
from readapt.models.manifest import ErrorEstimate
from readapt.reader import load_recognizer
from tiny_model import HEIGHT, draw, draw_page


def signs(characters: int, doubt: float, changed: float = 0.0) -> Signs:
    return Signs("x" * characters, doubt, changed)


def test_clean_lines_show_no_signs(tiny_model: Bundle) -> None:
    recognizer = load_recognizer(tiny_model, 1)
    clean, faint = find_signs(recognizer, [draw("abba"), 150 + draw("ab") // 20], HEIGHT)
    assert clean.text == "abba"
    assert clean.doubt < 0.1
    assert clean.characters == 4
    assert faint.characters >= 1


def test_lines_of_a_page_are_cut_where_they_were_found(tiny_model: Bundle) -> None:
    page = draw_page([(16, 32, "abab"), (64, 128, "ba")])
    lines = tuple(
        Line(((x, y), (x + w, y), (x + w, y + HEIGHT), (x, y + HEIGHT)), "", 1.0)
        for x, y, w in ((16, 32, 144), (64, 128, 80))
    )
    read = Page(page.shape[1], page.shape[0], lines)
    found = page_signs(load_recognizer(tiny_model, 1), page, read, HEIGHT, 0.0)
    assert [sign.text for sign in found] == ["abab", "ba"]


def test_weights_turn_signs_into_edits() -> None:
    by = ErrorEstimate(doubt=2.0, changed=0.5)
    edits = expected_edits([signs(10, 1.0, 2.0), signs(2, 5.0)], by)
    np.testing.assert_allclose(edits, [3.0, 2.0])  # never more than there are characters


def test_the_rate_is_edits_over_characters_and_inside_its_interval() -> None:
    lines = [signs(20, 0.2 * (i % 5)) for i in range(50)]
    found = estimate(lines, ErrorEstimate(doubt=1.0, spread=1.5))
    assert found.rate == pytest.approx(0.02)
    assert found.low < found.rate < found.high
    assert found.lines == 50
    sharper = estimate(lines, ErrorEstimate(doubt=1.0, spread=1.05))
    assert sharper.high - sharper.low < found.high - found.low
    assert str(found).startswith("2.0% (")


def test_what_can_hardly_be_read_has_no_upper_end() -> None:
    """Upside down or in another script, a network makes up letters and is rather sure of them."""
    found = estimate([signs(20, 5.0)] * 30, ErrorEstimate(doubt=1.0, spread=1.5))
    assert found.hardly
    assert str(found) == f"{found.low:.1%} or more, hardly readable"
    assert not estimate([signs(20, 2.9)] * 30, ErrorEstimate(doubt=1.0)).hardly


def test_of_nothing_nothing_is_known() -> None:
    found = estimate([], ErrorEstimate())
    assert (found.low, found.high, found.lines) == (0.0, 1.0, 0)


@pytest.mark.parametrize("count", [1, 2, 7, 129, 1000])
@pytest.mark.parametrize("at_once", [1, 900, 2000])
def test_rounds_drawn_some_at_a_time_are_those_drawn_at_once(count: int, at_once: int) -> None:
    rng = np.random.default_rng(count)
    lines = [signs(int(rng.integers(1, 60)), float(rng.uniform(0, 5))) for _ in range(count)]
    by = ErrorEstimate(doubt=0.7, spread=1.3)
    edits = expected_edits(lines, by)
    characters = np.array([line.characters for line in lines], np.float64)
    rng = np.random.default_rng(3)
    drawn = rng.integers(count, size=(101, count))
    rates = edits[drawn].sum(1) / characters[drawn].sum(1)
    rates *= np.exp(rng.normal(0, np.log(1.3) / 1.645, 101))
    low, high = np.quantile(rates, [0.05, 0.95])
    found = estimate(lines, by, 101, 3, at_once)
    assert found == estimate(lines, by, 101, 3)
    assert found.low == min(low, found.rate)
    assert found.high == min(1, max(high, found.rate))


def test_many_lines_take_little_memory() -> None:
    lines = [signs(10, 1.0)] * 100_000
    tracemalloc.start()
    try:
        estimate(lines, ErrorEstimate(), rounds=50, at_once=400_000)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 60e6  # the rounds drawn at once take 80 MB, and these 6 MB; the rest: the lines


def sets_of(factor: float, noise: float = 0.0) -> tuple[list[Signs], list[float], list[range]]:
    """Twelve sets of thirty lines, whose errors are `factor` times their doubt."""
    rng = np.random.default_rng(0)
    lines, edits, sets = [], [], []
    for number in range(12):
        level = 0.2 + 0.2 * number
        off = float(np.exp(rng.normal(0, noise)))
        for _ in range(30):
            doubt = level * rng.uniform(0.5, 1.5)
            lines.append(signs(30, doubt, doubt / 2))
            edits.append(factor * doubt * off)
        sets.append(range(30 * number, 30 * number + 30))
    return lines, edits, sets


def test_fitting_finds_what_made_the_errors() -> None:
    by = fit_estimate(*sets_of(1.4))
    assert by.doubt == pytest.approx(0.7)  # each sign carries half of the estimate
    assert by.changed == pytest.approx(1.4)
    assert by.spread == pytest.approx(1, abs=1e-3)
    lines, edits, _ = sets_of(1.4)
    assert expected_edits(lines, by).sum() == pytest.approx(sum(edits))


def test_the_spread_is_how_far_whole_sets_are_off() -> None:
    by = fit_estimate(*sets_of(1.0, noise=0.3))
    assert 1.3 < by.spread < 2.5


def test_too_few_sets() -> None:
    with pytest.raises(UsageError, match="four sets"):
        fit_estimate([signs(3, 1.0)] * 3, [1, 1, 1], [[0], [1], [2]])

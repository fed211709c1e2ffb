"""What is said of the scans at the end: by the lines held out, of all, and page by page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bar_world import ALPHABET, bars, reading_network, words

from readapt.adapt.end.calibrated import A_SET, fit_weights
from readapt.adapt.end.changes import Changes, by_turns
from readapt.adapt.end.estimates import BothRead, draw
from readapt.adapt.exported import as_read
from readapt.adapt.learning.known import Known
from readapt.evaluate.estimate import Signs, estimate
from readapt.models.manifest import ErrorEstimate
from readapt.types import Image

PLAIN = ErrorEstimate(doubt=1.0, changed=0.0, spread=1.2)


def signs(doubt: float, count: int) -> list[Signs]:
    return [Signs("x" * 50, doubt, 0.0) for _ in range(count)]


def both(before: list[Signs], after: list[Signs], held_out: int) -> BothRead:
    pages = [i // 10 for i in range(len(before))]
    return BothRead((before, after), (PLAIN, PLAIN), pages, held_out)


def test_lines_learnt_from_do_not_say_how_good_the_new_model_is() -> None:
    before = signs(2.0, 100)
    after = signs(1.0, 20) + signs(0.0, 80)  # sure of all that it has learnt from
    found = both(before, after, 20).collection()
    assert found[0].rate == pytest.approx(0.04)
    assert found[1].rate == pytest.approx(0.02, rel=0.05)
    assert found[1].low < found[1].rate < found[1].high


def test_held_out_pages_that_are_easier_than_others_do_not_flatter() -> None:
    before = signs(0.5, 20) + signs(4.0, 80)
    after = signs(0.25, 20) + signs(0.0, 80)
    found = both(before, after, 20).collection()
    assert found[0].rate == pytest.approx(0.066)
    assert found[1].rate == pytest.approx(0.033, rel=0.1)


def test_the_same_model_is_estimated_alike() -> None:
    found = both(signs(1.0, 30), signs(1.0, 30), 10).collection()
    assert found[0] == found[1]


def test_no_rate_is_above_one() -> None:
    before = signs(0.0, 4) + signs(20.0, 16)
    found = both(before, signs(40.0, 20), 4).collection()[1]
    assert 0 <= found.low <= found.rate <= found.high <= 1


def test_pages_learnt_from_are_estimated_by_what_is_left_on_others() -> None:
    before = signs(2.0, 20) + signs(4.0, 20)
    after = signs(1.0, 20) + signs(0.0, 20)
    pages = both(before, after, 20).by_page("abcd".__getitem__)
    assert [name for name, _, _ in pages] == ["c", "d", "a", "b"]
    assert pages[0][2].rate == pytest.approx(0.04, rel=0.05)
    assert pages[2][2].rate == pytest.approx(0.02)


def test_a_few_lines_held_out_of_a_page_do_not_say_what_it_is_like() -> None:
    """They are read without an error; all that are held out say that half of them are left."""
    found = both(signs(4.0, 40), signs(0.0, 2) + signs(2.5, 18) + signs(0.0, 20), 20)
    found = replace(found, pages=(0, 0, *(1,) * 18, *(0,) * 8, *(2,) * 12))
    rates = {name: after.rate for name, _, after in found.by_page("abc".__getitem__)}
    assert rates["a"] == rates["c"] > 0.01


def test_before_and_after_of_a_page_are_of_the_same_lines() -> None:
    """Most lines of page a that there was time for are held out, and harder than the others."""
    found = both(signs(4.0, 8) + signs(1.0, 6), signs(3.0, 8) + signs(0.0, 6), 8)
    found = replace(found, pages=(*(0,) * 8, *(0,) * 4, *(1,) * 2))
    for _, before, after in found.by_page("ab".__getitem__):
        assert after.rate == pytest.approx(found.left * before.rate)


def test_lines_of_all_pages_come_before_the_second_of_any() -> None:
    pages = [0] * 9 + [1] + [2] * 3
    order = by_turns(pages, 0)
    assert sorted(order) == list(range(13))
    assert {pages[i] for i in order[:3]} == {0, 1, 2}
    assert sorted(pages[i] for i in order[3:7]) == [0, 0, 2, 2]


def test_what_there_was_no_time_for_is_said() -> None:
    one = estimate((), PLAIN)
    pages = (("a", one, one), ("b", one, one))
    assert Changes(9, 9, 2, (), pages, one, one).unread == ""
    assert "5 of 9 lines:" in Changes(5, 9, 2, (), pages, one, one).unread
    assert "5 of 9 lines, of 2 of 3 pages:" in Changes(5, 9, 3, (), pages, one, one).unread


def test_pages_are_drawn_whole_where_there_are_enough() -> None:
    pages = np.repeat(np.arange(6), 4)
    drawn = draw(pages, np.random.default_rng(0))
    assert all(np.sum(pages[drawn] == p) % 4 == 0 for p in range(6))
    few = draw(np.zeros(9, np.int64), np.random.default_rng(0))
    assert len(few) == 9


class Bars:
    """Labelled lines of bars that get fainter."""

    height = 36

    def fresh(self, start: int, count: int) -> list[tuple[Image, str]]:
        texts = words(start + count, seed=3)[start:]
        ink = 20 + (start // A_SET) % 4 * 30
        return [(bars(t, ink, 225, 10, i), t) for i, t in enumerate(texts)]


def test_weights_are_fitted_for_both_models_or_for_none() -> None:
    reader = as_read(reading_network(), ALPHABET, 1)
    known: Known = Bars()  # type: ignore[assignment]
    assert fit_weights((reader, reader), known, None, PLAIN, 0.0).after == PLAIN
    ticks: list[int] = []
    found = fit_weights((reader, reader), known, None, PLAIN, 60.0, lambda: ticks.append(1))
    assert len(ticks) == 16
    assert found.before == found.after
    assert found.after.words == 0
    assert found.after.spread >= PLAIN.spread

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.evaluate.words import WordScore, page_word_f1

lines = st.lists(st.text(alphabet="ab -–"), max_size=4)


def test_a_hand_worked_page() -> None:
    score = page_word_f1(["das Haus", "das Dach"], ["Haus das", "das das Loch"])
    assert score == WordScore(hits=3, truth=4, read=5)
    assert score.precision == pytest.approx(3 / 5)
    assert score.recall == pytest.approx(3 / 4)
    assert score.f1 == pytest.approx(2 * 0.6 * 0.75 / 1.35)


def test_words_are_folded() -> None:
    assert page_word_f1(["Geſandtſchaft – „ja“"], ['Gesandtschaft - "ja"']).f1 == 1.0
    assert page_word_f1(["TOTAL"], ["Total"]).f1 == 0.0
    assert page_word_f1(["TOTAL"], ["Total"], ignore_case=True).f1 == 1.0


def test_empty_pages() -> None:
    assert page_word_f1([], []).f1 == 1.0
    assert page_word_f1([], ["x"]) == WordScore(0, 0, 1)
    assert page_word_f1(["x"], []).f1 == 0.0


def test_pages_add_up() -> None:
    assert WordScore(1, 2, 3) + WordScore(4, 5, 6) == WordScore(5, 7, 9)


@given(lines, lines)
def test_hits_are_the_multiset_intersection(truth: list[str], reading: list[str]) -> None:
    score = page_word_f1(truth, reading)
    a = Counter(" ".join(truth).replace("–", "-").split())
    b = Counter(" ".join(reading).replace("–", "-").split())
    assert score.hits == sum(min(a[word], b[word]) for word in a)
    assert score == page_word_f1(truth[::-1], reading)

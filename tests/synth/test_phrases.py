"""Phrases: clean, the same from the same seed, and all kinds of them."""

import re

import numpy as np
import pytest

from readapt.synth import phrases
from readapt.synth.corpus import BUILT_IN, Corpus, clean

WORDS = Corpus("en", "", tuple(BUILT_IN["en"].split()))
MAKERS = {
    "amount": phrases.amount,
    "date": phrases.date,
    "code": phrases.code,
    "size": phrases.size,
    "web": phrases.web,
    "commerce": lambda rng: phrases.commerce(rng, WORDS),
    "sequence": lambda rng: WORDS.sequence(rng, 30),
    "scattered": lambda rng: phrases.scattered(rng, "abc ", 9),
    "punctuated": lambda rng: phrases.punctuate(rng, WORDS.sequence(rng, 30)),
}


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_lines_are_clean_and_repeatable(kind: str) -> None:
    maker = MAKERS[kind]
    first = [maker(np.random.default_rng(seed)) for seed in range(200)]
    again = [maker(np.random.default_rng(seed)) for seed in range(200)]
    assert first == again
    assert len(set(first)) > 50
    for text in first:
        assert text == clean(text)
        assert text


@pytest.mark.parametrize(
    "form",
    [
        r"\w :$",  # a label whose value stands in another cell
        r"^: ?\S",  # ... and the value
        r"\w\(\w",
        r"@ ?\d+[\d.]*%",  # a rate beside its label
        r"\w\(\d+[\d.]*%\)",  # ... and no space between
        r"\d[A-Z]{1,3}[xX*]\d",
    ],
)
def test_tills_say_what_was_misread_for_want_of_it(form: str) -> None:
    drawn = [phrases.commerce(np.random.default_rng(seed), WORDS) for seed in range(2000)]
    assert sum(bool(re.search(form, text)) for text in drawn) >= 10


@pytest.mark.parametrize("form", [r"^[\[(#].*[A-Z]\d", r"^[\[(#].*\d[A-Z]", r"[A-Z]\d+[-/.:]\d"])
def test_codes_have_letters_among_digits_and_brackets(form: str) -> None:
    drawn = [phrases.code(np.random.default_rng(seed)) for seed in range(2000)]
    assert sum(bool(re.search(form, text)) for text in drawn) >= 5


def test_addresses_have_no_spaces() -> None:
    drawn = [phrases.web(np.random.default_rng(seed)) for seed in range(200)]
    assert not any(" " in text for text in drawn)
    assert 20 < sum("@" in text for text in drawn) < 120

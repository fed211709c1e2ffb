import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.evaluate.normalise import fold, strict

LOOKALIKES = "aou AOU\u0364ſßẛ\u0308\u0301e'’‘„“”«»‹›-–—−⸗¬…\t\n\u00a0\u2009xyꝛ\ue8bf"
texts = st.text(alphabet=st.one_of(st.sampled_from(LOOKALIKES), st.characters()))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("da\u0364s koͤnne Buͤcher", "däs könne Bücher"),
        ("A\u0364 O\u0364 U\u0364", "Ä Ö Ü"),
        ("i\u0364", "i\u0364"),
        ("franzoͤſiſche Geſandtſchaft", "französische Gesandtschaft"),
        ("Zeit⸗ ſchrift¬", "Zeit- schrift-"),
        ("a–b—c‐d‑e‒f―g−h", "a-b-c-d-e-f-g-h"),
        ("„so“ “so” «so» ‚so‘ ‹so› l’an", '"so" "so" "so" \'so\' \'so\' l\'an'),
        ("und…", "und..."),
        ("  a \t b\n\nc\u00a0d ", "a b c d"),
        ("u\u0308", "ü"),
    ],
)
def test_folding_forgives_what_transcribers_disagree_on(written: str, folded: str) -> None:
    assert fold(written) == folded


def test_case_is_kept_unless_it_is_to_be_ignored() -> None:
    assert fold("Total RM") == "Total RM"
    assert fold("Total RM", ignore_case=True) == "TOTAL RM"
    assert fold("o\u0364ſ ß", ignore_case=True) == "ÖS SS"


def test_strict_only_composes_and_collapses() -> None:
    assert strict(" u\u0308ber  ſ–’… ") == "über ſ–’…"


@given(texts, st.booleans())
def test_folding_twice_is_folding_once(text: str, ignore_case: bool) -> None:
    once = fold(text, ignore_case=ignore_case)
    assert fold(once, ignore_case=ignore_case) == once


@given(texts)
def test_both_give_nfc_without_loose_spaces(text: str) -> None:
    for made in (strict(text), fold(text)):
        assert unicodedata.is_normalized("NFC", made)
        assert made == " ".join(made.split())

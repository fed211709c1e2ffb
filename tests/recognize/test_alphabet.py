import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.errors import ReadaptError
from readapt.recognize.alphabet import LATIN, Alphabet, AlphabetError

latin_text = st.text(alphabet=st.sampled_from(LATIN.characters), max_size=40)


def test_latin_is_frozen() -> None:
    # Trained networks carry these numbers; a change here breaks every one of them.
    digest = hashlib.sha256(LATIN.characters.encode()).hexdigest()
    assert (LATIN.classes, digest[:16]) == (279, "91d64164231707d7")


def test_space_is_class_one() -> None:
    assert LATIN.space == 1
    assert LATIN.encode(" ") == [1]
    assert Alphabet("ab").space is None


@pytest.mark.parametrize(
    "text",
    [
        "The quick brown fox jumps over the lazy dog, 0123456789: £1 $2 €3!",
        "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. STRAẞE",
        "Dès Noël, où un zéphyr haï me vêt de glaçons würmiens, œuf, Ÿ",
        "El pingüino Wenceslao hizo kilómetros… ¿ñandú? ¡Sí! 1.º 2.ª",
        "Quel fez sghembo copre davanti, perché, città, più, così, però",
        "À noite, vovô Kowalsky vê o ímã cair no pé do pinguim; ação, corações",
        "Pa's wijze lynx bezag vroom het fikse aquaduct, coördinatie, één",
        "Høj bly gom vandt fræk sexquiz på wc. Flygande bäckasiner söka hwila på mjuka tuvor",
        "Pchnąć w tę łódź jeża lub ośm skrzyń fig. ŻÓŁĆ",
        "Příliš žluťoučký kůň úpěl ďábelské ódy, něco",
        "Árvíztűrő tükörfúrógép",
        "Gheorghe, obezul, a reuşit să obţină. Ștefan și Țara".replace("ţ", "ț"),
        "Pijamalı hasta yağız şoföre çabucak güvendi. İIıi",
        "Gojazni đačić s biciklom drži hmelj i finu vatu u džepu nošnje. Ćao",
        "daſz die Bu\u0364cher fu\u0364r Gro\u0364ſze durch⸗",
        "verbũ dñi manẽt in ęternum, oꝛa, cũ m\u0304 n\u0303",
    ],
)
def test_latin_writes(text: str) -> None:
    assert LATIN.missing(text) == frozenset()
    assert LATIN.decode(LATIN.encode(text)) == unicodedata.normalize("NFC", text)


def test_small_e_above_is_two_classes() -> None:
    a, e = LATIN.encode("a\u0364")
    assert LATIN.decode([a]) == "a"
    assert LATIN.decode([a, e]) == "a\u0364"


def test_a_character_without_a_class_is_written_in_parts() -> None:
    assert "ḡ" not in LATIN
    assert LATIN.encode("ḡ") == LATIN.encode("g") + LATIN.encode("\u0304")
    assert LATIN.decode(LATIN.encode("ḡ")) == "ḡ"


@given(latin_text)
def test_round_trip(text: str) -> None:
    assert LATIN.decode(LATIN.encode(text)) == unicodedata.normalize("NFC", text)


@given(st.text(max_size=30))
def test_missing_is_empty_exactly_when_encode_works(text: str) -> None:
    missing = LATIN.missing(text)
    if missing:
        with pytest.raises(AlphabetError) as caught:
            LATIN.encode(text)
        assert all(f"U+{ord(c):04X}" in str(caught.value) for c in missing)
    else:
        assert LATIN.decode(LATIN.encode(text)) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("ids", [[0], [-1], [LATIN.classes]])
def test_decode_refuses_the_blank_and_foreign_classes(ids: list[int]) -> None:
    with pytest.raises(AlphabetError, match="not in"):
        LATIN.decode(ids)


@pytest.mark.parametrize("characters", ["", "aba", "\u212b"])
def test_ill_formed_alphabets(characters: str) -> None:
    with pytest.raises(ReadaptError):
        Alphabet(characters)


def test_equality_and_hash() -> None:
    assert Alphabet("ab") == Alphabet("ab")
    assert Alphabet("ab") != Alphabet("ba")
    assert len({Alphabet("ab"), Alphabet("ab")}) == 1
    assert (len(Alphabet("ab")), Alphabet("ab").classes) == (2, 3)
    assert repr(Alphabet("ab")) == "Alphabet('ab')"

"""How texts are written out: NFC, old letters by their rules, words broken within."""

import unicodedata

import numpy as np

from readapt.synth.spelling import broken, old_spelling, some_capitals


def seen(text: str, count: int = 200) -> set[str]:
    return {old_spelling(np.random.default_rng(seed), text) for seed in range(count)}


def test_a_long_s_stands_within_words_only() -> None:
    spelled = seen("dieses Haus")
    assert any(text.startswith("dieſes Haus") for text in spelled)
    for text in spelled:
        assert unicodedata.is_normalized("NFC", text)
        assert "uſ" not in text


def test_u_and_v_go_by_place_and_j_is_i() -> None:
    spelled = seen("und Jovis avus uxor UBI")
    assert {"vnd Iouis auus vxor VBI", "vñ Iouis auus vxor VBI"} < spelled
    for text in spelled:
        assert text.startswith("v") == ("J" not in text)  # one habit in all of a line


def test_et_is_a_sign_at_times() -> None:
    spelled = seen("pater et mater, etc.")
    assert any("pater & mater, &c." in text for text in spelled)
    assert all("p&" not in text for text in spelled)


def test_words_are_broken_within() -> None:
    rng = np.random.default_rng(0)
    ends = {broken(rng, "eine lange Geschichte") for _ in range(100)}
    assert all(text.startswith("eine lange Ge") and text.endswith("-") for text in ends)
    assert len(ends) == 7  # two letters stay on either side
    assert broken(rng, "eine lange Geschichte", "⸗")[-1] == "⸗"
    for text in ("ein Ende", "kurz.", "Preis 12.50", ""):
        assert broken(rng, text) == text


def test_some_words_are_in_capitals() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        words = some_capitals(rng, "cornua seu tentacula bina").split()
        assert [word.lower() for word in words] == ["cornua", "seu", "tentacula", "bina"]
        assert 1 <= sum(word.isupper() for word in words) <= 2

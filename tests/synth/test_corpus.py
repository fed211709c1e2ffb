"""Texts: NFC, single spaces, bad files named."""

from pathlib import Path

import numpy as np
import pytest

from readapt.errors import InputError
from readapt.synth import corpus as texts
from readapt.synth.corpus import BUILT_IN, Corpus, read_corpus

WORDS = Corpus("en", "", tuple(BUILT_IN["en"].split()))


def test_passages_are_cut_at_words() -> None:
    running = " ".join(f"word{i}" for i in range(2000))
    corpus = Corpus("x", running, tuple(running.split()))
    for seed in range(50):
        passage = corpus.passage(np.random.default_rng(seed), 40)
        assert set(passage.split()) <= set(corpus.words)
        assert 20 <= len(passage) <= 70


def test_read_corpus(tmp_path: Path) -> None:
    good = tmp_path / "letters.txt"
    good.write_text("Liebe  Mutter,\n\tich bin gut\u00adan\x07gekommen", encoding="utf-8")
    corpus = read_corpus(good)
    assert corpus.name == "letters"
    assert corpus.text.startswith("Liebe Mutter, ich bin gut")
    empty = tmp_path / "empty.txt"
    empty.write_text(" \n")
    latin = tmp_path / "latin.txt"
    latin.write_bytes("fünf".encode("latin-1"))
    for path, message in (
        (empty, "has no words in it: put text into it"),
        (latin, "not UTF-8 text .*: convert it"),
        (tmp_path / "missing.txt", r"cannot be read \(No such file .*\): check its name"),
    ):
        with pytest.raises(InputError, match=message) as caught:
            read_corpus(path)
        assert path.name in str(caught.value)


def test_texts_of_other_languages_are_no_english(tmp_path: Path) -> None:
    """Debian's Italian ones are linked to from the folder of the English ones."""
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "italia").write_text("Buongiorno\n%\n")
    (tmp_path / "italia").symlink_to("it/italia")
    (tmp_path / "work").write_text("Good morning\n%\n")
    (tmp_path / "work.dat").write_bytes(b"\0")
    (tmp_path / "ascii-art").write_text("/\\__\n")
    assert texts._fortunes(tmp_path, 100) == "Good morning"


def test_words_come_from_all_over_a_text() -> None:
    text = " ".join(f"w{i:05}" for i in range(20_000))
    found = texts._from_all_over(text, 7_000).split()
    assert len(found) == pytest.approx(1_000, abs=40)
    assert found[0] == "w00001"
    assert found[-1] > "w18750"
    assert {len(word) for word in found} == {6}
    assert texts._from_all_over("all of it", 9) == "all of it"


def test_texts_that_stand_beside_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = texts.texts_folder()
    assert folder == tmp_path / "readapt" / "texts"
    folder.mkdir(parents=True)
    (folder / "la.txt").write_text("Gallia est omnis divisa\n", "utf-8")
    latin = texts.system_corpora.__wrapped__()["la"]
    assert latin.text == "Gallia est omnis divisa"
    assert "divisa" in latin.words
    assert "philosophorum" not in latin.words  # invented, where there is nothing better
    (folder / "la-mine.txt").write_text("in partes tres\n", "utf-8")
    (folder / "la-empty.txt").write_text("\n", "utf-8")
    (folder / "latin.txt").write_text("of no language that is known\n", "utf-8")
    assert texts.system_corpora.__wrapped__()["la"].text == "in partes tres Gallia est omnis divisa"
    (folder / "la.txt").unlink()
    (folder / "la-mine.txt").unlink()
    assert "philosophorum" in texts.system_corpora.__wrapped__()["la"].words

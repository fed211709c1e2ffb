"""Languages and spelling from readings."""

from readapt.adapt.scans.languages import Writing, find_writing, pieces, spelled, with_little_text
from readapt.recognize.alphabet import LATIN
from readapt.synth.corpus import BUILT_IN, Corpus

CORPORA = {k: Corpus(k, "", tuple(BUILT_IN[k].split())) for k in ("en", "fr", "de")}


def test_languages_are_told_apart() -> None:
    readings = ["homme donner jour très année mère", "garçon château deux même prendre"] * 3
    readings += ["other were all there when up your how"] * 2
    writing = find_writing(readings, CORPORA, LATIN)
    assert list(writing.languages)[:2] == ["fr", "en"]
    assert writing.languages["fr"] > 0.6
    assert writing.old == 0
    assert writing.upper == 0


def test_old_print_and_capitals_are_seen() -> None:
    writing = find_writing(["müſſen größer Straße früher", "MUESSEN SEIN"], CORPORA, LATIN)
    assert next(iter(writing.languages)) == "de"
    assert writing.old == 0.5
    assert 0.2 < writing.upper < 0.5


def test_a_doubtful_line_is_in_the_language_of_the_others() -> None:
    few = find_writing(["mit man"] * 2, CORPORA, LATIN).languages
    alike = find_writing(
        ["mit man son"] * 2 + ["garçon château deux même prendre"] * 30, CORPORA, LATIN
    )
    assert len(few) == 3  # too short to tell
    assert alike.languages["fr"] > 0.97


def test_texts_come_from_all_over_a_corpus_whole_words() -> None:
    corpus = Corpus("x", " ".join(f"word{i:04}" for i in range(4000)), ("word",))
    cut = pieces(corpus, 3200)
    running = [text for text in cut if text.split()[0] != "word"]
    assert len(running) == 20
    assert all(len(word) == 8 for text in running for word in text.split())
    assert all(text == text.strip() for text in cut)  # or lines would be thought to end in a space
    firsts = [int(text.split()[0][4:]) for text in running]
    assert firsts[0] == 0
    assert firsts[-1] > 3700  # of 4,000
    whole = [text for text in pieces(corpus, 10**6) if text.split()[0] != "word"]
    assert " ".join(" ".join(whole).split()) == corpus.text  # all of it, and nothing twice


def test_without_readings_nothing_is_excluded() -> None:
    assert set(find_writing([], CORPORA, LATIN).languages) == {"en", "fr", "de"}


def test_little_text_of_a_language_that_matters_is_named() -> None:
    corpora = CORPORA | {"fr": Corpus("fr", "mots " * 30_000, ("mots",))}
    writing = Writing({"fr": 0.5, "de": 0.35, "en": 0.15}, 0.0, 0.1)
    assert with_little_text(writing, corpora) == ["de"]


def test_texts_are_spelled_as_the_collection_does() -> None:
    texts = pieces(CORPORA["de"], 500)
    assert sum(map(len, texts)) <= 1200
    old = spelled(texts, Writing({"de": 1.0}, 1.0, 0.0))
    assert sum("ſ" in text for text in old) > len(old) / 2
    upper = spelled(texts, Writing({"de": 1.0}, 0.0, 1.0))
    assert all(text == text.upper() for text in upper)
    assert spelled(texts, Writing({"de": 1.0}, 0.0, 0.1)) == texts

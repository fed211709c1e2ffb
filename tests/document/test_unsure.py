from readapt.document.elements import Line, Page, Word
from readapt.document.unsure import Unsure, settle_line, settle_page

BOX = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))


def line(*words: tuple[str, float]) -> Line:
    parts = tuple(Word(text, BOX, confidence) for text, confidence in words)
    return Line(BOX, " ".join(text for text, _ in words), 0.5, parts)


def test_words_below_the_threshold_are_left_out_with_lines_of_nothing_else() -> None:
    page = Page(9, 9, (line(("sure", 0.9), ("not", 0.1)), line(("no", 0.8999))), "a.png", 3)
    kept = settle_page(page, 0.9, Unsure.OMIT)
    assert kept == Page(9, 9, (line(("sure", 0.9)),), "a.png", 3)


def test_words_below_the_threshold_are_marked() -> None:
    marked = settle_line(line(("sure", 0.9), ("not", 0.1)), 0.5, Unsure.MARK)
    assert marked.text == "sure [not?]"
    assert [word.text for word in marked.words] == ["sure", "[not?]"]
    assert [word.confidence for word in marked.words] == [0.9, 0.1]


def test_a_line_without_words_is_one_word() -> None:
    assert settle_line(Line(BOX, "a b", 0.4), 0.5, Unsure.OMIT).text == ""
    assert settle_line(Line(BOX, "a b", 0.4), 0.5, Unsure.MARK).text == "[a b?]"
    assert settle_line(Line(BOX, "", 0.4), 0.5, Unsure.MARK).text == ""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from readapt.document.elements import Line, Page
from readapt.errors import InputError
from readapt.evaluate.boxes import Detection
from readapt.evaluate.run import EvaluationConfig, compare_page, evaluate
from readapt.evaluate.truth import Truth, TruthImage, TruthLine, TruthPage
from readapt.evaluate.words import WordScore
from readapt.types import Image, Polygon


def box(x: float, y: float, w: float, h: float = 10) -> Polygon:
    return ((x, y), (x + w, y), (x + w, y + h), (x, y + h))


def line(text: str, polygon: Polygon) -> Line:
    return Line(polygon, text, 0.9)


class ByShade:
    """Reads a line as the text that belongs to its grey level, and a page as it was told."""

    def __init__(self, texts: dict[int, str], page: Page) -> None:
        self.texts = texts
        self.page = page

    def read(self, source: Image) -> Page:
        return self.page

    def read_lines(self, images: Sequence[Image]) -> list[Line]:
        return [line(self.texts[int(np.median(image))], box(0, 0, 1)) for image in images]


@pytest.fixture
def truth(tmp_path: Path) -> Truth:
    page = np.full((100, 200), 255, np.uint8)
    page[10:20, 10:110], page[30:40, 10:110], page[50:60, 10:110] = 10, 20, 30
    PIL.Image.fromarray(page).save(tmp_path / "page.png")
    PIL.Image.fromarray(np.full((12, 80), 40, np.uint8)).save(tmp_path / "line.png")
    return Truth(
        (
            TruthPage(
                tmp_path / "page.png",
                200,
                100,
                (
                    TruthLine(box(10, 10, 100), "Das Hauſ"),
                    TruthLine(box(10, 30, 100), "am See"),
                    TruthLine(box(10, 50, 100), "(unleserlich)", ignore=True),
                ),
            ),
        ),
        (TruthImage(tmp_path / "line.png", "Ende"),),
    )


PAGE = Page(
    200,
    100,
    (
        line("Hous", box(61, 10, 49)),
        line("Das", box(10, 10, 49)),
        line("am See", box(10, 30, 98)),
        line("krakel", box(12, 50, 90)),
        line("Stempel", box(10, 80, 60)),
        line("  ", box(150, 80, 20)),
    ),
)
TEXTS = {10: "Das Haus", 20: "an  See", 40: "Ende"}


def test_lines_and_pages_are_compared(truth: Truth) -> None:
    seen: list[tuple[int, int]] = []
    result = evaluate(truth, ByShade(TEXTS, PAGE), progress=lambda *at: seen.append(at))
    assert [(x.truth, x.reading, x.number) for x in result.lines] == [
        ("Das Hauſ", "Das Haus", 1),
        ("am See", "an See", 2),
        ("Ende", "Ende", 0),
    ]
    assert (result.cer.edits, result.cer.length) == (2, 18)
    assert result.cer_folded.edits == 1
    assert (result.wer.edits, result.wer_folded.edits, result.wer.length) == (2, 1, 5)
    assert result.confusions == {("m", "n"): 1}
    assert result.detection == Detection(hits=1, truth=2, found=4)
    assert result.words == WordScore(hits=3, truth=4, read=5)
    assert result.cer_on_pages.edits == 1
    assert [found.truth for found, _ in result.worst] == ["am See"]
    assert sum(b.weight for b in result.reliability) == pytest.approx(1)
    assert seen == [(1, 2), (2, 2)]


def test_text_in_pieces_is_put_together_from_left_to_right(truth: Truth) -> None:
    result = compare_page(truth.pages[0], PAGE)
    assert result.located == (("Das Hauſ", "Das Hous"), ("am See", "am See"))
    assert result.elsewhere == ("Stempel",)


def test_what_was_missed_counts_on_the_page(truth: Truth) -> None:
    result = compare_page(truth.pages[0], Page(200, 100, ()))
    assert result.located == (("Das Hauſ", ""), ("am See", ""))
    assert result.words == WordScore(0, 4, 0)


def test_only_lines_or_only_pages(truth: Truth) -> None:
    engine = ByShade(TEXTS, PAGE)
    only_lines = evaluate(truth, engine, EvaluationConfig(pages=False))
    assert (len(only_lines.lines), only_lines.pages) == (3, ())
    only_pages = evaluate(truth, engine, EvaluationConfig(lines=False))
    assert (only_pages.lines, len(only_pages.pages)) == ((), 1)


def test_case_is_ignored_when_asked(truth: Truth) -> None:
    engine = ByShade({10: "DAS HAUS", 20: "AM SEE", 40: "ende"}, PAGE)
    assert evaluate(truth, engine, EvaluationConfig(ignore_case=True)).cer_folded.edits == 0
    assert evaluate(truth, engine).cer_folded.edits > 0


def test_an_image_of_another_size_is_refused(truth: Truth) -> None:
    page = truth.pages[0]
    other = Truth((TruthPage(page.image, 400, 100, page.lines),))
    with pytest.raises(InputError, match=r"is 200 x 100 pixels, but its truth .* 400 x 100"):
        evaluate(other, ByShade(TEXTS, PAGE))

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from readapt.evaluate.boxes import Detection
from readapt.evaluate.run import Evaluation, EvaluationConfig, LineResult, PageResult
from readapt.evaluate.words import WordScore
from readapt.report.evaluation import as_json, write_report
from readapt.report.evaluation_html import difference, picture

LINE = LineResult("<a>.png", 3, "das Haus", "das Hans & Co", 0.8)
EVALUATION = Evaluation(
    EvaluationConfig(),
    (LINE, LineResult("b.png", 0, "gut", "gut", 0.99)),
    (
        PageResult(
            "<a>.png",
            Detection(1, 2, 3),
            WordScore(1, 2, 3),
            (("das Haus", "das Hans"), ("weg", "")),
            ("Stempel <x>",),
        ),
    ),
    ((LINE, np.full((90, 400, 3), 200, np.uint8)),),
)
VOID = {"meta", "img", "br"}


class Strict(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for key, value in attrs if key in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_report_is_one_sound_file_that_needs_no_network(tmp_path: Path) -> None:
    html, beside = write_report(EVALUATION, tmp_path / "out" / "report.html", "my <model>", ["t"])
    text = html.read_text("utf-8")
    parser = Strict()
    parser.feed(text)
    assert parser.open == []
    assert parser.addresses
    assert all(address.startswith("data:image/png;base64,") for address in parser.addresses)
    assert not re.search(r"https?://", text)
    assert "my &lt;model&gt;" in text
    assert "&lt;a&gt;.png, line 3" in text
    assert "Stempel &lt;x&gt;" in text
    data = json.loads(beside.read_text("utf-8"))
    assert beside.name == "report.json"
    assert data == as_json(EVALUATION, "my <model>", ["t"])


def test_the_figures() -> None:
    data = as_json(EVALUATION, "m", ["t"])
    assert data["lines"]["cer_folded"]["rate"] == pytest.approx(6 / 11)
    assert data["pages"]["detection"]["recall"] == pytest.approx(1 / 2)
    assert data["pages"]["words"]["f1"] == pytest.approx(2 / 5)
    assert data["pages"]["cer_folded"]["rate"] == pytest.approx(4 / 11)
    assert {"truth": "u", "reading": "n", "count": 1} in data["confusions"]
    assert [line["edits_folded"] for line in data["each_line"]] == [6, 0]


def test_nothing_to_report(tmp_path: Path) -> None:
    empty = Evaluation(EvaluationConfig(), (), (), ())
    html, _ = write_report(empty, tmp_path / "report.html", "m", [])
    assert "Evaluation of m" in html.read_text("utf-8")
    assert as_json(empty, "m", [])["lines"] is None


def test_a_difference_marks_both_sides() -> None:
    assert difference("Haus", "Hans") == "Ha<del>u</del><ins>n</ins>s"
    assert difference("a<b", "a<b") == "a&lt;b"
    assert difference("ab", "b") == "<del>a</del>b"


@pytest.mark.parametrize("shape", [(90, 400), (1, 1), (20, 30_000, 3)])
def test_a_picture_is_small(shape: tuple[int, ...]) -> None:
    assert len(picture(np.full(shape, 127, np.uint8))) < 20_000

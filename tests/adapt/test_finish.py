"""What labelled documents say of a model before and after; the truth teaches nothing."""

import json
from pathlib import Path
from unittest.mock import Mock

import PIL.Image
import pytest
from bar_world import write_lines

from readapt.adapt.end import measured as measured_module
from readapt.adapt.end.measured import measure
from readapt.adapt.preparation import measured_among
from readapt.evaluate.truth import load_truth
from readapt.models.bundle import Bundle
from tiny_model import HEIGHT, draw, draw_page

LINES = [(40, 40, "abab"), (60, 140, "ba ab")]


def write_labelled_page(folder: Path) -> Path:
    folder.mkdir()
    PIL.Image.fromarray(draw_page(LINES)).save(folder / "page.png")
    lines = []
    for x, y, text in LINES:
        right, bottom = x + draw(text).shape[1], y + HEIGHT
        box = [[x, y], [right, y], [right, bottom], [x, bottom]]
        lines.append({"polygon": box, "text": text})
    page = {"image": "page.png", "width": 512, "height": 320, "lines": lines}
    (folder / "page.json").write_text(json.dumps(page), "utf-8")
    return folder


def test_labelled_pages_measure_what_is_read_and_what_is_found(
    tiny_model: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = write_labelled_page(tmp_path / "truth")
    measured = measure(tiny_model, tiny_model, truth, 1)
    assert measured.lines == 2
    assert measured.before == measured.after == 0
    assert measured.boxes == (1.0, 1.0)
    looked = Mock(return_value=0.9)
    monkeypatch.setattr(measured_module, "found_hmean", looked)
    assert measure(tiny_model, tiny_model, truth, 1).boxes == (0.9, 0.9)
    looked.assert_called_once()  # the detector is the same


def test_a_truth_in_capitals_is_measured_in_capitals(tiny_model: Bundle, tmp_path: Path) -> None:
    truth = write_labelled_page(tmp_path / "truth")
    page = truth / "page.json"
    page.write_text(page.read_text("utf-8").replace("abab", "ABAB"), "utf-8")
    assert measure(tiny_model, tiny_model, truth, 1).before > 0.4
    assert measure(tiny_model, tiny_model, truth, 1, ignore_case=True).before == 0


def test_labelled_documents_among_the_scans_are_said(tmp_path: Path) -> None:
    folder = write_lines(tmp_path / "lines", 3, truth=True)
    known = load_truth([folder])
    assert measured_among(known, [str(tmp_path / "lines" / ".." / "lines" / "000.png")]).startswith(
        "1 of the 3 labelled images of --truth are among the scans"
    )
    assert measured_among(known, [str(write_lines(tmp_path / "others", 2))]) == ""

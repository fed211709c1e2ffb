"""What people give an adaptation: another script, copies, teachers that are missing or die."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bar_world import save_small_bundle, write_lines
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from readapt.adapt import beginning, preparation
from readapt.adapt.end import calibrated
from readapt.adapt.pipeline import adapt
from readapt.adapt.run import Told
from readapt.adapt.scans.target import TargetConfig, find_target
from readapt.adapt.settings import AdaptConfig, GateConfig
from readapt.adapt.teachers.engines import RAPIDOCR_PYTHON, RapidOcr, Tesseract
from readapt.cli.adapt import Progress
from readapt.errors import InputError
from readapt.models.bundle import Bundle
from readapt.reader import Reader
from readapt.synth import fonts, lines
from readapt.synth.corpus import Corpus

ROOT = Path(__file__).resolve().parents[2]
CONFIG = AdaptConfig(
    minutes=600.0,
    only=("ask",),
    target=TargetConfig(single=True, least=10, held_out=0.5),
    gate=GateConfig(replay_lines=4),
    threads=1,
)
LATIN = "The quick brown fox jumps over the lazy dog and thinks of nothing in particular at all"
CYRILLIC = "Съешь ещё этих мягких французских булок да выпей чаю и подумай о чём нибудь другом"


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """One font, few lines to calibrate on."""
    font = fonts.read_font(font_manager.findfont("DejaVu Sans Mono"))
    monkeypatch.setattr(lines, "find_fonts", lambda: [font])
    texts = {"en": Corpus("en", "", ("fox", "jumps", "over", "nothing"))}
    for place in (preparation, lines):
        monkeypatch.setattr(place, "system_corpora", lambda *_: texts)
    monkeypatch.setattr(calibrated, "CALIBRATED", 24)
    monkeypatch.setattr(calibrated, "SETS", 4)
    monkeypatch.setattr(calibrated, "A_SET", 6)


def write_text(folder: Path, text: str, count: int = 16) -> Path:
    """Write images of lines of four words each."""
    folder.mkdir()
    font = ImageFont.truetype(font_manager.findfont("DejaVu Serif"), 28)
    for i in range(count):
        words = np.random.default_rng(i).choice(text.split(), 4)
        line = " ".join(words)
        image = Image.new("L", (int(font.getlength(line)) + 20, 44), 235)
        ImageDraw.Draw(image).text((10, 5), line, fill=30, font=font)
        image.save(folder / f"{i:02}.png")
    return folder


def test_another_script_is_said_with_its_share(tmp_path: Path) -> None:
    """With the model that comes with readapt, whose alphabet is Latin."""
    said = {
        name: adapt(write_text(tmp_path / name, text), tmp_path / f"{name}-model", config=CONFIG)
        for name, text in (("cyrillic", CYRILLIC), ("latin", LATIN))
    }
    (remark,) = (one for one in said["cyrillic"].remarks if "another script" in one)
    assert int(remark.split("%")[0]) >= 50
    assert "of the lines can hardly be read" in remark
    assert remark.split("'")[0] in said["cyrillic"].report.read_text("utf-8")
    assert not any("another script" in one for one in said["latin"].remarks)


def test_copies_are_named_where_what_is_left_is_too_little(
    tmp_path: Path, tiny_model: Bundle
) -> None:
    folder = write_text(tmp_path / "scans", LATIN, 1)
    line = (folder / "00.png").read_bytes()
    for i in range(1, 10):
        (folder / f"{i:02}.png").write_bytes(line)
    (folder / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"Only 1 usable lines on 1 image.*: add more") as caught:
        find_target([str(folder)], Reader(tiny_model.folder, 1), CONFIG.target)
    assert "9 of 10 scans are the same picture as another" in str(caught.value)
    assert "Not images, left out: notes.txt." in str(caught.value)


def test_looking_goes_on_until_there_are_lines_enough(tmp_path: Path, tiny_model: Bundle) -> None:
    """A machine that is slow for a moment is no reason to say that scans are too few.

    Only at a larger bound, which is far away here, does it end without.
    """
    folder = write_lines(tmp_path / "scans", 30)
    reader = Reader(tiny_model.folder, 1)
    target = find_target([str(folder)], reader, CONFIG.target, seconds=0.0, most_seconds=3600.0)
    assert len(target.lines + target.held_out) == CONFIG.target.least


def test_scans_without_text_end_early_and_fill_no_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Looked at for half of the budget at most; a pipe has a line for the stage, not for pages."""
    save_small_bundle(tmp_path / "base")
    (tmp_path / "scans").mkdir()
    for i in range(12):
        Image.new("L", (200 + i, 36), 240).save(tmp_path / "scans" / f"{i:02}.png")
    texts: list[str] = []
    shown = Progress(quiet=False)

    def listen(told: Told) -> None:
        texts.append(told.text)
        shown(told)

    def run(name: str) -> str:
        texts.clear()
        with pytest.raises(InputError) as caught:
            adapt(
                *(tmp_path / "scans", tmp_path / name),
                base=tmp_path / "base",
                config=CONFIG,
                listener=listen,
            )
        return str(caught.value)

    assert "All 12 lines on 12 images are blank" in run("a")
    assert texts == [
        "looking for lines",
        *(f"{i} of 12 pages looked at for lines" for i in range(1, 13)),
    ]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("scans: looking for lines (")
    monkeypatch.setattr(beginning, "MOST_LOOKING", 0.0)
    assert "Only 1 of 12 pages were looked at in this time" in run("b")


RAPIDOCR = """
import os, pathlib

class RapidOCR:
    def __init__(self, params):
        assert params["Global.log_level"] == "critical"

    def __call__(self, path, use_det, use_cls, use_rec):
        assert pathlib.Path(path).is_file() and use_rec and not use_det
        log = pathlib.Path({log!r})
        seen = len(log.read_text()) if log.exists() else 0
        log.write_text("x" * (seen + 1))
        if seen == 3:
            os._exit(139)
        return type("Read", (), {{"txts": ("ab", "ba"), "scores": (0.8, 0.6)}})
"""


@pytest.fixture
def rapidocr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of that name that dies on the fourth line."""
    (tmp_path / "packages" / "rapidocr").mkdir(parents=True)
    code = RAPIDOCR.format(log=str(tmp_path / "log"))
    (tmp_path / "packages" / "rapidocr" / "__init__.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"), prepend=os.pathsep)
    monkeypatch.delenv(RAPIDOCR_PYTHON, raising=False)


@pytest.mark.usefixtures("rapidocr")
def test_rapidocr_is_found_at_run_time_and_a_crash_costs_one_line() -> None:
    assert RapidOcr().missing() == ""
    read = list(RapidOcr().read([np.full((20, 60), 200, np.uint8)] * 6))
    assert read[3] is None
    assert read[:3] + read[4:] == [("ab ba", pytest.approx(0.7))] * 5


@pytest.mark.usefixtures("rapidocr")
def test_the_adaptation_goes_on_after_a_crash(tmp_path: Path) -> None:
    save_small_bundle(tmp_path / "base")
    scans = write_lines(tmp_path / "scans", 20)
    config = replace(CONFIG, teachers=("rapidocr",))
    adapted = adapt(scans, tmp_path / "mine", base=tmp_path / "base", config=config)
    assert "19 of 20 lines" in adapted.report.read_text("utf-8")


@pytest.mark.usefixtures("rapidocr")
def test_a_teacher_that_fails_on_every_line_is_said_and_not_noted_as_one(tmp_path: Path) -> None:
    package = tmp_path / "packages" / "rapidocr" / "__init__.py"
    package.write_text("class RapidOCR:\n    def __init__(self, params):\n        1 / 0\n")
    save_small_bundle(tmp_path / "base")
    scans = write_lines(tmp_path / "scans", 20)
    config = replace(CONFIG, teachers=("rapidocr",))
    adapted = adapt(scans, tmp_path / "mine", base=tmp_path / "base", config=config)
    (said,) = (one for one in adapted.remarks if "rapidocr" in one)
    assert said == (
        "The teacher rapidocr failed on every line and is left out: ZeroDivisionError: division by "
        "zero."
    )
    assert Bundle.load(adapted.model).manifest.provenance["adapted"]["teachers"] == []  # type: ignore[index,call-overload]


def test_one_engine_has_one_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is named: two copies would outvote the student."""
    monkeypatch.setattr(Tesseract, "missing", lambda _: "")
    monkeypatch.setattr(Tesseract, "_installed", lambda _: ("eng", "fra"))
    monkeypatch.setattr(Tesseract, "fitted", lambda self, *_: self)
    monkeypatch.setattr(Tesseract, "read", lambda _, lines: (("ab", 0.9) for _ in lines))
    save_small_bundle(tmp_path / "base")
    scans = write_lines(tmp_path / "scans", 20)
    names = ("tesseract:eng", "tesseract:fra", "tesseract:eng+fra", "tesseract")
    config = replace(CONFIG, teachers=names)
    adapted = adapt(scans, tmp_path / "mine", base=tmp_path / "base", config=config)
    html = adapted.report.read_text("utf-8")
    assert html.count("20 of 20 lines") == 3
    assert "reads as tesseract:eng does, and is asked once" in html


def test_a_python_that_is_not_there_lacks_rapidocr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RAPIDOCR_PYTHON, str(tmp_path / "python"))
    said = RapidOcr().missing()
    assert f"not installed for {tmp_path / 'python'}: pip install 'rapidocr>=3.4'" in said


def test_the_extra_is_pinned_and_no_part_of_the_tests() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert any(one.startswith("rapidocr>=3") for one in extras["teachers"])
    assert "\nrapidocr==3." in (ROOT / "constraints.txt").read_text("utf-8")
    every = [one for name, some in extras.items() if name != "teachers" for one in some]
    assert not any(
        "teachers" in one or "rapidocr" in one for one in project["dependencies"] + every
    )

"""``readapt train pages`` and pages in that look, end to end and in miniature."""

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from matplotlib import font_manager
from typer.testing import CliRunner

from readapt.cli.main import app
from readapt.gan import page_patches
from readapt.models.bundle import Bundle
from readapt.synth import page
from readapt.synth.fonts import read_font
from readapt.synth.press import shelve
from tiny_model import draw_page

WORDS = "the quick brown fox jumps over the lazy dog "


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One font and a few words: what there is to set is tested elsewhere."""
    shelf = shelve((read_font(font_manager.findfont("DejaVu Sans Mono")),))
    monkeypatch.setattr(page, "_system_shelf", lambda: shelf)
    monkeypatch.setattr(page_patches, "akin", lambda config, *_: config)
    path = tmp_path / "corpus.txt"
    path.write_text(WORDS * 30)
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("way", "mode"), [("--one-sided", "L"), ("--colour", "RGB")])
def test_pages_in_the_look_of_scans(
    tiny_model: Bundle, corpus: Path, tmp_path: Path, way: str, mode: str
) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    rng = np.random.default_rng(0)
    places = [(20, y, "abab"[: 2 + y % 3]) for y in range(20, 460, 60)]
    for i in range(3):
        scan = draw_page(places, 512, 512) - rng.integers(0, 40, (512, 512))
        PIL.Image.fromarray(scan.clip(0).astype(np.uint8)).save(scans / f"{i}.png")
    look = tmp_path / "look"
    options = ["-m", str(tiny_model.folder), "--text", str(corpus), "--drawn", "2"]
    train = ["train", "pages", str(scans), "-o", str(look), *options, way, "--steps", "2", "-q"]
    done = CliRunner().invoke(app, train)
    assert done.exit_code == 0, done.output
    assert "KID to the scans" in done.output
    assert (tmp_path / "look-pages-training" / "report.html").exists()
    again = CliRunner().invoke(app, train)
    assert (again.exit_code, "--resume" in again.output + again.stderr) == (2, True)
    out = tmp_path / "pages"
    write = [
        "synth",
        "pages",
        "--look",
        str(look),
        "--text",
        str(corpus),
        "-o",
        str(out),
        "-n",
        "1",
    ]
    done = CliRunner().invoke(app, write)
    assert done.exit_code == 0, done.output
    truth = json.loads((out / "000000.json").read_text("utf-8"))
    assert truth["lines"]
    with PIL.Image.open(out / "000000.png") as image:
        assert (image.mode, image.size) == (mode, (truth["width"], truth["height"]))


@pytest.mark.parametrize("level", [0, 235])
def test_black_or_single_pages_leave_no_look(
    tiny_model: Bundle, tmp_path: Path, level: int
) -> None:
    """Nothing can be held out of one page, and nothing learnt of black ones."""
    scans = tmp_path / "scans"
    scans.mkdir()
    if level:
        page = draw_page([(20, y, "abab") for y in range(20, 460, 60)], 512, 512)
        PIL.Image.fromarray(page).save(scans / "0.png")
    else:
        for i in range(4):
            PIL.Image.fromarray(np.zeros((512, 512), np.uint8)).save(scans / f"{i}.png")
    look = tmp_path / "look"
    train = ["train", "pages", str(scans), "-o", str(look), "-m", str(tiny_model.folder)]
    done = CliRunner().invoke(app, train)
    assert done.exit_code == 3, done.output
    said = " ".join((done.output + done.stderr).split())
    assert f"Only {int(bool(level))} of {1 if level else 4} pages" in said
    assert "3 are needed" in said
    assert not look.exists()

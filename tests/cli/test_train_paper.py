"""``readapt train paper``, end to end and in miniature."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from typer.testing import CliRunner

from readapt.cli.main import app
from readapt.errors import UsageError
from readapt.gan.look import PaperSection, save_look, translator_section
from readapt.gan.paper import LookPaper, PaperGenerator
from readapt.models.bundle import Bundle
from readapt.nets.generator import Generator, GeneratorConfig
from tiny_model import draw_page


def test_paper_of_scans(tiny_model: Bundle, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for i in range(3):
        page = draw_page([(20, 20, "abab"), (30, 90, "ba")], 512, 560)
        page = (page - 12 * i - rng.integers(0, 4, page.shape)).clip(0).astype(np.uint8)
        PIL.Image.fromarray(page).save(tmp_path / f"{i}.png")
    out = tmp_path / "look"
    arguments = ["train", "paper", str(tmp_path), "-m", str(tiny_model.folder), "-o", str(out)]
    sheet = tmp_path / "sheet.png"
    short = ["--steps", "25", "--objective", "non-saturating", "--gap-steps", "0", "-q"]
    done = CliRunner().invoke(app, [*arguments, *short, "--sheet", str(sheet)])
    assert done.exit_code == 0, done.output
    assert "KID of the sheets to the scans" in done.output
    assert (out / "paper.safetensors").exists()
    with PIL.Image.open(sheet) as image:
        assert image.size == (512, 512)
    again = CliRunner().invoke(app, [*arguments, "--steps", "1"])
    assert again.exit_code == 2
    assert "--resume" in again.output + again.stderr


def test_no_bare_paper(tiny_model: Bundle, tmp_path: Path) -> None:
    PIL.Image.fromarray(draw_page([(20, 20, "abab")])).save(tmp_path / "a.png")
    out = tmp_path / "look"
    arguments = ["train", "paper", str(tmp_path / "a.png"), "-m", str(tiny_model.folder)]
    done = CliRunner().invoke(app, [*arguments, "-o", str(out)])
    assert done.exit_code == 3
    assert "No bare paper was found on 1 page" in done.output + done.stderr
    assert not out.exists()


@pytest.fixture
def look(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    section = PaperSection(width=4, latent=4, mean=200.0, scale=150.0, soft=50.0)
    return save_look(tmp_path / "paper", paper=(PaperGenerator(4, 4), section)).folder


def test_pages_on_the_paper_of_a_look(look: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("the quick brown fox jumps over the lazy dog " * 30)
    arguments = ["synth", "pages", "-n", "1", "--text", str(corpus), "--seed", "3"]
    done = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "a"), "--look", str(look)])
    assert done.exit_code == 0, done.output
    with PIL.Image.open(tmp_path / "a" / "000000.png") as image:
        assert image.mode == "L"
    network = Generator(GeneratorConfig(blocks=1))
    bare = save_look(tmp_path / "lines", translator=(network, translator_section(network, 36, {})))
    refused = [*arguments, "-o", str(tmp_path / "b"), "--look", str(bare.folder)]
    done = CliRunner().invoke(app, refused)
    assert done.exit_code == 3
    assert "has no paper" in done.output + done.stderr


def test_trained_on_the_paper_of_a_look(
    look: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = []

    def caught(config: object, *_: object, **__: object) -> None:
        configs.append(config)
        raise UsageError("enough")

    monkeypatch.setattr("readapt.train.detector.train_detector", caught)
    monkeypatch.setattr("readapt.train.recognizer.train_recognizer", caught)
    for what in ("detector", "recognizer"):
        arguments = ["train", what, "-o", str(tmp_path / what), "--look", str(look)]
        assert CliRunner().invoke(app, arguments).exit_code == 2
    pages, lines = configs[0].pages, configs[1].stream.lines
    assert pages.paper == lines.paper == LookPaper(str(look), sheets=48)
    assert pages.bare > 0  # the blank sheets that teach the detector silence ...
    assert lines.textless > 0  # ... and the recognizer
    assert 0 < pages.papered < 1
    assert 0 < lines.papered < 1

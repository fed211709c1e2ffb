"""``readapt train cyclegan`` and ``readapt synth lines --look``, end to end and in miniature."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from matplotlib import font_manager
from typer.testing import CliRunner

from readapt.cli.main import app
from readapt.export.recognizer import save_recognizer_bundle
from readapt.gan.look import Look, save_look, translator_section
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.generator import Generator, GeneratorConfig
from readapt.recognize.alphabet import LATIN
from readapt.synth import lines
from readapt.synth.corpus import BUILT_IN, Corpus
from readapt.synth.fonts import read_font


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    network = Crnn(CrnnConfig(LATIN.classes, (4, 6, 8, 10, 12), hidden=8, layers=1))
    return save_recognizer_bundle(network, LATIN, tmp_path_factory.mktemp("models") / "small")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    rng = np.random.default_rng(0)
    for i in range(20):
        line = np.full((40, 160), 200.0)
        for x in range(10, 150, 12):
            line[8 if rng.random() < 0.5 else 16 : 32, x : x + 5] = 60
        line += rng.normal(0, 12, line.shape)
        PIL.Image.fromarray(line.clip(0, 255).astype(np.uint8)).save(folder / f"{i:02d}.png")
    return folder


def test_too_few_lines_leave_no_look(scans: Path, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "look"
    done = CliRunner().invoke(
        app, ["train", "cyclegan", str(scans), "--lines", "-m", str(model), "-o", str(out)]
    )
    assert done.exit_code == 3
    assert "Only 20 usable lines on 20 images, and 200 are needed" in done.output + done.stderr
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.parametrize(("way", "channels"), [("--one-sided", 1), ("--colour", 3)])
def test_a_look_from_scans(
    scans: Path,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    channels: int,
) -> None:
    """With one font and a few words: what there is to choose from is tested elsewhere."""
    font = read_font(font_manager.findfont("DejaVu Sans Mono"))
    texts = {"en": Corpus("en", "", tuple(BUILT_IN["en"].split()))}
    monkeypatch.setattr(lines, "find_fonts", lambda: [font])
    monkeypatch.setattr(lines, "system_corpora", lambda: texts)
    out = tmp_path / "look"
    arguments = ["train", "cyclegan", str(scans), "--lines", "--min-lines", "10", "-m", str(model)]
    short = ["--steps", "1", way, "--rendered", "30", "--gap-steps", "0", "--judge", "self"]
    done = CliRunner().invoke(app, [*arguments, "-o", str(out), *short, "-q"])
    assert done.exit_code == 0, done.output
    assert "KID to the scans" in done.output
    section = Look.load(out).manifest.translator
    assert section is not None
    assert section.channels == channels
    assert (tmp_path / "look-training" / "report.html").exists()


def identity_look(folder: Path, channels: int) -> Path:
    network = Generator(GeneratorConfig(channels, widths=(4, 8), blocks=1))
    torch.nn.init.zeros_(network.head.weight)
    save_look(folder, translator=(network, translator_section(network, 36, {})))
    return folder


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_lines_in_a_look(model: Path, tmp_path: Path, channels: int, mode: str) -> None:
    look, out = identity_look(tmp_path / "look", channels), tmp_path / "lines"
    arguments = ["synth", "lines", "--look", str(look), "-m", str(model), "-o", str(out)]
    done = CliRunner().invoke(app, [*arguments, "-n", "5"])
    assert done.exit_code == 0, done.output
    assert "100.0% of 5 lines kept their text." in done.output
    assert len(list(out.glob("*.png"))) == len(list(out.glob("*.gt.txt"))) == 5
    with PIL.Image.open(out / "000000.png") as image:
        assert (image.size[1], image.mode) == (36, mode)


def test_wrong_use(model: Path, tmp_path: Path) -> None:
    base = ["synth", "lines", "-o", str(tmp_path / "x"), "-n", "1"]
    for more, code, said in (
        (["-m", str(model)], 2, "with --look only"),
        (["--look", str(tmp_path), "--jobs", "2"], 2, "one process"),
        (["--look", str(tmp_path)], 4, "no look here"),
    ):
        done = CliRunner().invoke(app, [*base, *more])
        assert (done.exit_code, said in done.output + done.stderr) == (code, True), done.output

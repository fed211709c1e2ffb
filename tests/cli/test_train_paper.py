"""``readapt train paper``, end to end and in miniature."""

from pathlib import Path

import numpy as np
import PIL.Image
from typer.testing import CliRunner

from readapt.cli.main import app
from readapt.models.bundle import Bundle
from tiny_model import draw_page


def test_paper_of_scans(tiny_model: Bundle, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for i in range(3):
        page = draw_page([(20, 20, "abab"), (30, 90, "ba")], 512, 560)
        page = (page - rng.integers(0, 12, page.shape)).clip(0).astype(np.uint8)
        PIL.Image.fromarray(page).save(tmp_path / f"{i}.png")
    out = tmp_path / "look"
    arguments = ["train", "paper", str(tmp_path), "-m", str(tiny_model.folder), "-o", str(out)]
    sheet = tmp_path / "sheet.png"
    short = ["--steps", "1", "--gap-steps", "0", "-q"]
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

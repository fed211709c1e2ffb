"""``readapt gap``, end to end on tiny sets."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from typer.testing import CliRunner

from readapt.cli.main import app


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    rng = np.random.default_rng(0)
    for i in range(24):
        line = np.full((40, 160), 200.0)
        for x in range(10, 150, 12):
            line[8 if rng.random() < 0.5 else 16 : 32, x : x + 5] = 60
        line += rng.normal(0, 12, line.shape)
        PIL.Image.fromarray(line.clip(0, 255).astype(np.uint8)).save(folder / f"{i:02d}.png")
    return folder


def test_says_how_far(scans: Path, tmp_path: Path) -> None:
    out = tmp_path / "gap.png"
    arguments = ["gap", str(scans), "--lines", "--brief", "--count", "50", "--steps", "20"]
    done = CliRunner().invoke(app, [*arguments, "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert "grey levels" in done.output
    assert "Only 24 real" in done.output
    assert out.stat().st_size > 1000


def test_a_picture_has_a_kind(scans: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["gap", str(scans), "--lines", "-o", str(tmp_path / "gap.xyz")])
    assert done.exit_code == 2
    assert ".png or an .svg" in done.output + done.stderr


def test_too_few(scans: Path) -> None:
    done = CliRunner().invoke(app, ["gap", str(scans / "00.png"), "--lines", "--brief"])
    assert done.exit_code == 3
    assert "Only 1 usable lines on 1 image, and 8 are needed" in done.output + done.stderr


def test_no_such_folder(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["gap", str(tmp_path / "no.png"), "--lines"])
    assert done.exit_code == 3

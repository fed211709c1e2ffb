import json
import sys
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest

from readapt.cli import main
from readapt.models.bundle import Bundle
from tiny_model import draw, draw_page

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    tiny_model: Bundle, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    def call(*args: object) -> tuple[int, str, str]:
        line = ["readapt", "evaluate", *map(str, args), "-m", str(tiny_model.folder)]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as left:
            main()
        return int(left.value.code or 0), *capfd.readouterr()

    return call


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    folder = tmp_path / "truth"
    (folder / "pages").mkdir(parents=True)
    (folder / "lines").mkdir()
    PIL.Image.fromarray(draw_page([(40, 50, "aa b"), (40, 150, "bb")])).save(
        folder / "pages" / "p.png"
    )
    lines = [
        {"polygon": [[x, y], [x + w, y], [x + w, y + 32], [x, y + 32]], "text": text}
        for x, y, w, text in ((40, 50, 144, "aa b"), (40, 150, 80, "bb"))
    ]
    page = {"image": "p.png", "width": 512, "height": 320, "lines": lines}
    (folder / "pages" / "p.json").write_text(json.dumps(page))
    PIL.Image.fromarray(draw("ab")).save(folder / "lines" / "l.png")
    (folder / "lines" / "l.gt.txt").write_text("aa\n")
    return folder


def table(out: str) -> dict[str, str]:
    return dict(line.split("\t") for line in out.splitlines())  # type: ignore[misc]


def test_lines_and_pages_are_measured(run: Run, truth: Path, tmp_path: Path) -> None:
    report = tmp_path / "out" / "report.html"
    code, out, err = run(truth, "--report", report)
    figures = table(out)
    assert code == 0, err
    assert (figures["lines"], figures["pages"]) == ("3", "1")
    data = json.loads(report.with_suffix(".json").read_text("utf-8"))
    assert data["model"] == "tiny"
    assert data["lines"]["count"] == len(data["each_line"]) == 3
    assert figures["cer"] == f"{data['lines']['cer']['rate']:.4f}"
    assert data["each_line"][-1]["reading"] == "ab"
    assert "report.html" in err


def test_only_lines_or_only_pages(run: Run, truth: Path) -> None:
    assert "words_f1" not in table(run(truth, "--lines")[1])
    assert "cer" not in table(run(truth, "--pages")[1])


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["--lines", "--pages"], 2, "exclude each other"),
        (["--report", "r.json"], 2, "name the HTML file"),
    ],
)
def test_wrong_use(run: Run, truth: Path, args: list[str], code: int, message: str) -> None:
    got, out, err = run(truth, *args)
    assert (got, out) == (code, "")
    assert message in err


def test_pages_need_page_truth(run: Run, truth: Path) -> None:
    code, _, err = run(truth / "lines", "--pages")
    assert code == 2
    assert "needs page truth" in err


def test_truth_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, _, err = run(tmp_path / "gone")
    assert code == 3
    assert "gone does not exist" in err

"""``readapt align`` with the model of ``tiny_model``: pages of a's and b's."""

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from command_line import Run
from readapt.evaluate.truth import load_truth
from readapt.models.bundle import Bundle
from readapt.reader import Reader
from tiny_model import draw, draw_page

LINES = [(20, 30, "abba ab"), (20, 100, "ba bb a"), (20, 170, "aaaa"), (60, 240, "bab")]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(capfdbinary, monkeypatch)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    PIL.Image.fromarray(draw_page(LINES)).save(tmp_path / "page.png")
    return tmp_path / "page.png"


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def truth(folder: Path) -> dict[str, str]:
    return {x.name: x.read_text("utf-8") for x in sorted(folder.glob("*.gt.txt"))}


def test_a_transcription_becomes_line_truth(
    run: Run, tiny_model: Bundle, page: Path, tmp_path: Path
) -> None:
    # aaaa, which stands on the page, is not in the text; baab, in the text, not on the page.
    text = write(tmp_path / "page.txt", "abba ab ba\nbb a bab\n\nbaab")
    out = tmp_path / "out"
    code, stdout, err = run("align", text, page, "-o", out, "-m", tiny_model.folder)
    assert (code, stdout) == (0, f"{out}: 3 lines, 1 unsure\n")
    assert err == "readapt: not on the page: 'baab'\n"
    assert truth(out) == {
        "page-001.gt.txt": "abba ab\n",
        "page-002.gt.txt": "ba bb a\n",
        "page-004.gt.txt": "bab\n",
    }
    assert truth(out / "unsure") == {"page-003.gt.txt": "aaaa\n"}
    known = load_truth([out])
    assert next((x.image.name, x.text) for x in known.lines) == ("page-001.png", "abba ab")
    assert known.pages == ()
    images = [np.asarray(PIL.Image.open(x.image)) for x in known.lines]
    read = Reader(tiny_model.folder).read_lines(images)
    assert [line.text for line in read] == [x.text for x in known.lines]
    assert abs(images[0].shape[1] - draw("abba ab").shape[1]) <= 2

    alignment = json.loads((out / "alignment" / "page.json").read_text("utf-8"))
    assert (alignment["image"], alignment["width"], alignment["height"]) == ("page.png", 512, 320)
    assert alignment["missing"] == ["baab"]
    assert [x["file"] for x in alignment["lines"]][1:3] == ["page-002.png", "unsure/page-003.png"]
    for entry, (x, y, _) in zip(alignment["lines"], LINES, strict=True):
        assert np.allclose(entry["polygon"][0], (x, y), atol=2)
    assert all(0.5 < alignment["lines"][i]["confidence"] <= 1 for i in (0, 1, 3))
    assert alignment["lines"][2]["reason"] == "not in the text"
    # Beside its image it is page truth.
    (tmp_path / "page.json").write_bytes((out / "alignment" / "page.json").read_bytes())
    (as_page,) = load_truth([page]).pages
    assert [line.ignore for line in as_page.lines] == [False, False, True, False]


def test_a_second_run_replaces_the_first(
    run: Run, tiny_model: Bundle, page: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    other = write(out / "mine.gt.txt", "of somebody else\n")
    for text in ("abba ab ba bb a aaaa bab", "ba bb a aaaa bab"):
        given = write(tmp_path / "page.txt", text)
        assert run("align", given, page, "-o", out, "-m", tiny_model.folder)[0] == 0
    assert other.is_file()
    assert sorted(x.name for x in out.glob("page*.png")) == [
        "page-002.png",
        "page-003.png",
        "page-004.png",
    ]
    assert sorted(x.name for x in (out / "unsure").glob("*.png")) == ["page-001.png"]


def test_one_text_for_the_pages_of_a_file(
    run: Run, tiny_model: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [PIL.Image.fromarray(draw_page([(20, 30, text)])) for text in ("ab ba", "bb a")]
    pages[0].save(tmp_path / "book.tif", save_all=True, append_images=pages[1:])
    text = write(tmp_path / "book.txt", "ab ba bb a")
    monkeypatch.chdir(tmp_path)
    code, out, err = run("align", text, "book.tif", "-m", tiny_model.folder)
    assert (code, out, err) == (0, "book-lines: 2 lines, 0 unsure\n", "")
    assert truth(tmp_path / "book-lines") == {
        "book-p1-001.gt.txt": "ab ba\n",
        "book-p2-001.gt.txt": "bb a\n",
    }


def test_what_cannot_be_read_is_named(
    run: Run, tiny_model: Bundle, page: Path, tmp_path: Path
) -> None:
    model = ["-m", tiny_model.folder]
    for text in (tmp_path / "none.txt", write(tmp_path / "empty.txt", " \n")):
        code, _, err = run("align", text, page, *model)
        assert code == 3
        assert text.name in err
    text = write(tmp_path / "page.txt", "ab")
    code, _, err = run("align", text, tmp_path / "none.png", *model)
    assert code == 3
    assert "none.png" in err
    code, _, err = run("align", text, page, "-o", text, *model)
    assert code == 2
    assert "name another folder" in err

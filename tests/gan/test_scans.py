"""Lines of scans: usable ones, and a sentence where there are too few."""

import io
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from readapt.errors import InputError
from readapt.gan.scans import scan_lines
from readapt.models.bundle import Bundle
from readapt.reader import Reader
from tiny_model import draw, draw_page


def save(path: Path, image: np.ndarray) -> str:
    PIL.Image.fromarray(image).save(path)
    return str(path)


def test_lines_are_cut_and_prepared(tiny_model: Bundle, tmp_path: Path) -> None:
    page = draw_page([(20, 20, "abab"), (30, 100, "ba"), (10, 200, "aab")])
    save(tmp_path / "a.png", page)
    save(tmp_path / "b.png", page)
    found = scan_lines([str(tmp_path)], Reader(tiny_model.folder, 1), height=36, least=6)
    assert (len(found.lines), found.pages, found.left_out) == (6, 2, 0)
    assert all(line.shape[0] == 36 and line.dtype == np.uint8 for line in found.lines)
    few = scan_lines([str(tmp_path)], Reader(tiny_model.folder, 1), most=2, least=1)
    assert (len(few.lines), few.pages) == (2, 1)


def test_images_of_single_lines(tmp_path: Path) -> None:
    names = [save(tmp_path / f"{i}.png", draw("abba")) for i in range(3)]
    assert len(scan_lines(names, None, least=3).lines) == 3


def test_colour_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    yellowed = np.repeat(draw("abba")[..., None], 3, 2)
    yellowed[..., 2] = (0.7 * yellowed[..., 2]).astype(np.uint8)
    name = save(tmp_path / "a.png", yellowed)
    (grey,) = scan_lines([name], None, least=1).lines
    (line,) = scan_lines([name], None, least=1, colour=True).lines
    assert line.shape == (*grey.shape, 3)
    assert line[..., 0].max() > line[..., 2].max() + 50
    assert np.abs(cv2.cvtColor(line, cv2.COLOR_RGB2GRAY).astype(int) - grey).max() <= 3


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (np.full((320, 512), 255, np.uint8), "No line of text was found on 1 image"),
        (np.zeros((320, 512), np.uint8), "No line of text was found|blank, black"),
        (draw_page([(20, 20, "abab")]), "Only 1 usable lines on 1 image, and 200 are needed"),
    ],
)
def test_what_is_missing_is_said(
    page: np.ndarray, said: str, tiny_model: Bundle, tmp_path: Path
) -> None:
    name = save(tmp_path / "page.png", page)
    with pytest.raises(InputError, match=said):
        scan_lines([name], Reader(tiny_model.folder, 1), least=200)


def test_black_lines_are_no_lines(tmp_path: Path) -> None:
    name = save(tmp_path / "black.png", np.zeros((40, 300), np.uint8))
    with pytest.raises(InputError, match="blank, black or tiny"):
        scan_lines([name], None)


def test_what_cannot_be_loaded_is_said_and_left_out(tmp_path: Path) -> None:
    names = [save(tmp_path / f"{i}.png", draw("abba")) for i in range(4)]
    Path(names[2]).write_bytes(b"no picture")
    said: list[str] = []
    assert len(scan_lines(names, None, least=3, told=said.append).lines) == 3
    assert len(said) == 1
    assert "2.png" in said[0]
    assert said[0].endswith("What is damaged is left out.")
    with pytest.raises(InputError, match=r"2\.png: this is neither"):
        scan_lines([names[2]], None)


def test_a_name_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A misspelt folder is not a damaged scan: half of the collection would be missing."""
    name = save(tmp_path / "a.png", draw("abba"))
    with pytest.raises(InputError, match="there is no such file"):
        scan_lines([name, str(tmp_path / "scnas")], None, least=1)


def test_a_document_on_stdin_has_all_its_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [PIL.Image.fromarray(draw(text)) for text in ("abba", "ab", "ba")]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with (tmp_path / "a.tif").open("rb") as file:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(file))
        assert scan_lines(["-"], None, least=1).pages == 3

"""Any number of pages, from all over a collection."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import PIL.Image
import pypdfium2
import pytest

from readapt.errors import InputError
from readapt.pages import spread
from readapt.pages.load import PageImage
from readapt.pages.spread import GIVEN_UP, SpreadPages, evenly


def test_any_first_numbers_are_spread() -> None:
    assert sorted(evenly(37)) == list(range(37))
    for count in (4, 8, 16):
        first = sorted(evenly(100)[:count])
        assert max(np.diff([0, *first, 100])) <= 2.7 * 100 / count
    assert evenly(0) == []


def test_pages_of_all_files_are_in_one_order(tmp_path: Path) -> None:
    pages = [PIL.Image.new("L", (20, 10), i) for i in range(30)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    PIL.Image.new("L", (20, 10), 200).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"no picture")
    said: list[str] = []
    spread = SpreadPages(
        [str(tmp_path / name) for name in ("a.tif", "b.png", "c.png")], said.append
    )
    assert len(spread) == 32
    assert [spread.counts[str(tmp_path / name)] for name in ("a.tif", "b.png")] == [30, 1]
    found = list(spread)
    assert [page for page in found if page is None] == [None]
    levels = [int(page.image[0, 0]) for page in found if page is not None]
    assert sorted(levels) == [*range(30), 200]
    assert levels != sorted(levels)
    assert len(said) == 1
    assert "c.png" in said[0]


def test_a_damaged_document_is_given_up(tmp_path: Path) -> None:
    """It says that it has fifty pages, and has one: each would fail with a sentence of its own."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(72, 72)
    out = io.BytesIO()
    document.save(out)
    document.close()
    path = tmp_path / "a.pdf"
    path.write_bytes(out.getvalue().replace(b"/Count 1", b"/Count 50"))
    said: list[str] = []
    found = list(SpreadPages([str(path)], said.append))
    assert len(found) == 50
    assert sum(page is not None for page in found) == 1
    assert len(said) == 1


def test_a_page_that_comes_late_in_a_damaged_document_is_not_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def fail(name: str, pages: tuple[int]) -> Iterator[PageImage]:
        tried.extend(pages)
        raise InputError(f"{name}: page {pages[0]} is torn.", name)

    monkeypatch.setattr(spread, "load_pages", fail)
    monkeypatch.setattr(spread, "count_pages", lambda name: 20)
    assert list(SpreadPages(["a.pdf"])) == [None] * 20
    assert len(tried) == GIVEN_UP


def test_some_torn_pages_do_not_end_a_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str, pages: tuple[int]) -> Iterator[PageImage]:
        if pages[0] % 4 == 1:
            raise InputError(f"{name}: page {pages[0]} is torn.", name)
        yield PageImage(np.zeros((4, 4), np.uint8), name, pages[0])

    monkeypatch.setattr(spread, "load_pages", load)
    monkeypatch.setattr(spread, "count_pages", lambda name: 100)
    assert sum(page is None for page in SpreadPages(["a.pdf"])) == 25

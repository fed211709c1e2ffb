"""``readapt read --estimate``: pages on stdout as ever, estimates on stderr."""

import weakref
from collections.abc import Collection, Iterator
from pathlib import Path

import cv2
import PIL.Image
import pytest

from command_line import Run
from readapt.models.bundle import Bundle
from readapt.pages import load
from readapt.types import Image
from tiny_model import draw_page


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(capfdbinary, monkeypatch)


def test_every_page_and_all_of_them(cli: Run, tmp_path: Path, tiny_model: Bundle) -> None:
    for name, text in (("a", "abba"), ("b", "bab")):
        cv2.imwrite(str(tmp_path / f"{name}.png"), draw_page([(64, 64, text), (64, 160, "aa")]))
    code, out, err = cli("read", tmp_path, "-m", tiny_model.folder, "--estimate")
    assert code == 0
    assert out == "abba\naa\n\fbab\naa\n"
    rows = err.splitlines()
    assert [row.split(":")[1].split("/")[-1].strip() for row in rows] == [
        "a.png",
        "b.png",
        "all pages",
    ]
    assert rows[0].endswith("2 lines")
    assert rows[2].endswith("4 lines")
    assert all("estimated wrong characters" in row for row in rows)


def test_pages_that_cannot_be_read_do_not_count(
    cli: Run, tmp_path: Path, tiny_model: Bundle
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no")
    cv2.imwrite(str(tmp_path / "a.png"), draw_page([(64, 64, "ab")]))
    code, _, err = cli("read", tmp_path, "-m", tiny_model.folder, "--estimate")
    assert code == 3
    assert "all pages: estimated wrong characters" in err
    assert "1 lines" in err


def test_stdin_cannot_be_looked_at_twice(cli: Run, tiny_model: Bundle) -> None:
    code, _, err = cli("read", "-", "-m", tiny_model.folder, "--estimate")
    assert code == 2
    assert "needs files, not stdin" in err


def test_the_pages_of_a_file_are_held_one_at_a_time(
    cli: Run, tmp_path: Path, tiny_model: Bundle
) -> None:
    first, *others = (
        PIL.Image.fromarray(draw_page([(64, 64, text)])) for text in ("a", "bb", "aba", "b", "abba")
    )
    first.save(tmp_path / "a.tif", save_all=True, append_images=others)
    whole = load.load_pages
    drawn: list[weakref.ref[Image]] = []
    held = []

    def watched(
        name: str, config: load.LoadConfig, pages: Collection[int] | None = None
    ) -> Iterator[load.PageImage]:
        for page in whole(name, config, pages):
            drawn.append(weakref.ref(page.image))
            held.append(sum(one() is not None for one in drawn))
            yield page

    cli.patch.setattr(load, "load_pages", watched)
    code, out, err = cli("read", tmp_path / "a.tif", "-m", tiny_model.folder, "--estimate")
    assert code == 0
    assert out == "a\n\fbb\n\faba\n\fb\n\fabba\n"
    assert [row.split(":")[1].split(", ")[-1] for row in err.splitlines()] == [
        *(f"page {number}" for number in range(1, 6)),
        " all pages",
    ]
    assert len(held) == 5
    assert max(held) <= 2  # the next is drawn before the last is let go


def test_each_page_is_estimated_on_its_own_picture(
    cli: Run, tmp_path: Path, tiny_model: Bundle
) -> None:
    """Pages of one file are estimated as they are when each is a file."""
    pages = [draw_page([(64, 64, "abab")]), draw_page([(64, 160, "ba")])]
    pages[1] = 100 + pages[1] // 3  # faint, so that they differ
    for name, page in zip("ab", pages, strict=True):
        PIL.Image.fromarray(page).save(tmp_path / f"{name}.png")
    first, second = map(PIL.Image.fromarray, pages)
    first.save(tmp_path / "both.tif", save_all=True, append_images=[second])

    def said(*files: str) -> list[str]:
        code, _, err = cli(
            "read", *(tmp_path / file for file in files), "-m", tiny_model.folder, "--estimate"
        )
        assert code == 0
        return [row.split(": ", 2)[2] for row in err.splitlines()]

    together = said("both.tif")
    assert together == said("a.png", "b.png")
    assert together[0] != together[1]


def test_a_resumed_run_speaks_of_what_it_read(cli: Run, tmp_path: Path, tiny_model: Bundle) -> None:
    for name in "abc":
        cv2.imwrite(str(tmp_path / f"{name}.png"), draw_page([(64, 64, "ab")]))
    out = tmp_path / "out"

    def rows(*args: object) -> list[str]:
        files = [tmp_path / f"{name}.png" for name in "abc"]
        code, _, err = cli("read", *files, "-o", out, "-m", tiny_model.folder, "--estimate", *args)
        assert code == 0
        return [row.removeprefix("readapt: ") for row in err.splitlines()]

    assert rows()[-1].startswith("all pages: estimated wrong characters ")
    (out / "b.txt").unlink()
    *pages, total = rows("--resume")
    assert [Path(row.split(":")[0]).name for row in pages] == ["b.png"]
    assert total.startswith("the page read now: estimated wrong characters ")
    assert total.endswith(" 1 lines")
    for name in "ab":
        (out / f"{name}.txt").unlink()
    assert rows("--resume")[-1].startswith("the 2 pages read now: estimated wrong characters ")
    assert rows("--resume") == ["no page was read now, so none is estimated"]
    for name in "abc":
        (out / f"{name}.txt").unlink()
    assert rows("--resume")[-1].startswith("all pages: ")  # nothing was skipped


def test_where_no_page_can_be_read_none_is_estimated(
    cli: Run, tmp_path: Path, tiny_model: Bundle
) -> None:
    (tmp_path / "bad.png").write_bytes(b"no")
    code, _, err = cli("read", tmp_path / "bad.png", "-m", tiny_model.folder, "--estimate")
    assert code == 3
    assert "%" not in err
    assert err.splitlines()[-1] == "readapt: no page was read now, so none is estimated"

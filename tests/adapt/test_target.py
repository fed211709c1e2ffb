"""The scans as they come: damaged, doubled, not images at all, too few."""

import io
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import PIL.Image
import pypdfium2
import pytest
from bar_world import bars, words, write_lines

from readapt.adapt.scans import target as looking
from readapt.adapt.scans.target import (
    Target,
    TargetConfig,
    _Line,
    _parted,
    find_target,
    load_target,
    save_target,
)
from readapt.errors import InputError, UsageError
from readapt.models.bundle import Bundle
from readapt.pages import spread
from readapt.reader import Reader
from tiny_model import draw_page

SINGLE = TargetConfig(single=True, least=5)


@pytest.fixture(scope="module")
def reader(tiny_model: Bundle) -> Reader:
    return Reader(tiny_model.folder, 1)


def find(folder: Path, reader: Reader, config: TargetConfig = SINGLE) -> Target:
    return find_target([str(folder)], reader, config)


def test_lines_are_held_out_and_nothing_is_in_both(tmp_path: Path, reader: Reader) -> None:
    target = find(write_lines(tmp_path / "scans", 40), reader)
    assert len(target.lines + target.held_out) == 40
    assert 8 <= len(target.held_out) <= 12
    learnt = {line.tobytes() for line in target.lines}
    assert not learnt & {line.tobytes() for line in target.held_out}
    assert len(target.cuts) == len(target.pages) == len(target.lines)
    assert target.remarks == ()


def test_pages_are_held_out_whole(tmp_path: Path, reader: Reader) -> None:
    (tmp_path / "scans").mkdir()
    for i in range(10):
        rows = [(40, 24 + 64 * row, text) for row, text in enumerate(words(4, 6, seed=i))]
        cv2.imwrite(str(tmp_path / "scans" / f"{i}.png"), draw_page(rows))
    config = TargetConfig(least=5, height=32)
    target = find(tmp_path / "scans", reader, config)
    assert len(target.lines + target.held_out) == 40
    assert len(target.held_out) == 8
    assert len(set(target.pages)) == 8
    assert not set(target.pages) & set(target.held_out_pages)
    assert sorted(target.names) == [f"{i}.png" for i in range(10)]
    save_target(target, tmp_path / "target.npz")
    again = load_target(tmp_path / "target.npz")
    assert again is not None
    assert (again.names, again.pages, again.held_out_pages) == (
        target.names,
        target.pages,
        target.held_out_pages,
    )


@pytest.mark.parametrize(
    "sizes", [(2,) * 9 + (100,), (3,) * 9 + (25,), (1,) * 19 + (400,), (50, 9)]
)
@pytest.mark.parametrize("seed", range(5))
def test_one_page_with_nearly_all_lines_is_not_held_out(sizes: tuple[int, ...], seed: int) -> None:
    line = np.full((36, 60), 200, np.uint8)
    found = [_Line(page, line, line, None, 30) for page, n in enumerate(sizes) for _ in range(n)]
    target = _parted(found, TargetConfig(), seed, ())
    assert len(target.lines) >= 0.6 * len(found)
    assert len(target.held_out) >= min(200, 0.1 * len(found))


def test_others_are_named_and_left_out(tmp_path: Path, reader: Reader) -> None:
    folder = write_lines(tmp_path / "scans", 12)
    (folder / "notes.txt").write_text("bring them back")
    (folder / "broken.png").write_bytes(b"\x89PNG no more")
    (folder / "empty.jpg").write_bytes(b"")
    target = find(folder, reader)
    assert len(target.lines + target.held_out) == 12
    text = " ".join(target.remarks)
    assert "Not images, left out: notes.txt." in text
    assert "broken.png" in text
    assert "empty.jpg" in text


def test_ten_identical_scans_count_once(tmp_path: Path, reader: Reader) -> None:
    folder = write_lines(tmp_path / "scans", 6)
    line = bars("abab", 30, 220)
    for i in range(10):
        cv2.imwrite(str(folder / f"same-{i}.png"), line)
    target = find(folder, reader)
    assert len(target.lines + target.held_out) == 7
    (said,) = (one for one in target.remarks if "same picture" in one)
    assert said.startswith("9 of 16 scans are")
    assert re.search(r"once: same-\d\.png \(as same-\d\.png\), .* and 4 more\.$", said)


def test_nothing_there(tmp_path: Path, reader: Reader) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="the folder holds no page"):
        find(tmp_path / "empty", reader)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.png").write_bytes(b"no")
    with pytest.raises(InputError, match="None of the scans can be read"):
        find(tmp_path / "bad", reader)
    (tmp_path / "blank").mkdir()
    cv2.imwrite(str(tmp_path / "blank" / "x.png"), np.full((36, 200), 240, np.uint8))
    with pytest.raises(InputError, match="All 1 lines on 1 image are blank"):
        find(tmp_path / "blank", reader)
    cv2.imwrite(str(tmp_path / "bad" / "x.png"), np.full((200, 200), 240, np.uint8))
    with pytest.raises(InputError, match="No line of text was found on 1 image"):
        find(tmp_path / "bad", reader, TargetConfig(least=5, height=32))


def test_lines_come_back_from_disk(tmp_path: Path, reader: Reader) -> None:
    target = find(write_lines(tmp_path / "scans", 12), reader)
    path = tmp_path / "lines.npz"
    assert load_target(path) is None
    save_target(target, path)
    again = load_target(path)
    assert again is not None
    assert again.pages == target.pages
    assert again.remarks == target.remarks
    for name in ("lines", "held_out", "cuts"):
        pairs = zip(getattr(again, name), getattr(target, name), strict=True)
        assert all((a == b).all() for a, b in pairs)


def test_damaged_lines_are_said(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "lines.npz"
    save_target(find(write_lines(tmp_path / "scans", 12), reader), path)
    whole = path.read_bytes()
    for damaged in (whole[:100], whole[: len(whole) // 2], b"", b"no archive"):
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match="are damaged; remove"):
            load_target(path)


def test_many_pages_are_taken_evenly(tmp_path: Path, reader: Reader) -> None:
    folder = write_lines(tmp_path / "scans", 40)
    target = find(folder, reader, TargetConfig(single=True, least=5, most=10))
    assert len(target.lines + target.held_out) == 10
    assert "10 of 40 pages are looked at" in " ".join(target.remarks)


def test_pages_of_one_long_document_are_taken_evenly(tmp_path: Path, reader: Reader) -> None:
    """A book in one file is no different from a folder of its pages."""
    folder = write_lines(tmp_path / "scans", 40)
    first, *rest = (PIL.Image.open(path) for path in sorted(folder.glob("*.png")))
    document = tmp_path / "book.tif"
    first.save(document, save_all=True, append_images=rest)
    target = find(document, reader, TargetConfig(single=True, least=5, most=10))
    assert "10 of 40 pages are looked at" in " ".join(target.remarks)
    numbers = sorted(int(name.removeprefix("book.tif, page ")) for name in target.names)
    assert len(numbers) == 10
    assert numbers[-1] > 30
    assert max(np.diff(numbers)) <= 8


def test_damage_in_a_long_document_is_said_once(tmp_path: Path, reader: Reader) -> None:
    """A document may say that it has a million pages, and have one."""
    folder = write_lines(tmp_path / "scans", 30)
    (folder / "book.pdf").write_bytes(promising(1_000_000))
    (folder / "other.jpg").write_bytes(b"")
    target = find(folder, reader, TargetConfig(single=True, least=5))
    said = " ".join(target.remarks)
    assert said.count("the PDF is damaged") == 1
    assert "other.jpg: the file is empty" in said
    assert len(target.lines + target.held_out) == 30


def test_scans_of_one_name_are_told_apart_by_their_folders(tmp_path: Path, reader: Reader) -> None:
    write_lines(tmp_path / "scans" / "vol1", 6)
    folder = write_lines(tmp_path / "scans" / "vol2", 7, noise=10.0)
    shutil.copy(folder / "000.png", folder / "copy.png")
    (folder / "notes.txt").write_text("x")
    target = find(tmp_path / "scans", reader)
    copies = {"vol2/000.png", "vol2/copy.png"}
    every = {f"vol1/{i:03}.png" for i in range(6)} | {f"vol2/{i:03}.png" for i in range(7)}
    (twice,) = (one for one in target.remarks if "same picture" in one)
    left_out, _, original = twice.partition("count once: ")[2].rstrip(").").partition(" (as ")
    assert {left_out, original} == copies
    assert sorted(target.names) == sorted((every | copies) - {left_out})
    assert "Not images, left out: vol2/notes.txt." in target.remarks
    assert not any(str(tmp_path) in one for one in (*target.names, *target.remarks))


def test_a_copy_in_a_document_is_named_by_its_page(tmp_path: Path, reader: Reader) -> None:
    folder = write_lines(tmp_path / "scans", 8)
    first, *rest = (PIL.Image.open(path) for path in sorted(folder.glob("*.png")))
    document = tmp_path / "book.tif"
    first.save(document, save_all=True, append_images=[*rest, first])
    target = find(document, reader)
    assert len(target.names) == 8
    assert "book.tif, page 2" in target.names
    both = {"book.tif, page 1", "book.tif, page 9"}
    (left_out,) = both - set(target.names)
    (original,) = both & set(target.names)
    assert f"count once: {left_out} (as {original})." in " ".join(target.remarks)


def test_names_come_back_from_disk(tmp_path: Path, reader: Reader) -> None:
    write_lines(tmp_path / "scans" / "vol1", 12)
    target = find(tmp_path / "scans", reader)
    save_target(target, tmp_path / "lines.npz")
    again = load_target(tmp_path / "lines.npz")
    assert again is not None
    assert again.names == target.names
    assert all(name.startswith("vol1/") for name in again.names)


def test_hidden_folders_are_not_spoken_of(tmp_path: Path, reader: Reader) -> None:
    folder = write_lines(tmp_path / "scans", 12)
    for hidden in (".thumbs", "more/.cache/deep"):
        (folder / hidden).mkdir(parents=True)
        shutil.copy(folder / "000.png", folder / hidden / "a.png")
        (folder / hidden / "b.txt").write_text("x")
    (folder / ".DS_Store").write_text("x")
    assert find(folder, reader).remarks == ()
    (folder / "more" / "b.txt").write_text("x")
    assert find(folder, reader).remarks == ("Not images, left out: more/b.txt.",)


def write_blank(folder: Path, count: int) -> Path:
    """Write blank lines, no two alike."""
    folder.mkdir()
    for i in range(count):
        cv2.imwrite(str(folder / f"{i:02}.png"), np.full((36, 200 + i), 240, np.uint8))
    return folder


def test_looking_ends_at_the_larger_bound_whatever_is_found(tmp_path: Path, reader: Reader) -> None:
    blank = str(write_blank(tmp_path / "blank", 30))
    few = "Only 1 of 30 pages were looked at in this time: give more --minutes"
    with pytest.raises(InputError, match="All 1 lines on 1 image are blank") as caught:
        find_target([blank], reader, SINGLE, most_seconds=0.0)
    assert few in str(caught.value)
    with pytest.raises(InputError, match="All 30 lines on 30 images are blank") as caught:
        find_target([blank], reader, SINGLE, seconds=0.0)
    assert "pages were looked at" not in str(caught.value)


def test_damaged_scans_too_end_at_the_larger_bound(tmp_path: Path, reader: Reader) -> None:
    for i in range(5):
        (tmp_path / f"{i}.png").write_bytes(b"no")
    with pytest.raises(InputError, match="Only 1 of 5 pages were looked at"):
        find_target([str(tmp_path)], reader, SINGLE, most_seconds=0.0)


def test_time_to_count_the_pages_is_no_time_to_look(
    tmp_path: Path, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a slow disk counting alone may take longer than looking may."""
    now = 0.0

    def count(name: str) -> int:
        nonlocal now
        now += 100.0
        return 1

    monkeypatch.setattr(spread, "count_pages", count)
    monkeypatch.setattr(looking, "time", SimpleNamespace(monotonic=lambda: now))
    folder = write_lines(tmp_path / "scans", 12)
    target = find_target([str(folder)], reader, SINGLE, seconds=1.0, most_seconds=2.0)
    assert now == 1200.0
    assert len(target.lines + target.held_out) == 12


def test_every_page_is_told(tmp_path: Path, reader: Reader) -> None:
    folder = write_lines(tmp_path / "scans", 6)
    shutil.copy(folder / "000.png", folder / "copy.png")
    (folder / "broken.png").write_bytes(b"no")
    heard: list[tuple[int, int]] = []
    find_target([str(folder)], reader, SINGLE, told=lambda done, count: heard.append((done, count)))
    assert heard == [(done, 8) for done in range(1, 9)]


def promising(pages: int) -> bytes:
    """A PDF of one page that says it has more."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(300, 300)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue().replace(b"/Count 1", b"/Count %d" % pages)

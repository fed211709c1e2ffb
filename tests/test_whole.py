"""A file is there whole, or what stood there before."""

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from readapt import whole
from readapt.whole import written_whole


def test_a_file_takes_its_place_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with written_whole(path) as scratch:
        scratch.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write() -> None:
        with written_whole(path) as scratch:
            scratch.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_one_whatever_a_library_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unfinished file fills the disk, and makes room when it is removed."""
    path = tmp_path / "a.bin"

    def usage(folder: Path) -> SimpleNamespace:
        return SimpleNamespace(free=0 if list(folder.glob(".*.part")) else 20_000_000)

    def write(text: str) -> None:
        with written_whole(path) as scratch:
            scratch.write_text("half")
            raise RuntimeError(text)

    with pytest.raises(RuntimeError, match="something else"):
        write("something else")
    monkeypatch.setattr(whole.shutil, "disk_usage", usage)
    with pytest.raises(OSError, match="No space left") as found:
        write("unexpected pos 4096 vs 3990")
    assert (found.value.errno, found.value.filename) == (errno.ENOSPC, str(path))
    assert list(tmp_path.iterdir()) == []

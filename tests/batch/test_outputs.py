import os
from pathlib import Path

import pytest

from readapt.batch.outputs import name_outputs, write_file
from readapt.errors import ReadaptError, UsageError


def test_names_are_short_where_they_can_be() -> None:
    assert name_outputs(["a/x.png", "b/y.tif", "-"]) == {
        "a/x.png": "x",
        "b/y.tif": "y",
        "-": "stdin",
    }
    assert name_outputs(["x.png", "x.jpg"]) == {"x.png": "x.png", "x.jpg": "x.jpg"}
    assert name_outputs(["a/x.png", "/b/X.png", "z.png"]) == {
        "a/x.png": "a_x.png",
        "/b/X.png": "b_X.png",
        "z.png": "z",
    }


def test_names_never_meet() -> None:
    inputs = ["x.png", "x.jpg", "d/x.png.png", "d/x.png", "d_x.png", "./d_x.png", "d/e_x.png"]
    inputs += ["d/e/x.png", "d_e/x.png"]
    names = name_outputs(inputs)
    assert list(names) == inputs
    assert len({name.casefold() for name in names.values()}) == len(inputs)


def test_a_file_is_whole_or_untouched(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_file(path, "é")
    assert path.read_bytes() == "é".encode()
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    (tmp_path / "link.txt").symlink_to(path)
    write_file(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink()
    assert path.read_text() == "new"
    if Path("/dev/full").exists():
        with pytest.raises(ReadaptError, match="the disk is full") as full:
            write_file(Path("/dev/full"), "x")
        assert full.value.exit_code == 1
    with pytest.raises(UsageError, match="cannot be written"):
        write_file(tmp_path / "none" / "a.txt", "x")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.txt", "link.txt"]
    write_file(Path(os.devnull), "gone")
    assert not Path(os.devnull).is_file()


def _umask() -> int:
    before = os.umask(0)
    os.umask(before)
    return before

"""What scans are called."""

from pathlib import Path

import pytest

from readapt.adapt.scans.names import name_files


def test_files_are_called_by_as_much_of_their_path_as_tells_them_apart(tmp_path: Path) -> None:
    names = ("a/x/1.png", "b/x/1.png", "b/y/1.png", "b/y/2.png", "c/1.png")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
        (tmp_path / name).with_name("notes.txt").touch()

    def called(*scans: str) -> list[str]:
        return list(name_files([str(tmp_path / scan) for scan in scans])[0].values())

    assert called("b/y/1.png") == ["1.png"]
    assert called("b/y") == ["1.png", "2.png"]
    assert called("b/") == ["x/1.png", "y/1.png", "y/2.png"]
    assert called("b/x/1.png", "b/x") == ["1.png"]  # one file, given twice
    assert called("b", "c") == ["x/1.png", "y/1.png", "y/2.png", "1.png"]
    assert called("b/y", "c") == ["y/1.png", "2.png", "c/1.png"]
    assert called("a", "b") == ["a/x/1.png", "b/x/1.png", "y/1.png", "y/2.png"]
    assert called("*/*/1.png") == ["a/x/1.png", "b/x/1.png", "y/1.png"]
    assert name_files([str(tmp_path / "b/y"), str(tmp_path / "c")])[1] == [
        "c/notes.txt",
        "y/notes.txt",
    ]


def test_one_file_by_two_paths_has_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.png").touch()
    monkeypatch.chdir(tmp_path)
    assert list(name_files(["1.png", "./1.png"])[0].values()) == ["1.png", "1.png"]

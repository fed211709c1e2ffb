"""Nothing noted is lost, nothing half-written is believed."""

from pathlib import Path

import pytest

from readapt.adapt.journal import FILE_NAME, MINUTES, Journal
from readapt.errors import UsageError

SETTINGS = {"seed": 0, "scans": ["a"]}


def test_what_was_noted_is_there_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "work", SETTINGS, resume=False)
    journal.add("stage free", {"kept": False})
    journal.add("stage words", {"kept": False})
    journal.add("stage free", {"kept": True})
    again = Journal(tmp_path / "work", SETTINGS, resume=True)
    assert again.get("stage free") == {"kept": True}
    assert again.get("stage look") is None
    assert [entry.key for entry in again.entries][1:] == ["stage free", "stage words", "stage free"]


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_line_cut_off_is_as_if_not_written(tmp_path: Path, cut: int) -> None:
    journal = Journal(tmp_path, SETTINGS, resume=False)
    journal.add("stage free", {"kept": True})
    journal.add("stage words", {"n": 12345})
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:-cut])
    again = Journal(tmp_path, SETTINGS, resume=True)
    assert again.get("stage free") == {"kept": True}
    assert again.get("stage words") == ({"n": 12345} if cut == 1 else None)
    again.add("stage words", {"n": 1})
    assert Journal(tmp_path, SETTINGS, resume=True).get("stage words") == {"n": 1}


@pytest.mark.parametrize("name", ["Stra\udcdfe.png", "a\u2028b.png", "a\x85b.png"])
def test_names_of_files_need_not_be_text(tmp_path: Path, name: str) -> None:
    """What is no Unicode comes as surrogates; some characters end lines, to some readers."""
    settings = {**SETTINGS, "scans": [name]}
    Journal(tmp_path, settings, resume=False).add("base", {"page": name})
    again = Journal(tmp_path, settings, resume=True)
    assert not again.begun_anew
    assert again.get("base") == {"page": name}


def test_other_settings_are_refused_and_named(tmp_path: Path) -> None:
    Journal(tmp_path, {**SETTINGS, "seed": 7}, resume=False).add(MINUTES, {"given": 60.0})
    Journal(tmp_path, SETTINGS, resume=False).add("base", {})  # nothing was lost
    with pytest.raises(UsageError, match="--resume"):
        Journal(tmp_path, SETTINGS, resume=False)
    with pytest.raises(UsageError, match=r"other settings \(--seed 0\)"):
        Journal(tmp_path, {**SETTINGS, "scans": ("a",), "seed": 1}, resume=True)
    with pytest.raises(UsageError, match=r"other settings \(SCANS a\)"):
        Journal(tmp_path, {**SETTINGS, "scans": ("/x/a",)}, resume=True)
    many = {**SETTINGS, "scans": [f"{i}.png" for i in range(99)]}
    Journal(tmp_path / "many", many, resume=False).add("base", {})
    with pytest.raises(UsageError, match=r"SCANS 0\.png 1\.png 2\.png and 96 more\)"):
        Journal(tmp_path / "many", SETTINGS, resume=True)
    with pytest.raises(UsageError, match=r"\(shares, by another version of readapt\)"):
        Journal(tmp_path, {**SETTINGS, "shares": {"teach": 1.0}}, resume=True)
    with pytest.raises(UsageError, match=r"\(--look\)"):
        Journal(tmp_path, {**SETTINGS, "look": "a look"}, resume=True)
    assert Journal(tmp_path, {**SETTINGS, "scans": ("a",)}, resume=True).get("begun")

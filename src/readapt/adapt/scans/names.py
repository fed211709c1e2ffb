"""What scans are called: as short as tells them apart, and never where they lie on this machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from readapt.errors import InputError
from readapt.pages.load import STDIN, PageImage, find_inputs


def name_files(scans: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Find what to call each file that may be a page, and the other files in folders of ``scans``.

    A file in a folder of ``scans`` is called by its path from there, others by their names.
    """
    names: dict[str, str] = {}
    others: dict[str, str] = {}
    for scan in scans:
        if scan == STDIN:
            raise InputError("-: adaptation needs files, not stdin; name a folder.", scan)
        folder = Path(scan)
        above = folder if folder.is_dir() else None
        for path in find_inputs(scan):
            file = PurePath(path)
            names.setdefault(path, file.relative_to(above or file.parent).as_posix())
        for other in folder.rglob("*") if above else ():
            inside = other.relative_to(folder)
            hidden = any(part.startswith(".") for part in inside.parts)  # as in find_inputs
            if not hidden and other.is_file():
                others[str(other)] = inside.as_posix()
    others = {path: name for path, name in others.items() if path not in names}
    return _told_apart(names), sorted(_told_apart(others).values())


def _told_apart(names: dict[str, str]) -> dict[str, str]:
    """Lengthen what files are called, the ends of their paths, until no two are called the same."""
    while True:
        times = Counter(names.values())
        longer = {
            path: _longer(path, name) if times[name] > 1 else name for path, name in names.items()
        }
        if longer == names:  # or their paths are at their beginning: ./a.png and a.png
            return names
        names = longer


def _longer(path: str, name: str) -> str:
    """Return one folder more of the path than ``name``, its end, has."""
    return PurePath(*PurePath(path).parts[-len(PurePath(name).parts) - 1 :]).as_posix()


def name_page(page: PageImage, names: Mapping[str, str], counts: Mapping[str, int]) -> str:
    """Return what to call a page: its file, and its number where the file has several."""
    name = names[page.source]
    return f"{name}, page {page.index + 1}" if counts[page.source] > 1 else name

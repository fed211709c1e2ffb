"""Where what was read is written: stdout, one file, or a folder with a file for each input.

Every file appears whole or not at all.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from readapt.document.elements import Page
from readapt.errors import ReadaptError, UsageError
from readapt.formats.table import Format, FormatName, find_format
from readapt.whole import FULL

STDOUT = "-"


@dataclass(frozen=True)
class Plan:
    """What is written where."""

    formats: tuple[Format, ...]
    folder: Path | None = None
    """A file for each input and format goes here; None: everything goes to ``file``."""
    file: Path | None = None
    """None (and no folder): stdout."""


def make_plan(
    inputs: Sequence[str], names: Sequence[FormatName], out: str | None, *, many: bool
) -> Plan:
    """Decide where outputs go.

    Args:
        inputs: the files that will be read.
        names: formats asked for; none means what ``out`` ends in, or plain text.
        out: what ``-o`` says; None or "-" is stdout.
        many: whether the inputs stand for more than the one file they may happen to be.

    Raises:
        UsageError: these do not go together, or the place cannot be written to.

    """
    if out is None or out == STDOUT:
        if len(names) > 1:
            raise UsageError("stdout takes one format; give -o FOLDER for several.")
        return Plan(_formats(names or [FormatName.TXT]))
    path = Path(out)
    wants_folder = path.is_dir() or out.endswith(("/", os.sep)) or many or len(inputs) > 1
    if wants_folder or len(names) > 1:
        _make_folder(path)
        return Plan(_formats(names or [FormatName.TXT]), folder=path)
    if not path.parent.is_dir():
        _make_folder(path.parent)
    return Plan(_formats(names or [_format_of(path)]), file=path)


def _formats(names: Sequence[FormatName]) -> tuple[Format, ...]:
    return tuple(find_format(name) for name in dict.fromkeys(names))


def _format_of(path: Path) -> FormatName:
    """Guess the format from a file's name: plain text unless it says otherwise."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix == "xml":
        raise UsageError(f"{path}: say which XML is meant, with -f alto or -f page.")
    return FormatName(suffix) if suffix in set(FormatName) else FormatName.TXT


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be made or used as an output folder ({error.strerror}); "
            "name another with -o."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise UsageError(f"{path}: not allowed to write into this folder; name another with -o.")


def name_outputs(inputs: Sequence[str]) -> dict[str, str]:
    """Name each input's outputs, without their suffix: ``scans/a.png`` -> ``a``.

    Inputs of one stem keep more of their name: ``a.png`` and ``a.jpg`` -> ``a.png``, ``a.jpg``;
    ``x/a.png`` and ``y/a.png`` -> ``x_a.png``, ``y_a.png``. What still clashes is numbered.
    """
    names = {name: _stem(name) for name in inputs}
    for longer in (_file_name, _flat):
        clashing = _clashing(names.values())
        names.update({name: longer(name) for name in names if names[name].casefold() in clashing})
    taken: set[str] = set()
    for name, chosen in names.items():
        number, free = 2, chosen
        while free.casefold() in taken:
            number, free = number + 1, f"{chosen}-{number}"
        taken.add(free.casefold())
        names[name] = free
    return names


def _clashing(names: Iterable[str]) -> set[str]:
    """Find the names that occur twice on a file system that ignores case."""
    counts = Counter(name.casefold() for name in names)
    return {name for name, count in counts.items() if count > 1}


def _stem(name: str) -> str:
    return "stdin" if name == "-" else Path(name).stem


def _file_name(name: str) -> str:
    return Path(name).name


def _flat(name: str) -> str:
    return "_".join(part for part in Path(name).parts if part not in ("/", "..", "."))


def check_plan(plan: Plan, names: Mapping[str, str]) -> None:
    """Refuse before anything is read what would fail, or do harm, once it is; names by input.

    Raises:
        UsageError: a format that shows its input again has none or several; or an output would
            take an input's place.

    """
    if any(form.one_input_a_file for form in plan.formats):
        if STDOUT in names:
            raise UsageError("a PDF shows its pages again, so it needs files, not stdin.")
        if plan.folder is None and len(names) > 1:
            raise UsageError("a PDF is made of one input; give -o FOLDER for several.")
        if plan.folder is None and plan.file is None and sys.stdout.isatty():
            raise UsageError("a PDF is nothing to show on a terminal; give -o FILE.")
    files = [plan.file] if plan.file else []
    if plan.folder is not None:
        files = [plan.folder / f"{name}{f.suffix}" for name in names.values() for f in plan.formats]
    places = {os.path.realpath(file) for file in files}
    for name in names:
        if os.path.realpath(name) in places:
            raise UsageError(
                f"{name}: what is read would be written in its place; name another with -o."
            )


def write_outputs(plan: Plan, name: str, pages: Sequence[Page], model: str) -> list[Path]:
    """Write one input's pages into the plan's folder; ``name`` is from ``name_outputs``."""
    if plan.folder is None:
        raise ValueError("this plan has no folder")
    written = []
    for form in plan.formats:
        if form.one_page_a_file and len(pages) > 1:
            width = len(str(len(pages)))
            for number, page in enumerate(pages, 1):
                path = plan.folder / f"{name}-{number:0{width}}{form.suffix}"
                write_file(path, form.write([page], model))
                written.append(path)
        else:
            path = plan.folder / f"{name}{form.suffix}"
            write_file(path, form.write(pages, model))
            written.append(path)
    return written


def write_file(path: Path, content: str | bytes) -> None:
    """Write bytes, or text as UTF-8, so that the file is whole or, on failure, as it was before.

    Raises:
        ReadaptError: the disk is full.
        UsageError: the place cannot be written to.

    """
    data = _bytes(content)
    target = Path(os.path.realpath(path))  # a link stays a link
    scratch = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # a device or a pipe cannot be replaced
            return
        try:
            scratch.write_bytes(data)
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in FULL:
            raise ReadaptError(
                f"{path}: the disk is full; free some of it, or name another place with -o."
            ) from error
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); name another place with -o."
        ) from error


def write_stdout(content: str | bytes) -> None:
    """Write bytes, or text as UTF-8, to stdout, whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(_bytes(content))
    sys.stdout.buffer.flush()


def _bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "replace")

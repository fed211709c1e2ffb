"""``readapt train lm``: a language model of characters from texts."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from readapt.errors import InputError, UsageError

_LINE = 60
"""Characters of a printed line: longer lines of a text file are paragraphs and are broken."""


def lm(
    texts: Annotated[
        list[Path],
        typer.Argument(metavar="TEXT...", help="UTF-8 text files, or folders of .txt files."),
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, such as lm.npz.")],
    order: Annotated[int, typer.Option("--order", min=1, help="Characters it looks at.")] = 6,
    least: Annotated[
        int, typer.Option("--least", min=1, help="Forget what occurs less often: smaller file.")
    ] = 1,
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="Model it is for; default: any of Latin script."),
    ] = None,
) -> None:
    """Count what characters follow each other in texts like yours.

    `readapt read --beam 10 --lm FILE` then prefers what such texts say where the image leaves
    a doubt. Needs nothing but texts; names and numbers gain least.
    """
    from readapt.models.bundle import Bundle, find_bundle
    from readapt.recognize.alphabet import LATIN
    from readapt.recognize.lm import learn

    alphabet = LATIN if model is None else Bundle.load(find_bundle(model)).alphabet
    files = [file for path in texts for file in _files(path)]
    counted = learn((line for file in files for line in _lines(file)), alphabet, order, least)
    if not counted.characters:
        raise UsageError("there is no text in these files: name others.")
    try:
        counted.save(out)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); name another.") from error
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.2f} MB, {counted.characters} characters counted")


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*.txt") if file.is_file())
    if not files:
        raise InputError(f"{path} holds no .txt file: name a folder that does.", str(path))
    return files


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as UTF-8 text: {error}.", str(path)) from error
    for paragraph in text.splitlines():
        yield from textwrap.wrap(" ".join(paragraph.split()), _LINE, break_on_hyphens=False)

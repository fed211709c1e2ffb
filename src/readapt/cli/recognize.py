"""``readapt recognize``: images of single lines in, their text out."""

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from readapt.cli.read import (
    BeamOption,
    LanguageModelOption,
    LanguageWeightOption,
    MaxWordErrorsOption,
    MinConfidenceOption,
    ModelOption,
    ThreadsOption,
    UnsureOption,
    find_all,
    find_threshold,
)
from readapt.document.unsure import Unsure, settle_line
from readapt.errors import InputError

if TYPE_CHECKING:
    from readapt.document.elements import Line

_AT_ONCE = 64
"""Line images held in memory at a time."""


class LineFormat(StrEnum):
    """What ``-f`` takes."""

    TSV = "tsv"
    JSON = "json"


def recognize(
    lines: Annotated[
        list[str],
        typer.Argument(
            metavar="LINE...",
            help="Images of one line each, folders of them, quoted globs; '-' is stdin.",
        ),
    ],
    model: ModelOption = None,
    form: Annotated[
        LineFormat,
        typer.Option("-f", "--format", help="tsv: path, text, confidence. json: words as well."),
    ] = LineFormat.TSV,
    threads: ThreadsOption = None,
    beam: BeamOption = None,
    lm: LanguageModelOption = None,
    lm_weight: LanguageWeightOption = None,
    min_confidence: MinConfidenceOption = None,
    max_word_errors: MaxWordErrorsOption = None,
    unsure: UnsureOption = Unsure.OMIT,
) -> None:
    """Read images that hold one line of text each.

    Every image has its line of output, an empty text where nothing was read or all of it is unsure.
    An image that cannot be read is one line on stderr; the others are still read, and the exit
    code is then 3.
    """
    from readapt import __version__
    from readapt.batch.executor import quiet_warnings
    from readapt.batch.outputs import write_stdout
    from readapt.formats.json import line_entry
    from readapt.pages.load import load_page
    from readapt.reader import Reader

    quiet_warnings()
    names, failed = find_all(lines)
    if not names:
        raise typer.Exit(InputError.exit_code)
    reader = Reader(model, threads, beam=beam, language_model=lm, language_weight=lm_weight)
    threshold = find_threshold(reader, min_confidence, max_word_errors)
    entries: list[dict[str, object]] = []
    for start in range(0, len(names), _AT_ONCE):
        found, images = [], []
        for name in names[start : start + _AT_ONCE]:
            try:
                images.append(load_page(name).image)
                found.append(name)
            except InputError as error:
                failed += 1
                print(f"readapt: {error}", file=sys.stderr)
        for name, line in zip(found, reader.read_lines(images), strict=True):
            if threshold is not None:
                line = settle_line(line, threshold, unsure)
            if form is LineFormat.TSV:
                write_stdout(_row(name, line))
            else:
                entries.append({"source": name, **line_entry(line)})
    if form is LineFormat.JSON:
        whole = {"readapt": __version__, "model": reader.model, "lines": entries}
        write_stdout(json.dumps(whole, ensure_ascii=False) + "\n")
    if failed:
        raise typer.Exit(InputError.exit_code)


def _row(name: str, line: "Line") -> str:
    return f"{name}\t{line.text}\t{line.confidence:.4f}\n"

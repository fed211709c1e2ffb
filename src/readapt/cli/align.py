"""``readapt align``: the transcription of a page becomes line ground truth."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from readapt.cli.read import ModelOption, ThreadsOption
from readapt.errors import InputError


def align(
    text: Annotated[
        Path,
        typer.Argument(
            metavar="TEXT", help="What the page says, UTF-8; line breaks in it mean nothing."
        ),
    ],
    page: Annotated[
        str, typer.Argument(metavar="PAGE", help="Image of the page, or a file of several pages.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder to write to; default: PAGE-lines here."),
    ] = None,
    model: ModelOption = None,
    min_confidence: Annotated[
        float,
        typer.Option("--min-confidence", min=0, max=1, help="Lines below it are unsure."),
    ] = 0.5,
    threads: ThreadsOption = None,
) -> None:
    """Find which part of a page's text each of its lines says, and write line ground truth.

    OUT gets x.png and x.gt.txt for every line that is beyond doubt; the others go to OUT/unsure,
    with a proposal for their text. OUT/alignment/PAGE.json has all lines with polygon, confidence
    and reason. Words that the page breaks, page numbers and headings that the text leaves out, and
    text that is not on the page are coped with.
    """
    from readapt.batch.executor import quiet_warnings
    from readapt.document.line_truth import LineTruth, write_line_truth
    from readapt.pages.load import load_pages
    from readapt.reader import Reader
    from readapt.recognize.align_page import AligningConfig, align_page

    quiet_warnings()
    try:
        transcription = text.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{text} cannot be read as UTF-8 text: {error}.", str(text)) from error
    if not transcription.split():
        raise InputError(f"{text} has no text in it.", str(text))
    reader = Reader(model, threads)
    images = list(load_pages(page, reader.load))
    cuts = [reader.cut_lines(image) for image in images]
    flat = [cut for some in cuts for cut in some]
    found = align_page(
        reader.log_posteriors([cut.image for cut in flat]),
        transcription,
        reader.alphabet,
        AligningConfig(least=min_confidence),
    )
    stem = "stdin" if page == "-" else Path(page).stem
    folder = out or Path(f"{stem}-lines")
    rest = iter(found.lines)
    missing = [found.text[start:end].strip() for start, end in found.missing]
    for number, (image, some) in enumerate(zip(images, cuts, strict=True), 1):
        name = stem if len(images) == 1 else f"{stem}-p{number}"
        lines = [LineTruth(cut.image, cut.quad, next(rest)) for cut in some]
        height, width = image.image.shape[:2]
        write_line_truth(folder, name, page, (width, height), lines, missing)
    sure = sum(not line.reason for line in found.lines)
    print(f"{folder}: {sure} lines, {len(found.lines) - sure} unsure")
    for part in missing:
        print(f"readapt: not on the page: {_shortened(part)!r}", file=sys.stderr)


def _shortened(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} ... {text[-most // 2 :]}"

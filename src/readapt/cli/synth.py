"""``readapt synth``: lines and pages of known text, to train on or to test with."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from readapt.cli.options import Quiet, need_torch
from readapt.errors import UsageError

synth = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Make lines or pages of known text, with conventional ground truth beside them.",
)

Output = Annotated[
    Path, typer.Option("-o", "--output", help="Folder to write to.", show_default=False)
]
Count = Annotated[
    int, typer.Option("-n", "--count", min=1, help="How many to make.", show_default=False)
]
Text = Annotated[
    str | None,
    typer.Option("--text", metavar="CORPUS", help="UTF-8 text to set; default: this system's."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed, the same files.")]
Jobs = Annotated[int, typer.Option("--jobs", min=1, help="Processes that share the work.")]


@synth.command()
def lines(
    output: Output,
    count: Count,
    text: Text = None,
    seed: Seed = 0,
    jobs: Jobs = 1,
    look: Annotated[
        Path | None,
        typer.Option(help="Look of `readapt train cyclegan` (or paper) to give to the lines."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="With --look: model that reads every line again."),
    ] = None,
    tolerance: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="With --look: errors per character by which a line may read worse than before.",
        ),
    ] = 0.1,
    quiet: Quiet = False,
) -> None:
    """Make line images: 000000.png with its text in 000000.gt.txt.

    With --look, lines are translated, read again, and dropped where their text was lost.
    """
    from readapt.synth.lines import LineConfig
    from readapt.synth.truth import write_lines

    if look is not None:
        if jobs > 1:
            raise UsageError("Lines in a look are made by one process: leave out --jobs.")
        _lines_in_a_look(output, count, text, seed, look, model, tolerance, quiet)
        return
    if model is not None:
        raise UsageError("A model reads lines again with --look only: name a look, or no model.")
    _warn(text)
    _run(write_lines(output, count, LineConfig(seed=seed), text, jobs), count, quiet)


@synth.command()
def pages(
    output: Output,
    count: Count,
    text: Text = None,
    seed: Seed = 0,
    jobs: Jobs = 1,
    page_xml: Annotated[
        bool, typer.Option("--page-xml", help="Write PAGE XML as well, into the folder 'page'.")
    ] = False,
    look: Annotated[
        Path | None,
        typer.Option(
            help="Look: its pages (`readapt train pages`), or else its paper, with ordinary ink."
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Make page images: 000000.png with lines and words, text and polygons, in 000000.json."""
    from readapt.synth.page import PageConfig, make_page
    from readapt.synth.truth import MakesPage, write_pages

    config = PageConfig(seed=seed)
    make: MakesPage = make_page
    if look is not None:
        need_torch("A look")
        from dataclasses import replace

        from readapt.gan.look import Look
        from readapt.gan.page_look import LookPages
        from readapt.gan.paper import look_paper

        if Look.load(look).manifest.pages is not None:
            make = LookPages(str(look))
        else:
            config = replace(config, paper=look_paper(look))
    _warn(text)
    done = write_pages(output, count, config, text, jobs, page_xml=page_xml, make=make)
    _run(done, count, quiet)


def _warn(text: str | None) -> None:
    """Name the characters of a corpus that cannot be written or drawn; they are left out."""
    from readapt.synth.corpus import read_corpus
    from readapt.synth.drawable import drawing_problems

    if text is not None:
        for problem in drawing_problems(read_corpus(text)):
            print(f"readapt: {problem}", file=sys.stderr)


def _lines_in_a_look(
    output: Path,
    count: int,
    text: str | None,
    seed: int,
    look: Path,
    model: str | None,
    tolerance: float,
    quiet: bool,
) -> None:
    need_torch("A look")
    from collections.abc import Sequence

    from readapt.gan.kindred import kindred_of
    from readapt.gan.look import Look
    from readapt.gan.written import Written, change_of, write_look_lines
    from readapt.reader import Reader
    from readapt.synth.corpus import read_corpus
    from readapt.synth.lines import LineConfig, LineMaker
    from readapt.types import Image

    _warn(text)
    loaded = Look.load(look)
    change = change_of(loaded)
    section = loaded.manifest.translator
    height = section.height if section else 36
    reader = Reader(model)
    corpus = None if text is None else read_corpus(text)
    maker = LineMaker(
        LineConfig(seed=seed, clean=1.0, height=height),
        corpora=None if corpus is None else {corpus.name: corpus},
        alphabet=reader.alphabet,
    )

    kindred = kindred_of(loaded)
    maker = maker if kindred is None else kindred.maker(maker)

    def reads(images: Sequence[Image]) -> list[str]:
        return [line.text for line in reader.read_lines(images)]

    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{output} cannot be written to as a folder ({error.strerror}): name another with -o."
        ) from error
    shown = not quiet and sys.stderr.isatty()
    done = Written(0, 0)
    for done in write_look_lines(
        output,
        count,
        maker,
        change,
        reads,
        seed=seed,
        tolerance=tolerance,
        height=height,
        settings=() if kindred is None else kindred.settings,
    ):
        if shown:
            print(f"\r{done.kept}/{count}", end="", file=sys.stderr)
    if shown:
        print(file=sys.stderr)
    if not quiet:
        typer.echo(f"{done.share:.1%} of {done.drawn} lines kept their text.")


def _run(progress: Iterator[int], count: int, quiet: bool) -> None:
    """Work through; keep one line on a terminal up to date, write nothing into a pipe."""
    shown = not quiet and sys.stderr.isatty()
    for done in progress:
        if shown:
            print(f"\r{done}/{count}", end="\n" if done == count else "", file=sys.stderr)

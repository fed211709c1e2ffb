"""``readapt synth``: lines and pages of known text, to train on or to test with."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

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
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress on stderr.")]


@synth.command()
def lines(
    output: Output,
    count: Count,
    text: Text = None,
    seed: Seed = 0,
    jobs: Jobs = 1,
    quiet: Quiet = False,
) -> None:
    """Make line images: 000000.png with its text in 000000.gt.txt."""
    from readapt.synth.lines import LineConfig
    from readapt.synth.truth import write_lines

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
    quiet: Quiet = False,
) -> None:
    """Make page images: 000000.png with lines and words, text and polygons, in 000000.json."""
    from readapt.synth.page import PageConfig
    from readapt.synth.truth import write_pages

    _warn(text)
    done = write_pages(output, count, PageConfig(seed=seed), text, jobs, page_xml=page_xml)
    _run(done, count, quiet)


def _warn(text: str | None) -> None:
    """Name the characters of a corpus that cannot be written or drawn; they are left out."""
    from readapt.synth.corpus import read_corpus
    from readapt.synth.lines import drawing_problems

    if text is not None:
        for problem in drawing_problems(read_corpus(text)):
            print(f"readapt: {problem}", file=sys.stderr)


def _run(progress: Iterator[int], count: int, quiet: bool) -> None:
    """Work through; keep one line on a terminal up to date, write nothing into a pipe."""
    shown = not quiet and sys.stderr.isatty()
    for done in progress:
        if shown:
            print(f"\r{done}/{count}", end="\n" if done == count else "", file=sys.stderr)

"""``readapt gap``: how far the training lines look from scans, and what brings them nearer."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from readapt.cli.aside import aside
from readapt.cli.options import Quiet, Scans, need_torch
from readapt.errors import UsageError


def gap(
    scans: Scans,
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="Model that finds the lines (see `readapt models`)."),
    ] = None,
    lines: Annotated[
        bool, typer.Option("--lines", help="Every image holds one line: no model is needed.")
    ] = False,
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="FILE", help="Picture of it, PNG or SVG.")
    ] = Path("gap.png"),
    text: Annotated[
        Path | None, typer.Option(help="UTF-8 text to set; default: the texts of this system.")
    ] = None,
    count: Annotated[int, typer.Option(help="Rendered lines of each set.", min=50)] = 400,
    steps: Annotated[
        int, typer.Option(help="Steps of the critic; those of ranked sets have half.", min=20)
    ] = 300,
    brief: Annotated[
        bool, typer.Option("--brief", help="The distance alone; rank no fonts and degradations.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of lines and critics.", min=0)] = 0,
    quiet: Quiet = False,
) -> None:
    """Measure how far the lines that readapt trains on look from your scans.

    A critic learns to tell the two apart, and is read on lines it never saw: 0 grey levels is no
    difference. Then kinds of fonts, the families of the nearest kind, kinds of documents and single
    degradations are ranked by how near they come.
    """
    need_torch("The gap meter")
    from functools import partial

    from readapt.gan.candidates import candidates, draw_lines, families
    from readapt.gan.critic import GapConfig
    from readapt.gan.ranking import draw_report, rank
    from readapt.gan.scans import scan_lines
    from readapt.reader import Reader
    from readapt.synth.corpus import read_corpus
    from readapt.synth.lines import LineConfig, LineMaker

    shown = not quiet and sys.stderr.isatty()

    def told(what: str) -> None:
        if shown:
            print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)

    if not out.parent.is_dir():
        raise UsageError(f"{out.parent} is no folder: name another place with -o.")
    if out.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"{out}: the picture is a .png or an .svg; name such a file with -o.")
    told("lines of the scans")
    real = scan_lines(scans, None if lines else Reader(model), told=aside)
    read = None if text is None else read_corpus(text)
    corpora = None if read is None else {read.name: read}
    config = LineConfig(seed=seed)
    present = draw_lines(LineMaker(config, corpora=corpora), count)
    sets = () if brief else candidates(config, count, corpora=corpora)
    closer = partial(families, config=config, count=count, corpora=corpora)
    report = rank(real.lines, present, sets, GapConfig(steps=steps, seed=seed), told, closer)
    if shown:
        print("\r\x1b[K", end="", file=sys.stderr)
    typer.echo(report.sentence)
    for doubt in report.present.warnings:
        typer.echo(doubt)
    if report.ranking:
        typer.echo()
        typer.echo(report.table())
    draw_report(report, out)
    typer.echo(f"\n{out}")

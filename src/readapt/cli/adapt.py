"""``readapt adapt``: a model that reads your scans better, without a label."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from readapt.cli.options import Device, DeviceOption, Quiet, Scans, need_torch

if TYPE_CHECKING:
    from readapt.adapt.end.finish import Adapted
    from readapt.adapt.run import Told


SHOWN = 40
"""Pages whose estimates are printed, those with the most errors first."""


def adapt(
    scans: Scans,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="Folder for the model; OUT-adapting has the report."),
    ],
    text: Annotated[
        Path | None,
        typer.Option(help="UTF-8 text of the same kind. Default: the texts of this system."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="The model to begin with (see `readapt models`)."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Minutes in all. Default: 60; with --resume, those given before."),
    ] = None,
    lines: Annotated[bool, typer.Option("--lines", help="Every image holds one line.")] = False,
    teacher: Annotated[
        list[str] | None,
        typer.Option(
            help="Another engine to ask: rapidocr, tesseract or tesseract:fra+eng; repeatable."
        ),
    ] = None,
    look: Annotated[
        Path | None,
        typer.Option(help="A look learnt by `readapt train cyclegan`; default: learn it now."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="Labelled pages or lines to measure by, which takes its own time; nothing "
            "is learnt from their texts."
        ),
    ] = None,
    ignore_case: Annotated[
        bool, typer.Option("--ignore-case", help="Measure by --truth in upper case.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with what was begun in OUT-adapting.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            help="A stage to run: words, survey, free, look, teach, ask, listen, weigh, paper, "
            "teach-pages, listen-pages; repeatable."
        ),
    ] = None,
    extend_alphabet: Annotated[
        bool,
        typer.Option(
            "--extend-alphabet", help="Learn the characters of --text that the model lacks."
        ),
    ] = False,
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Processor threads; default: all. Training lines takes two."),
    ] = None,
    steps: Annotated[
        int, typer.Option(help="Steps of each training, instead of its share of the minutes.")
    ] = 0,
    device: DeviceOption = Device.auto,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.", min=0)] = 0,
    quiet: Quiet = False,
) -> None:
    """Learn from unlabelled scans, and write a model that reads them better.

    Every stage is kept only if lines of the scans that were held out are read better, by judges
    that need no label, and general rendered lines not much worse; if none is, the model written is
    the one begun with. A run that was stopped goes on with --resume. OUT-adapting/report.html shows
    what was learnt; it holds pieces of the scans, the model does not.
    """
    need_torch("Adaptation")
    from dataclasses import replace

    from readapt.adapt.journal import minutes_before
    from readapt.adapt.pipeline import adapt as run
    from readapt.adapt.pipeline import work_folder
    from readapt.adapt.settings import AdaptConfig
    from readapt.batch.executor import quiet_warnings
    from readapt.train.device import find_device

    quiet_warnings()
    find_device(device.value)  # what is wrong with it is said before hours of work
    if minutes is None:
        minutes = (
            minutes_before(work_folder(out)) if resume and out.name else None
        ) or AdaptConfig.minutes
    config = AdaptConfig(
        minutes=minutes,
        seed=seed,
        only=tuple(only or ()),
        teachers=tuple(teacher or ()),
        look="" if look is None else str(look),
        steps=steps,
        threads=threads,
        device=device.value,
    )
    config = replace(config, target=replace(config.target, single=lines))
    shown = Progress(quiet)
    try:
        adapted = run(
            scans,
            out,
            text=text,
            base=model,
            truth=truth,
            ignore_case=ignore_case,
            config=config,
            resume=resume,
            extend_alphabet=extend_alphabet,
            listener=shown,
        )
    except KeyboardInterrupt:
        shown.close()
        print("readapt: stopped; the same command with --resume goes on.", file=sys.stderr)
        raise
    finally:
        shown.close()
    for row in summary(adapted):
        typer.echo(row)


def summary(adapted: "Adapted") -> list[str]:
    """Say in a few lines what came out."""
    rows = [*adapted.remarks]
    rows.append(f"Estimated wrong characters: {adapted.before} -> {adapted.after}")
    rows += [f"{name}: {before} -> {after}" for name, before, after in adapted.pages[:SHOWN]]
    if len(adapted.pages) > SHOWN:
        rows.append(f"{len(adapted.pages) - SHOWN} more pages, with fewer, stand in the report.")
    if adapted.truth is not None:
        measured = adapted.truth
        rows.append(
            f"Measured on {measured.lines} labelled lines: {measured.before:.2%} -> "
            f"{measured.after:.2%}"
        )
        if measured.boxes is not None:
            before, after = measured.boxes
            rows.append(f"Lines found on labelled pages, H-mean: {before:.3f} -> {after:.3f}")
    kept = ", ".join(adapted.kept) or "nothing"
    rows.append(f"Kept: {kept}; {adapted.minutes:g} minutes, {adapted.memory:.1f} GB at most")
    return [*rows, str(adapted.model), str(adapted.report)]


class Progress:
    """Stage, time left and the present estimate: one line on a terminal, one a stage in a pipe."""

    def __init__(self, quiet: bool) -> None:
        self._quiet, self._live = quiet, sys.stderr.isatty()
        self._last = ("", "")

    def __call__(self, told: "Told") -> None:
        """Show what is being done; a count of it, digits first, on a terminal only."""
        if self._quiet:
            return
        rate = "" if told.estimate is None else f", held-out estimate {told.estimate:.2%}"
        left = f" ({told.left / 60:.1f} min left{rate})"
        line = f"{told.stage}: {told.text}"
        if told.remark:
            start = "\r\x1b[K" if self._live else ""
            print(f"{start}readapt: {told.text}", file=sys.stderr, flush=True)
        elif self._live:
            width = shutil.get_terminal_size().columns - 1  # a row that wraps is not erased
            line = f"{line[: max(0, width - len(left))]}{left}"[:width]
            print(f"\r\x1b[K{line}", end="", file=sys.stderr, flush=True)
        elif (told.stage, told.text) != self._last and not told.text[:1].isdigit():
            print(f"{line}{left}", file=sys.stderr, flush=True)
        self._last = (told.stage, told.text)

    def close(self) -> None:
        """End the line."""
        if self._live and self._last[0]:
            print(file=sys.stderr)
        self._last = ("", "")

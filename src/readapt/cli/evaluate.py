"""``readapt evaluate``: how well a model reads what somebody has transcribed."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from readapt.cli.options import Quiet
from readapt.errors import UsageError


def evaluate(
    truth: Annotated[
        list[str],
        typer.Argument(
            metavar="TRUTH...",
            help="Folders or files: page truth (JSON, PAGE, ALTO) or x.png with x.gt.txt.",
            show_default=False,
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="Model bundle; without it, the one that comes along."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="Write this HTML report, and report.json beside it."),
    ] = None,
    ignore_case: Annotated[
        bool, typer.Option("--ignore-case", help="Compare folded texts in upper case.")
    ] = False,
    lines: Annotated[bool, typer.Option("--lines", help="Only lines cut along the truth.")] = False,
    pages: Annotated[bool, typer.Option("--pages", help="Only whole pages.")] = False,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Processor threads; default: all.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Measure a model on pages or lines with known text.

    Lines are cut along the true polygons and read: character and word error rates (CER, WER).
    Pages are read whole: detection at IoU 0.5, and words wherever they stand.
    """
    if lines and pages:
        raise UsageError("--lines and --pages exclude each other; without either, both are read.")
    if report is not None and report.suffix.lower() == ".json":
        raise UsageError(f"--report {report}: name the HTML file; the JSON is written beside it.")
    from readapt.evaluate.run import EvaluationConfig
    from readapt.evaluate.run import evaluate as run
    from readapt.evaluate.truth import load_truth
    from readapt.reader import Reader
    from readapt.report.evaluation import figures, write_report

    known = load_truth(truth)
    if pages and not known.pages:
        raise UsageError("--pages needs page truth, and there is none here; leave it out.")
    reader = Reader(model, threads=threads)
    config = EvaluationConfig(lines=not pages, pages=not lines, ignore_case=ignore_case)
    evaluation = run(known, reader, config, None if quiet else _progress)
    print("\n".join(_table(figures(evaluation))))
    if report is not None:
        for path in write_report(evaluation, report, reader.model, truth):
            print(f"readapt: wrote {path}", file=sys.stderr)


def _progress(done: int, count: int) -> None:
    """Keep one line on a terminal up to date; write nothing into a pipe."""
    if sys.stderr.isatty():
        print(f"\r{done}/{count}", end="\n" if done == count else "", file=sys.stderr, flush=True)


def _table(data: dict[str, Any]) -> list[str]:
    """Return the figures as tab-separated lines: name, value."""
    rows: list[tuple[str, float | int | None]] = []
    if part := data["lines"]:
        rows.append(("lines", part["count"]))
        for key in ("cer_folded", "cer", "wer_folded", "wer"):
            rows.append((key, part[key]["rate"]))
        rows.append(("cer_folded_normalised", part["cer_folded"]["normalised"]))
        rows.append(("calibration_error", part["calibration_error"]))
    if part := data["pages"]:
        rows.append(("pages", part["count"]))
        for key in ("precision", "recall", "hmean"):
            rows.append((f"detection_{key}", part["detection"][key]))
        for key in ("precision", "recall", "f1"):
            rows.append((f"words_{key}", part["words"][key]))
        rows.append(("page_cer_folded", part["cer_folded"]["rate"]))
    return [f"{name}\t{_number(value)}" for name, value in rows]


def _number(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"

"""``report.html`` of a translation: curves, figures and pictures, in one file without a network."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import cv2
import numpy as np

from readapt.gan.critic import Gap
from readapt.gan.monitor import summary
from readapt.gan.translate import beside
from readapt.types import Image
from readapt.whole import written_whole

_STYLE = """
:root { color-scheme: light dark; --rule: #8884 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse } th, td { text-align: left; padding: .2rem 1rem .2rem 0;
  border-bottom: 1px solid var(--rule) }
td.n { text-align: right; font-variant-numeric: tabular-nums }
img { max-width: 100%; display: block; background: #fff } .note { opacity: .7; font-size: .9rem }
.scroll { overflow-x: auto }
"""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Lines to show, row by row."""

    rendered: Sequence[Image]
    translated: Sequence[Image]
    back: Sequence[Image]
    """Translated back; empty for a one-sided game."""
    real: Sequence[Image]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a report tells of a run."""

    name: str
    figures: Mapping[str, float]
    """Of the state that was kept."""
    gaps: Mapping[str, Gap]
    """Distances from the scans by what was measured, such as `rendered` and `translated`."""
    facts: Mapping[str, str]
    """Minutes, steps, numbers of lines."""
    warnings: Sequence[str]


def write_report(path: Path, outcome: Outcome, pictures: Pictures, folder: Path) -> None:
    """Write the report; `folder` holds `log.csv` and `judge.csv` of the game."""
    parts = [
        f"<h1>The look {escape(outcome.name)}</h1>",
        f"<p>{escape(summary(outcome.figures))}</p>",
        *(f"<p><b>{escape(text)}</b></p>" for text in outcome.warnings),
        _table({**outcome.facts, **{k: f"{v:.4g}" for k, v in outcome.figures.items()}}),
    ]
    if outcome.gaps:
        rows = {
            k: f"{g.estimate:.1f} grey levels ({g.low:.1f} to {g.high:.1f})"
            for k, g in outcome.gaps.items()
        }
        parts += ["<h2>Distance from the scans</h2>", _table(rows)]
    real = pictures.real[: len(pictures.translated)]
    columns = [pictures.rendered, pictures.translated, pictures.back, real]
    shown = [column for column in columns if column]
    what = "rendered, translated" + (", translated back" if pictures.back else "")
    parts += [
        f"<h2>Lines: {what}, real; more real ones below</h2>",
        f"<div class=scroll>{_picture(beside(shown))}</div>",
        f"<p></p><div class=scroll>{_picture(beside(_halves(pictures.real)))}</div>",
        "<h2>Which are real?</h2><p class=note>Translated and real lines, shuffled; T marks the "
        "translated ones in the list below.</p>",
        _shuffled(pictures.translated, pictures.real),
    ]
    for title, file in (("What the judge saw", "judge.csv"), ("Losses", "log.csv")):
        if (folder / file).exists():
            parts += [f"<h2>{title}</h2>", _curves(folder / file)]
    path.write_text(
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(outcome.name)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{chr(10).join(parts)}\n</body></html>\n",
        encoding="utf-8",
    )


def shuffled_grid(
    translated: Sequence[Image], real: Sequence[Image], seed: int = 0, width: int = 400
) -> tuple[Image, str]:
    """Lay translated and real lines out in two columns, shuffled; also which is which, by rows."""
    marked = [("T", line) for line in translated] + [("R", line) for line in real]
    order = np.random.default_rng(seed).permutation(len(marked))
    mixed = [(marked[i][0], marked[i][1][:, :width]) for i in order]
    half = -(-len(mixed) // 2)
    grid = beside([[line for _, line in mixed[:half]], [line for _, line in mixed[half:]]])
    key = " ".join(
        "".join(m for m, _ in (mixed[i], *mixed[half + i : half + i + 1])) for i in range(half)
    )
    return grid, key


def _halves(lines: Sequence[Image]) -> list[Sequence[Image]]:
    half = -(-len(lines) // 2)
    return [part for part in (lines[:half], lines[half:]) if part]


def _shuffled(translated: Sequence[Image], real: Sequence[Image]) -> str:
    grid, key = shuffled_grid(translated[:16], real[:16])
    return (
        f"<div class=scroll>{_picture(grid)}</div><details><summary>The answer</summary>"
        f"<p>Row by row, left and right: {key}</p></details>"
    )


def _table(rows: Mapping[str, str]) -> str:
    body = "".join(
        f"<tr><td>{escape(k.replace('_', ' '))}</td><td class=n>{escape(v)}</td></tr>"
        for k, v in rows.items()
    )
    return f"<table>{body}</table>"


def write_picture(path: Path, image: Image) -> None:
    """Write a PNG, whole or not at all."""
    _, packed = cv2.imencode(".png", image if image.ndim == 2 else image[..., ::-1])  # BGR
    with written_whole(path) as scratch:
        scratch.write_bytes(np.asarray(packed).tobytes())


def _picture(image: Image) -> str:
    _, packed = cv2.imencode(".png", image if image.ndim == 2 else image[..., ::-1])  # BGR
    encoded = base64.b64encode(np.asarray(packed).tobytes()).decode("ascii")
    return f"<img alt='' src='data:image/png;base64,{encoded}'>"


def _curves(path: Path) -> str:
    """Draw every column of a log over its steps, one small panel each, as inline SVG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    series: dict[str, list[tuple[float, float]]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        header: list[str] = []
        for row in csv.reader(file):
            if row and row[0] == "step":
                header = row
                continue
            values = dict(zip(header, map(float, row), strict=False))
            for name, value in values.items():
                if name not in ("step", "elapsed") and np.isfinite(value):
                    series.setdefault(name, []).append((values["step"], value))
    if not series:
        return ""
    columns = 4
    rows = -(-len(series) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(11, 1.9 * rows), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, (name, points) in zip(axes.flat, series.items(), strict=False):
        axis.axis("on")
        axis.plot(*zip(*points, strict=True), linewidth=1)
        axis.set_title(name.replace("_", " "), fontsize=8)
        axis.tick_params(labelsize=6)
    figure.tight_layout()
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg")
    plt.close(figure)
    svg = buffer.getvalue()
    return svg[svg.index("<svg") :]

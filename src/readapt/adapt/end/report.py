"""``report.html`` of an adaptation: what was learnt, what was kept, what reads differently now."""

from __future__ import annotations

import base64
import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from readapt.adapt.end.changes import Change, Changes
from readapt.adapt.learning.second_student import FOLDER
from readapt.adapt.stage import LOOK
from readapt.batch.outputs import write_file
from readapt.report.evaluation_html import difference, picture

if TYPE_CHECKING:
    from readapt.adapt.end.ending import Ending
    from readapt.adapt.end.measured import Measured
    from readapt.models.bundle import Bundle

SHOWN = 20
"""Lines that changed most, shown with their picture."""

_LOOKS = {
    "kid": "KID, distance from the scans in the recognizer's features",
    "gap": "gap, distance from the scans in grey levels",
    "preserved": "share of the readable lines that kept their text",
}
"""Columns of the judge's log that are shown."""

_GLOSSARY = (
    "Kept: in the new model. Rejected: tried, and the weights before it stand. Held-out lines: "
    "lines of the scans that nothing is learnt from. Likelier words: what is read there is "
    "likelier in the language. Resampled sets: these lines drawn again with return, to tell a gain "
    "from luck. Spoiled lines: lines that are surely read, made harder on purpose. General lines: "
    "rendered in all kinds of type and damaged more than most scans are, so that a sixth of their "
    "characters is wrong; they must not get much worse, so that the model still reads other "
    "documents. KID and gap: how far pictures are from the scans, 0 at best."
)
"""What an archivist has not heard of before."""

_STYLE = """
:root { color-scheme: light dark; --rule: #8884 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse } th, td { text-align: left; padding: .25rem .9rem .25rem 0;
  border-bottom: 1px solid var(--rule); vertical-align: top }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.text { font-family: ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
img { max-width: 100%; display: block; background: #fff } .note { opacity: .7; font-size: .88rem }
del { color: #c0392b; background: #c0392b22 } ins { color: #1e8449; background: #1e844922;
  text-decoration: none } svg { display: block } .line { margin: .9rem 0 }
"""


def write_report(
    ending: Ending,
    changes: Changes,
    measured: Measured | None,
    bundle: Bundle,
    minutes: float,
    memory: float,
) -> Path:
    """Write the report beside what a resumed run needs: it shows lines of the scans."""
    path = ending.work / "report.html"
    title = f"{bundle.manifest.name}: {ending.bundle.manifest.name} adapted"
    parts = [
        f"<h1>{escape(title)}</h1>",
        _summary(ending, changes, measured, bundle, minutes, memory),
        *(f"<p><b>{escape(remark)}</b></p>" for remark in ending.remarks),
        "<h2>Stages</h2>",
        _stages(ending),
        _note(_GLOSSARY),
        "<h2>What was found out</h2>",
        _note(
            "Of what was measured on lines, a tenth is below the first figure, half, nine tenths."
        ),
        _records(ending),
        "<h2>Curves</h2>",
        _estimates(ending),
        *_picture(ending.work / "survey" / "gap.png", "Fonts and degradations by the gap meter"),
        *look_shown(ending.work),
        *_losses(ending),
        f"<h2>The {SHOWN} lines that changed most</h2>",
        _note(f"{_counted(changes)} Struck out: before; marked: after."),
        *map(_line, changes.legible[:SHOWN]),
        "<h2>What may have got worse</h2>",
        _general(ending),
        _note(
            "Changed lines with more errors than before, by the estimate; it is too kind to lines "
            "learnt from."
        ),
        *(map(_line, changes.worse[:SHOWN]) if changes.worse else [_note("None.")]),
        "<h2>Pages</h2>",
        _note(
            "Estimated share of wrong characters, with the interval that nine of ten lie in. Of "
            "pages learnt from, after is before, times what is left of errors on lines held out. "
            f"{changes.unread}"
        ),
        _table(
            ("Page", "Before", "After"),
            ((name, str(a), str(b)) for name, a, b in changes.pages),
        ),
    ]
    write_file(
        path,
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{chr(10).join(parts)}\n</body></html>\n",
    )
    return path


def _summary(
    ending: Ending,
    changes: Changes,
    measured: Measured | None,
    bundle: Bundle,
    minutes: float,
    memory: float,
) -> str:
    gate = ending.gate
    rows = [
        ("Estimated wrong characters before", str(changes.before)),
        ("Estimated wrong characters after", str(changes.after)),
        (
            "Wrong on general rendered lines",
            f"{gate.base.replay:.2%} → {gate.present.replay:.2%}, at most {gate.allowed:.2%}",
        ),
        ("Lines that could hardly be read before", f"{gate.base.unreadable:.0%}"),
        ("Estimates are calibrated on", _calibrated_on(ending)),
    ]
    if measured is not None:
        rows.append(
            (
                f"Measured on {measured.lines} labelled lines",
                f"{measured.before:.2%} → {measured.after:.2%}",
            )
        )
    if measured is not None and measured.boxes is not None:
        before, after = measured.boxes
        rows.append(("Measured lines found (H-mean)", f"{before:.3f} → {after:.3f}"))
    rows += [
        ("Stages kept", ", ".join(ending.kept) or "none: the model is the one begun with"),
        ("Lines learnt from", str(len(ending.state.target.lines))),
        ("Lines held out", str(len(ending.state.target.held_out))),
        ("Minutes", f"{minutes:g}"),
        ("Memory at most", f"{memory:.1f} GB since it was last begun"),
        ("Size of the model", f"{bundle.size / 1e6:.1f} MB"),
    ]
    return _table(("", ""), rows)


def _calibrated_on(ending: Ending) -> str:
    if not ending.reads_anew:
        return "rendered lines, as the model begun with"
    look = " and lines in the look of the scans" if LOOK in ending.state.files else ""
    return f"rendered lines like those of the scans{look}"


def _stages(ending: Ending) -> str:
    def row(name: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
        if "left out" in entry:
            decision, reason = "left out", str(entry["left out"])
        elif "reason" in entry:
            decision, reason = ("kept" if entry["kept"] else "rejected"), str(entry["reason"])
        else:
            decision, reason = "done", ""
        return name, str(entry["title"]), decision, reason, f"{entry.get('seconds', 0):.0f}"

    rows = (row(name, entry) for name, entry in ending.stages.items())
    return _table(("Stage", "What", "Gate", "Why", "Seconds"), rows)


def _records(ending: Ending) -> str:
    rows = [
        (name, key, _plain(value))
        for name, entry in ending.stages.items()
        for key, value in entry.get("record", {}).items()
    ]
    return _table(("Stage", "What", "Found"), rows)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        if any(isinstance(one, list) for one in value.values()):
            return "; ".join(f"{k}: {_plain(v)}" for k, v in value.items())
        return ", ".join(f"{k} {_plain(v)}" for k, v in value.items())
    if isinstance(value, list):
        rows = any(isinstance(one, dict) for one in value)
        return ("; " if rows else ", ").join(map(_plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _estimates(ending: Ending) -> str:
    """Draw the estimate and the replay after each stage that had a candidate."""
    scored = [
        ("base", ending.gate.base.estimate.rate, ending.gate.base.replay, True),
        *(
            (name, float(entry["estimate"][0]), float(entry["replay"]), bool(entry["kept"]))
            for name, entry in ending.stages.items()
            if "estimate" in entry
        ),
    ]
    labels = [name if kept else f"({name})" for name, _, _, kept in scored]
    own, general = [rate for _, rate, _, _ in scored], [rate for _, _, rate, _ in scored]
    return (
        _note("Estimated share of wrong characters on held-out lines after each stage")
        + curve({"on the scans": own}, labels)
        + _note("Share of wrong characters on general rendered lines")
        + curve({"general lines": general}, labels)
        + _note("In brackets: rejected by the gate.")
    )


def _general(ending: Ending) -> str:
    """Say so if other documents may be read worse than before."""
    before, after = ending.gate.base.replay, ending.gate.present.replay
    if after <= before:
        return _note(f"General rendered lines did not: {before:.2%} → {after:.2%} wrong.")
    return _note(
        f"General rendered lines: {before:.2%} → {after:.2%} wrong; the gate allows "
        f"{ending.gate.allowed:.2%}. Documents of another look may be read worse than before: read "
        "them with the model that was begun with."
    )


def look_shown(work: Path) -> Iterable[str]:
    """Show what the look's judge saw: gap, KID, preserved texts, and lines there, back, real."""
    game = work / "look" / "game"
    for column, what in _LOOKS.items():
        path = game / "judge.csv"
        values = read_column(path, column) if path.is_file() else []
        values = [value for value in values if math.isfinite(value)]
        if len(values) > 1:
            yield _note(f"Look: {what}") + curve({column: values}, [])
    grid = "Lines rendered, translated, (translated back,) real, at the judge's last look"
    yield from _picture(game / "grid.png", grid)


def _picture(path: Path, caption: str) -> Iterable[str]:
    """Show a picture that a stage left, if it did."""
    if path.is_file():
        packed = base64.b64encode(path.read_bytes()).decode("ascii")
        yield _note(caption)
        yield f"<img alt='' src='data:image/png;base64,{packed}'>"


def _losses(ending: Ending) -> Iterable[str]:
    for name in ending.stages:
        found = sorted((ending.work / name).glob("**/log.csv"))
        paths = [path for path in found if path.parent.name != FOLDER]  # of the first student
        losses = [loss for path in paths for loss in read_column(path, "loss")]
        if len(losses) > 1:
            yield _note(f"Loss of {name}") + curve({"loss": losses}, [])


def read_column(path: Path, column: str) -> list[float]:
    """Read a column of a log of the training loop."""
    head: list[str] = []
    values = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            if row and row[0] == "step":  # a new column begins with a new header line
                head = row
            elif column in head[: len(row)]:  # the last row may be cut off
                with suppress(ValueError):
                    values.append(float(row[head.index(column)]))
    return values


def curve(series: Mapping[str, Sequence[float]], labels: Sequence[str]) -> str:
    """Draw series over their index as an SVG; ``labels`` stand under the points."""
    width, height, left, bottom = 640.0, 150.0, 60.0, 24.0
    top = max((max(values) for values in series.values() if values), default=0.0) or 1.0
    count = max(len(values) for values in series.values())
    colours = ("#2980b9", "#8e44ad")
    parts = [
        f"<text x=2 y=14 font-size=11>{top:.3g}</text><text x=2 y={height} font-size=11>0</text>"
    ]

    def x(i: int) -> float:
        return left + (width - left - 60) * i / max(count - 1, 1)

    for colour, (name, values) in zip(colours, series.items(), strict=False):
        points = " ".join(
            f"{x(i):.1f},{height - (height - 12) * value / top:.1f}"
            for i, value in enumerate(values)
        )
        parts.append(f"<polyline points='{points}' fill=none stroke='{colour}' stroke-width=2 />")
        place = 14 + 14 * list(series).index(name)
        parts.append(
            f"<text x={width - 150} y={place} font-size=11 fill='{colour}'>{escape(name)}</text>"
        )
    parts += [
        f"<text x={x(i):.1f} y={height + 14} font-size=11 text-anchor=middle>{escape(label)}</text>"
        for i, label in enumerate(labels)
    ]
    return (
        f"<svg viewBox='0 0 {width:g} {height + bottom:g}' width='{width:g}' fill=currentColor "
        f"role=img>{''.join(parts)}</svg>"
    )


def _line(change: Change) -> str:
    where = "held out" if change.held_out else "learnt from"
    return (
        f"<div class=line>{picture(change.image)}"
        f"<div class=text>{difference(change.before, change.after)}</div>"
        f"<div class=note>{escape(change.page)}, {where}; "
        f"estimated errors {change.wrong[0]:.1%} → {change.wrong[1]:.1%}</div></div>"
    )


def _counted(changes: Changes) -> str:
    found = f"{len(changes.changed)} of {changes.lines} lines read differently"
    if changes.lines < changes.of:
        found += f" (there are {changes.of}; there was no time for the others)"
    hidden = len(changes.changed) - len(changes.legible)
    if hidden:
        found += f"; {hidden} that neither model can read are not shown"
    return f"{found}."


def _note(text: str) -> str:
    return f"<p class=note>{escape(text)}</p>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"

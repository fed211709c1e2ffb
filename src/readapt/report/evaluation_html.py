"""``report.html``: an evaluation to look at, in one file that needs no network."""

import base64
import io
from collections.abc import Iterable
from html import escape
from typing import Any

import PIL.Image

from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import alignment, cer, total
from readapt.evaluate.run import Evaluation, PageResult
from readapt.types import Image

_PICTURE_HEIGHT = 40
_PICTURE_WIDTH = 1400

_STYLE = """
:root { color-scheme: light dark; --rule: #8884; --bad: #c0392b; --good: #1e8449; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--rule);
  vertical-align: top }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.text { font-family: ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
img { max-width: 100%; display: block; background: #fff }
del { color: var(--bad); background: #c0392b22; text-decoration: line-through }
ins { color: var(--good); background: #1e844922; text-decoration: none }
.where, .note { opacity: .7; font-size: .85rem } details { margin: .4rem 0 }
summary { cursor: pointer } .narrow { width: auto }
.scroll { overflow-x: auto }
"""


def render(evaluation: Evaluation, data: dict[str, Any]) -> str:
    """Return the HTML text; ``data`` is what ``report.json`` holds."""
    title = f"Evaluation of {data['model']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p class=note>readapt {escape(data['readapt'])}, truth: "
        f"{escape(', '.join(data['truth']))}. Folded figures compare texts after folding "
        f"(long s, umlauts, dashes, quotation marks"
        f"{', case' if data['ignore_case'] else ''}).</p>",
        _figures(data),
        _worst(evaluation),
        _confusions(data),
        _reliability(data),
        _pages(evaluation),
    ]
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{chr(10).join(part for part in parts if part)}\n</body></html>\n"
    )


def difference(truth: str, reading: str) -> str:
    """Return HTML: what was missed struck out (``del``), what was read instead marked (``ins``)."""
    out = []
    for operation, left, right in alignment(truth, reading):
        if operation == "equal":
            out.append(escape(left))
        else:
            out.append(f"<del>{escape(left)}</del>" if left else "")
            out.append(f"<ins>{escape(right)}</ins>" if right else "")
    return "".join(out)


def picture(image: Image) -> str:
    """Return an ``img`` element with the line as PNG, at most 40 pixels high and 1,400 wide."""
    height, width = image.shape[:2]
    scale = min(1.0, _PICTURE_HEIGHT / height, _PICTURE_WIDTH / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    buffer = io.BytesIO()
    small = PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.LANCZOS)
    small.save(buffer, "PNG", optimize=True)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f"<img alt='' src='data:image/png;base64,{encoded}'>"


def _figures(data: dict[str, Any]) -> str:
    rows = []
    if lines := data["lines"]:
        for name, key in (
            ("Characters, folded (CER)", "cer_folded"),
            ("Characters, strict", "cer"),
            ("Words, folded (WER)", "wer_folded"),
            ("Words, strict", "wer"),
        ):
            rate = lines[key]
            rows.append(
                (
                    name,
                    _percent(rate["rate"]),
                    f"{rate['substitutions']} wrong, {rate['deletions']} missing, "
                    f"{rate['insertions']} invented of {rate['length']}; "
                    f"normalised {_percent(rate['normalised'])}",
                )
            )
        rows.append(
            (
                "Calibration error",
                _percent(lines["calibration_error"]),
                f"{lines['count']} lines, each cut along its true polygon",
            )
        )
    if pages := data["pages"]:
        found, words = pages["detection"], pages["words"]
        rows += [
            (
                "Detection, H-mean",
                _percent(found["hmean"]),
                f"precision {_percent(found['precision'])}, recall {_percent(found['recall'])}: "
                f"{found['hits']} of {found['truth']} lines, {found['found']} found",
            ),
            (
                "Page words, F1",
                _percent(words["f1"]),
                f"precision {_percent(words['precision'])}, recall {_percent(words['recall'])}: "
                f"{words['hits']} of {words['truth']} words, {words['read']} read",
            ),
            (
                "Characters on whole pages, folded",
                _percent(pages["cer_folded"]["rate"]),
                f"{pages['count']} pages; text found inside each true line, misses counted",
            ),
        ]
    return _table(
        ("Figure", "", "Behind it"),
        ((escape(name), value, escape(note)) for name, value, note in rows),
        numbers={1},
    )


def _worst(evaluation: Evaluation) -> str:
    if not evaluation.worst:
        return ""
    rows = (
        (
            f"{picture(image)}<div class=text>{difference(*line.folded)}</div>"
            f"<div class=where>{escape(line.source)}"
            f"{f', line {line.number}' if line.number else ''}</div>",
            str(cer(*line.folded).edits),
            f"{line.confidence:.2f}",
        )
        for line, image in evaluation.worst
    )
    return "<h2>The worst lines</h2>" + _table(
        ("Truth with <del>what was missed</del><ins>what was read</ins>", "Edits", "Confidence"),
        rows,
        numbers={1, 2},
    )


def _confusions(data: dict[str, Any]) -> str:
    if not data["confusions"]:
        return ""
    rows = (
        (
            f"<span class=text>{_shown(entry['truth'])}</span>",
            f"<span class=text>{_shown(entry['reading'])}</span>",
            str(entry["count"]),
        )
        for entry in data["confusions"]
    )
    return "<h2>Confusions</h2>" + _table(
        ("Truth", "Read as", "Times"), rows, numbers={2}, narrow=True
    )


def _reliability(data: dict[str, Any]) -> str:
    if not data["lines"] or not data["lines"]["reliability"]:
        return ""
    rows = (
        (_percent(b["confidence"]), _percent(b["accuracy"]), _percent(b["weight"]))
        for b in data["lines"]["reliability"]
    )
    return (
        "<h2>Confidence and accuracy</h2><p class=note>Of the characters that the model gave this "
        "confidence, this share is right.</p>"
        + _table(("Confidence", "Right", "Of all characters"), rows, numbers={0, 1, 2}, narrow=True)
    )


def _pages(evaluation: Evaluation) -> str:
    if not evaluation.pages:
        return ""
    case = evaluation.config.ignore_case
    return "<h2>Pages read whole</h2>" + "\n".join(_page(page, case) for page in evaluation.pages)


def _page(page: PageResult, ignore_case: bool) -> str:
    folded = [
        (fold(a, ignore_case=ignore_case), fold(b, ignore_case=ignore_case))
        for a, b in page.located
    ]
    rate = total(cer(a, b) for a, b in folded)
    body = [f"<div class=text>{difference(a, b)}</div>" for a, b in folded]
    if page.elsewhere:
        body.append("<p class=note>Read where the truth has no line:</p>")
        body += [f"<div class=text><ins>{escape(text)}</ins></div>" for text in page.elsewhere]
    return (
        f"<details><summary>{escape(page.source)}: words {_percent(page.words.f1)}, detection "
        f"{_percent(page.detection.hmean)}, CER {_percent(rate.rate)}</summary>"
        f"{''.join(body)}</details>"
    )


def _table(
    head: tuple[str, ...],
    rows: Iterable[tuple[str, ...]],
    numbers: set[int],
    *,
    narrow: bool = False,
) -> str:
    """Return a table of HTML cells; the columns in ``numbers`` are aligned right."""

    def cells(row: tuple[str, ...], tag: str) -> str:
        made = (
            f"<{tag}{' class=n' if column in numbers else ''}>{cell}</{tag}>"
            for column, cell in enumerate(row)
        )
        return f"<tr>{''.join(made)}</tr>"

    body = "".join(cells(row, "td") for row in rows)
    kind = " class=narrow" if narrow else ""
    return f"<div class=scroll><table{kind}>{cells(head, 'th')}{body}</table></div>"


def _shown(text: str) -> str:
    """Return a piece of text that can be seen: a space is ␣, nothing is a dash."""
    return escape(text.replace(" ", "␣")) or "<span class=where>nothing</span>"


def _percent(value: float | None) -> str:
    if value is None or value == float("inf"):
        return "–"
    return f"{100 * value:.2f} %"

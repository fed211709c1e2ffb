"""``report.json``: every figure of an evaluation, and every line, for programs."""

import json
from pathlib import Path
from typing import Any

from readapt import __version__
from readapt.evaluate.calibration import calibration_error
from readapt.evaluate.rates import ErrorRate, cer
from readapt.evaluate.run import Evaluation, LineResult, PageResult
from readapt.report.evaluation_html import render

_CONFUSIONS = 60


def write_report(evaluation: Evaluation, path: Path, model: str, truth: list[str]) -> list[Path]:
    """Write ``path`` (HTML, one file without network) and the same as JSON beside it.

    ``model`` and ``truth`` name what was compared. Returns both paths, the HTML first.
    """
    data = as_json(evaluation, model, truth)
    beside = path.with_suffix(".json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(evaluation, data), "utf-8")
    text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
    beside.write_text(text + "\n", "utf-8")
    return [path, beside]


def as_json(evaluation: Evaluation, model: str, truth: list[str]) -> dict[str, Any]:
    """Return the whole evaluation as plain values; a rate over nothing is None."""
    return {
        "readapt": __version__,
        "model": model,
        "truth": truth,
        "ignore_case": evaluation.config.ignore_case,
        **figures(evaluation),
        "confusions": [
            {"truth": a, "reading": b, "count": n}
            for (a, b), n in evaluation.confusions.most_common(_CONFUSIONS)
        ],
        "each_line": [_line(line) for line in evaluation.lines],
        "each_page": [_page(page) for page in evaluation.pages],
    }


def figures(evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures: ``lines`` and ``pages``, each None if there was nothing of the kind."""
    bins = evaluation.reliability
    lines = {
        "count": len(evaluation.lines),
        "cer": _rate(evaluation.cer),
        "cer_folded": _rate(evaluation.cer_folded),
        "wer": _rate(evaluation.wer),
        "wer_folded": _rate(evaluation.wer_folded),
        "calibration_error": calibration_error(bins),
        "reliability": [
            {"confidence": b.confidence, "accuracy": b.accuracy, "weight": b.weight} for b in bins
        ],
    }
    detection, words = evaluation.detection, evaluation.words
    pages = {
        "count": len(evaluation.pages),
        "detection": {
            "hits": detection.hits,
            "truth": detection.truth,
            "found": detection.found,
            "precision": detection.precision,
            "recall": detection.recall,
            "hmean": detection.hmean,
        },
        "words": {
            "hits": words.hits,
            "truth": words.truth,
            "read": words.read,
            "precision": words.precision,
            "recall": words.recall,
            "f1": words.f1,
        },
        "cer_folded": _rate(evaluation.cer_on_pages),
    }
    return {
        "lines": lines if evaluation.lines else None,
        "pages": pages if evaluation.pages else None,
    }


def _rate(rate: ErrorRate) -> dict[str, Any]:
    return {
        "rate": rate.rate if rate.length else None,
        "normalised": rate.normalised,
        "insertions": rate.insertions,
        "deletions": rate.deletions,
        "substitutions": rate.substitutions,
        "length": rate.length,
    }


def _line(line: LineResult) -> dict[str, Any]:
    return {
        "source": line.source,
        "number": line.number,
        "truth": line.truth,
        "reading": line.reading,
        "confidence": line.confidence,
        "edits_folded": cer(*line.folded).edits,
    }


def _page(page: PageResult) -> dict[str, Any]:
    return {
        "source": page.source,
        "hmean": page.detection.hmean,
        "word_f1": page.words.f1,
        "lines": [{"truth": a, "reading": b} for a, b in page.located],
        "elsewhere": list(page.elsewhere),
    }

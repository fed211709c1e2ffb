"""Error rates on labelled documents that nothing was learnt from, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from readapt.evaluate.boxes import Detection, match
from readapt.evaluate.run import EvaluationConfig, evaluate
from readapt.evaluate.truth import Truth, load_truth
from readapt.models.bundle import Bundle
from readapt.pages.load import load_page
from readapt.reader import Reader, load_detector


@dataclass(frozen=True)
class Measured:
    """Error rates on labelled lines that nothing was learnt from."""

    before: float
    after: float
    lines: int
    boxes: tuple[float, float] | None = None
    """H-mean of the found lines before and after, where there are pages and a detector."""


def measure(
    before: Bundle,
    after: Bundle,
    truth: str | Path,
    threads: int | None,
    ignore_case: bool = False,
) -> Measured:
    """Read labelled lines with both models; folded error rates."""
    known = load_truth([truth])
    config = EvaluationConfig(pages=False, ignore_case=ignore_case, worst=0)
    rates = [evaluate(known, Reader(bundle.folder, threads), config) for bundle in (before, after)]
    boxes = None
    if known.pages and before.detector is not None:
        found = found_hmean(before, known, threads)
        boxes = (found, found if _same(before, after) else found_hmean(after, known, threads))
    return Measured(rates[0].cer_folded.rate, rates[1].cer_folded.rate, len(rates[0].lines), boxes)


def _same(before: Bundle, after: Bundle) -> bool:
    """Whether both find lines with the same detector."""
    one, other = (b.manifest.detector for b in (before, after))
    return (
        one is not None
        and one == other
        and before.manifest.sha256[one.file] == after.manifest.sha256[one.file]
    )


def found_hmean(bundle: Bundle, truth: Truth, threads: int | None) -> float:
    """Find the lines of labelled pages; H-mean at an intersection over union of 0.5."""
    detector, found = load_detector(bundle, threads), Detection()
    for page in truth.pages:
        quads = detector.detect(load_page(page.image).image)[0] if detector else ()
        polygons = [np.array(line.polygon, np.float32) for line in page.lines]
        found += match(polygons, list(quads), [line.ignore for line in page.lines]).detection
    return found.hmean

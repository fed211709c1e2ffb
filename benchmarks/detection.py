"""Text detection on labelled pages: ``detection.py DETECTOR.onnx TRUTH... [--overlays DIR]``.

For each collection: precision, recall and H-mean at an intersection over union of 0.5; ``box``, the
H-mean against the upright boxes around the true polygons, some of which hug the letters; ``read``,
the share of the true lines at least 80 % of whose width is covered by found lines that lie mostly
in those boxes (a line found in pieces can still be read whole); and median milliseconds per page.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.detect.detector import Detector
from readapt.evaluate.boxes import Detection, Matching, assign, match
from readapt.evaluate.truth import TruthPage, load_truth

GREEN, RED, BLUE, ORANGE = (0, 150, 0), (0, 0, 230), (230, 60, 0), (0, 140, 255)


def box(polygon: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the upright box around a polygon."""
    (x0, y0), (x1, y1) = polygon.min(0), polygon.max(0)
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)


def covered(truth: Sequence[NDArray[np.float32]], found: Sequence[NDArray[np.float32]]) -> int:
    """How many true lines are covered to 80 % of their width by what was found in them."""
    homes = assign(truth, found)
    count = 0
    for i, polygon in enumerate(truth):
        low, high = float(polygon[:, 0].min()), float(polygon[:, 0].max())
        seen = np.zeros(100, bool)
        places = low + (np.arange(100) + 0.5) * (high - low) / 100
        for home, quad in zip(homes, found, strict=True):
            if home == i:
                seen |= (places >= quad[:, 0].min()) & (places <= quad[:, 0].max())
        count += bool(seen.mean() >= 0.8)
    return count


def draw(
    page: NDArray[np.uint8],
    truth: Sequence[NDArray[np.float32]],
    found: Sequence[NDArray[np.float32]],
    matching: Matching,
    path: Path,
) -> None:
    """Hits green, false finds red, misses blue."""
    picture = cv2.cvtColor(page, cv2.COLOR_RGB2BGR)
    thick = max(1, round(page.shape[0] / 900))
    hits = {i for i, _ in matching.pairs}, {j for _, j in matching.pairs}
    for j, quad in enumerate(found):
        colour = GREEN if j in hits[1] else ORANGE if j in matching.found_ignored else RED
        cv2.polylines(picture, [np.rint(quad).astype(np.int32)], True, colour, thick)
    for i, polygon in enumerate(truth):
        if i not in hits[0]:
            cv2.polylines(picture, [np.rint(polygon).astype(np.int32)], True, BLUE, thick)
    scale = min(1.0, 1600 / page.shape[0])
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


def look(
    detector: Detector, page: TruthPage, overlay: Path | None
) -> tuple[Detection, Detection, int, int, float]:
    """Return counts, counts against boxes, covered lines, lines and seconds of one page."""
    image = cv2.cvtColor(cv2.imread(str(page.image)), cv2.COLOR_BGR2RGB)
    pixels = np.asarray(image, np.uint8)
    started = time.perf_counter()
    quads, _ = detector.detect(pixels)
    seconds = time.perf_counter() - started
    truth = [np.array(line.polygon, np.float32) for line in page.lines]
    ignore = [line.ignore for line in page.lines]
    matching = match(truth, list(quads), ignore)
    if overlay is not None:
        draw(pixels, truth, list(quads), matching, overlay)
    boxes = [box(polygon) for polygon in truth]
    counted = [b for b, skip in zip(boxes, ignore, strict=True) if not skip]
    whole = covered(counted, list(quads))
    in_boxes = match(boxes, list(quads), ignore).detection
    return matching.detection, in_boxes, whole, len(counted), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("detector", type=Path)
    parser.add_argument("truth", type=Path, nargs="+")
    parser.add_argument("--overlays", type=Path)
    parser.add_argument("--limit", type=int, default=1_000_000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    detector = Detector(options.detector, threads=options.threads)
    print(f"{'collection':32s} pages  precision recall hmean  box    read   ms/page")
    for folder in options.truth:
        total, in_boxes, read, lines, times = Detection(), Detection(), 0, 0, []
        pages = load_truth([folder]).pages[: options.limit]
        for page in pages:
            overlay = options.overlays and (
                options.overlays / folder.name / f"{page.image.stem}.png"
            )
            detection, boxed, whole, count, seconds = look(detector, page, overlay)
            total, in_boxes = total + detection, in_boxes + boxed
            read, lines = read + whole, lines + count
            times.append(seconds)
        print(
            f"{folder.name:32s} {len(pages):5d}  {total.precision:9.3f} {total.recall:6.3f} "
            f"{total.hmean:5.3f}  {in_boxes.hmean:5.3f}  {read / max(lines, 1):.3f}  "
            f"{1000 * np.median(times):7.0f}"
        )


if __name__ == "__main__":
    main()

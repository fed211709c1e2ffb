"""Suppression against OpenCV's: 10,000 boxes in several arrangements, 5,000 quads; and growth.

    python benchmarks/suppression.py

Milliseconds, the best of five runs each, in one process, on one thread. Growth: boxes and quads as
thick on the page, on larger and larger pages.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.detect.nms import nms_boxes, nms_quads

N = 10_000


def best(run: Callable[[], object]) -> float:
    """Return the least milliseconds of five runs."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return 1000 * min(times)


def scattered(
    rng: np.random.Generator, side: float, least: float, most: float, n: int = N
) -> NDArray:
    """Boxes anywhere on a square page."""
    centre, size = rng.uniform(0, side, (n, 2)), rng.uniform(least, most, (n, 2))
    return np.concatenate([centre - size / 2, centre + size / 2], 1)


def clustered(rng: np.random.Generator, clusters: int, jitter: float) -> NDArray:
    """Many boxes for each of some objects, as a detector finds them."""
    which = rng.integers(0, clusters, N)
    centre = rng.uniform(0, 3000, (clusters, 2))[which] + rng.normal(0, jitter, (N, 2))
    size = rng.uniform(30, 120, (clusters, 2))[which] * rng.uniform(0.85, 1.15, (N, 2))
    return np.concatenate([centre - size / 2, centre + size / 2], 1)


def corners(boxes: NDArray) -> NDArray:
    return np.stack([boxes[:, [0, 1]], boxes[:, [2, 1]], boxes[:, [2, 3]], boxes[:, [0, 3]]], 1)


def growth(rng: np.random.Generator) -> None:
    print(f"\n{'n, spread out':>14s}  boxes   quads  us a box  us a quad")
    for n in (1000, 4000, 16_000, 64_000):
        boxes = scattered(rng, 100 * n**0.5, 20, 60, n)
        scores = rng.permutation(n) / n
        flat = best(lambda b=boxes, s=scores: nms_boxes(b, s, 0.3))
        quads = corners(boxes)
        exact = best(lambda q=quads, s=scores: nms_quads(q, s, 0.3))
        each = [1000 * spent / n for spent in (flat, exact)]
        print(f"{n:14,d} {flat:6.1f} {exact:7.1f} {each[0]:9.2f} {each[1]:10.2f}")


def main() -> None:
    cv2.setNumThreads(1)
    rng = np.random.default_rng(0)
    arrangements = {
        "spread out": scattered(rng, 10_000, 20, 60),
        "crowded": scattered(rng, 2_000, 20, 100),
        "a pile": scattered(rng, 500, 50, 150),
        "500 objects": clustered(rng, 500, 6),
        "2000 objects": clustered(rng, 2000, 5),
    }
    scores = rng.permutation(N) / N
    print(f"{'arrangement':14s} threshold  kept  ours cv2.dnn.NMSBoxes  5,000 quads")
    for name, boxes in arrangements.items():
        corner_and_size = np.c_[boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]
        quads = corners(boxes[: N // 2])
        for threshold in (0.3, 0.5):
            kept = len(nms_boxes(boxes, scores, threshold))
            ours = best(lambda b=boxes, t=threshold: nms_boxes(b, scores, t))
            theirs = best(lambda b=corner_and_size, t=threshold: cv2.dnn.NMSBoxes(b, scores, 0, t))
            exact = best(lambda q=quads, t=threshold: nms_quads(q, scores[: N // 2], t))
            print(f"{name:14s} {threshold:9.1f} {kept:5d} {ours:5.1f} {theirs:16.1f} {exact:12.0f}")
    growth(rng)


if __name__ == "__main__":
    main()

"""Suppression against OpenCV's: 10,000 boxes in several arrangements, 5,000 quads; milliseconds.

The best of five runs each, in one process, on one thread.
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


def scattered(rng: np.random.Generator, side: float, least: float, most: float) -> NDArray:
    """Boxes anywhere on a square page."""
    centre, size = rng.uniform(0, side, (N, 2)), rng.uniform(least, most, (N, 2))
    return np.concatenate([centre - size / 2, centre + size / 2], 1)


def clustered(rng: np.random.Generator, clusters: int, jitter: float) -> NDArray:
    """Many boxes for each of some objects, as a detector finds them."""
    which = rng.integers(0, clusters, N)
    centre = rng.uniform(0, 3000, (clusters, 2))[which] + rng.normal(0, jitter, (N, 2))
    size = rng.uniform(30, 120, (clusters, 2))[which] * rng.uniform(0.85, 1.15, (N, 2))
    return np.concatenate([centre - size / 2, centre + size / 2], 1)


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
        half = boxes[: N // 2]
        quads = np.stack([half[:, [0, 1]], half[:, [2, 1]], half[:, [2, 3]], half[:, [0, 3]]], 1)
        for threshold in (0.3, 0.5):
            kept = len(nms_boxes(boxes, scores, threshold))
            ours = best(lambda b=boxes, t=threshold: nms_boxes(b, scores, t))
            theirs = best(lambda b=corner_and_size, t=threshold: cv2.dnn.NMSBoxes(b, scores, 0, t))
            exact = best(lambda q=quads, t=threshold: nms_quads(q, scores[: N // 2], t))
            print(f"{name:14s} {threshold:9.1f} {kept:5d} {ours:5.0f} {theirs:16.0f} {exact:12.0f}")


if __name__ == "__main__":
    main()

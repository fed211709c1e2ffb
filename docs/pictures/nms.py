"""Draw docs/pictures/nms.png: what each rule of suppression makes of the same detections.

python docs/pictures/nms.py
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from readapt.detect.nms import (
    gaussian_decay,
    merge_quads,
    nms_quads,
    rotated_to_quads,
    soft_nms_quads,
    suppress_contained,
)

# Centre x, y, width, height, degrees: two lines found two or three times, and a piece of one.
RECTANGLES = [
    (52, 20, 84, 14, 4),
    (55, 22, 80, 15, 6),
    (49, 17, 90, 13, 2),
    (50, 48, 86, 14, 4),
    (56, 50, 84, 14, 3),
    (30, 46, 30, 11, 4),
]
SCORES = [0.95, 0.8, 0.6, 0.9, 0.7, 0.5]


def main() -> None:
    """Draw the picture."""
    quads = rotated_to_quads(RECTANGLES)
    kept = nms_quads(quads, SCORES, 0.3)
    left, lowered = soft_nms_quads(quads, SCORES, gaussian_decay(0.5), 0.05)
    merged, weights = merge_quads(quads, SCORES, 0.3)
    outer = kept[suppress_contained(quads[kept], np.take(SCORES, kept))]
    panels = [
        ("found", quads, SCORES),
        ("greedy, 0.3", quads[kept], np.take(SCORES, kept)),
        ("and none inside another", quads[outer], np.take(SCORES, outer)),
        ("soft, Gaussian 0.5", quads[left], lowered),
        ("merged", merged, weights),
    ]
    figure, axes = plt.subplots(1, 5, figsize=(10, 1.7), constrained_layout=True)
    for axis, (title, some, scores) in zip(axes, panels, strict=True):
        draw(axis, title, some, np.asarray(scores))
    path = Path(__file__).with_suffix(".png")
    figure.savefig(path, dpi=110, metadata={"Software": None})
    print(f"{path}: {', '.join(f'{title} {len(some)}' for title, some, _ in panels)}")


def draw(axis: Axes, title: str, quads: np.ndarray, scores: np.ndarray) -> None:
    """Draw one panel: quads as faint as their scores are low."""
    for quad, score in zip(quads, scores, strict=True):
        axis.fill(
            *quad.T, facecolor="none", edgecolor="tab:blue", alpha=float(np.clip(score, 0.15, 1))
        )
        axis.text(*quad[1], f"{score:.2f}", fontsize=6)
    axis.set_title(title, fontsize=8)
    axis.set(xlim=(0, 115), ylim=(65, 0), xticks=[], yticks=[], aspect="equal")


if __name__ == "__main__":
    main()

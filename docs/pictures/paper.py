"""Draw docs/pictures/paper-NAME.png: patches of real paper above, drawn ones below, tiles beside.

readapt train paper SCANS -o LOOK
python docs/pictures/paper.py NAME LOOK SCANS...
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from readapt.gan.paper import LookPaper
from readapt.gan.patches import LINE, SIDE, find_patches
from readapt.reader import Reader

ACROSS = 8


def grid(patches: list[np.ndarray]) -> np.ndarray:
    """Lay patches in rows of ACROSS, a white line between them."""
    framed = [np.pad(patch, 1, constant_values=255) for patch in patches]
    rows = [np.hstack(framed[i : i + ACROSS]) for i in range(0, len(framed), ACROSS)]
    return np.vstack(rows)


def main() -> None:
    """Draw the picture."""
    name, look, *scans = sys.argv[1:]
    real = find_patches(scans, Reader(None, 1), pages=8, most=400).levels
    paper = LookPaper(look)
    rng = np.random.default_rng(0)
    chosen = list(real[rng.permutation(len(real))[: 2 * ACROSS]])
    drawn = [paper.sheet(rng, SIDE, SIDE, LINE) for _ in range(2 * ACROSS)]
    left = np.vstack([grid(chosen), np.full((8, ACROSS * (SIDE + 2)), 255, np.uint8), grid(drawn)])
    tile = paper.sheet(rng, 136, 136, LINE)
    right = np.tile(tile, (2, 2))[: left.shape[0]]
    gap = np.full((left.shape[0], 8), 255, np.uint8)
    picture = np.hstack([left, gap, right])
    cv2.imwrite(str(Path(__file__).with_name(f"paper-{name}.png")), picture)


if __name__ == "__main__":
    main()

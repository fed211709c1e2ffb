"""Random fields: clouds, grain."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""``height width`` float32."""

_TILE: Final = 320


def smooth_noise(
    rng: np.random.Generator, height: int, width: int, cell: float, *, rings: bool = False
) -> Field:
    """Cloudy noise, mean about 0 and standard deviation about 1, ``cell`` pixels a cloud.

    Clouds of less than four pixels are enlarged linearly, because cubic overshoots into rings that
    are seen on a page; ``rings`` allows them, on lines.
    """
    rows = max(2, int(height / cell) + 2)
    columns = max(2, int(width / cell) + 2)
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    how = cv2.INTER_CUBIC if rings or cell >= 4 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=how), dtype=np.float32)


def grain_noise(rng: np.random.Generator, height: int, width: int, cell: float) -> Field:
    """Noise from pixel to pixel, standard deviation about 1.

    One tile is drawn and laid over the page mirrored at random: no reader sees its period, and
    it is ten times faster than drawing every pixel.
    """
    side = max(8, int(_TILE / cell))
    tile = rng.standard_normal((side, side), dtype=np.float32)
    if cell > 1.0:
        tile = np.asarray(cv2.resize(tile, (_TILE, _TILE), interpolation=cv2.INTER_LINEAR))
        tile *= np.float32(1.0 / max(float(tile.std()), 1e-6))
    rows = -(-height // tile.shape[0])
    columns = -(-width // tile.shape[1])
    noise = np.empty((rows * tile.shape[0], columns * tile.shape[1]), np.float32)
    turns = rng.integers(0, 4, (rows, columns))
    views = (tile, tile[::-1], tile[:, ::-1], tile[::-1, ::-1])
    for row in range(rows):
        for column in range(columns):
            noise[
                row * tile.shape[0] : (row + 1) * tile.shape[0],
                column * tile.shape[1] : (column + 1) * tile.shape[1],
            ] = views[turns[row, column]]
    return noise[:height, :width]

"""The array types every module speaks.

Images are ``H W`` grey or ``H W 3`` RGB, ``uint8 [0, 255]``. Coordinates are pixels of the page,
origin top-left, x to the right and y down; pixel ``(i, j)`` covers ``[j, j + 1) x [i, i + 1)``.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""``height width`` grey or ``height width 3`` RGB, uint8 [0, 255]."""

Quad: TypeAlias = NDArray[np.float32]
"""``4 2`` float32: four corners ``x y`` in page pixels, clockwise from the text's top-left."""

Polygon: TypeAlias = tuple[tuple[float, float], ...]
"""Corners ``(x, y)`` in page pixels, clockwise from the text's top-left; at least three."""

"""Pages that lie on their side or stand on their head: quarter turns, and the way back.

Small skew needs no preparation: the detector's quads follow the text, and every line is cut out
along its own direction.
"""

import numpy as np

from readapt.types import Image, Quad


def turn(image: Image, quarters: int) -> Image:
    """Turn ``H W`` or ``H W 3`` uint8 by ``quarters`` x 90 degrees anticlockwise."""
    return np.ascontiguousarray(np.rot90(image, quarters))


def turn_back(quad: Quad, quarters: int, width: int, height: int) -> Quad:
    """Map a quad on the turned page onto the page of ``width`` x ``height`` that was turned.

    The corners keep their order: the first is still where the text starts.
    """
    x, y = quad[:, 0], quad[:, 1]
    turned = [(x, y), (width - y, x), (width - x, height - y), (y, height - x)][quarters % 4]
    return np.stack(turned, axis=1).astype(np.float32)

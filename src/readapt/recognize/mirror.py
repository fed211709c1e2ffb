"""Text of the other side of the leaf: it reads better in the mirror.

Show-through looks like text to a detector, and a recognizer makes something of mirrored letters.
But the same network reads them with more confidence once they are mirrored back, and text of this
side with less: that tells them apart without a threshold on contrast.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from readapt.types import Image

if TYPE_CHECKING:
    from readapt.recognize.reading import Reading

DOUBT: Final = 0.75
"""Lines read with more confidence are not looked at in the mirror: nearly all, on a clean page."""
GAIN: Final = 0.1
"""A line is of the other side if the mirror raises its confidence by this much."""
SHORTEST: Final = 4
"""Characters; a shorter text in the mirror may look alike on this side (II, O, 101)."""


def of_this_side(
    images: Sequence[Image],
    readings: Sequence[Reading],
    read: Callable[[Sequence[Image]], Sequence[Reading]],
) -> tuple[list[int], list[Reading]]:
    """Tell which lines are not show-through, by index, and how the others read in the mirror.

    `images` are cut lines `H W` or `H W 3`, `readings` what `read` makes of them.
    """
    # Of the other side a recognizer may make nothing at all: what the mirror makes of it counts.
    doubtful = [i for i, reading in enumerate(readings) if reading.confidence < DOUBT]
    mirrored = read([np.ascontiguousarray(images[i][:, ::-1]) for i in doubtful])
    through = {
        i: reading
        for i, reading in zip(doubtful, mirrored, strict=True)
        if reading.confidence > readings[i].confidence + GAIN and len(reading.text) >= SHORTEST
    }
    return [i for i in range(len(images)) if i not in through], list(through.values())

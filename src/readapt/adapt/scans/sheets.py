"""Pages of the scans as the detector sees them: grey, their lines at one height, some held out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from readapt.geometry import quad_angle, quad_size
from readapt.types import Image, Quad

LINE: Final = 32.0
"""Pixels that the median line of a sheet is high: what the detector scales pages to."""
SIDE: Final = 1536
"""Pixels a side of a sheet at most: the middle of a larger page."""
MOST: Final = 60
"""Sheets at most, held-out ones included."""
LEAST: Final = 5
"""Sheets at least: fewer are no collection to learn from."""
HELD_OUT: Final = 0.2
"""Share of the sheets that nothing is learnt from ..."""
MOST_HELD_OUT: Final = 10
"""... and how many at most."""


@dataclass(frozen=True)
class Sheets:
    """Pages, `height width` grey uint8, their median line ``LINE`` pixels high or less."""

    learnt: tuple[Image, ...] = ()
    """To learn from."""
    held_out: tuple[Image, ...] = ()
    """To judge by."""


def sheet_of(page: Image, quads: Sequence[Quad]) -> Image | None:
    """Shrink a page, ``H W`` or ``H W 3`` uint8, to the detector's scale and cut out its middle.

    ``quads`` are its lines. None for a page without lines, or one that lies on its side.
    """
    if not quads or abs(float(np.median([quad_angle(quad) for quad in quads]))) > 45:
        return None
    height = float(np.median([quad_size(quad)[1] for quad in quads]))
    scale = min(1.0, LINE / max(height, 1.0))
    grey = np.asarray(cv2.cvtColor(page, cv2.COLOR_RGB2GRAY), np.uint8) if page.ndim == 3 else page
    window = round(SIDE / scale)
    top, left = (max(0, (n - window) // 2) for n in grey.shape)
    part = grey[top : top + window, left : left + window]
    shape = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    return np.asarray(cv2.resize(part, shape, interpolation=cv2.INTER_AREA), np.uint8)


def part(found: Sequence[tuple[int, Image]], held_out: Collection[int], seed: int) -> Sheets:
    """Hold some of the sheets out, each with the number of its page; too few of them are none.

    First those of pages whose lines are ``held_out``: the recognizer that judges detectors by how
    surely it reads has not learnt these.
    """
    if len(found) < LEAST:
        return Sheets()
    count = min(MOST_HELD_OUT, max(2, round(HELD_OUT * len(found))))
    order = np.random.default_rng([seed, 12]).permutation(len(found)).tolist()
    order.sort(key=lambda i: found[i][0] not in held_out)
    held = set(order[:count])
    return Sheets(
        tuple(image for i, (_, image) in enumerate(found) if i not in held),
        tuple(image for i, (_, image) in enumerate(found) if i in held),
    )


def pack(sheets: Sheets) -> dict[str, NDArray[np.uint8]]:
    """Give arrays to store, each one sheet as a PNG."""
    return {
        f"{name} {i:03}": np.asarray(cv2.imencode(".png", image)[1], np.uint8)
        for name, images in (("sheet", sheets.learnt), ("held-out sheet", sheets.held_out))
        for i, image in enumerate(images)
    }


def unpack(arrays: Mapping[str, NDArray[np.generic]]) -> Sheets:
    """Take the sheets out of what :func:`pack` gave, and whatever else lies there."""

    def images(name: str) -> tuple[Image, ...]:
        keys = sorted(key for key in arrays if key.rpartition(" ")[0] == name)
        decoded = (cv2.imdecode(np.asarray(arrays[k]), cv2.IMREAD_GRAYSCALE) for k in keys)
        return tuple(np.asarray(image, np.uint8) for image in decoded)

    return Sheets(images("sheet"), images("held-out sheet"))

"""Show-through is what the mirror reads better; everything else stays."""

from collections.abc import Sequence

import numpy as np

from readapt.recognize.mirror import of_this_side
from readapt.recognize.reading import Reading
from readapt.types import Image


def image(level: int, mirrored: int) -> Image:
    """A line whose left edge says how well it reads, and whose right edge how in the mirror."""
    picture = np.full((4, 8), 128, np.uint8)
    picture[:, 0], picture[:, -1] = level, mirrored
    return picture


def read(images: Sequence[Image]) -> list[Reading]:
    return [Reading("lettres", float(x[0, 0]) / 100, ()) for x in images]


def test_only_what_reads_better_in_the_mirror_goes() -> None:
    lines = [image(95, 99), image(50, 90), image(50, 40), image(60, 65), image(10, 95)]
    kept, through = of_this_side(lines, read(lines), read)
    assert kept == [0, 2, 3]
    assert [reading.confidence for reading in through] == [0.9, 0.95]


def test_short_texts_stay() -> None:
    def short(images: Sequence[Image]) -> list[Reading]:
        return [Reading("II", x.confidence, ()) for x in read(images)]

    lines = [image(50, 90)]
    assert of_this_side(lines, short(lines), short) == ([0], [])
    assert of_this_side([], [], read) == ([], [])


def test_what_only_the_mirror_can_read_goes() -> None:
    def half(images: Sequence[Image]) -> list[Reading]:
        return [
            Reading("lettres" if x.confidence > 0.6 else "", x.confidence, ()) for x in read(images)
        ]

    lines = [image(20, 90)]
    kept, through = of_this_side(lines, half(lines), half)
    assert (kept, [reading.text for reading in through]) == ([], ["lettres"])

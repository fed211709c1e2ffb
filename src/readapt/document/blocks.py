"""Lines in reading order, grouped into blocks: what hOCR, ALTO, PAGE and TSV ask for."""

from collections.abc import Sequence

from readapt.document.elements import Line
from readapt.geometry import bounds

GAP = 1.5
"""A gap of more than this many line heights starts a new block."""


def group_blocks(lines: Sequence[Line]) -> list[tuple[Line, ...]]:
    """Cut lines, which stand in reading order, wherever the next one is not just below or beside.

    A block is a run of lines; joined again the blocks are ``lines``, in the same order.
    """
    blocks: list[list[Line]] = []
    for line in lines:
        if blocks and _continues(blocks[-1], line):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return [tuple(block) for block in blocks]


def _continues(block: list[Line], line: Line) -> bool:
    x1, y1, x2, y2 = bounds(line.polygon)
    before = bounds(block[-1].polygon)
    height = min(y2 - y1, before[3] - before[1])
    left = min(bounds(other.polygon)[0] for other in block)
    right = max(bounds(other.polygon)[2] for other in block)
    beside = min(y2, before[3]) - max(y1, before[1]) >= 0.5 * height
    below = y1 > before[1] and y1 - before[3] <= GAP * height
    overlaps = x1 < right and x2 > left
    return (beside and x1 >= before[0]) or (below and overlaps)

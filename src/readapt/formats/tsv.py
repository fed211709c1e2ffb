"""Tab-separated values with exactly Tesseract's columns, so that its readers read ours."""

from collections.abc import Sequence

from readapt.document.blocks import group_blocks
from readapt.document.elements import Page, words_of
from readapt.geometry import pixel_box
from readapt.types import Polygon

COLUMNS = (
    *("level", "page_num", "block_num", "par_num", "line_num", "word_num"),
    *("left", "top", "width", "height", "conf", "text"),
)

_PAGE, _BLOCK, _PARAGRAPH, _LINE, _WORD = range(1, 6)


def write_tsv(pages: Sequence[Page], model: str) -> str:
    """Write a row for each page, block, paragraph, line and word; ``conf`` is 0-100 or -1.

    A block holds one paragraph. Pages, blocks, lines and words are counted from 1.
    """
    rows = ["\t".join(COLUMNS)]

    def row(level: int, counts: Sequence[int], polygon: Polygon, conf: str, text: str) -> None:
        numbers = [*counts, *[0] * (5 - len(counts))]
        x1, y1, x2, y2 = pixel_box(polygon)
        rows.append("\t".join(map(str, [level, *numbers, x1, y1, x2 - x1, y2 - y1, conf, text])))

    for p, page in enumerate(pages, 1):
        row(_PAGE, [p], ((0, 0), (page.width, page.height)), "-1", "")
        for b, block in enumerate(group_blocks(page.lines), 1):
            around = tuple(corner for line in block for corner in line.polygon)
            row(_BLOCK, [p, b], around, "-1", "")
            row(_PARAGRAPH, [p, b, 1], around, "-1", "")
            for n, line in enumerate(block, 1):
                row(_LINE, [p, b, 1, n], line.polygon, "-1", "")
                for w, word in enumerate(words_of(line), 1):
                    conf = f"{100 * word.confidence:.2f}"
                    row(_WORD, [p, b, 1, n, w], word.polygon, conf, word.text)
    return "\n".join(rows) + "\n"

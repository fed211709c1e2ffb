"""hOCR 1.2: ``ocr_page > ocr_carea > ocr_par > ocr_line > ocrx_word`` in XHTML."""

from collections.abc import Sequence

from lxml import etree

from readapt import __version__
from readapt.document.blocks import group_blocks
from readapt.document.elements import Line, Page, words_of
from readapt.formats.xml import Maker, corners_of, legal, to_text
from readapt.geometry import bounds, pixel_box
from readapt.types import Polygon

NAMESPACE = "http://www.w3.org/1999/xhtml"
DESCENT = 0.2
"""Where the baseline is taken to lie: this share of a line's height above its lower edge."""

_CLASSES = "ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf"
_DOCTYPE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
)
_E = Maker(NAMESPACE)


def write_hocr(pages: Sequence[Page], model: str) -> str:
    """Write the pages as one hOCR document; ``x_wconf`` is 0-100, ``ppageno`` counts from 0."""
    head = _E(
        "head",
        _E("title"),
        _E("meta", {"http-equiv": "Content-Type", "content": "text/html;charset=utf-8"}),
        _E("meta", {"name": "ocr-system", "content": legal(f"readapt {__version__} ({model})")}),
        _E("meta", {"name": "ocr-capabilities", "content": _CLASSES}),
    )
    body = _E("body", *[_page(page, number) for number, page in enumerate(pages, 1)])
    return to_text(_E("html", head, body), _DOCTYPE)


def _page(page: Page, number: int) -> etree._Element:
    name = legal(page.source).replace('"', "'")
    title = f'image "{name}"; bbox 0 0 {page.width} {page.height}; ppageno {page.index}'
    element = _E("div", {"class": "ocr_page", "id": f"page_{number}", "title": title})
    count = 0
    for b, block in enumerate(group_blocks(page.lines), 1):
        box = _bbox(corners_of(block))
        area = _E("div", {"class": "ocr_carea", "id": f"block_{number}_{b}", "title": box})
        paragraph = _E("p", {"class": "ocr_par", "id": f"par_{number}_{b}", "title": box})
        for line in block:
            count += 1
            paragraph.append(_line(line, f"{number}_{count}"))
        area.append(paragraph)
        element.append(area)
    return element


def _line(line: Line, number: str) -> etree._Element:
    title = f"{_bbox(line.polygon)}; baseline {_baseline(line.polygon)}"
    element = _E("span", {"class": "ocr_line", "id": f"line_{number}", "title": title})
    for w, word in enumerate(words_of(line), 1):
        title = f"{_bbox(word.polygon)}; x_wconf {round(100 * word.confidence)}"
        attributes = {"class": "ocrx_word", "id": f"word_{number}_{w}", "title": title}
        element.append(_E("span", legal(word.text), attributes))
    return element


def _bbox(polygon: Polygon) -> str:
    return "bbox " + " ".join(map(str, pixel_box(polygon)))


def _baseline(polygon: Polygon) -> str:
    """Slope and offset from the lower left corner of the bounding box, as hOCR defines it.

    Only a quad tells where its text's lower edge is; other polygons count as upright.
    """
    x1, _, _, y2 = bounds(polygon)
    if len(polygon) != 4:
        return "0 0"
    (ax, ay), _, (cx, cy), (dx, dy) = polygon
    if cx - dx < 1:  # vertical or upside down: hOCR has no baseline for it
        return "0 0"
    slope = (cy - dy) / (cx - dx)
    height = ((ax - dx) ** 2 + (ay - dy) ** 2) ** 0.5
    offset = dy + slope * (x1 - dx) - y2 - DESCENT * height
    return f"{slope:.4f} {offset:.1f}"

"""ALTO 4 (https://www.loc.gov/standards/alto): what libraries keep beside their scans."""

from collections.abc import Sequence
from itertools import count

from lxml import etree

from readapt import __version__
from readapt.document.blocks import group_blocks
from readapt.document.elements import Line, Page, Word, words_of
from readapt.formats.xml import Maker, corners_of, legal, to_text
from readapt.geometry import bounds
from readapt.types import Polygon

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/standards/alto/v4/alto-4-3.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_E = Maker(NAMESPACE)


def write_alto(pages: Sequence[Page], model: str) -> str:
    """Write the pages as one ALTO file; ``WC`` per word, coordinates in pixels."""
    description = _E(
        "Description",
        _E("MeasurementUnit", "pixel"),
        _E("sourceImageInformation", _E("fileName", legal(pages[0].source if pages else ""))),
        _E(
            "Processing",
            {"ID": "processing"},
            _E("processingCategory", "contentGeneration"),
            _E("processingStepSettings", legal(f"model {model}")),
            _E(
                "processingSoftware",
                _E("softwareName", "readapt"),
                _E("softwareVersion", __version__),
            ),
        ),
    )
    layout = _E("Layout", *[_page(page, number) for number, page in enumerate(pages, 1)])
    root = _E("alto", {f"{{{_INSTANCE}}}schemaLocation": f"{NAMESPACE} {_SCHEMA}"})
    root.extend([description, layout])
    return to_text(root)


def _page(page: Page, number: int) -> etree._Element:
    whole = {"WIDTH": str(page.width), "HEIGHT": str(page.height)}
    space = _E("PrintSpace", {"HPOS": "0", "VPOS": "0", **whole})
    ids = count(1)
    for b, block in enumerate(group_blocks(page.lines), 1):
        element = _E("TextBlock", {"ID": f"block_{number}_{b}", **_box(corners_of(block))})
        element.extend(_line(line, f"{number}_{next(ids)}") for line in block)
        space.append(element)
    attributes = {"ID": f"page_{number}", "PHYSICAL_IMG_NR": str(page.index + 1), **whole}
    return _E("Page", attributes, space)


def _line(line: Line, number: str) -> etree._Element:
    element = _E("TextLine", {"ID": f"line_{number}", **_box(line.polygon)}, _shape(line.polygon))
    words = words_of(line)
    for w, word in enumerate(words, 1):
        if w > 1:
            element.append(_E("SP", _gap(words[w - 2], word)))
        attributes = {
            "ID": f"word_{number}_{w}",
            **_box(word.polygon),
            "CONTENT": legal(word.text),
            "WC": f"{word.confidence:.4f}",
        }
        element.append(_E("String", attributes, _shape(word.polygon)))
    return element


def _shape(polygon: Polygon) -> etree._Element:
    return _E("Shape", _E("Polygon", {"POINTS": " ".join(f"{x:g},{y:g}" for x, y in polygon)}))


def _box(polygon: Polygon) -> dict[str, str]:
    x1, y1, x2, y2 = bounds(polygon)
    return {"HPOS": f"{x1:g}", "VPOS": f"{y1:g}", "WIDTH": f"{x2 - x1:g}", "HEIGHT": f"{y2 - y1:g}"}


def _gap(before: Word, after: Word) -> dict[str, str]:
    left, right = bounds(before.polygon)[2], bounds(after.polygon)[0]
    top = bounds(after.polygon)[1]
    return {"HPOS": f"{left:g}", "VPOS": f"{top:g}", "WIDTH": f"{max(right - left, 0):g}"}

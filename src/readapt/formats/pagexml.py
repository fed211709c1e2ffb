"""PAGE XML 2019-07-15 (PRImA): what transcription and training tools exchange. One page a file."""

from collections.abc import Sequence
from datetime import UTC, datetime

from lxml import etree

from readapt import __version__
from readapt.document.blocks import group_blocks
from readapt.document.elements import Page, words_of
from readapt.errors import UsageError
from readapt.formats.xml import Maker, corners_of, legal, to_text
from readapt.geometry import pixel_box
from readapt.types import Polygon

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_E = Maker(NAMESPACE)


def write_pagexml(pages: Sequence[Page], model: str) -> str:
    """Write the one page there is; ``conf`` is 0-1, coordinates whole pixels.

    Raises:
        UsageError: not exactly one page.

    """
    if len(pages) != 1:
        raise UsageError(
            f"PAGE XML holds one page a file, not {len(pages)}; give a folder with -o FOLDER."
        )
    page = pages[0]
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = _E(
        "Metadata",
        _E("Creator", legal(f"readapt {__version__} ({model})")),
        _E("Created", now),
        _E("LastChange", now),
    )
    size = {"imageWidth": str(page.width), "imageHeight": str(page.height)}
    element = _E("Page", {"imageFilename": legal(page.source), **size})
    regions = [
        _E("TextRegion", {"id": f"region_{b}"}, _coords(_around(corners_of(block))))
        for b, block in enumerate(group_blocks(page.lines), 1)
    ]
    if regions:
        order = _E("OrderedGroup", {"id": "order"})
        for index, region in enumerate(regions):
            reference = {"index": str(index), "regionRef": str(region.get("id"))}
            order.append(_E("RegionRefIndexed", reference))
        element.append(_E("ReadingOrder", order))
    count = 0
    for region, block in zip(regions, group_blocks(page.lines), strict=True):
        for line in block:
            count += 1
            child = _E("TextLine", {"id": f"line_{count}"}, _coords(line.polygon))
            for w, word in enumerate(words_of(line), 1):
                child.append(
                    _E(
                        "Word",
                        {"id": f"word_{count}_{w}"},
                        _coords(word.polygon),
                        _text(word.text, word.confidence),
                    )
                )
            child.append(_text(line.text, line.confidence))
            region.append(child)
        region.append(_text("\n".join(line.text for line in block), None))
        element.append(region)
    return to_text(_E("PcGts", metadata, element))


def _text(text: str, confidence: float | None) -> etree._Element:
    conf = {} if confidence is None else {"conf": f"{confidence:.4f}"}
    return _E("TextEquiv", conf, _E("Unicode", legal(text)))


def _coords(polygon: Polygon) -> etree._Element:
    points = " ".join(f"{max(round(x), 0)},{max(round(y), 0)}" for x, y in polygon)
    return _E("Coords", {"points": points})


def _around(corners: Polygon) -> Polygon:
    x1, y1, x2, y2 = pixel_box(corners)
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))

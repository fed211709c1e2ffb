"""What the XML formats share: legal characters, boxes around blocks, and how a file is printed."""

import re
from collections.abc import Iterable
from typing import Any

from lxml import etree

from readapt.document.elements import Line
from readapt.types import Polygon

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """Replace what XML cannot hold (control characters, lone surrogates) by U+FFFD."""
    return _ILLEGAL.sub("\ufffd", text)


def corners_of(lines: Iterable[Line]) -> Polygon:
    """Collect the corners of all lines: what a box around them is made from."""
    return tuple(corner for line in lines for corner in line.polygon)


class Maker:
    """Makes elements of one namespace: ``make("Page", {"WIDTH": "9"}, child, "text")``."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._prefixes: Any = {None: namespace}  # lxml's stubs know no default namespace

    def __call__(self, tag: str, *parts: dict[str, str] | str | etree._Element) -> etree._Element:
        """Make an element with these attributes, text and children."""
        element = etree.Element(f"{{{self._namespace}}}{tag}", nsmap=self._prefixes)
        for part in parts:
            if isinstance(part, dict):
                for name, value in part.items():
                    element.set(name, value)
            elif isinstance(part, str):
                element.text = part
            else:
                element.append(part)
        return element


def to_text(root: etree._Element, doctype: str = "") -> str:
    """Print an XML tree, indented, with its declaration; UTF-8 when written as such."""
    etree.indent(root)
    body = etree.tostring(root, encoding="unicode")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + (doctype + "\n" if doctype else "")
    return head + str(body) + "\n"

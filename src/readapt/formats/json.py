"""readapt's own JSON: everything a ``Page`` holds, and back.

::

    {"readapt": "<version>", "model": "<name>", "pages": [
      {"source": "a.png", "index": 0, "width": W, "height": H, "lines": [
        {"polygon": [[x, y], ...], "text": "...", "confidence": 0.97, "words": [
          {"polygon": [[x, y], ...], "text": "...", "confidence": 0.99}]}]}]}
"""

import json
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from readapt import __version__
from readapt.document.elements import Line, Page, Word
from readapt.errors import InputError

Corners = Annotated[list[tuple[float, float]], Field(min_length=3)]
Confidence = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WordEntry(_Strict):
    """A word of the file; see ``Word``."""

    polygon: Corners
    text: str
    confidence: Confidence


class LineEntry(_Strict):
    """A line of the file; see ``Line``."""

    polygon: Corners
    text: str
    confidence: Confidence
    words: list[WordEntry]


class PageEntry(_Strict):
    """A page of the file; see ``Page``."""

    source: str
    index: int
    width: int
    height: int
    lines: list[LineEntry]


class Document(_Strict):
    """The whole file."""

    readapt: str
    """The version that wrote it."""
    model: str
    """The name of the model that read the pages."""
    pages: list[PageEntry]


def write_json(pages: Sequence[Page], model: str) -> str:
    """Write the pages as one JSON object; confidences to four digits."""
    entries = {
        "readapt": __version__,
        "model": model,
        "pages": [
            {
                "source": page.source,
                "index": page.index,
                "width": page.width,
                "height": page.height,
                "lines": [line_entry(line) for line in page.lines],
            }
            for page in pages
        ],
    }
    return json.dumps(entries, ensure_ascii=False) + "\n"


def line_entry(line: Line) -> dict[str, object]:
    """Give a line as it stands in the file, words and all."""
    return {**_entry(line), "words": [_entry(word) for word in line.words]}


def _entry(element: Line | Word) -> dict[str, object]:
    return {
        "polygon": [list(corner) for corner in element.polygon],
        "text": element.text,
        "confidence": round(element.confidence, 4),
    }


def read_json(text: str, path: str = "") -> list[Page]:
    """Read back what ``write_json`` wrote.

    Raises:
        InputError: not JSON, or not of this form; ``path`` is named in the message.

    """
    try:
        document = Document.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"{path or 'JSON'}: is not what readapt wrote: {where}: {first['msg']}.", path
        ) from error
    return [
        Page(
            page.width,
            page.height,
            tuple(
                Line(
                    tuple(line.polygon),
                    line.text,
                    line.confidence,
                    tuple(Word(w.text, tuple(w.polygon), w.confidence) for w in line.words),
                )
                for line in page.lines
            ),
            page.source,
            page.index,
        )
        for page in document.pages
    ]

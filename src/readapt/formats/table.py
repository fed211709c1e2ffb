"""The formats by name: what ``-f`` offers, and nothing that does not work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from readapt.document.elements import Page


class FormatName(StrEnum):
    """What ``-f`` takes."""

    TXT = "txt"
    JSON = "json"
    TSV = "tsv"
    HOCR = "hocr"
    ALTO = "alto"
    PAGE = "page"
    PDF = "pdf"


@dataclass(frozen=True)
class Format:
    """How pages are written in one format."""

    suffix: str
    """Of the files, with its dot."""
    write: Callable[[Sequence[Page], str], str | bytes]
    """Pages and the model's name -> what the file holds, as text or as bytes."""
    one_page_a_file: bool = False
    one_input_a_file: bool = False
    """Whether it shows its input's pages again: it is of one input, and not of stdin."""


def find_format(name: FormatName) -> Format:
    """Import a format when it is first asked for: most runs need no XML."""
    if name is FormatName.TXT:
        from readapt.formats.text import write_text

        return Format(".txt", write_text)
    if name is FormatName.JSON:
        from readapt.formats.json import write_json

        return Format(".json", write_json)
    if name is FormatName.TSV:
        from readapt.formats.tsv import write_tsv

        return Format(".tsv", write_tsv)
    if name is FormatName.HOCR:
        from readapt.formats.hocr import write_hocr

        return Format(".hocr", write_hocr)
    if name is FormatName.ALTO:
        from readapt.formats.alto import write_alto

        return Format(".alto.xml", write_alto)
    if name is FormatName.PDF:
        from readapt.formats.pdf import write_pdf

        return Format(".pdf", write_pdf, one_input_a_file=True)
    from readapt.formats.pagexml import write_pagexml

    return Format(".page.xml", write_pagexml, one_page_a_file=True)

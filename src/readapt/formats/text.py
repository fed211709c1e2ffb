"""Plain text: a line of text for each line, pages parted by form feeds as ``pdftotext`` does."""

from collections.abc import Sequence

from readapt.document.elements import Page


def write_text(pages: Sequence[Page], model: str) -> str:
    """Write the pages' lines in reading order; "" for pages without text."""
    return "\f".join(page.text + "\n" if page.lines else "" for page in pages)

"""PDF pages drawn as pixels by PDFium."""

import io
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from readapt.errors import InputError
from readapt.types import Image

if TYPE_CHECKING:
    import pypdfium2

POINTS_PER_INCH = 72.0

_POSTER_PIXELS = 40_000_000
"""A page that would be larger at the asked resolution is drawn coarser: A3 at 300 dpi is 17 MP."""

_MARK = b"%PDF-"
_MARK_WITHIN = 1024  # readers accept junk before the mark within the first kilobyte

PDFIUM_LOCK = threading.RLock()
"""PDFium is not thread-safe, not even for two documents."""


def is_pdf(stream: io.BufferedIOBase) -> bool:
    """Whether the stream, which is left at its start, holds a PDF."""
    head = stream.read(_MARK_WITHIN)
    stream.seek(0)
    return _MARK in head


def count_pdf(document: bytes | Path, source: str) -> int:
    """Count the pages; raises :class:`InputError` as :func:`render_pdf` does."""
    with open_pdf(document, source) as pdf:
        return len(pdf)


def render_pdf(
    document: bytes | Path,
    source: str,
    dpi: float,
    max_pixels: int,
    pages: Collection[int] | None = None,
) -> Iterator[tuple[int, Image]]:
    """Draw each page at ``dpi`` on white, with its rotation, annotations and filled-in forms.

    Yields the numbers, from 0, and ``H W 3`` uint8, of ``pages`` or of all there are.

    Raises:
        InputError: the PDF is damaged, needs a password, or has no pages.

    """
    import pypdfium2

    with open_pdf(document, source) as pdf:
        for index in range(len(pdf)) if pages is None else sorted(pages):
            if index >= len(pdf):
                return
            try:
                with PDFIUM_LOCK:
                    image = _draw(pdf[index], dpi, min(max_pixels, _POSTER_PIXELS))
            except pypdfium2.PdfiumError as error:
                raise _damaged(source, f"page {index + 1}: {error}") from error
            yield index, image


@contextmanager
def open_pdf(document: bytes | Path, source: str) -> Iterator["pypdfium2.PdfDocument"]:
    """Open a PDF, its forms filled in; raises :class:`InputError` as :func:`render_pdf` does."""
    import pypdfium2

    try:
        with PDFIUM_LOCK:
            pdf = pypdfium2.PdfDocument(document)
            count = len(pdf)
            if pdf.get_formtype() != 0:
                pdf.init_forms()
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise InputError(
                f"{source}: the PDF is locked by a password; save it without one first.", source
            ) from error
        raise _damaged(source, str(error)) from error
    try:
        if count == 0:
            raise InputError(f"{source}: the PDF has no pages.", source)
        yield pdf
    finally:
        with PDFIUM_LOCK:
            pdf.close()


def _draw(page: "pypdfium2.PdfPage", dpi: float, max_pixels: int) -> Image:
    width, height = page.get_size()
    scale = dpi / POINTS_PER_INCH
    scale = min(scale, (max_pixels / max(width * height, 1.0)) ** 0.5)
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
    image = np.array(bitmap.to_numpy()[:, :, :3])
    bitmap.close()
    page.close()
    return image


def _damaged(source: str, reason: str) -> InputError:
    return InputError(
        f"{source}: the PDF is damaged ({reason}); open and save it again with a PDF viewer.",
        source,
    )

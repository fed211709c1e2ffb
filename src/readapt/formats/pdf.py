"""Searchable PDF: the pages as they look, and what was read on them as invisible text.

The pages of a PDF stay as they are. An older layer of invisible text is replaced, where that leaves
no trace on what is seen; a word is left out where the page has text that is seen. An image becomes
a page of its size on paper: a JPEG with its very bytes, two tones as Group 4, anything else without
loss.
"""

from __future__ import annotations

import ctypes
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import PIL.Image
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from readapt.document.elements import Line, Page, words_of
from readapt.errors import InputError, UsageError
from readapt.formats.invisible import Corners, InvisibleFont, is_invisible
from readapt.geometry import bounds, box_quad
from readapt.pages.header import Header, read_header
from readapt.pages.load import LoadConfig, load_pages
from readapt.pages.pdf import PDFIUM_LOCK, POINTS_PER_INCH, is_pdf, open_pdf
from readapt.types import Image, Polygon

_PLACED: dict[int, tuple[int, int, int, int, int, int]] = {
    1: (1, 0, 0, 1, 0, 0),
    2: (-1, 0, 0, 1, 1, 0),
    3: (-1, 0, 0, -1, 1, 1),
    4: (1, 0, 0, -1, 0, 1),
    5: (0, -1, -1, 0, 1, 1),
    6: (0, -1, 1, 0, 0, 1),
    7: (0, 1, 1, 0, 0, 0),
    8: (0, 1, -1, 0, 1, 0),
}
"""Where the unit square of a stored picture lies on an upright page of size 1, by its EXIF
orientation: ``a b c d e f``, y up."""


def write_pdf(pages: Sequence[Page], model: str) -> bytes:
    """Write the pages of one file as a searchable PDF; looks at the file again for the pictures.

    Raises:
        InputError: the file cannot be read any more.
        UsageError: the pages are of several files, or of none.

    """
    sources = {page.source for page in pages}
    if len(sources) != 1 or sources & {"", "-"}:
        raise UsageError("a searchable PDF is made of the pages of one file, not of stdin.")
    (source,) = sources
    path = Path(source).absolute()
    try:
        with path.open("rb") as stream:
            stays = is_pdf(stream)
    except OSError as error:
        raise InputError(
            f"{source}: cannot be opened again ({error.strerror}), and a PDF shows its pages.",
            source,
        ) from error
    with PDFIUM_LOCK, open_pdf(path if stays else _pictures(pages, path), source) as document:
        characters = {c for page in pages for line in page.lines for c in line.text}
        font = InvisibleFont(document, characters)
        for number, page in enumerate(pages):
            index = page.index if stays else number
            if stays and _without_trace(document, index):
                _remove_invisible(document[index])
            _lay_over(document[index], page, font)
        written = io.BytesIO()
        document.save(written)
        return written.getvalue()


def _lay_over(leaf: pypdfium2.PdfPage, page: Page, font: InvisibleFont) -> None:
    """Write what was read on a page of a PDF."""
    seen = leaf.get_textpage()
    to_points = _to_points(leaf, page.width, page.height)
    words = [
        (text, corners)
        for line in page.lines
        for text, corners in _words(line, to_points)
        if not _has_text(seen, corners)
    ]
    seen.close()
    for text, corners in words:
        font.set(leaf, text, corners)
    leaf.gen_content()
    leaf.close()


def _words(line: Line, to_points: NDArray[np.float64]) -> Iterator[tuple[str, Corners]]:
    """Yield a line's words, a space after each but the last, with their corners."""
    words = [word for word in words_of(line) if word.text.strip()]
    for word in words:
        space = "" if word is words[-1] else " "
        yield word.text + space, _corners(word.polygon, to_points)


def _corners(polygon: Polygon, to_points: NDArray[np.float64]) -> Corners:
    quad = polygon if len(polygon) == 4 else box_quad(*bounds(polygon)).tolist()
    pixels = np.array([(x, y, 1.0) for x, y in quad])
    return np.asarray(pixels @ to_points)


def _to_points(leaf: pypdfium2.PdfPage, width: int, height: int) -> NDArray[np.float64]:
    """Find the map ``3 2`` from pixels ``x y 1`` of the page as it was read to its points.

    A page may be turned and cropped; PDFium knows.
    """
    x, y = ctypes.c_double(), ctypes.c_double()
    found = []
    for across, down in ((width, 0), (0, height), (0, 0)):
        pdfium.FPDF_DeviceToPage(leaf, 0, 0, width, height, 0, across, down, x, y)
        found.append((x.value, y.value))
    right, below, origin = np.array(found)
    return np.stack([(right - origin) / width, (below - origin) / height, origin])


def _without_trace(document: pypdfium2.PdfDocument, index: int) -> bool:
    """Whether a page has invisible text, and is drawn as it was once that is taken out.

    PDFium writes all that is on such a page anew, and loses what it does not know how to write:
    pictures in the stream, colours of some spaces, shadings.
    """
    with pypdfium2.PdfDocument.new() as scratch:
        scratch.import_pages(document, [index])
        before = scratch[0].render().to_numpy()
        if not _remove_invisible(scratch[0]):
            return False
        after = scratch[0].render().to_numpy()
    return bool(np.array_equal(before, after))


def _remove_invisible(leaf: pypdfium2.PdfPage) -> bool:
    """Take the invisible text out of a page; whether there was any."""
    items = [pdfium.FPDFPage_GetObject(leaf, i) for i in range(pdfium.FPDFPage_CountObjects(leaf))]
    invisible = [item for item in items if is_invisible(item)]
    for item in invisible:
        pdfium.FPDFPage_RemoveObject(leaf, item)
        pdfium.FPDFPageObj_Destroy(item)
    if invisible:
        leaf.gen_content()
    leaf.close()
    return bool(invisible)


def _has_text(seen: pypdfium2.PdfTextPage, corners: Corners) -> bool:
    """Whether the page shows a letter of its own in the middle of a word."""
    x, y = corners.mean(axis=0).tolist()
    around = float(np.hypot(*(corners[0] - corners[3]))) / 2
    found = pdfium.FPDFText_GetCharIndexAtPos(seen, x, y, around, around)
    return found >= 0 and not is_invisible(pdfium.FPDFText_GetTextObject(seen, found))


def _pictures(pages: Sequence[Page], path: Path) -> bytes:
    """Make a PDF of the pictures of an image file."""
    header = read_header(path)
    config = LoadConfig(max_pixels=max(page.width * page.height for page in pages))
    loaded = load_pages(pages[0].source, config, {page.index for page in pages})
    with pypdfium2.PdfDocument.new() as document:
        for page, found in zip(pages, loaded, strict=True):
            # One by one: what is imported is packed already, and a long TIFF fits in memory.
            with pypdfium2.PdfDocument(_picture(page, found.image, header, path)) as one:
                document.import_pages(one)
        written = io.BytesIO()
        document.save(written)
    return written.getvalue()


def _picture(page: Page, image: Image, header: Header, path: Path) -> bytes:
    """Make a PDF of one picture, as large as its file says."""
    if image.ndim == 2 and bool(((image == 0) | (image == 255)).all()):
        packed = io.BytesIO()
        two_tones = PIL.Image.fromarray(image).convert("1", dither=PIL.Image.Dither.NONE)
        two_tones.save(packed, "PDF", resolution=header.dpi)
        return packed.getvalue()
    width, height = (side * POINTS_PER_INCH / header.dpi for side in (page.width, page.height))
    with pypdfium2.PdfDocument.new() as document:
        leaf = document.new_page(width, height)
        picture = pypdfium2.PdfImage.new(document)
        a, b, c, d, e, f = _PLACED[1]
        if not _packed(picture, page, header, path):
            bitmap = pypdfium2.PdfBitmap.from_pil(PIL.Image.fromarray(image))
            picture.set_bitmap(bitmap)
            bitmap.close()
        else:
            a, b, c, d, e, f = _PLACED[header.orientation]
        placed = (a * width, b * height, c * width, d * height, e * width, f * height)
        picture.set_matrix(pypdfium2.PdfMatrix(*placed))
        leaf.insert_obj(picture)
        leaf.gen_content()
        leaf.close()
        packed = io.BytesIO()
        document.save(packed)
    return packed.getvalue()


def _packed(picture: pypdfium2.PdfImage, page: Page, header: Header, path: Path) -> bool:
    """Take a JPEG as it is, if readers of PDFs see in it what was read; whether that could be."""
    if header.format not in ("JPEG", "MPO") or header.mode not in ("L", "RGB"):
        return False
    picture.load_jpeg(path, inline=True)
    width, height = picture.get_px_size()
    size = (width, height) if header.orientation < 5 else (height, width)
    return size == (page.width, page.height)

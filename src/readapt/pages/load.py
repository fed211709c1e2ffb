"""Files, folders, globs, arrays and stdin become upright ``H W`` or ``H W 3`` uint8 pages.

What is a page: every page of a PDF, every full-size frame of a TIFF (reduced-resolution thumbnails
are skipped), and the *first* frame of anything else that has several (animated GIF, WebP, the
multi-picture JPEGs of phones). Pixels are brought to 8 bits: 16-bit samples are divided by 257,
CMYK and palettes become RGB, transparency is laid over white, EXIF orientation is applied.
"""

import glob
import io
import re
import sys
import threading
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO

import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import NDArray

from readapt.errors import InputError
from readapt.pages.pdf import count_pdf, is_pdf, render_pdf
from readapt.types import Image

STDIN = "-"

SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".pdf"}
    | {".jp2", ".j2k", ".avif", ".ppm", ".pgm", ".pbm", ".pnm"}
)
"""What counts as a page when a folder is named; a file named outright is judged by its content."""

# Named one by one: Pillow would otherwise also try formats that start other programs (EPS).
_FORMATS = ("PNG", "JPEG", "MPO", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000", "AVIF", "PPM")

_REDUCED_RESOLUTION = 1  # bit 0 of TIFF's NewSubfileType (tag 254)


@dataclass(frozen=True)
class LoadConfig:
    """How inputs become pages."""

    max_pixels: int = 200_000_000
    """Larger images are refused before they are decoded (a decompression bomb fits in a mail)."""
    pdf_dpi: float = 300.0
    """Resolution at which PDF pages are drawn; lowered for pages of poster size."""


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page of pixels and where it came from."""

    image: Image
    source: str
    """The input as the user named it; "-" for stdin."""
    index: int
    """Which page of the source, from 0."""


def find_inputs(name: str) -> list[str]:
    """Find the files an input stands for: itself, a folder's pages, a glob's matches.

    A folder is searched with everything below it, hidden entries left out, in natural order
    (``page2`` before ``page10``). A file that exists is never taken for a glob.

    Raises:
        InputError: nothing there.

    """
    if name == STDIN:
        return [name]
    path = Path(name)
    if path.is_dir():
        found = [
            str(file)
            for file in path.rglob("*")
            if file.suffix.lower() in SUFFIXES
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
            and file.is_file()
        ]
        if not found:
            raise InputError(
                f"{name}: the folder holds no page; readapt looks for {_suffix_list()}.", name
            )
        return sorted(found, key=_natural)
    if path.exists() or not glob.has_magic(name):
        return [name]
    matches = [match for match in glob.glob(name, recursive=True) if not Path(match).is_dir()]
    if not matches:
        raise InputError(f"{name}: no file matches this pattern; check the spelling.", name)
    return sorted(matches, key=_natural)


def count_pages(name: str | Path) -> int:
    """Count the pages of one file without drawing them; 1 for what :func:`load_pages` refuses."""
    try:
        with Path(name).open("rb") as stream:
            if is_pdf(stream):
                return count_pdf(Path(name).absolute(), str(name))
            with _own_size_limit(), PIL.Image.open(stream, formats=["TIFF"]) as picture:
                return sum(1 for _ in _frames(picture))
    except Exception:  # what is wrong with it is said when it is loaded; most are no TIFF
        return 1


def load_pages(
    name: str | Path, config: LoadConfig | None = None, pages: Collection[int] | None = None
) -> Iterator[PageImage]:
    """Yield the pages of one file (or of stdin, ``"-"``), one at a time.

    ``pages`` are the numbers of those wanted, from 0; None: all.

    Raises:
        InputError: the file is missing, empty, damaged, too large, or of no kind readapt reads.
            Pages before the damage have been yielded by then.

    """
    config = config or LoadConfig()
    source = str(name)
    if source == STDIN:
        data = sys.stdin.buffer.read()
        if not data:
            raise InputError("-: stdin is empty; pipe an image or a PDF into it.", source)
        yield from _decode(io.BytesIO(data), source, config, pages)
        return
    path = Path(source)
    if path.is_dir():
        raise InputError(
            f"{source}: this is a folder; name one file, or use `readapt read`.", source
        )
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                raise InputError(f"{source}: the file is empty; copy or scan it again.", source)
            stream.seek(0)
            yield from _decode(stream, source, config, pages)
    except FileNotFoundError:
        raise InputError(f"{source}: there is no such file; check the name.", source) from None
    except PermissionError:
        raise InputError(
            f"{source}: not allowed to read this file; check its rights.", source
        ) from None


def load_page(name: str | Path, config: LoadConfig | None = None) -> PageImage:
    """Load the first page of a file; see ``load_pages``."""
    pages = load_pages(name, config)
    try:
        return next(pages)
    except StopIteration:
        raise InputError(f"{name}: the document has no pages.", str(name)) from None


def open_image(stream: IO[bytes]) -> PIL.Image.Image:
    """Open an image of a format that readapt reads; raises what Pillow raises, nearly anything."""
    PIL.Image.init()
    with _own_size_limit():
        return PIL.Image.open(stream, formats=[name for name in _FORMATS if name in PIL.Image.OPEN])


def from_array(array: NDArray[np.uint8]) -> Image:
    """Check and bring an array to ``H W`` or ``H W 3`` uint8.

    Takes ``H W``, ``H W 1``, ``H W 3`` (RGB) or ``H W 4`` (RGBA, laid over white) uint8.

    Raises:
        InputError: another shape or dtype, or no pixels at all.

    """
    if array.dtype != np.uint8:
        raise InputError(
            f"an image array must be uint8 [0, 255], found {array.dtype}; scale and convert it."
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise InputError(
            f"an image array must be H W, H W 1, H W 3 or H W 4, found shape {array.shape}."
        )
    if array.size == 0:
        raise InputError(f"an image array must have pixels, found shape {array.shape}.")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    elif array.ndim == 3 and array.shape[2] == 4:
        array = _over_white(array[:, :, :3], array[:, :, 3])
    return np.ascontiguousarray(array)


def from_pillow(picture: PIL.Image.Image) -> Image:
    """Bring a Pillow image of any mode upright (EXIF) and to ``H W`` or ``H W 3`` uint8.

    Raises:
        OSError and whatever else Pillow raises where the pixels are damaged.

    """
    picture.load()
    # Damaged metadata beside sound pixels: they are taken as they stand.
    with suppress(ValueError, TypeError, KeyError, SyntaxError, OverflowError, OSError):
        picture = PIL.ImageOps.exif_transpose(picture) or picture
    mode = picture.mode
    if mode in ("1", "L"):
        if "transparency" in picture.info:
            return from_pillow(picture.convert("RGBA"))
        return np.asarray(picture.convert("L"))
    if mode.startswith("I") or mode == "F":
        return _to_8_bits(np.asarray(picture))
    if mode in ("LA", "La"):
        both = np.asarray(picture.convert("LA"))
        return _over_white(both[:, :, 0], both[:, :, 1])
    if mode in ("RGBA", "RGBa", "PA") or "transparency" in picture.info:
        colours = np.asarray(picture.convert("RGBA"))
        return _over_white(colours[:, :, :3], colours[:, :, 3])
    return np.asarray(picture.convert("RGB"))


def _decode(
    stream: io.BufferedReader | io.BytesIO,
    source: str,
    config: LoadConfig,
    pages: Collection[int] | None,
) -> Iterator[PageImage]:
    if is_pdf(stream):
        # PDFium would take a relative name that begins with ~ for a home.
        document = stream.read() if source == STDIN else Path(source).absolute()
        found = render_pdf(document, source, config.pdf_dpi, config.max_pixels, pages)
    else:
        found = _decode_pixels(stream, source, config, pages)
    for index, image in found:
        yield PageImage(image, source, index)


def _decode_pixels(
    stream: io.BufferedReader | io.BytesIO,
    source: str,
    config: LoadConfig,
    pages: Collection[int] | None,
) -> Iterator[tuple[int, Image]]:
    try:
        picture = open_image(stream)
    except PIL.UnidentifiedImageError:
        raise InputError(
            f"{source}: this is neither an image nor a PDF that readapt reads "
            f"({_suffix_list()}); convert it to one of these.",
            source,
        ) from None
    except Exception as error:
        raise _damaged(source, error) from error
    # Pillow raises nearly anything on damaged data, so this boundary has to catch nearly anything.
    with picture:
        frames = enumerate(_frames(picture))
        while True:
            try:
                with _own_size_limit():
                    index = next(frames, (-1, None))[0]
                if index < 0:
                    return
                if pages is not None and index not in pages:
                    if index > max(pages, default=-1):
                        return
                    continue
                _check_size(picture.size, source, config.max_pixels)
                image = from_pillow(picture)
            except InputError:
                raise
            except Exception as error:
                raise _damaged(source, error) from error
            yield index, image


def _frames(picture: PIL.Image.Image) -> Iterator[None]:
    """Stand at each frame that is a page, in turn."""
    for frame in count():
        if frame and picture.format != "TIFF":
            return
        try:
            picture.seek(frame)
        except EOFError:  # asking how many there are walks through all of them
            return
        if not frame or not _is_thumbnail(picture):
            yield


def _check_size(size: tuple[int, int], source: str, max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise InputError(
            f"{source}: {width} x {height} pixels are more than the limit of "
            f"{max_pixels / 1e6:g} megapixels; scale the image down or raise --max-megapixels.",
            source,
        )


def _is_thumbnail(picture: PIL.Image.Image) -> bool:
    tags = getattr(picture, "tag_v2", {})
    return bool(int(tags.get(254, 0)) & _REDUCED_RESOLUTION)


def _damaged(source: str, error: Exception) -> InputError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return InputError(
        f"{source}: the image is damaged or cut short ({reason}); copy or scan it again.", source
    )


def _over_white(colours: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Image:
    """Lay ``H W`` or ``H W 3`` uint8 over white paper; ``alpha`` is ``H W``, 255 is opaque."""
    opacity = alpha.astype(np.uint16)
    if colours.ndim == 3:
        opacity = opacity[:, :, None]
    laid: NDArray[np.uint16] = (colours * opacity + 255 * (255 - opacity) + 127) // 255
    return laid.astype(np.uint8)


def _to_8_bits(samples: NDArray[np.generic]) -> Image:
    """Bring 16-bit, 32-bit and float grey to uint8 by the scale the values themselves show.

    16 bits map 0..65535 onto 0..255. Wider integers that stay in 0..65535 are taken for 16 bits;
    floats in 0..1 for fractions of white, in 0..255 for 8 bits. Anything else has no agreed white,
    so its darkest value becomes 0 and its brightest 255.
    """
    values = np.nan_to_num(samples.astype(np.float64))
    low, high = float(values.min()), float(values.max())
    is_float = np.issubdtype(samples.dtype, np.floating)
    if is_float and low >= 0 and high <= 1:
        values = values * 255
    elif is_float and low >= 0 and high <= 255:
        pass
    elif low >= 0 and high <= 65535:
        values = values / 257
    else:
        values = (values - low) * (255 / max(high - low, 1e-9))
    return np.rint(values).astype(np.uint8)


_pillow_lock = threading.RLock()


@contextmanager
def _own_size_limit() -> Iterator[None]:
    """Lift Pillow's global limit while a header is read: ``_check_size`` applies ours instead."""
    with _pillow_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd metadata is the file's business, not the user's
        before = PIL.Image.MAX_IMAGE_PIXELS
        PIL.Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            PIL.Image.MAX_IMAGE_PIXELS = before


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part.casefold())
        for part in re.split(r"(\d+)", name)
    )


def _suffix_list() -> str:
    return " ".join(sorted(SUFFIXES))

"""What an image file says of itself: how it is packed, how large it is on paper, which way up."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from readapt.pages.load import open_image

DPI = 300.0
"""What is taken for the resolution where a file does not say, or says what cannot be."""
INCHES = (0.25, 47.0)
"""How long a page may be: one that would be longer than A0 is not as its file says, for pictures
often claim 72 dots per inch."""
_ORIENTATION = 274  # EXIF


@dataclass(frozen=True, slots=True)
class Header:
    """Of the first frame."""

    format: str
    """As Pillow names it."""
    mode: str
    dpi: float
    """Pixels per inch, of the longer side where the two differ."""
    orientation: int
    """EXIF, 1 to 8; 1: as it stands."""


def read_header(path: Path) -> Header:
    """Read what a file says without decoding it; what it does not say, or wrongly, is supposed."""
    with suppress(Exception), path.open("rb") as stream, open_image(stream) as picture:
        longer = max(range(2), key=lambda side: picture.size[side])
        dpi, orientation = DPI, 1
        with suppress(Exception):  # damaged metadata beside sound pixels
            said = float(picture.info["dpi"][longer])
            if INCHES[0] <= picture.size[longer] / said <= INCHES[1]:
                dpi = said
        with suppress(Exception):
            said = picture.getexif().get(_ORIENTATION, 1)
            orientation = said if said in range(1, 9) else 1
        return Header(str(picture.format), picture.mode, dpi, orientation)
    return Header("", "", DPI, 1)

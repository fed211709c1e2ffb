"""Lines with their text as files that training tools read: ``x.png`` beside ``x.gt.txt``.

Lines that are not beyond doubt lie in the folder ``unsure``, their text being a proposal, so that a
person can correct it and move the pair up. ``alignment/NAME.json`` has every line of a page with
polygon, confidence and, for unsure ones, the reason; it is page truth (unsure lines are ``ignore``)
for whoever puts it beside the page's image.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from readapt.batch.outputs import write_file
from readapt.errors import UsageError
from readapt.geometry import to_polygon
from readapt.recognize.align_page import AlignedLine
from readapt.types import Image, Quad

UNSURE = "unsure"
ALIGNMENTS = "alignment"


@dataclass(frozen=True)
class LineTruth:
    """One line of a page and what it says."""

    image: Image
    """``H W`` or ``H W 3`` uint8, cut as the recognizer was given it."""
    quad: Quad
    """``4 2`` in page pixels."""
    aligned: AlignedLine


def write_line_truth(
    folder: Path,
    name: str,
    source: str,
    size: tuple[int, int],
    lines: Sequence[LineTruth],
    missing: Sequence[str],
) -> None:
    """Write one page's lines as ``NAME-001.png`` and so on; those of an earlier run are replaced.

    ``source`` is the page's image file, ``size`` its width and height in pixels; ``missing`` is
    text that no line says. Raises :class:`UsageError` where the folder cannot be written to.
    """
    import PIL.Image

    try:
        for place in (folder, folder / UNSURE, folder / ALIGNMENTS):
            place.mkdir(parents=True, exist_ok=True)
        for place in (folder, folder / UNSURE):
            _remove(place, name)
        entries = []
        for number, line in enumerate(lines, 1):
            aligned = line.aligned
            stem = f"{name}-{number:03d}"
            place = folder / UNSURE if aligned.reason else folder
            PIL.Image.fromarray(line.image).save(place / f"{stem}.png")
            write_file(place / f"{stem}.gt.txt", aligned.text + "\n")
            entry: dict[str, object] = {
                "polygon": to_polygon(line.quad, *size),
                "text": aligned.text,
                "confidence": round(aligned.confidence, 4),
                "file": (place / f"{stem}.png").relative_to(folder).as_posix(),
            }
            if aligned.reason:
                entry |= {"ignore": True, "reason": aligned.reason}
            entries.append(entry)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be written to ({error.strerror}); name another folder with -o."
        ) from error
    page = {
        "image": Path(source).name,
        "width": size[0],
        "height": size[1],
        "lines": entries,
        "missing": list(missing),
    }
    text = json.dumps(page, ensure_ascii=False, indent=1)
    write_file(folder / ALIGNMENTS / f"{name}.json", text + "\n")


def _remove(folder: Path, name: str) -> None:
    """Remove what an earlier run wrote for this page: it may have found more lines."""
    for path in folder.iterdir():
        if re.fullmatch(re.escape(name) + r"-\d{3,}\.(png|gt\.txt)", path.name):
            path.unlink()

"""The real documents engines are compared on: cut lines and whole pages, with their truth.

Every line is cut once, along its true polygon, and written as PNG; every engine reads that file.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import PIL.Image

from readapt.evaluate.crops import crop_truth
from readapt.evaluate.run import load_truth_image
from readapt.evaluate.truth import TruthPage, load_truth

Item = TypeVar("Item")


@dataclass(frozen=True)
class Collection:
    """Documents of one look."""

    name: str
    languages: str
    """As Tesseract names them; the other engines have one model for all."""
    ignore_case: bool = False
    complete: bool = False
    """Every printed line of its pages is transcribed, so that precision means something."""
    boxes: bool = False
    """True polygons are boxes. Where they hug the glyphs, even a perfect rectangle overlaps by
    0.6 (median over the Fraktur pages), so that hits at 0.5 reward tightness, not finding."""


COLLECTIONS = (
    Collection("sroie_receipts", "eng", ignore_case=True, complete=True, boxes=True),
    Collection("tapuscorpus_fr_typewritten", "fra"),
    Collection("ehri_typewritten_en_de_da", "eng+deu+dan"),
    Collection("fondue_art_catalogues", "deu+fra"),
    Collection("cremma_early_print", "lat+fra"),
    Collection("ocrd_fraktur_pages", "frk", complete=True),
    Collection("archiscribe_fraktur_lines", "frk"),
)


@dataclass(frozen=True)
class Documents:
    """One collection on disk, ready to be read."""

    collection: Collection
    lines: tuple[Path, ...]
    """PNG files, one line each."""
    texts: tuple[str, ...]
    """Their truth."""
    pages: tuple[TruthPage, ...]

    def digest(self, kind: str) -> str:
        """Return a hash of what an engine is given: ``lines`` or ``pages``."""
        sha = hashlib.sha256()
        for path in self.lines if kind == "lines" else [page.image for page in self.pages]:
            sha.update(path.read_bytes())
        return sha.hexdigest()


def prepare(collection: Collection, data: Path, folder: Path, limit: int | None) -> Documents:
    """Cut the lines of a collection into ``folder``; ``limit`` lines and pages, evenly spread."""
    truth = load_truth([data / collection.name])
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[Path] = []
    texts: list[str] = []
    wanted = [
        (page, number)
        for page in truth.pages
        for number, line in enumerate(page.lines)
        if not line.ignore
    ]
    chosen = set(_spread(wanted, limit))
    for page in truth.pages:
        numbers = [number for number in range(len(page.lines)) if (page, number) in chosen]
        image = load_truth_image(page) if numbers else None
        for number in numbers:
            assert image is not None
            path = folder / f"{len(lines):05}.png"
            PIL.Image.fromarray(crop_truth(image, page.lines[number].polygon)).save(path)
            lines.append(path)
            texts.append(page.lines[number].text)
    for line in _spread(list(truth.lines), limit):
        path = folder / f"{len(lines):05}.png"
        shutil.copyfile(line.image, path)
        lines.append(path)
        texts.append(line.text)
    pages = _spread(list(truth.pages), limit)
    return Documents(collection, tuple(lines), tuple(texts), tuple(pages))


def _spread(items: list[Item], limit: int | None) -> list[Item]:
    """Return at most ``limit`` of the items, evenly spread over all of them."""
    if limit is None or limit >= len(items):
        return items
    return [items[(2 * i + 1) * len(items) // (2 * limit)] for i in range(limit)]

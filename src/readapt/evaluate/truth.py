"""Ground truth from disk: pages with lines and polygons, or line images with their text.

Pages are readapt's truth JSON (``{"image", "width", "height", "lines": [{"polygon", "text",
"ignore"?}]}``), PAGE XML or ALTO; lines are ``x.png`` beside ``x.gt.txt``. An image is looked for
beside its truth, then one folder up, under the name the truth gives and under the truth's own name.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from readapt.errors import InputError
from readapt.types import Polygon

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
TEXT_SUFFIX = ".gt.txt"
FOLDERS = ("pages", "page", "alto", "lines")
"""Sub-folders that hold truth; where one exists, the files beside it are not read."""


@dataclass(frozen=True, slots=True)
class TruthLine:
    """A line of a page as somebody transcribed it."""

    polygon: Polygon
    """Corners in page pixels, as many as the transcriber drew, in either orientation."""
    text: str
    """NFC."""
    ignore: bool = False
    """Neither a hit nor a miss: unreadable, handwritten, or without a transcription."""


@dataclass(frozen=True, slots=True)
class TruthPage:
    """A page image and its lines, in the order of the file."""

    image: Path
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    lines: tuple[TruthLine, ...]


@dataclass(frozen=True, slots=True)
class TruthImage:
    """An image of one line and its text (NFC)."""

    image: Path
    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """All there is to measure against."""

    pages: tuple[TruthPage, ...] = ()
    lines: tuple[TruthImage, ...] = ()


def load_truth(paths: Iterable[str | Path]) -> Truth:
    """Load truth files and folders; the result is sorted by path within each of ``paths``.

    A folder is read flat, except that sub-folders named ``pages``, ``page``, ``alto`` or ``lines``
    are read in its place. Raises InputError, naming the file, for a path that does not exist, a
    file that cannot be parsed, an image without truth or truth without its image.
    """
    pages: list[TruthPage] = []
    lines: list[TruthImage] = []
    for path in map(Path, paths):
        for part in _files(path):
            if part.name.endswith(TEXT_SUFFIX):
                lines.append(_line(part))
            elif part.suffix.lower() == ".json":
                pages.append(read_page_json(part))
            else:
                pages.append(read_page_xml(part))
    return Truth(tuple(pages), tuple(lines))


def _files(path: Path) -> list[Path]:
    """Return the truth files behind one path, each of which has an image."""
    if path.is_dir():
        inner = [path / name for name in FOLDERS if (path / name).is_dir()]
        if inner:
            return [part for folder in inner for part in _files(folder)]
        files = sorted(entry for entry in path.iterdir() if entry.is_file())
        truths = [entry for entry in files if _is_truth(entry)]
        if not truths:
            raise InputError(
                f"{path} holds no ground truth: expected page truth (.json, PAGE or ALTO .xml) "
                f"or line images with {TEXT_SUFFIX} files.",
                str(path),
            )
        if any(entry.name.endswith(TEXT_SUFFIX) for entry in truths):
            for entry in files:
                if entry.suffix.lower() in IMAGE_SUFFIXES:
                    _text_of(entry)
        return truths
    if not path.exists():
        raise InputError(f"{path} does not exist.", str(path))
    if path.suffix.lower() in IMAGE_SUFFIXES:
        for suffix in (".json", ".xml"):
            if (page := path.with_suffix(suffix)).is_file():
                return [page]
        return [_text_of(path)]
    if not _is_truth(path):
        raise InputError(
            f"{path} is no ground truth: expected .json, .xml, {TEXT_SUFFIX} or an image.",
            str(path),
        )
    return [path]


def _is_truth(path: Path) -> bool:
    return path.name.endswith(TEXT_SUFFIX) or path.suffix.lower() in (".json", ".xml")


def _stems(image: Path) -> list[str]:
    """Return the two names a line image's truth may have: cut at the last dot, or at the first."""
    return list(dict.fromkeys([image.stem, image.name.split(".", 1)[0]]))


def _text_of(image: Path) -> Path:
    """Return the text file of a line image, or say which name was expected."""
    candidates = [image.with_name(stem + TEXT_SUFFIX) for stem in _stems(image)]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    expected = " or ".join(candidate.name for candidate in candidates)
    raise InputError(f"{image} has no ground truth: expected {expected} beside it.", str(image))


def _line(text: Path) -> TruthImage:
    """Pair a text file with its image: the same stem, or further dots in it (``x.bin.png``)."""
    stem = text.name[: -len(TEXT_SUFFIX)]
    images = sorted(
        entry
        for entry in text.parent.glob(f"{_literal(stem)}.*")
        if entry.suffix.lower() in IMAGE_SUFFIXES and stem in _stems(entry)
    )
    if not images:
        raise InputError(
            f"{text} has no image: expected {stem}.png (or .jpg, .tif, .bin.png, .nrm.png) "
            "beside it.",
            str(text),
        )
    exact = [image for image in images if image.stem == stem]
    return TruthImage((exact or images)[0], _nfc(_decoded(text)))


def _literal(stem: str) -> str:
    """Return a glob pattern that matches ``stem`` and nothing else."""
    return re.sub(r"([*?\[])", r"[\1]", stem)


def _decoded(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as UTF-8 text: {error}.", str(path)) from error


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


class _JsonLine(BaseModel):
    model_config = ConfigDict(extra="ignore")

    polygon: Annotated[list[tuple[float, float]], Field(min_length=3)]
    text: str
    ignore: bool = False


class _JsonPage(BaseModel):
    model_config = ConfigDict(extra="ignore")

    image: str
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    lines: list[_JsonLine]


def read_page_json(path: Path) -> TruthPage:
    """Read one page of readapt's truth JSON; InputError says what is wrong with which file."""
    try:
        page = _JsonPage.model_validate_json(_decoded(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"{path} is no page truth: {where}: {first['msg']}.", str(path)) from error
    return TruthPage(
        _image_of(path, page.image),
        page.width,
        page.height,
        tuple(TruthLine(tuple(x.polygon), _nfc(x.text), x.ignore) for x in page.lines),
    )


def read_page_xml(path: Path) -> TruthPage:
    """Read the first page of a PAGE XML or ALTO file, told apart by the root element."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.parse(str(path), parser).getroot()
    except (OSError, etree.XMLSyntaxError) as error:
        raise InputError(f"{path} is not well-formed XML: {error}.", str(path)) from error
    kind = etree.QName(root).localname
    page = next(root.iter("{*}Page"), None)
    if kind not in ("PcGts", "alto") or page is None:
        raise InputError(
            f"{path} is neither PAGE XML nor ALTO: its root element is {kind}.", str(path)
        )
    try:
        if kind == "alto":
            return _alto(path, root, page)
        return TruthPage(
            _image_of(path, page.get("imageFilename", "")),
            int(page.attrib["imageWidth"]),
            int(page.attrib["imageHeight"]),
            tuple(_pagexml_line(line) for line in page.iter("{*}TextLine")),
        )
    except (KeyError, ValueError) as error:
        raise InputError(
            f"{path} lacks a coordinate or size, or has one that is no number: {error}.", str(path)
        ) from error


def _pagexml_line(line: etree._Element) -> TruthLine:
    coords = line.find("{*}Coords")
    if coords is None:
        raise ValueError(f"TextLine {line.get('id')} has no Coords")
    text = _text_equiv(line)
    if text is None:
        parts = [_text_equiv(word) for word in line.iterfind("{*}Word")]
        text = " ".join(part for part in parts if part)
    return TruthLine(_points(str(coords.attrib["points"])), _nfc(text), ignore=not text.strip())


def _text_equiv(element: etree._Element) -> str | None:
    """Return the first TextEquiv's text (lowest index), None where there is none."""
    found = sorted(element.iterfind("{*}TextEquiv"), key=lambda e: int(e.get("index", 0)))
    for equivalent in found:
        text = equivalent.findtext("{*}Unicode")
        if text is not None:
            return text
    return None


def _alto(path: Path, root: etree._Element, page: etree._Element) -> TruthPage:
    unit = (root.findtext(".//{*}MeasurementUnit") or "pixel").strip()
    if unit != "pixel":
        raise InputError(
            f"{path} measures in {unit}: export it again with MeasurementUnit pixel.", str(path)
        )
    name = root.findtext(".//{*}sourceImageInformation/{*}fileName") or ""
    return TruthPage(
        _image_of(path, name.strip()),
        int(float(page.attrib["WIDTH"])),
        int(float(page.attrib["HEIGHT"])),
        tuple(_alto_line(line) for line in page.iter("{*}TextLine")),
    )


def _alto_line(line: etree._Element) -> TruthLine:
    shape = line.find("{*}Shape/{*}Polygon")
    if shape is not None:
        polygon = _points(str(shape.attrib["POINTS"]))
    else:
        x, y, w, h = (float(line.attrib[key]) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
        polygon = ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
    text = " ".join(part.get("CONTENT", "") for part in line.iterfind("{*}String"))
    hyphen = line.find("{*}HYP")
    if hyphen is not None:
        text += hyphen.get("CONTENT", "-")
    return TruthLine(polygon, _nfc(text), ignore=not text.strip())


def _points(text: str) -> Polygon:
    """Parse ``x,y x,y`` or ``x y x y``; ValueError for fewer than three corners."""
    numbers = [float(number) for number in text.replace(",", " ").split()]
    if len(numbers) < 6 or len(numbers) % 2:
        raise ValueError(f"'{text}' is no polygon")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _image_of(truth: Path, name: str) -> Path:
    """Find the image of a page: beside the truth or one folder up, by either name."""
    for candidate in _image_candidates(truth, name):
        if candidate.is_file():
            return candidate
    expected = Path(name.replace("\\", "/")).name or truth.with_suffix(".png").name
    raise InputError(f"{truth} has no image: expected {expected} beside it.", str(truth))


def _image_candidates(truth: Path, name: str) -> Iterator[Path]:
    base = Path(name.replace("\\", "/")).name
    for folder in (truth.parent, truth.parent.parent):
        if base:
            yield folder / base
        for suffix in IMAGE_SUFFIXES:
            yield folder / (truth.stem + suffix)

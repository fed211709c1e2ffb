"""Searchable PDF, read back by two other readers of PDFs: PDFium's and pypdf."""

import io
from pathlib import Path

import numpy as np
import PIL.Image
import pypdf
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from numpy.typing import NDArray

from readapt.document.elements import Line, Page, Word
from readapt.errors import InputError, UsageError
from readapt.formats.pdf import write_pdf
from readapt.pages.load import load_page
from readapt.types import Polygon

WIDTH, HEIGHT = 600, 400


def box(x: float, y: float, width: float, height: float) -> Polygon:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def line(*words: tuple[str, Polygon]) -> Line:
    found = tuple(Word(text, polygon, 0.9) for text, polygon in words)
    text = " ".join(word.text for word in found)
    return Line(box(0, 0, 9, 9), text, 0.9, found)


ACROSS = line(("Straße", box(60, 40, 120, 30)), ("„ſchön“", box(200, 40, 140, 30)))
# Downwards: the word's top is at the right.
DOWN = line(("down", ((550.0, 100.0), (550.0, 300.0), (520.0, 300.0), (520.0, 100.0))))
UPSIDE_DOWN = line(("over", ((300.0, 380.0), (100.0, 380.0), (100.0, 350.0), (300.0, 350.0))))


def page_of(path: Path, *lines: Line, index: int = 0) -> Page:
    return Page(WIDTH, HEIGHT, lines, str(path), index)


def noise(seed: int = 0, colours: bool = True) -> NDArray[np.uint8]:
    shape = (HEIGHT, WIDTH, 3) if colours else (HEIGHT, WIDTH)
    smooth = np.random.default_rng(seed).integers(0, 256, (HEIGHT // 50, WIDTH // 50, 3), np.uint8)
    large = PIL.Image.fromarray(smooth).resize((WIDTH, HEIGHT), PIL.Image.Resampling.BICUBIC)
    return np.asarray(large if colours else large.convert("L")).reshape(shape)


def save(path: Path, image: NDArray[np.uint8], **how: object) -> Path:
    PIL.Image.fromarray(image).save(path, **how)
    return path


def boxes(pdf: bytes, index: int = 0) -> list[tuple[str, tuple[float, ...]]]:
    """Characters with their boxes ``left bottom right top`` in points, as PDFium finds them."""
    page = pypdfium2.PdfDocument(pdf)[index]
    text = page.get_textpage()
    return [
        (text.get_text_range(i, 1), text.get_charbox(i, loose=True))
        for i in range(text.count_chars())
    ]


def drawn(pdf: bytes | Path, index: int = 0, scale: float = 1.0) -> NDArray[np.uint8]:
    return np.array(pypdfium2.PdfDocument(pdf)[index].render(scale=scale).to_pil().convert("RGB"))


def text_of(pdf: bytes) -> list[str]:
    """Each page's text, by pypdf, its lines in one."""
    found = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return [" ".join(page.extract_text().split()) for page in found]


def test_words_are_where_they_were_read(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", noise(), dpi=(144, 144))
    pdf = write_pdf([page_of(path, ACROSS, DOWN, UPSIDE_DOWN)], "latin")
    sheet = pypdfium2.PdfDocument(pdf)[0]
    assert sheet.get_size() == pytest.approx((WIDTH / 2, HEIGHT / 2), abs=0.02)
    found = boxes(pdf)
    for text, (x1, y1, x2, y2) in (
        ("Straße", (60, 40, 180, 70)),
        ("„ſchön“", (200, 40, 340, 70)),
        ("down", (520, 100, 550, 300)),
        ("over", (100, 350, 300, 380)),
    ):
        joined = "".join(c for c, _ in found)
        start = joined.index(text)
        places = np.array([place for _, place in found[start : start + len(text)]])
        around = (*places[:, :2].min(axis=0), *places[:, 2:].max(axis=0))
        expected = (x1 / 2, (HEIGHT - y2) / 2, x2 / 2, (HEIGHT - y1) / 2)
        assert around == pytest.approx(expected, abs=0.25), text
    assert "".join(c for c, _ in found).splitlines() == ["Straße „ſchön“", "down", "over"]
    assert text_of(pdf)[0] == "Straße „ſchön“ down over"


def test_any_character_is_found(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", noise())
    words = ["ẽ", "e\u0364", "\ue5b1", "𝔉raktur", "日本", *(chr(c) for c in range(0x100, 0x250))]
    lines = [line((word, box(10, 10 + i % 300, 80, 9))) for i, word in enumerate(words)]
    pdf = write_pdf([page_of(path, *lines)], "latin")
    assert text_of(pdf)[0].replace(" ", "") == "".join(words)


def test_a_word_without_extent_is_found_as_well(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", noise())
    flat = line(
        ("flat", box(10, 10, 50, 0)), ("thin", box(80, 10, 0, 20)), ("dot", box(9, 9, 0, 0))
    )
    corners = ((10.0, 200.0), (90.0, 190.0), (180.0, 200.0), (180.0, 220.0), (10.0, 220.0))
    pdf = write_pdf([page_of(path, flat, Line(corners, "whole line", 0.9))], "latin")
    assert text_of(pdf)[0].split() == ["flat", "thin", "dot", "whole", "line"]


@pytest.mark.parametrize("orientation", range(9))
@pytest.mark.parametrize("colours", [True, False])
def test_a_jpeg_keeps_its_bytes(tmp_path: Path, orientation: int, colours: bool) -> None:
    exif = PIL.Image.Exif()
    exif[274] = orientation
    path = save(tmp_path / "a.jpg", noise(colours=colours), exif=exif, dpi=(72, 72), quality=95)
    upright = load_page(path).image
    height, width = upright.shape[:2]
    pdf = write_pdf([Page(width, height, (), str(path))], "latin")
    assert path.read_bytes() in pdf
    seen = drawn(pdf)
    assert seen.shape[:2] == (height, width)
    expected = upright if colours else np.stack([upright] * 3, axis=2)
    assert np.abs(seen.astype(int) - expected).mean() < 1.0


@pytest.mark.parametrize("kind", ["colours", "grey", "two tones", "palette", "16 bits", "cmyk"])
def test_pixels_stay_as_they_are(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.tif"
    if kind == "16 bits":
        PIL.Image.fromarray(noise(colours=False).astype(np.uint16) * 257).save(path)
    elif kind == "two tones":
        PIL.Image.fromarray(noise(colours=False) > 127).save(path)
    elif kind == "cmyk":
        path = tmp_path / "a.jpg"
        PIL.Image.fromarray(noise()).convert("CMYK").save(path)
    elif kind == "palette":
        PIL.Image.fromarray(noise()).quantize(16).save(path)
    else:
        PIL.Image.fromarray(noise(colours=kind == "colours")).save(path)
    pixels = load_page(path).image
    pdf = write_pdf([page_of(path, ACROSS)], "latin")
    (packed,) = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].images
    assert packed.image is not None
    found = np.asarray(packed.image.convert("RGB" if pixels.ndim == 3 else "L"))
    np.testing.assert_array_equal(found, pixels)
    if kind == "two tones":
        assert len(pdf) < pixels.size / 20


def test_pages_of_a_tiff_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "book.tif"
    first, *others = (PIL.Image.fromarray(noise(seed, seed == 1)) for seed in range(3))
    first.save(path, save_all=True, append_images=others)
    pages = [
        page_of(path, line((name, box(50, 50, 99, 20))), index=i)
        for i, name in enumerate(("one", "two", "three"))
    ]
    assert text_of(write_pdf(pages, "latin")) == ["one", "two", "three"]
    only = write_pdf(pages[1:2], "latin")
    assert text_of(only) == ["two"]
    (packed,) = pypdf.PdfReader(io.BytesIO(only)).pages[0].images
    assert packed.image is not None
    np.testing.assert_array_equal(np.asarray(packed.image), noise(1))


@pytest.mark.parametrize(
    ("said", "points"),
    [(None, 72 * WIDTH / 300), (200, 72 * WIDTH / 200), (5, 72 * WIDTH / 300), (0, 144)],
)
def test_resolution_is_believed_if_it_can_be(
    tmp_path: Path, said: int | None, points: float
) -> None:
    how = {} if said is None else {"dpi": (said, said)}
    path = save(tmp_path / "a.png", noise(), **how)
    pdf = write_pdf([page_of(path)], "latin")
    assert pypdfium2.PdfDocument(pdf)[0].get_width() == pytest.approx(points, rel=1e-3)


class Source:
    """A PDF of one page, 300 x 200 points: a picture, visible words, and a layer of hidden ones."""

    def __init__(self, path: Path, rotation: int = 0, crop: bool = False) -> None:
        self.path = path
        document = pypdfium2.PdfDocument.new()
        leaf = document.new_page(300, 200)
        picture = pypdfium2.PdfImage.new(document)
        picture.set_bitmap(pypdfium2.PdfBitmap.from_pil(PIL.Image.fromarray(noise())))
        picture.set_matrix(pypdfium2.PdfMatrix(300, 0, 0, 200, 0, 0))
        leaf.insert_obj(picture)
        self._say(document, leaf, "seen", 20, 20, hidden=False)
        self._say(document, leaf, "older", 20, 150, hidden=True)
        leaf.gen_content()
        if crop:
            leaf.set_cropbox(50, 40, 250, 180)
        leaf.set_rotation(rotation)
        leaf.close()
        document.save(path)

    @staticmethod
    def _say(
        document: pypdfium2.PdfDocument,
        leaf: pypdfium2.PdfPage,
        text: str,
        x: float,
        y: float,
        hidden: bool,
    ) -> None:
        item = pdfium.FPDFPageObj_NewTextObj(document, b"Helvetica", 20.0)
        wide = (text + "\0").encode("utf-16-le")
        letters = (pdfium.FPDF_WCHAR * (len(wide) // 2)).from_buffer_copy(wide)
        pdfium.FPDFText_SetText(item, letters)
        mode = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE if hidden else pdfium.FPDF_TEXTRENDERMODE_FILL
        pdfium.FPDFTextObj_SetTextRenderMode(item, mode)
        pdfium.FPDFPageObj_Transform(item, 1, 0, 0, 1, x, y)
        pdfium.FPDFPage_InsertObject(leaf, item)


def test_a_pdf_keeps_its_pages_and_gets_new_hidden_text(tmp_path: Path) -> None:
    source = Source(tmp_path / "a.pdf")
    # At two pixels a point: "seen" stands at 20 20 in points from the bottom left.
    said = line(("seem", box(40, 320, 90, 40)), ("newer", box(40, 60, 100, 40)))
    pdf = write_pdf([page_of(source.path, said)], "latin")
    assert sorted(text_of(pdf)[0].split()) == ["newer", "seen"]
    np.testing.assert_array_equal(drawn(pdf), drawn(source.path))
    again = tmp_path / "b.pdf"
    again.write_bytes(pdf)
    pdf = write_pdf([page_of(again, line(("newest", box(40, 60, 100, 40))))], "latin")
    assert sorted(text_of(pdf)[0].split()) == ["newest", "seen"]
    np.testing.assert_array_equal(drawn(pdf), drawn(source.path))


HIDDEN = "BT /F 20 Tf 3 Tr 1 0 0 1 20 150 Tm (older) Tj ET"
VISIBLE = {
    "a picture in the stream": "q 60 0 0 60 100 60 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q",
    "four inks": "0.1 0.8 0.3 0 k 20 20 90 90 re f",
    "calibrated": "/Cal cs 0.9 0.2 0.1 sc 20 20 90 90 re f",
    "a spot colour": "/Spot cs 0.7 sc 20 20 90 90 re f",
    "a shading": "q 20 20 90 90 re W n /Blend sh Q",
    "a shading as a pattern": "/Pattern cs /Blended scn 20 20 90 90 re f",
    "letters set wide": "BT /F 20 Tf 5 Tc 1 0 0 1 20 50 Tm (wide) Tj ET",
    "red": "1 0 0 rg 20 20 90 90 re f",
}
RESOURCES = """<< /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >>
/ColorSpace << /Cal [/CalRGB << /WhitePoint [0.95 1 1.09] /Gamma [2.2 2.2 2.2] >>]
/Spot [/Separation /Gold /DeviceRGB 5 0 R] >> /Shading << /Blend 4 0 R >>
/Pattern << /Blended << /Type /Pattern /PatternType 2 /Shading 4 0 R >> >> >>"""


def raw_pdf(content: str) -> bytes:
    """A page of 300 x 200 points whose stream is just this."""
    blend = "<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 150 0] /Function 5 0 R >>"
    grow = "<< /FunctionType 2 /Domain [0 1] /C0 [1 1 1] /C1 [0.8 0.5 0] /N 1 >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 6 0 R "
        f"/Resources {RESOURCES} >>",
        blend,
        grow,
        f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
    ]
    written = b"%PDF-1.7\n"
    starts = []
    for number, text in enumerate(objects, 1):
        starts.append(len(written))
        written += f"{number} 0 obj\n{text}\nendobj\n".encode("latin-1")
    table = "".join(f"{start:010} 00000 n \n" for start in starts)
    end = f"xref\n0 7\n0000000000 65535 f \n{table}trailer\n<< /Size 7 /Root 1 0 R >>\n"
    return written + f"{end}startxref\n{len(written)}\n%%EOF\n".encode()


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("kind", VISIBLE)
def test_what_is_seen_stays(tmp_path: Path, kind: str, hidden: bool) -> None:
    """PDFium loses much of this where it writes a page anew; the older text stays there, then."""
    path = tmp_path / "a.pdf"
    path.write_bytes(raw_pdf("\n".join([VISIBLE[kind], HIDDEN][: 1 + hidden])))
    seen = drawn(path)
    assert (seen != 255).any()
    newer = line(("newer", box(40, 60, 100, 40)))  # where the older word is
    pdf = write_pdf([page_of(path, newer)], "latin")
    np.testing.assert_array_equal(drawn(pdf), seen)
    assert "newer" in text_of(pdf)[0]
    if kind == "red":
        assert "older" not in text_of(pdf)[0]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [False, True])
def test_turned_and_cropped_pages(tmp_path: Path, rotation: int, crop: bool) -> None:
    """A word in pixels of the page as it is seen lies at the same place in the new PDF."""
    source = Source(tmp_path / "a.pdf", rotation, crop)
    seen = drawn(source.path, scale=2)
    height, width = seen.shape[:2]
    word = line(("here", box(width / 2, height / 4, 100, 30)))
    pdf = write_pdf([Page(width, height, (word,), str(source.path))], "latin")
    np.testing.assert_array_equal(drawn(pdf, scale=2), seen)
    page = pypdfium2.PdfDocument(pdf)[0]
    text = page.get_textpage()
    start = text.get_text_range().index("here")
    corners = []
    for i in range(start, start + 4):
        left, bottom, right, top = text.get_charbox(i, loose=True)
        for x, y in ((left, bottom), (right, top)):
            across, down = pdfium.c_int(), pdfium.c_int()
            pdfium.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, across, down)
            corners.append((across.value, down.value))
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    assert (*low, *high) == pytest.approx(
        (width / 2, height / 4, width / 2 + 100, height / 4 + 30), abs=1.5
    )


def test_what_it_cannot_be_made_of(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not of stdin"):
        write_pdf([Page(9, 9, (), "-")], "latin")
    with pytest.raises(UsageError, match="one file"):
        write_pdf([Page(9, 9, (), "a"), Page(9, 9, (), "b")], "latin")
    with pytest.raises(InputError, match=r"gone\.png: cannot be opened again"):
        write_pdf([Page(9, 9, (), str(tmp_path / "gone.png"))], "latin")

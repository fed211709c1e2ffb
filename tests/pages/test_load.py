import io
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL.Image
import pypdfium2
import pytest

from readapt.errors import InputError
from readapt.pages.load import (
    LoadConfig,
    count_pages,
    find_inputs,
    from_array,
    load_page,
    load_pages,
)


def half_dark(width: int = 12, height: int = 8) -> PIL.Image.Image:
    """Left half black, right half white."""
    array = np.full((height, width), 255, np.uint8)
    array[:, : width // 2] = 0
    return PIL.Image.fromarray(array)


def only(path: Path) -> np.ndarray:
    pages = list(load_pages(path))
    assert len(pages) == 1
    assert pages[0].source == str(path)
    assert pages[0].index == 0
    assert pages[0].image.dtype == np.uint8
    return pages[0].image


def save(path: Path, picture: PIL.Image.Image, **options: object) -> Path:
    picture.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp", "gif", "webp", "pgm", "jpg", "jp2"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_every_kind_of_file_is_read(tmp_path: Path, suffix: str, mode: str) -> None:
    lossless = {"lossless": True} if suffix == "webp" else {}
    image = only(save(tmp_path / f"a.{suffix}", half_dark().convert(mode), **lossless))
    assert image.shape[:2] == (8, 12)
    assert image.ndim == 2 or image.shape[2] == 3
    assert image[4, 1].max() < 40
    assert image[4, 10].min() > 215


def test_bilevel_and_palette(tmp_path: Path) -> None:
    assert np.array_equal(
        only(save(tmp_path / "a.png", half_dark().convert("1"))), np.asarray(half_dark())
    )
    image = only(save(tmp_path / "b.png", half_dark().convert("RGB").convert("P")))
    assert image.shape == (8, 12, 3)
    assert image[0, 0].tolist() == [0, 0, 0]
    assert image[0, 11].tolist() == [255, 255, 255]


def test_cmyk_jpeg_and_tiff(tmp_path: Path) -> None:
    for suffix in ("jpg", "tif"):
        image = only(save(tmp_path / f"a.{suffix}", half_dark().convert("RGB").convert("CMYK")))
        assert image.shape == (8, 12, 3)
        assert image[4, 1].max() < 40
        assert image[4, 10].min() > 215


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bits_are_scaled_and_not_cut(tmp_path: Path, suffix: str) -> None:
    values = np.array([[0, 257, 128 * 257, 65535]], np.uint16)
    image = only(save(tmp_path / f"a.{suffix}", PIL.Image.fromarray(values)))
    assert image.tolist() == [[0, 1, 128, 255]]


def test_32_bit_and_float_tiff(tmp_path: Path) -> None:
    ints = np.array([[0, 65535]], np.int32)
    assert only(save(tmp_path / "i.tif", PIL.Image.fromarray(ints))).tolist() == [[0, 255]]
    fractions = np.array([[0.0, 0.5, 1.0]], np.float32)
    assert only(save(tmp_path / "f.tif", PIL.Image.fromarray(fractions))).tolist() == [
        [0, 128, 255]
    ]
    odd = np.array([[-1e6, 0.0, 1e6, np.nan]], np.float32)
    assert only(save(tmp_path / "o.tif", PIL.Image.fromarray(odd))).tolist() == [[0, 128, 255, 128]]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_lies_over_white(tmp_path: Path, mode: str) -> None:
    picture = PIL.Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    picture.putpixel((0, 0), (0, 0, 0, 255))
    if mode == "P":
        flat = PIL.Image.new("P", (4, 4), 1)
        flat.putpalette([0, 0, 0, 0, 0, 0])
        flat.putpixel((0, 0), 0)
        path = save(tmp_path / "a.png", flat, transparency=1)
    else:
        path = save(tmp_path / "a.png", picture.convert(mode))
    image = only(path)
    assert np.atleast_1d(image[0, 0]).tolist() in ([0], [0, 0, 0])
    assert np.atleast_1d(image[3, 3]).tolist() in ([255], [255, 255, 255])


@pytest.mark.parametrize("suffix", ["jpg", "tif", "png"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(tmp_path: Path, suffix: str, orientation: int) -> None:
    # What must come out, and what each orientation stores for it.
    upright = half_dark(48, 32)
    undo = {
        2: [PIL.Image.Transpose.FLIP_LEFT_RIGHT],
        3: [PIL.Image.Transpose.ROTATE_180],
        4: [PIL.Image.Transpose.FLIP_TOP_BOTTOM],
        5: [PIL.Image.Transpose.TRANSPOSE],
        6: [PIL.Image.Transpose.ROTATE_90],
        7: [PIL.Image.Transpose.TRANSVERSE],
        8: [PIL.Image.Transpose.ROTATE_270],
    }.get(orientation, [])
    stored = upright
    for step in undo:
        stored = stored.transpose(step)
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    image = only(save(tmp_path / f"a.{suffix}", stored, exif=exif))
    assert image.shape == (32, 48)
    assert image[:, :16].max() < 60
    assert image[:, 32:].min() > 195


def test_multi_page_tiff_gives_every_page_but_no_thumbnail(tmp_path: Path) -> None:
    pages = [PIL.Image.new("L", (5 + i, 4), 10 * i) for i in range(3)]
    save(tmp_path / "a.tif", pages[0], save_all=True, append_images=pages[1:])
    found = list(load_pages(tmp_path / "a.tif"))
    assert [page.index for page in found] == [0, 1, 2]
    assert [page.image.shape for page in found] == [(4, 5), (4, 6), (4, 7)]
    assert [int(page.image[0, 0]) for page in found] == [0, 10, 20]

    big, small = PIL.Image.new("L", (50, 40)), PIL.Image.new("L", (5, 4))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    save(tmp_path / "b.tif", big, save_all=True, append_images=[small])
    assert [page.image.shape for page in load_pages(tmp_path / "b.tif")] == [(40, 50)]


def test_some_pages_are_loaded_and_all_are_counted(tmp_path: Path) -> None:
    pages = [PIL.Image.new("L", (5 + i, 4), 10 * i) for i in range(4)]
    pages[1].encoderinfo = {"tiffinfo": {254: 1}}
    tiff, pdf = tmp_path / "a.tif", tmp_path / "a.pdf"
    save(tiff, pages[0], save_all=True, append_images=pages[1:])
    pdf.write_bytes(blank_pdf((72, 72), (36, 36), (18, 18)))
    for path, widths in ((tiff, (5, 7, 8)), (pdf, (300, 150, 75))):
        assert count_pages(path) == 3
        found = list(load_pages(path, pages=(2, 0)))
        assert [page.index for page in found] == [0, 2]
        assert [page.image.shape[1] for page in found] == [widths[0], widths[2]]
    save(tmp_path / "a.gif", pages[0], save_all=True, append_images=pages[1:])
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 cut short")
    for name in ("a.gif", "broken.pdf", "missing.tif"):
        assert count_pages(tmp_path / name) == 1


def test_a_pdf_whose_name_begins_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "~x.pdf").write_bytes(blank_pdf((72, 72), (36, 36)))
    monkeypatch.chdir(tmp_path)
    assert count_pages("~x.pdf") == len(list(load_pages("~x.pdf"))) == 2


def test_animated_gif_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [PIL.Image.new("L", (4, 4), 200), PIL.Image.new("L", (4, 4), 5)]
    save(tmp_path / "a.gif", frames[0], save_all=True, append_images=frames[1:])
    assert only(tmp_path / "a.gif").max() == 200


def blank_pdf(*sizes: tuple[float, float]) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for width, height in sizes:
        document.new_page(width, height)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def test_pdf_pages_at_their_resolution(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(blank_pdf((72, 144), (36, 36)))
    assert [page.image.shape for page in load_pages(path)] == [(600, 300, 3), (150, 150, 3)]
    assert [page.image.shape for page in load_pages(path, LoadConfig(pdf_dpi=100))] == [
        (200, 100, 3),
        (50, 50, 3),
    ]


def test_poster_pdf_is_drawn_coarser(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(blank_pdf((14000, 14000)))
    image = next(load_pages(path, LoadConfig(max_pixels=1_000_000))).image
    assert image.shape[0] * image.shape[1] <= 1_010_000


def test_1x1_is_a_page(tmp_path: Path) -> None:
    assert only(save(tmp_path / "a.png", PIL.Image.new("L", (1, 1)))).shape == (1, 1)


def test_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = save(tmp_path / "a.png", half_dark()).read_bytes()

    class Stdin:
        buffer = io.BytesIO(data)

    monkeypatch.setattr("sys.stdin", Stdin)
    page = load_page("-")
    assert page.source == "-"
    assert np.array_equal(page.image, np.asarray(half_dark()))
    with pytest.raises(InputError, match="stdin is empty"):
        load_page("-")


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def truncated(picture: PIL.Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()[: len(out.getvalue()) * 2 // 3]


noise = PIL.Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8))

BAD = {
    "empty.png": (b"", "empty"),
    "text.png": (b"Dear Sir or Madam,\n", "neither an image nor a PDF"),
    "bomb.png": (png_header(30_000, 30_000), "30000 x 30000 pixels .* 200 megapixels"),
    "short.png": (truncated(noise, "PNG"), "damaged or cut short"),
    "short.jpg": (truncated(noise, "JPEG"), "damaged or cut short"),
    "short.tif": (truncated(noise, "TIFF"), "damaged or cut short"),
    "short.gif": (truncated(noise, "GIF"), "damaged or cut short"),
    "header.png": (b"\x89PNG\r\n\x1a\n", "damaged or cut short|neither an image"),
    "short.pdf": (b"%PDF-1.7\n%abc", "PDF is damaged"),
    "script.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "neither an image"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_files_are_named_in_one_sentence(tmp_path: Path, name: str) -> None:
    data, expected = BAD[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=expected) as caught:
        list(load_pages(path))
    assert caught.value.path == str(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_missing_folder_and_forbidden(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        load_page(tmp_path / "none.png")
    with pytest.raises(InputError, match="folder"):
        load_page(tmp_path)


def test_limit_can_be_set(tmp_path: Path) -> None:
    path = save(tmp_path / "a.png", half_dark())
    with pytest.raises(InputError, match="12 x 8"):
        load_page(path, LoadConfig(max_pixels=95))
    assert load_page(path, LoadConfig(max_pixels=96)).image.shape == (8, 12)


def test_inputs_folder_glob_and_natural_order(tmp_path: Path) -> None:
    for name in ("p10.png", "p2.png", "notes.txt", ".hidden.png", "sub/p1.PNG", "odd[1].png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    def names(found: list[str]) -> list[str]:
        return [Path(name).relative_to(tmp_path).as_posix() for name in found]

    assert names(find_inputs(str(tmp_path))) == ["odd[1].png", "p2.png", "p10.png", "sub/p1.PNG"]
    assert names(find_inputs(str(tmp_path / "p*.png"))) == ["p2.png", "p10.png"]
    assert names(find_inputs(str(tmp_path / "odd[1].png"))) == ["odd[1].png"]
    assert find_inputs("-") == ["-"]
    with pytest.raises(InputError, match="no file matches"):
        find_inputs(str(tmp_path / "q*.png"))
    (tmp_path / "void").mkdir()
    with pytest.raises(InputError, match="holds no page"):
        find_inputs(str(tmp_path / "void"))


def test_arrays() -> None:
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert np.array_equal(from_array(grey), grey)
    assert np.array_equal(from_array(grey[:, :, None]), grey)
    clear = np.zeros((2, 3, 4), np.uint8)
    assert from_array(clear).tolist() == [[[255] * 3] * 3] * 2
    for bad in (grey.astype(np.float32), grey[0], np.zeros((2, 3, 2), np.uint8), grey[:0]):
        with pytest.raises(InputError, match="array must"):
            from_array(bad)


def encoded(kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "PDF":
        return blank_pdf((30, 30))
    noise.convert("RGB").save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP", "PPM", "PDF"])
def test_damage_of_any_sort_gives_pages_or_an_input_error(tmp_path: Path, kind: str) -> None:
    data = encoded(kind)
    rng = np.random.default_rng(len(data))
    path = tmp_path / "a"
    messages = []
    for trial in range(60):
        hurt = bytearray(data)
        # Headers matter most: half of the damage falls into the first 64 bytes.
        for place in rng.integers(0, 64 if trial % 2 else len(hurt), 1 + trial // 10):
            hurt[min(place, len(hurt) - 1)] = rng.integers(256)
        path.write_bytes(hurt[: rng.integers(1, len(hurt))] if trial % 3 == 0 else hurt)
        try:
            for page in load_pages(path, LoadConfig(max_pixels=1_000_000)):
                assert page.image.dtype == np.uint8
                assert page.image.ndim in (2, 3)
        except InputError as error:
            messages.append(str(error))
    assert messages
    assert not any("\n" in message for message in messages)

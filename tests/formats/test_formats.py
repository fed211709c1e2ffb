import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from readapt import __version__
from readapt.document.elements import Line, Page, Word
from readapt.errors import InputError, UsageError
from readapt.evaluate.truth import read_page_xml
from readapt.formats.json import read_json, write_json
from readapt.formats.table import FormatName, find_format
from readapt.types import Polygon

SCHEMAS = Path(__file__).parents[1] / "schemas"


def box(x: float, y: float, width: float, height: float = 20) -> Polygon:
    return ((x, y), (x + width, y), (x + width, y + height), (x, y + height))


def line(x: float, y: float, text: str) -> Line:
    words, start = [], x
    for part in text.split():
        words.append(Word(part, box(start, y, 10.0 * len(part)), 0.98765))
        start += 10 * len(part) + 10
    return Line(box(x, y, start - 10 - x), text, 0.9, tuple(words))


page = Page(
    300,
    200,
    (line(10, 10.5, "Straße & <Söhne>"), line(10, 40, "„Zwei“"), line(200, 150, "€ 3,50")),
    'scans/a "b".png',
    0,
)
empty = Page(1, 1, (), "blank.png", 0)
second = Page(300, 200, (line(5, 5, "second"),), "a.pdf", 1)


def write(name: str, *pages: Page) -> str:
    return find_format(FormatName(name)).write(pages, "latin")


def test_text() -> None:
    assert write("txt", page) == "Straße & <Söhne>\n„Zwei“\n€ 3,50\n"
    assert write("txt", page, second) == "Straße & <Söhne>\n„Zwei“\n€ 3,50\n\fsecond\n"
    assert write("txt", empty) == ""


def test_json_is_what_the_contract_says() -> None:
    entries = json.loads(write("json", Page(9, 8, (line(1, 2, "a b"),), "x.png", 3)))
    first = {"polygon": [[1, 2], [11, 2], [11, 22], [1, 22]], "text": "a", "confidence": 0.9877}
    other = {"polygon": [[21, 2], [31, 2], [31, 22], [21, 22]], "text": "b", "confidence": 0.9877}
    assert entries == {
        "readapt": __version__,
        "model": "latin",
        "pages": [
            {
                "source": "x.png",
                "index": 3,
                "width": 9,
                "height": 8,
                "lines": [
                    {
                        "polygon": [[1, 2], [31, 2], [31, 22], [1, 22]],
                        "text": "a b",
                        "confidence": 0.9,
                        "words": [first, other],
                    }
                ],
            }
        ],
    }


confidence = st.integers(0, 10_000).map(lambda n: n / 10_000)
corner = st.tuples(*[st.floats(0, 1e4, allow_nan=False)] * 2)
polygon = st.lists(corner, min_size=3, max_size=6).map(tuple)
printable = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
words = st.lists(st.builds(Word, printable, polygon, confidence), max_size=3).map(tuple)
lines = st.lists(st.builds(Line, polygon, printable, confidence, words), max_size=3).map(tuple)
size = st.integers(1, 10_000)
pages_of_anything = st.lists(
    st.builds(Page, size, size, lines, printable, st.integers(0, 99)), max_size=2
)


@given(pages_of_anything)
def test_json_is_read_back_unchanged(pages: list[Page]) -> None:
    assert read_json(write_json(pages, "m")) == pages


@given(pages_of_anything)
def test_no_page_breaks_a_format(pages: list[Page]) -> None:
    for name in ("tsv", "hocr", "alto"):
        write(name, *pages).encode()
    for one in pages:
        etree.fromstring(write("page", one).encode())


@pytest.mark.parametrize("text", ["", "[]", "{", '{"pages": []}', "\x00"])
def test_what_is_no_json_of_ours_is_named(text: str) -> None:
    with pytest.raises(InputError, match=r"x\.json: is not what readapt wrote"):
        read_json(text, "x.json")


def test_tsv_has_tesseracts_columns() -> None:
    rows = [row.split("\t") for row in write("tsv", page).splitlines()]
    assert "\t".join(rows[0]) == (
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\t"
        "left\ttop\twidth\theight\tconf\ttext"
    )
    assert all(len(row) == 12 for row in rows)
    assert rows[1] == ["1", "1", "0", "0", "0", "0", "0", "0", "300", "200", "-1", ""]
    assert [row[0] for row in rows[1:]] == list("12345554523455")
    assert rows[5] == ["5", "1", "1", "1", "1", "1", "10", "10", "60", "21", "98.77", "Straße"]
    assert rows[-1][1:6] == ["1", "2", "1", "1", "2"]


def test_hocr_has_every_level() -> None:
    root = etree.fromstring(write("hocr", page, second).encode())
    assert root.tag == "{http://www.w3.org/1999/xhtml}html"

    def found(kind: str) -> list[etree._Element]:
        return root.findall(f".//*[@class='{kind}']")

    assert [len(found(kind)) for kind in ("ocr_page", "ocr_carea", "ocr_par", "ocr_line")] == [
        2,
        3,
        3,
        4,
    ]
    assert [word.text for word in found("ocrx_word")][:3] == ["Straße", "&", "<Söhne>"]
    assert found("ocrx_word")[0].get("title") == "bbox 10 10 70 31; x_wconf 99"
    assert found("ocr_page")[0].get("title") == (
        "image \"scans/a 'b'.png\"; bbox 0 0 300 200; ppageno 0"
    )
    assert found("ocr_page")[1].get("title", "").endswith("ppageno 1")
    assert found("ocr_line")[1].get("title") == "bbox 10 40 70 60; baseline 0.0000 -4.0"
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def schema(name: str) -> etree.XMLSchema:
    tree = etree.parse(str(SCHEMAS / name))
    for link in tree.iter("{http://www.w3.org/2001/XMLSchema}import"):
        link.set("schemaLocation", (SCHEMAS / "xlink.xsd").as_uri())
    return etree.XMLSchema(tree)


@pytest.mark.parametrize("pages", [[page], [empty], [page, second]])
def test_alto_fits_its_schema(pages: list[Page]) -> None:
    root = etree.fromstring(write("alto", *pages).encode())
    schema("alto-4-3.xsd").assertValid(root)
    assert root.findtext(".//{*}fileName") == pages[0].source
    assert root.findtext(".//{*}softwareVersion") == __version__


@pytest.mark.parametrize("one", [page, empty, second])
def test_page_xml_fits_its_schema(one: Page) -> None:
    schema("pagecontent.xsd").assertValid(etree.fromstring(write("page", one).encode()))


def test_page_xml_holds_one_page() -> None:
    with pytest.raises(UsageError, match="one page a file, not 2"):
        write("page", page, second)


@pytest.mark.parametrize("name", ["alto", "page"])
def test_what_is_written_is_read_back_as_truth(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    one = Page(page.width, page.height, page.lines, "a.png", 0)
    (tmp_path / "a.xml").write_text(write(name, one), "utf-8")
    truth = read_page_xml(tmp_path / "a.xml")
    assert (truth.width, truth.height) == (300, 200)
    assert [found.text for found in truth.lines] == [each.text for each in page.lines]
    assert [found.polygon for found in truth.lines[1:]] == [each.polygon for each in page.lines[1:]]


def test_what_xml_cannot_hold_is_replaced() -> None:
    odd = Page(9, 9, (Line(box(0, 0, 5), "a\x00b\ud800", 0.5),), "f\udcff.png")
    for name in ("hocr", "alto", "page"):
        assert "a\ufffdb\ufffd" in write(name, odd)

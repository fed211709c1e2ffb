import json
from pathlib import Path

import pytest

from readapt.errors import InputError
from readapt.evaluate.truth import TruthLine, TruthPage, load_truth

BOX = [[1, 2], [30, 2], [30, 9], [1, 9]]
POLYGON = tuple((float(x), float(y)) for x, y in BOX)
PAGE_XML = """<?xml version="1.0" encoding="UTF-8"?>
<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15">
<Page imageFilename="{image}" imageWidth="40" imageHeight="20"><TextRegion id="r">
<Coords points="0,0 9,0 9,9"/>
<TextLine id="a"><Coords points="1,2 30,2 30,9 1,9"/>
 <Word id="w"><Coords points="1,2 9,2 9,9"/><TextEquiv><Unicode>no</Unicode></TextEquiv></Word>
 <TextEquiv index="1"><Unicode>worse</Unicode></TextEquiv>
 <TextEquiv index="0"><Unicode>u\u0308ber  Land</Unicode></TextEquiv></TextLine>
<TextLine id="b"><Coords points="1,2 30,2 30,9 1,9"/>
 <Word id="x"><Coords points="1,2 9,2 9,9"/><TextEquiv><Unicode>two</Unicode></TextEquiv></Word>
 <Word id="y"><Coords points="1,2 9,2 9,9"/><TextEquiv><Unicode>words</Unicode></TextEquiv></Word>
</TextLine>
<TextLine id="c"><Coords points="1,2 30,2 30,9 1,9"/></TextLine>
</TextRegion></Page></PcGts>"""
ALTO_XML = """<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Description>
<MeasurementUnit>{unit}</MeasurementUnit>
<sourceImageInformation><fileName>{image}</fileName></sourceImageInformation></Description>
<Layout><Page ID="p" WIDTH="40" HEIGHT="20"><PrintSpace><TextBlock ID="b">
<TextLine ID="a" HPOS="1" VPOS="2" WIDTH="29" HEIGHT="7">
 <String CONTENT="u\u0308ber"/><SP/><String CONTENT="Land"/></TextLine>
<TextLine ID="c" HPOS="0" VPOS="0" WIDTH="1" HEIGHT="1">
 <Shape><Polygon POINTS="1 2 30 2 30 9 1 9"/></Shape>
 <String CONTENT="ge"/><HYP CONTENT="-"/></TextLine>
</TextBlock></PrintSpace></Page></Layout></alto>"""


def touch(path: Path, content: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")
    return path


def page_json(**changes: object) -> str:
    page = {
        "image": "p.jpg",
        "width": 40,
        "height": 20,
        "doc": "anything",
        "lines": [
            {"polygon": BOX, "text": "u\u0308ber"},
            {"polygon": BOX, "text": "?", "ignore": True, "tag": "x"},
        ],
    }
    return json.dumps(page | changes)


def test_a_collection_is_its_pages_and_lines(tmp_path: Path) -> None:
    touch(tmp_path / "SOURCE.json", "{}")
    image = touch(tmp_path / "pages" / "p.jpg")
    touch(tmp_path / "pages" / "p.json", page_json())
    line = touch(tmp_path / "lines" / "l.png")
    touch(tmp_path / "lines" / "l.gt.txt", "\ufeffdas  Hau\u0308s\n")
    truth = load_truth([tmp_path])
    assert truth.pages == (
        TruthPage(image, 40, 20, (TruthLine(POLYGON, "über"), TruthLine(POLYGON, "?", True))),
    )
    assert [(x.image, x.text) for x in truth.lines] == [(line, "das Haüs")]


def test_page_xml(tmp_path: Path) -> None:
    image = touch(tmp_path / "scan.tif")
    touch(tmp_path / "page" / "scan.xml", PAGE_XML.format(image="elsewhere\\scan.tif"))
    (page,) = load_truth([tmp_path]).pages
    assert (page.image, page.width, page.height) == (image, 40, 20)
    assert page.lines == (
        TruthLine(POLYGON, "über Land"),
        TruthLine(POLYGON, "two words"),
        TruthLine(POLYGON, "", ignore=True),
    )


def test_alto(tmp_path: Path) -> None:
    touch(tmp_path / "scan.png")
    path = touch(tmp_path / "scan.xml", ALTO_XML.format(image="scan.png", unit="pixel"))
    (page,) = load_truth([path]).pages
    assert page.lines == (TruthLine(POLYGON, "über Land"), TruthLine(POLYGON, "ge-"))


@pytest.mark.parametrize(
    ("image", "text"),
    [
        ("x.png", "x.gt.txt"),
        ("x.bin.png", "x.gt.txt"),
        ("x.nrm.png", "x.nrm.gt.txt"),
        ("seite.001.tif", "seite.001.gt.txt"),
        ("a[1].jpg", "a[1].gt.txt"),
    ],
)
def test_both_habits_of_naming_a_line(tmp_path: Path, image: str, text: str) -> None:
    touch(tmp_path / image)
    touch(tmp_path / text, "abc")
    for path in (tmp_path, tmp_path / image, tmp_path / text):
        (line,) = load_truth([path]).lines
        assert (line.image.name, line.text) == (image, "abc")


def test_one_text_is_measured_once(tmp_path: Path) -> None:
    for name in ("x.png", "x.bin.png", "x.gt.txt"):
        touch(tmp_path / name)
    assert [line.image.name for line in load_truth([tmp_path]).lines] == ["x.png"]


@pytest.mark.parametrize(
    ("files", "path", "message"),
    [
        ({}, "", "holds no ground truth"),
        ({}, "gone", "does not exist"),
        ({"x.docx": ""}, "x.docx", "is no ground truth"),
        ({"x.bin.png": ""}, "x.bin.png", "expected x.bin.gt.txt or x.gt.txt"),
        ({"x.png": "", "x.gt.txt": "", "y.png": ""}, "", "expected y.gt.txt"),
        ({"x.gt.txt": ""}, "", "x.gt.txt has no image: expected x.png"),
        ({"p.json": page_json()}, "", "p.json has no image: expected p.jpg"),
        ({"p.json": "[1"}, "p.json", "is no page truth"),
        ({"p.json": page_json(width=0)}, "p.json", "width: Input should be greater than 0"),
        (
            {"p.json": page_json(lines=[{"polygon": BOX[:2], "text": ""}])},
            "p.json",
            r"lines\.0\.polygon",
        ),
        ({"p.xml": "<a>"}, "p.xml", "not well-formed"),
        ({"p.xml": "<html/>"}, "p.xml", "neither PAGE XML nor ALTO: its root element is html"),
        (
            {"p.png": "", "p.xml": ALTO_XML.format(image="", unit="mm10")},
            "p.xml",
            "measures in mm10",
        ),
        (
            {"p.png": "", "p.xml": PAGE_XML.format(image="").replace("1,2 30,2 30,9 1,9", "1,2")},
            "p.xml",
            "'1,2' is no polygon",
        ),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, files: dict[str, str], path: str, message: str
) -> None:
    for name, content in files.items():
        touch(tmp_path / name, content)
    with pytest.raises(InputError, match=message) as caught:
        load_truth([tmp_path / path])
    assert caught.value.path.startswith(str(tmp_path))

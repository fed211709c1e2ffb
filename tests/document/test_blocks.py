from readapt.document.blocks import group_blocks
from readapt.document.elements import Line, Page


def line(x: float, y: float, width: float = 100, height: float = 20) -> Line:
    polygon = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
    return Line(polygon, "a", 1.0)


def test_columns_gaps_and_rows() -> None:
    left = [line(0, 0), line(0, 25), line(60, 26), line(0, 50)]
    lower = [line(0, 120), line(0, 145)]
    right = [line(200, 0), line(200, 25)]
    assert group_blocks(left + lower + right) == [tuple(left), tuple(lower), tuple(right)]
    assert group_blocks([]) == []


def test_text_of_a_page() -> None:
    assert Page(10, 10, (line(0, 0), line(0, 30))).text == "a\na"
    assert Page(10, 10, ()).text == ""

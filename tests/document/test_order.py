import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapt.document.order import reading_order
from readapt.geometry import box_quad


def read(boxes: list[tuple[float, float, float, float]], degrees: float = 0.0) -> list[int]:
    """The order of boxes given in the order they should be read; the page is turned."""
    quads = np.array([box_quad(*box) for box in boxes]).reshape(-1, 4, 2)
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    quads = (quads @ matrix).astype(np.float32)
    shuffled = np.random.default_rng(0).permutation(len(boxes))
    return [int(shuffled[i]) for i in reading_order(quads[shuffled])]


def column(x1: float, x2: float, top: float, lines: int, pitch: float = 24) -> list:
    """Prose with a short last line."""
    rows = [(x1, top + pitch * i, x2, top + pitch * i + 16) for i in range(lines)]
    rows[-1] = (x1, rows[-1][1], x1 + (x2 - x1) * 0.4, rows[-1][3])
    return rows


one = column(50, 750, 50, 30)
two = column(50, 380, 100, 30) + column(420, 750, 104, 28)
titled = [(150, 20, 650, 60), *two, (300, 1000, 480, 1016)]
middle_title = (
    column(50, 380, 0, 10)
    + column(420, 750, 0, 10)
    + [(100, 260, 700, 290)]
    + column(50, 380, 310, 10)
    + column(420, 750, 310, 10)
)
three = column(0, 240, 0, 20) + column(270, 510, 0, 20) + column(540, 780, 0, 20)
abstract = column(50, 750, 0, 20) + column(50, 380, 520, 12) + column(420, 750, 520, 12)
receipt = [
    box
    for i in range(15)
    for box in (
        (20, 30 * i, 20 + 60 + 9 * (i % 5), 30 * i + 18),
        (300, 30 * i + 2, 350, 30 * i + 19),
    )
]


@pytest.mark.parametrize("degrees", [0.0, 3.0, -7.0, 90.0, 180.0])
@pytest.mark.parametrize(
    "page", [one, two, titled, middle_title, three, abstract, receipt, one[:1], []]
)
def test_pages_are_read_as_people_read_them(page: list, degrees: float) -> None:
    assert read(page, degrees) == list(range(len(page)))


def test_fragments_of_one_row_are_read_from_left_to_right() -> None:
    assert read([(0, 5, 40, 25), (60, 0, 100, 20), (120, 4, 160, 24), (0, 40, 40, 60)]) == [
        0,
        1,
        2,
        3,
    ]


def test_close_lines_that_overlap_in_height_stay_apart() -> None:
    assert read([(0, 0, 100, 20), (0, 12, 100, 32), (0, 24, 100, 44)]) == [0, 1, 2]


box = st.tuples(*[st.integers(0, 500)] * 2, st.integers(1, 300), st.integers(1, 40))


@given(st.lists(box, max_size=25), st.randoms())
def test_a_permutation_that_does_not_depend_on_the_order_given(
    boxes: list[tuple[int, int, int, int]], random: object
) -> None:
    quads = np.array([box_quad(x, y, x + w, y + h) for x, y, w, h in set(boxes)]).reshape(-1, 4, 2)
    quads = quads.astype(np.float32)
    order = reading_order(quads)
    assert sorted(order) == list(range(len(quads)))
    shuffled = np.random.default_rng(len(quads)).permutation(len(quads))
    assert [int(shuffled[i]) for i in reading_order(quads[shuffled])] == order

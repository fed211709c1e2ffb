import numpy as np
import pytest

from readapt.geometry import box_quad
from readapt.pages.prepare import turn, turn_back


@pytest.mark.parametrize("quarters", [-1, 0, 1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(30, 50), (50, 30, 3)])
def test_a_mark_on_the_turned_page_is_found_on_the_page(
    quarters: int, shape: tuple[int, ...]
) -> None:
    page = np.zeros(shape, np.uint8)
    page[4:7, 10:18] = 255
    turned = turn(page, quarters)
    rows, columns = np.nonzero(turned.reshape(*turned.shape[:2], -1)[:, :, 0])
    quad = box_quad(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    back = turn_back(quad, quarters, shape[1], shape[0])
    assert sorted(map(tuple, back.tolist())) == [(10, 4), (10, 7), (18, 4), (18, 7)]
    # Clockwise still, and the top-left corner of the turned page's text still comes first.
    edges = np.roll(back, -1, axis=0) - back
    assert (
        edges[:, 0] * np.roll(edges[:, 1], -1) - edges[:, 1] * np.roll(edges[:, 0], -1) > 0
    ).all()
    if quarters % 4 == 2:
        assert back[0].tolist() == [18, 7]

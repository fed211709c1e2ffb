"""The detector's gate cannot be passed by finding nothing, nor everything, nor anything twice."""

from collections.abc import Sequence

import numpy as np
import pytest
from page_world import BarPages, Ink

from readapt.adapt.gate import pages as page_gate
from readapt.adapt.gate.pages import PageGate, PageScore, fresh, page_worth
from readapt.adapt.settings import GateConfig
from readapt.geometry import box_quad
from readapt.recognize.reading import Reading
from readapt.types import Image

PAGE, QUADS = BarPages()(1)


class Reader:
    """Reads ten characters in a cut, the surer the more of its columns have ink: half in a line."""

    def read(self, lines: Sequence[Image]) -> list[Reading]:
        dark = [min(1.0, 1.9 * float((line < 128).any(0).mean())) for line in lines]
        return [Reading("x" * 10 if share > 0.05 else "", share, ()) for share in dark]


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_gate, "look_at", lambda detector, *_: (list(detector.boxes), []))


def worth(boxes: object, only: object = ()) -> float:
    return page_worth(Ink(boxes, only), Reader(), PAGE, 0.1)


def test_every_line_once_is_worth_most() -> None:
    height, width = PAGE.shape
    grid = [
        box_quad(x, y, x + 56, y + 32) for y in range(0, height, 32) for x in range(0, width, 56)
    ]
    every = [*QUADS, *grid]
    whole = worth(QUADS)
    assert whole > 0
    assert worth([]) == 0
    assert worth(QUADS[:3]) < whole
    assert worth(every) < whole
    assert worth([*QUADS, *QUADS + np.float32(2)]) < whole
    assert worth([*QUADS, box_quad(0, 0, 30, 8)]) < whole  # bare paper
    assert worth(QUADS[:3], QUADS[3:]) == pytest.approx(worth(QUADS[:3]))  # not found again
    assert worth([box_quad(0, 0, width, height)]) < whole


def test_boxes_on_boxes() -> None:
    quads = [box_quad(0, 0, 100, 20), box_quad(10, 0, 50, 20), box_quad(60, 10, 140, 30)]
    assert fresh(quads, (64, 160)).tolist() == [True, False, True]


def score(worth: Sequence[float], general: float = 0.9) -> PageScore:
    return PageScore(np.array(worth, float), general)


def test_decisions() -> None:
    gate = PageGate((), (), GateConfig())
    before = score([100, 50, 80, 90])
    assert gate.decide(before, score([110, 55, 82, 99]), 0.9).kept
    assert "not better" in gate.decide(before, score([90, 50, 80, 90]), 0.9).reason
    assert "resampled pages only" in gate.decide(before, score([160, 45, 75, 85]), 0.9).reason
    assert gate.decide(before, score([110, 55, 82, 99], 0.895), 0.9).kept
    worse = gate.decide(before, score([110, 55, 82, 99], 0.88), 0.9)
    assert not worse.kept
    assert "worse on others than 0.890 allows" in worse.reason


def test_both_sets_of_pages_are_scored() -> None:
    gate = PageGate([PAGE, PAGE], [BarPages()(1)], GateConfig())
    found = gate.score(Ink(QUADS), Reader())
    assert found.general == 1.0
    assert found.worth.tolist() == pytest.approx([worth(QUADS)] * 2)

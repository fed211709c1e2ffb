"""What is found in most looks, what in few, and where it lies on the page."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from page_world import BarPages, finding_network

from readapt.adapt.exported import as_found
from readapt.adapt.scans.steady import VIEWS, find_steady, together
from readapt.adapt.stages.listen_pages import load_found, save_found
from readapt.detect.detector import DetectorConfig
from readapt.evaluate.boxes import match
from readapt.geometry import box_quad
from readapt.train.detector_data import CropConfig, targets
from readapt.train.detector_student import FoundPage
from readapt.types import Image


class Bars:
    """Perfect maps of one black bar a look, of which some looks see nothing."""

    stride = 4

    def __init__(self, *blind: int) -> None:
        self.blind, self.count = blind, -1

    def maps(self, grey: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.count += 1
        dark = np.argwhere(grey < 128)
        (y0, x0), (y1, x1) = dark.min(0), dark.max(0) + 1
        size = tuple(-(-n // 4) * 4 for n in grey.shape)
        core, edges, _ = targets(box_quad(x0, y0, x1, y1)[None], size, 4, CropConfig())  # type: ignore[arg-type]
        return (core * (self.count not in self.blind)).astype(np.float32), edges


def page() -> Image:
    image = np.full((200, 320), 250, np.uint8)
    image[60:92, 40:240] = 0
    return image


def test_a_line_of_all_looks_is_where_it_is() -> None:
    lines = find_steady(Bars(), page())
    assert np.allclose(lines.steady, box_quad(40, 60, 240, 92), atol=4)
    assert len(lines.doubtful) == 0


def test_a_line_of_two_looks_is_steady_and_of_one_doubtful() -> None:
    assert len(VIEWS) == 3
    lines = find_steady(Bars(0), page())
    assert (len(lines.steady), len(lines.doubtful)) == (1, 0)
    lines = find_steady(Bars(0, 2), page())
    assert len(lines.steady) == 0
    assert len(lines.doubtful) >= 1
    assert np.allclose(lines.doubtful[0], box_quad(40, 60, 240, 92), atol=6)


def test_groups_take_one_box_of_each_look() -> None:
    a, b = box_quad(0, 0, 100, 20), box_quad(0, 50, 100, 70)
    near = a + np.float32(1)
    groups = together([[a, b], [near, near], [b]])
    assert sorted(len(group) for group in groups) == [1, 2, 2]


def test_a_trained_detector_is_steady_on_its_own_world() -> None:
    image, quads = BarPages()(7)
    finder = as_found(finding_network(), DetectorConfig(), 1)
    lines = find_steady(finder, image)
    assert match(list(quads), list(lines.steady)).detection.hmean > 0.7


def test_what_was_found_is_kept_with_its_time(tmp_path: Path) -> None:
    """A round that is resumed has no more time than one that was not stopped."""
    sheets = [np.full((40, 60), level, np.uint8) for level in (200, 210, 220)]
    quads = np.arange(16, dtype=np.float32).reshape(2, 4, 2)
    found = [FoundPage(sheet, quads[i:], quads[:i]) for i, sheet in enumerate(sheets[:2])]
    path = tmp_path / "round" / "found.npz"
    assert load_found(sheets, path) is None
    save_found(found, 12.5, path)
    kept = load_found(sheets, path)
    assert kept is not None
    pages, seconds = kept
    assert seconds == 12.5
    assert [page.image[0, 0] for page in pages] == [200, 210]
    for page, was in zip(pages, found, strict=True):
        np.testing.assert_array_equal(page.quads, was.quads)
        np.testing.assert_array_equal(page.doubtful, was.doubtful)

"""The way from a page to quads, with a stand-in for the network that finds solid bars."""

import numpy as np
import pytest
import torch

from readapt.detect.detector import Detector, DetectorConfig
from readapt.export.detector import export_detector
from readapt.nets.detector import DetectorNet, DetectorNetConfig
from readapt.train.detector_data import CropConfig, targets


class Bars:
    """Answers as a perfect network would where a page holds dark bars; counts what it sees."""

    def __init__(self):
        self.seen = []

    def run(self, names, inputs):
        import cv2

        page = inputs["pages"][0]
        self.seen.append(page.shape)
        assert page.shape[0] % 32 == page.shape[1] % 32 == 0
        _, _, boxes, _ = cv2.connectedComponentsWithStats((page < 128).astype(np.uint8))
        quads = [
            [[x, y], [x + w, y], [x + w, y + h], [x, y + h]]
            for x, y, w, h, _ in boxes[1:]
            if h >= 5
        ]
        quads = np.array(quads, np.float32).reshape(-1, 4, 2)
        core, edges, _ = targets(quads, page.shape, 4, CropConfig(learned_height=(4, 1000)))
        return [core[None], edges[None]]


def page_of(bars, size=(800, 600), ground=250):
    page = np.full(size, ground, np.uint8)
    for x, y, w, h in bars:
        page[y : y + h, x : x + w] = 10
    return page


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    torch.manual_seed(0)
    net = DetectorNet(DetectorNetConfig((8, 8, 8, 8, 8), 8, 8)).eval()
    path = tmp_path_factory.mktemp("detector") / "detector.onnx"
    export_detector(net, path)
    return path


def detector(file, config=None):
    d = Detector(file, config, threads=1)
    d._session = Bars()
    return d


def corners(bars):
    return np.array(
        [[[x, y], [x + w, y], [x + w, y + h], [x, y + h]] for x, y, w, h in bars], float
    )


@pytest.mark.parametrize("unit", [1, 2, 5])
def test_lines_come_back_in_pixels_of_the_page_at_any_resolution(file, unit):
    bars = [(unit * 60, unit * (40 + 30 * i), unit * 300, unit * 18) for i in range(20)]
    page = page_of(bars, (unit * 800, unit * 600))
    d = detector(file)
    quads, scores = d.detect(page)
    assert quads.dtype == scores.dtype == np.float32
    assert len(quads) == 20
    assert np.abs(quads[np.argsort(quads[:, 0, 1])] - corners(bars)).max() < 3.5 * unit
    assert (np.diff(scores) <= 0).all()
    # The second look makes lines as high as the network likes them, whatever the page.
    wanted = 800 * DetectorConfig().line_height / 18
    assert d._session.seen[-1][0] == pytest.approx(wanted, abs=100)


def test_a_first_look_at_the_right_scale_is_enough(file):
    d = detector(file)
    d.detect(page_of([(40, 40, 300, 32), (40, 100, 300, 32)], (320, 416)))
    assert len(d._session.seen) == 1


def test_a_headline_too_large_for_the_second_look_is_kept_once(file):
    bars = [(40, 300 + 20 * i, 400, 12) for i in range(20)] + [(40, 40, 500, 120)]
    quads, _ = detector(file).detect(page_of(bars))
    assert len(quads) == 21
    assert max(np.ptp(quads[:, :, 1], axis=1)) == pytest.approx(120, abs=8)


def test_tiny_print_on_a_large_page_is_found_by_the_retry(file):
    bars = [(200, 200 + 40 * i, 900, 14) for i in range(20)]
    d = detector(file)
    quads, _ = d.detect(page_of(bars, (3000, 2200)))
    assert len(quads) == 20
    assert len(d._session.seen) >= 3


def test_colour_is_seen_as_grey(file):
    grey = page_of([(60, 40, 300, 18), (60, 90, 300, 18)])
    plain, coloured = detector(file).detect(grey), detector(file).detect(np.dstack([grey] * 3))
    assert np.array_equal(plain[0], coloured[0])


def test_large_pages_go_through_in_tiles(file):
    config = DetectorConfig(tile=512, overlap=64, line_height=18)
    d = detector(file, config)
    bars = [(10, 40 + 40 * i, 1400, 18) for i in range(40)]
    quads, _ = d.detect(page_of(bars, (1700, 1500)))
    assert len(quads) == 40, "a line across a seam is one line"
    assert max(max(shape) for shape in d._session.seen) <= 512


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (31, 33), (2000, 2000)])
def test_paper_without_text_gives_nothing(file, size):
    quads, scores = detector(file).detect(np.full(size, 230, np.uint8))
    assert quads.shape == (0, 4, 2)
    assert scores.shape == (0,)


def test_a_line_alone_in_its_picture_is_found(file):
    quads, _ = detector(file).detect(page_of([(6, 5, 300, 30)], (40, 312)))
    assert len(quads) == 1

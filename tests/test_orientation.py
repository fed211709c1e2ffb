"""Pages the wrong way up, with a detector of boxes and a recognizer that wants a light left end."""

import cv2
import numpy as np
import pytest

from readapt import Reader
from readapt.pages.prepare import turn
from readapt.recognize.reading import Reading, WordSpan


class Boxes:
    calls = 0

    def detect(self, page: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.calls += 1
        count, _, stats, _ = cv2.connectedComponentsWithStats((page < 255).astype(np.uint8))
        quads = [
            [[x, y], [x + w, y], [x + w, y + h], [x, y + h]] for x, y, w, h, _ in stats[1:].tolist()
        ]
        return np.array(quads, np.float32).reshape(-1, 4, 2), np.ones(count - 1, np.float32)


class WantsALightLeftEnd:
    def read(self, lines: list[np.ndarray]) -> list[Reading]:
        readings = []
        for image in lines:
            light = image[: image.shape[0] // 2, :8].mean() > 150
            right_way = image.shape[1] > image.shape[0] and light
            confidence = 0.9 if right_way else 0.2
            word = WordSpan("word", 8.0, image.shape[1] / 2, confidence)
            readings.append(Reading("word", confidence, (word,)))
        return readings


def upright_page() -> np.ndarray:
    page = np.full((300, 400), 255, np.uint8)
    for i, y in enumerate((40, 90, 140)):
        page[y : y + 20, 50 : 350 - 60 * i] = 10
        page[y : y + 10, 50:60] = 200  # the upper half only: mirrored is not turned
    return page


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_is_read_whichever_way_up(quarters: int) -> None:
    detector = Boxes()
    reader = Reader.from_parts(detector, WantsALightLeftEnd(), pad=0.0)
    image = turn(upright_page(), quarters)
    page = reader.read(image)
    assert (page.height, page.width) == image.shape
    assert [line.confidence for line in page.lines] == [0.9] * 3
    assert detector.calls == {0: 1, 1: 5, 2: 3, 3: 5}[quarters]
    for i, line in enumerate(page.lines):
        # The polygon's first corners are the line's light end, in pixels of the page as it came.
        xs, ys = np.array(line.polygon).T
        inside = image[int(ys.min()) : int(ys.max()), int(xs.min()) : int(xs.max())]
        assert inside.size == 20 * (300 - 60 * i)
        assert inside.max() < 255
        start = np.mean([line.polygon[0], line.polygon[3]], axis=0)
        light = np.argwhere(image == 200)[:, ::-1] + 0.5
        assert np.abs(light - start).sum(axis=1).min() < 12
        word = np.array(line.words[0].polygon)
        assert np.abs(word.mean(axis=0) - start).sum() < 0.5 * (300 - 60 * i)


def test_a_page_that_is_bad_every_way_up_stays_as_it_is() -> None:
    page = upright_page()
    page[page == 200] = 10
    reader = Reader.from_parts(Boxes(), WantsALightLeftEnd(), pad=0.0)
    assert [line.polygon[0] for line in reader.read(page).lines] == [(50, 40), (50, 90), (50, 140)]

"""Lines that were cut loosely, cut again."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from readapt.models.bundle import Bundle, find_bundle
from readapt.reader import load_recognizer
from readapt.recognize.decode import GREEDY
from readapt.recognize.greedy import best_path, sureness
from readapt.recognize.tighten import cut_as_read, find_body, other_frames, tighten, tightened
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image


def framed(line: Image, above: int, below: int) -> Image:
    return np.pad(line, ((above, below), (0, 0)), constant_values=230)


@pytest.fixture(scope="module")
def letters() -> Image:
    """Bodies of 20 rows with ascenders of 10 and descenders of 8 here and there."""
    line = np.full((38, 400), 230, np.uint8)
    for x in range(10, 390, 8):
        line[10:30, x : x + 4] = 20
    line[:10, 10:390:64] = line[30:, 40:390:96] = 20
    return line


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize(("above", "below"), [(20, 20), (40, 6), (4, 45)])
def test_loose_lines_are_cut_around_their_letters(
    letters: Image, above: int, below: int, scale: int
) -> None:
    loose = np.repeat(np.repeat(framed(letters, above, below), scale, 0), scale, 1)
    cut = tighten(loose)
    assert cut is not None
    assert cut.shape[1] == loose.shape[1]
    rows = np.flatnonzero((cut < 100).any(axis=1))
    assert rows[-1] - rows[0] + 1 >= 36 * scale  # all of the letters
    assert cut.shape[0] < 48 * scale  # and little else
    assert np.shares_memory(cut, loose)


def test_slivers_of_neighbours_are_cut_off(letters: Image) -> None:
    loose = framed(letters, 24, 24)
    loose[:6, 10:390:8] = loose[-6:, 10:390:8] = 20
    cut = tighten(loose)
    assert cut is not None
    assert (cut[[0, -1]] > 100).all()


def test_tight_lines_stay(letters: Image) -> None:
    assert tighten(letters) is None
    assert tighten(np.dstack([letters] * 3)) is None


def test_what_is_no_line_stays() -> None:
    rng = np.random.default_rng(0)
    blank = np.full((40, 300), 220, np.uint8)
    ruled = blank.copy()
    ruled[20:22] = 0
    for image in (blank, ruled, np.zeros((40, 300), np.uint8), np.full((1, 1), 9, np.uint8)):
        assert tighten(image) is None
    speckled = rng.integers(200, 230, (40, 300)).astype(np.uint8)
    cut = tighten(speckled)
    assert cut is None or cut.shape[1] == 300


def test_the_body_is_found_in_drawn_lines() -> None:
    maker = LineMaker(LineConfig(seed=3, clean=1.0, height=36))
    bodies = [find_body(maker.make(i).image) for i in range(12)]
    assert sum(body is not None for body in bodies) >= 6


def test_sureness_is_the_mean_of_the_characters_peaks() -> None:
    p = np.array([[0.1, 0.9, 0.0], [0.2, 0.8, 0.0], [0.9, 0.1, 0.0], [0.3, 0.0, 0.7]])
    assert sureness(np.log(p + 1e-12)) == pytest.approx((0.9 + 0.7) / 2)
    assert sureness(np.log(np.array([[0.9, 0.1]]))) == 0.0
    assert sureness(np.zeros((0, 3))) == 0.0


class Prefers:
    """Is as sure of a line as its height is near to what it likes."""

    def __init__(self, height: int) -> None:
        self.height = height
        self.asked = 0

    def log_posteriors(self, lines: Sequence[Image]) -> list[NDArray[np.float32]]:
        found = []
        self.asked += len(lines)
        for line in lines:
            sure = 0.9 / (1 + abs(line.shape[0] - self.height) / self.height)
            found.append(np.log(np.array([[0.05, sure, 0.95 - sure]], np.float32)))
        return found


def test_lines_are_cut_as_reading_settles(letters: Image) -> None:
    """What is learnt from has to look like what is read: tight only where that is surer."""
    loose = framed(letters, 20, 20)
    tight = tightened(loose)
    assert tight.shape[0] < loose.shape[0]
    assert cut_as_read(Prefers(tight.shape[0]), [loose])[0].shape == tight.shape
    assert cut_as_read(Prefers(loose.shape[0]), [loose, tight])[0] is loose
    assert cut_as_read(Prefers(9), []) == []
    unasked = Prefers(9)  # there is nothing to choose between
    assert cut_as_read(unasked, [letters])[0] is letters
    assert unasked.asked == 0


def test_other_frames_of_lines_cut_elsewhere(letters: Image) -> None:
    loose = framed(letters, 20, 20)
    tight = tighten(loose)
    assert tight is not None
    assert other_frames(letters, None) == []
    (came,) = other_frames(loose, tight)
    assert came is loose
    for line, cut in ((loose, tight), (np.dstack([letters] * 3), None)):
        first = line if cut is None else cut
        *came, roomier, lower = other_frames(line, cut, cut_elsewhere=True)
        assert [frame.shape for frame in came] == ([] if cut is None else [line.shape])
        room = round(0.15 * len(first))
        np.testing.assert_array_equal(roomier[room:-room], first)
        np.testing.assert_array_equal(roomier[0], first[0])
        np.testing.assert_array_equal(lower, first[room:])


def test_doubtful_lines_cut_elsewhere_are_taken_in_the_surest_frame(letters: Image) -> None:
    height = letters.shape[0]
    assert cut_as_read(Prefers(2 * height), [letters])[0] is letters
    (roomier,) = cut_as_read(Prefers(2 * height), [letters], cut_elsewhere=True)
    assert len(roomier) == height + 2 * round(0.15 * height)
    (lower,) = cut_as_read(Prefers(height - 6), [letters], cut_elsewhere=True)
    assert len(lower) == height - round(0.15 * height)


@pytest.mark.parametrize("cut_elsewhere", [False, True])
def test_cuts_are_those_that_are_read(cut_elsewhere: bool) -> None:
    """The rule stands twice, where lines are read and where they are cut: it is the same one."""
    recognizer = load_recognizer(Bundle.load(find_bundle(None)), 1, GREEDY)
    maker = LineMaker(LineConfig(seed=5, height=36))
    lines = [framed(maker.make(i).image, 18 + i % 9, 6 + i % 25) for i in range(150)]
    cuts = cut_as_read(recognizer, lines, cut_elsewhere)
    loose = [
        cut is line and tighten(line) is not None for cut, line in zip(cuts, lines, strict=True)
    ]
    tight = [cut is not line for cut, line in zip(cuts, lines, strict=True)]
    assert any(loose)
    assert any(tight)
    found = [best_path(p).ids for p in recognizer.log_posteriors(cuts)]
    texts = [" ".join(recognizer.alphabet.decode(ids).split()) for ids in found]
    assert [reading.text for reading in recognizer.read(lines, cut_elsewhere)] == texts

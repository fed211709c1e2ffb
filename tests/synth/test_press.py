import numpy as np
import pytest

from pages import CORPUS, FONTS
from readapt.synth.fonts import FontError
from readapt.synth.press import Press, shelve
from readapt.synth.sheet import Sheet


def press(width=600, height=500, fonts=FONTS) -> Press:
    rng = np.random.default_rng(3)
    return Press(Sheet(width, height, rng), shelve(fonts), CORPUS, rng)


def test_families_keep_their_cuts_together():
    shelf = shelve(FONTS)
    (sans,) = shelf["sans"]
    (serif,) = shelf["serif"]
    assert sans.bold is not None
    assert sans.bold.style == "Bold"
    assert serif.italic is not None
    assert serif.face(20, italic=True).slant == 0
    assert serif.face(20, bold=True).bold == 1
    assert shelf["mono"][0].face(20, italic=True).slant > 0


def test_a_missing_kind_borrows_the_next_best():
    assert press().family("blackletter").regular.kind == "serif"
    assert press(fonts=FONTS[:1]).family("typewriter").regular.kind == "sans"


def test_an_empty_shelf_says_so():
    with pytest.raises(FontError, match="PageConfig"):
        press(fonts=()).family("sans")


def test_words_are_as_many_as_asked_for_and_drawable():
    machine = press()
    words = machine.words(30, FONTS[0])
    assert len(words) == 30
    assert FONTS[0].can_draw("".join(words))


def test_paragraph_keeps_within_its_room():
    machine = press()
    face = machine.family("serif").face(20)
    words = machine.words(60, face.font)
    end = machine.paragraph(words, face, 50, 60, 400, 25, 300, justify=True, indent=20)
    boxes = np.array([segment.box for segment in machine.sheet.segments])
    assert len(boxes) > 3
    assert boxes[:, 0].min() >= 50 - 3
    assert boxes[:, 2].max() <= 450 + 3
    assert end == 60 + 25 * len(boxes)
    set_words = " ".join(segment.text for segment in machine.sheet.segments).split()
    assert set_words == words[: len(set_words)]


def test_paragraph_stops_at_the_bottom():
    machine = press()
    face = machine.family("serif").face(20)
    assert machine.paragraph(machine.words(200, face.font), face, 50, 60, 400, 25, 120) == 135
    assert len(machine.sheet.segments) == 3


def test_wrapped_lines_fit():
    machine = press()
    face = machine.family("sans").face(24)
    words = machine.words(40, face.font)
    lines = machine.wrap(words, face, 200)
    assert [word for line in lines for word in line] == words
    assert all(face.width(" ".join(line)) <= 200.01 for line in lines)


def test_cells_never_touch():
    machine = press()
    face = machine.family("mono").face(20)
    machine.cells([("aaaa bbbb", 10, 0), ("cccc", 60, 0), ("1.00", 590, 1)], face, 50)
    assert [segment.text for segment in machine.sheet.segments] == ["aaaa bbbb", "1.00"]
    assert machine.sheet.segments[1].box[2] == pytest.approx(590, abs=3)

"""Coverage: what a font lacks is never drawn."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import font_manager

from readapt.synth.fonts import Face, Font, FontError, classify, find_fonts, read_font

DEJAVU = Path(font_manager.findfont("DejaVu Sans"))


@pytest.fixture(scope="module")
def dejavu() -> Font:
    return read_font(DEJAVU)


def test_coverage_is_the_cmap(dejavu: Font) -> None:
    assert dejavu.can_draw("Straße, ſœur – 12 €")
    assert not dejavu.can_draw("漢字")
    assert dejavu.lacks("a漢b字漢") == "字漢"


def test_a_missing_glyph_is_an_error_that_names_it(dejavu: Font) -> None:
    with pytest.raises(FontError, match=r"'漢' \(U\+6F22\)"):
        Face(dejavu, 24).glyph("漢")


def test_glyphs_stand_on_the_baseline(dejavu: Font) -> None:
    face = Face(dejavu, 48)
    for character in "HxE":
        glyph = face.glyph(character)
        assert abs(glyph.top + glyph.ink.shape[0]) <= 1
        assert glyph.ink.dtype == np.uint8
    assert face.glyph("p").top + face.glyph("p").ink.shape[0] > 5
    assert face.glyph(" ").advance > 0
    assert not face.is_unicase()


def test_a_file_that_is_no_font_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.ttf"
    path.write_bytes(b"no font")
    with pytest.raises(FontError, match=r"broken\.ttf"):
        read_font(path)


@pytest.mark.parametrize(
    ("family", "monospaced", "kind"),
    [
        ("Courier Prime", True, "typewriter"),
        ("UnifrakturMaguntia", False, "fraktur"),
        ("Pirata One", False, "blackletter"),
        ("DejaVu Sans Mono", True, "mono"),
        ("EB Garamond", False, "old"),
        ("DejaVu Serif", False, "serif"),
        ("DejaVu Sans", False, "sans"),
    ],
)
def test_kinds(family: str, monospaced: bool, kind: str) -> None:
    assert classify(family, monospaced) == kind


def test_there_is_always_a_font() -> None:
    fonts = find_fonts()
    assert fonts
    assert all(font.can_draw("Ag0.-") for font in fonts)


def test_an_outline_freetype_cannot_draw_is_named(
    dejavu: Font, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Face(dejavu, 30)

    def overflow(*args: object, **kwargs: object) -> None:
        raise OSError("raster overflow")

    monkeypatch.setattr(drawn._face, "getmask2", overflow)
    with pytest.raises(FontError, match=r"cannot draw 'a' \(U\+0061\): raster overflow"):
        drawn.glyph("a")


def test_a_glyph_that_takes_no_room_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some fonts have an asterisk without an advance: a line of these would have no width."""
    drawn = Face(read_font(font_manager.findfont("DejaVu Sans")), 32)
    monkeypatch.setattr(drawn._face, "getlength", lambda _, features: 0.0)
    with pytest.raises(FontError, match=r"'\*' \(U\+002A\) over what stands beside it"):
        drawn.glyph("*")
    assert drawn.glyph("\u0301").advance == 0  # an accent over a letter

"""Twins of real lines: the same text at the same place, in the right face and weight."""

import cv2
import numpy as np
import pytest
from matplotlib import font_manager

from readapt.export.restore import from_bundle
from readapt.gan.setting import Setting, set_text
from readapt.gan.twins import Original, elected, find_twins, originals, set_again
from readapt.models.bundle import Bundle, find_bundle
from readapt.nets.crnn import Crnn
from readapt.synth.fonts import Font, read_font
from readapt.types import Image

TEXTS = ("die Sonne scheint", "Nr. 17 im Garten", "ein altes Haus", "pour la maison", "Total 12.50")


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load(find_bundle(None))


@pytest.fixture(scope="module")
def recognizer(bundle: Bundle) -> Crnn:
    return from_bundle(bundle)


@pytest.fixture(scope="module")
def fonts() -> list[Font]:
    names = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono")
    return [read_font(font_manager.findfont(name)) for name in names]


def scanned(font: Font, text: str, seed: int, heavier: float = 1.0) -> Image:
    line = set_text(Setting(font.name, 26.0, 0.5, 0.45, heavier, 1.2, 5.0, 6.0), text, font)
    assert line is not None
    noise = np.random.default_rng(seed).normal(0, 8, line.image.shape)
    soft = cv2.GaussianBlur(line.image, (0, 0), 0.6).astype(np.float64)
    return np.asarray(np.clip(soft + noise, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def read(bundle: Bundle, recognizer: Crnn, fonts: list[Font]) -> list[Original]:
    lines = [scanned(fonts[1], text, i) for i, text in enumerate(TEXTS)]
    return originals([*lines, np.full((36, 90), 230, np.uint8)], recognizer, bundle.alphabet)


def test_the_surest_lines_are_read(read: list[Original]) -> None:
    assert len(read) == 4  # of six, one blank, the surest 70 percent
    assert {one.text for one in read} <= set(TEXTS)
    for one in read:
        assert len(one.words) == one.text.count(" ") + 1


def test_twins_have_the_face_the_place_and_the_weight(
    read: list[Original], recognizer: Crnn, fonts: list[Font]
) -> None:
    twins = find_twins(fonts, read, recognizer)
    assert len(twins) == len(read)
    assert elected(twins)[0][0] == fonts[1].name
    for one, twin in zip(read, twins, strict=True):
        assert twin.line.text == one.text
        assert twin.line.image.shape == one.image.shape
        real, drawn = one.image < 115, twin.line.image < 115
        assert (real & drawn).sum() > 0.75 * real.sum()
        assert drawn.sum() == pytest.approx(real.sum(), rel=0.08)
        assert twin.setting.baseline == pytest.approx(26, abs=1)


def test_a_setting_serves_another_text(read: list[Original], fonts: list[Font]) -> None:
    twin = set_again(read[0], fonts[1])
    assert twin is not None
    other = set_text(twin.setting, read[0].text, fonts[1])
    assert other is not None
    assert abs(other.image.shape[1] - twin.line.image.shape[1]) <= 3


def test_faces_of_another_width_are_none(read: list[Original], fonts: list[Font]) -> None:
    one = read[0]
    squeezed = Original(
        one.image,
        one.text,
        one.rows,
        tuple((x // 3, x // 3 + 2) for x, _ in one.words),
        one.features,
    )
    assert set_again(squeezed, fonts[0]) is None

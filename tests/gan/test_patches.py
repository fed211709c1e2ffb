"""Text-free patches: found beside the text, and said what is missing where there are none."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from readapt.errors import InputError
from readapt.gan.patches import SIDE, Tone, find_patches, plain_paper
from readapt.models.bundle import Bundle
from readapt.reader import Reader
from tiny_model import draw_page


def grainy(page: np.ndarray, most: int = 12) -> np.ndarray:
    rng = np.random.default_rng(1)
    return (page - rng.integers(0, most, page.shape)).clip(0).astype(np.uint8)


def save(folder: Path, *pages: np.ndarray) -> list[str]:
    for i, page in enumerate(pages):
        PIL.Image.fromarray(page).save(folder / f"{i}.png")
    return [str(folder)]


TEXT = [(20, 20, "abab"), (30, 90, "ba"), (10, 160, "aab")]


def test_plain_paper() -> None:
    rng = np.random.default_rng(0)
    paper = rng.normal(220, 3, (SIDE, SIDE)).clip(0, 255).astype(np.uint8)
    assert plain_paper(paper, 30.0)
    inked = paper.copy()
    inked[10:20, 10:14] = 40
    assert not plain_paper(inked, 30.0)
    assert not plain_paper((paper // 4).astype(np.uint8), 10.0)
    assert not plain_paper(np.full((SIDE, SIDE), 255, np.uint8), 30.0)


def test_patches_are_found_beside_the_text(tiny_model: Bundle, tmp_path: Path) -> None:
    small, large = draw_page(TEXT, 512, 560), draw_page(TEXT, 900, 900)
    reader = Reader(tiny_model.folder, 1)
    scans = save(tmp_path, grainy(small), grainy(large))
    found = find_patches(scans, reader, least=10)
    assert found.pages == 2
    assert found.levels.shape[1:] == (SIDE, SIDE)
    assert found.levels.min() > 200  # no strip, which is 160, and no letter
    assert 0 <= found.ink[0] <= found.ink[1] < 0.2  # letters are black
    again = find_patches(scans, reader, least=10)
    assert np.array_equal(found.levels, again.levels)
    # Few are wanted: every page gives about as many, and one file is enough where one is asked for.
    few = find_patches(scans, reader, least=10, most=40)
    assert 38 <= len(few.levels) <= 40
    assert find_patches(scans, reader, least=10, pages=1).pages == 1


def test_what_is_missing_is_said(tiny_model: Bundle, tmp_path: Path) -> None:
    reader = Reader(tiny_model.folder, 1)
    cases = {
        "few": (grainy(draw_page(TEXT, 512, 560)), "are needed: about .* such pages would do"),
        "painted": (draw_page(TEXT, 512, 560), "No bare paper was found on 1 page"),
        "black": (np.zeros((400, 400), np.uint8), "No (line of text|bare paper) was found on 1"),
        "blank": (np.full((400, 400), 250, np.uint8), "No line of text"),
        "tiny": (np.full((6, 6), 250, np.uint8), "No line of text"),
    }
    for name, (page, message) in cases.items():
        (tmp_path / name).mkdir()
        with pytest.raises(InputError, match=message):
            find_patches(save(tmp_path / name, page), reader, least=10_000)


def test_tone_there_and_back() -> None:
    levels = np.random.default_rng(0).normal(210, 6, (20, SIDE, SIDE)).astype(np.uint8)
    tone = Tone.of(levels)
    assert abs(tone.mean - 210) <= 1
    assert 15 < tone.scale < 22
    assert 5 < tone.soft < 7
    every = np.arange(
        int(tone.mean - tone.scale) + 1, int(tone.mean + tone.scale), dtype=np.float32
    )
    values = tone.values(every)
    assert np.array_equal(tone.levels(values), every.astype(np.uint8))
    assert (np.diff(values) > 0).all()
    assert tone.values(np.array([0, tone.mean, 255], np.float32)).tolist() == [-1, 0, 1]
    # Levels near that of the paper are further apart than others.
    steps = np.diff(tone.values(np.arange(tone.mean, tone.mean + tone.scale).astype(np.float32)))
    assert steps[0] > 2 * steps[-1]

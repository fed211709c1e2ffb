"""Rendered twins of real lines: what was read on them, set again as they were set.

Where source and target differ in texts, widths and letter forms, an adversary punishes what no
translator can change. So texts are those that a recognizer reads on the scans, each set in the
face that comes nearest to the line itself, word by word where the line has it, strokes as heavy.
Whether a reading is right does not matter much: the label of a twin is what was drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from readapt.gan.crops import STRIDE, Rendered
from readapt.gan.setting import (
    INK,
    SIZE,
    Setting,
    draw,
    edge_distance,
    ink_rows,
    moved_edges,
    placed,
    word_columns,
    word_gaps,
)
from readapt.nets.crnn import Crnn
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.greedy import best_path
from readapt.synth.fonts import Font, FontError
from readapt.synth.marks import can_set
from readapt.types import Image

_SURE = 0.7
"""Share of the lines whose readings are believed, the surest ones."""
_SHORTEST = 3
"""Characters of a reading, at least."""
_STRETCH = 1.45
"""A face that must be made wider or narrower by more than this, beside the height, is another."""
_HEAVIER = 0.06 * SIZE
"""Pixels by which a stroke's edge is moved at most."""
_HALVINGS = 7
"""That many times the search for it is narrowed: to a twentieth of a pixel."""
_NOMINATING = 8
"""Lines that are set in every face ..."""
_NOMINATED = 12
"""... and nominate so many of them."""
_VOTING = 32
"""Lines that vote for nominated faces ..."""
_CHOICES = 3
"""... with so many choices."""
_FEW = 10
"""Faces that are elected."""


@dataclass(frozen=True, slots=True)
class Original:
    """A real line with a sure reading, and where its ink is."""

    image: Image
    text: str
    rows: tuple[int, int]
    """First row of its ink and the one after the last ..."""
    words: tuple[tuple[int, int], ...]
    """... and the columns of each word's, in pixels of the prepared line."""
    features: NDArray[np.float32] = field(repr=False)
    """`time channel`."""


@dataclass(frozen=True, slots=True)
class Twin:
    """A line set again, and how."""

    line: Rendered
    setting: Setting


def originals(lines: Sequence[Image], recognizer: Crnn, alphabet: Alphabet) -> list[Original]:
    """Read prepared lines, and keep those that are read surely, in their order."""
    found: list[tuple[float, int, Original]] = []
    with torch.inference_mode():
        for i, line in enumerate(lines):
            padded = np.pad(line, ((0, 0), (0, -line.shape[1] % 4)), mode="edge")
            seen = recognizer.features(torch.from_numpy(padded)[None])
            path = best_path(recognizer.read(seen)[0].numpy())
            text, rows = alphabet.decode(path.ids), ink_rows(line)
            if rows is None or len(text) < _SHORTEST or text != " ".join(text.split()):
                continue
            spans = STRIDE * path.spans.astype(np.float64)
            words = word_columns(line, rows, word_gaps(text, spans))
            if words is not None:
                doubt = -path.log_probability / len(path.ids)
                found.append((doubt, i, Original(line, text, rows, words, seen[0].numpy())))
    found.sort(key=lambda one: one[0])
    sure = found[: round(_SURE * len(lines))]
    return [original for _, _, original in sorted(sure, key=lambda one: one[1])]


def find_twins(
    fonts: Sequence[Font],
    real: Sequence[Original],
    recognizer: Crnn,
    tick: Callable[[], None] = lambda: None,
) -> list[Twin]:
    """Set every line again in the face that comes nearest to it; lines that none fits are left out.

    A few faces are chosen on some of the lines; then each line is set in all of these. Near is the
    mean squared difference of a recognizer's features, frame by frame: text, place and weight are
    the same, so that letter forms are what is compared.
    """
    few = best_faces(fonts, real, recognizer, tick)
    twins = []
    for original in real:
        tick()
        compared = list(_compared(few, original, recognizer))
        if compared:
            twins.append(min(compared, key=lambda one: one[0])[1])
    return twins


def best_faces(
    fonts: Sequence[Font],
    real: Sequence[Original],
    recognizer: Crnn,
    tick: Callable[[], None] = lambda: None,
) -> list[Font]:
    """Choose the faces that come nearest to most lines.

    Some of the shorter lines are set in every font, and nominate those whose softened pixels are
    nearest; then more lines vote for the nearest among these by features.
    """
    if len(fonts) <= _FEW or not real:
        return list(fonts)
    short = sorted(real, key=lambda one: one.image.shape[1])
    nominated: set[str] = set()
    for original in _spread(short[: max(_NOMINATING, len(short) // 2)], _NOMINATING):
        near = []
        for twin in _set_in(fonts, original):
            tick()
            near.append((_blurred_distance(original.image, twin.line.image), twin.setting.face))
        nominated |= {face for _, face in sorted(near)[:_NOMINATED]}
    left = [font for font in fonts if font.name in nominated]
    votes: Counter[str] = Counter()
    for original in _spread(real, _VOTING):
        tick()
        for rank, (_, face) in enumerate(_nearest(left, original, recognizer)[:_CHOICES]):
            votes[face] += _CHOICES - rank
    best = {name for name, _ in votes.most_common(_FEW)}
    return [font for font in left if font.name in best]


def _spread(real: Sequence[Original], count: int) -> list[Original]:
    """Take some, evenly."""
    places = np.linspace(0, len(real) - 1, min(count, len(real))).astype(int).tolist()
    return [real[i] for i in places]


def _blurred_distance(a: Image, b: Image) -> float:
    soft = [cv2.GaussianBlur(x, (0, 0), 1.0).astype(np.float32) for x in (a, b)]
    return float(((soft[0] - soft[1]) ** 2).mean())


def _nearest(
    fonts: Sequence[Font], original: Original, recognizer: Crnn
) -> list[tuple[float, str]]:
    return sorted((far, twin.setting.face) for far, twin in _compared(fonts, original, recognizer))


def elected(twins: Sequence[Twin]) -> list[tuple[str, float]]:
    """Count faces: names with their shares of the twins, the most frequent first."""
    votes = Counter(twin.setting.face for twin in twins)
    return [(name, count / len(twins)) for name, count in votes.most_common()]


def _set_in(fonts: Sequence[Font], original: Original) -> Iterator[Twin]:
    """Yield a twin for each font that can set the text at about its width."""
    for font in fonts:
        if can_set(font, original.text):
            try:
                twin = set_again(original, font)
            except FontError:  # a glyph without ink
                continue
            if twin is not None:
                yield twin


def _compared(
    fonts: Sequence[Font], original: Original, recognizer: Crnn
) -> Iterator[tuple[float, Twin]]:
    """Yield distance by features and twin for each font that can set the text."""
    twins = list(_set_in(fonts, original))
    if not twins:
        return
    missing = -original.image.shape[1] % 4
    stack = np.stack([np.pad(t.line.image, ((0, 0), (0, missing)), mode="edge") for t in twins])
    with torch.inference_mode():
        seen = recognizer.features(torch.from_numpy(stack)).numpy()
    yield from zip(((seen - original.features) ** 2).mean((1, 2)).tolist(), twins, strict=True)


def set_again(original: Original, font: Font) -> Twin | None:
    """Set the text of a line in a font: every word where the line has it, strokes as heavy.

    None where the font is far too wide or narrow for it. Raises :class:`FontError` where it cannot
    draw the text.
    """
    drawn = draw(original.text, font)
    if drawn is None:
        return None
    to, at = (np.array(x, np.float64).ravel() for x in (original.words, drawn.words))
    wide = float(np.diff(to)[::2].sum() / np.diff(at)[::2].sum())
    high = (original.rows[1] - original.rows[0]) / (drawn.rows[1] - drawn.rows[0])
    if not 1 / _STRETCH <= wide / high <= _STRETCH or (np.diff(to) <= 0).any():
        return None
    share = float((_of_words(original.image, original.rows, original.words) < INK).mean())
    heavier = _heavier(_of_words(edge_distance(drawn.image), drawn.rows, drawn.words), share)
    setting = Setting(
        font.name,
        original.rows[0] + (drawn.baseline - drawn.rows[0]) * high,
        high,
        wide,
        heavier,
        _space(to, at, wide),
        float(to[0]),
        original.image.shape[1] - float(to[-1]),
    )
    image = moved_edges(drawn.image, heavier)
    shape = (original.image.shape[0], original.image.shape[1])
    return Twin(placed(image, drawn, (at, to), setting, shape, original.text), setting)


def _of_words(
    image: NDArray[Any], rows: tuple[int, int], words: Sequence[tuple[int, int]]
) -> NDArray[Any]:
    """Pixels of the words of a line, without the spaces between them."""
    return np.concatenate([image[slice(*rows), slice(*word)].ravel() for word in words])


def _heavier(distance: NDArray[np.float32], share: float) -> float:
    """Find by how much edges at these distances are to be moved for a ``share`` of ink."""
    some = distance[::4]  # enough
    low, high = -_HEAVIER, _HEAVIER
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        ink = float(np.clip(middle + 0.5 - some, 0, 1).mean())  # as moved_edges draws it
        low, high = (middle, high) if ink < share else (low, middle)
    return (low + high) / 2


def _space(to: NDArray[np.float64], at: NDArray[np.float64], wide: float) -> float:
    """How much wider the spaces between words are than the font's, 0.5 to 3."""
    if len(to) < 4:
        return 1.0
    own, natural = (float(np.diff(x)[1::2].sum()) for x in (to, at))
    return float(np.clip(own / (wide * natural), 0.5, 3.0))

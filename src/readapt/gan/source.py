"""Rendered lines for a game: clean, a little bent, and matched to the real ones.

Where the rendered lines are shorter, sparser or thinner than the real ones, the discriminator sees
it, and teaches the generator to scribble. So lines are drawn in plenty, and those are kept that a
plain statistic cannot tell from the real ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from readapt.gan.crops import Rendered, prepare_sample
from readapt.recognize.preprocess import PAPER
from readapt.synth.distort import Warp
from readapt.synth.ink import Spread
from readapt.synth.lines import LineMaker, LineSample
from readapt.types import Image

MEASURES = ("width", "ink", "stroke", "height", "place", "pitch")


def source_lines(
    maker: LineMaker,
    count: int,
    seed: int = 0,
    height: int = 36,
    known: Sequence[tuple[int, int]] = (),
) -> Iterator[Rendered]:
    """Draw clean lines of a maker, some of them bent, some with their ink spread or worn.

    Use a maker of `LineConfig(clean=1.0)`: dirt and light are for the generator to learn. Their
    margins are of those `known`, where there are any.
    """
    for i in range(count):
        yield source_line(maker, i, seed, height, known)


def source_line(
    maker: LineMaker,
    index: int,
    seed: int = 0,
    height: int = 36,
    known: Sequence[tuple[int, int]] = (),
) -> Rendered:
    """Draw line `index`; see :func:`source_lines`."""
    rng = np.random.default_rng([seed, index])
    return trimmed(prepare_sample(bent(maker.make(index), rng), height), known, rng)


def bent(sample: LineSample, rng: np.random.Generator) -> LineSample:
    """Bend a clean line, black on white, and spread or wear its ink, each half of the time."""
    ink = 1 - sample.image.astype(np.float32) / np.float32(255)
    quads = sample.characters
    if rng.random() < 0.5:
        warp = Warp.sample(rng, sample.image.shape[0])
        quads = warp.points(quads, (ink.shape[0], ink.shape[1]))
        ink = warp.apply(ink, 0.0)
    if rng.random() < 0.5:
        ink = Spread.sample(rng).apply(ink)
    image = ((1 - np.clip(ink, 0, 1)) * 255).astype(np.uint8)
    return LineSample(image, sample.text, quads, sample.font)


def margins(line: Image) -> tuple[int, int] | None:
    """Measure the paper left and right of the ink of a prepared line, in pixels; None: no ink."""
    columns = np.flatnonzero((line < 115).any(axis=0))
    if not columns.size:
        return None
    return int(columns[0]), line.shape[1] - 1 - int(columns[-1])


def trimmed(line: Rendered, known: Sequence[tuple[int, int]], rng: np.random.Generator) -> Rendered:
    """Give a line the margins of one of those known: cut its paper off, or set more beside it.

    Where real lines begin a game sees strokes; a rendered line that begins with paper is
    scribbled on there.
    """
    own = margins(line.image)
    if own is None or not len(known):
        return line
    left, right = known[int(rng.integers(len(known)))]
    width = line.image.shape[1]
    inner = line.image[:, max(0, own[0] - left) : width - max(0, own[1] - right)]
    more = (max(0, left - own[0]), max(0, right - own[1]))
    image = np.pad(inner, ((0, 0), more), constant_values=PAPER)
    return Rendered(image, line.text, line.spans + np.float32(left - own[0]))


def measures(line: Image) -> NDArray[np.float64]:
    """Measure a prepared line: what the source has to share with the target, `MEASURES`.

    log width; share of ink; mean stroke width in pixels; height and middle of the text as shares
    of the line; strokes per pixel along the line.
    """
    ink = line < 115  # half of the paper's level
    share = float(ink.mean())
    edges = int((ink[:, 1:] != ink[:, :-1]).sum()) + int((ink[1:] != ink[:-1]).sum())
    rows = np.flatnonzero(ink.mean(axis=1) > 0.25 * max(float(ink.mean(axis=1).max()), 1e-6))
    low, high = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, line.shape[0])
    body = ink[low:high]
    starts = int((body[:, 1:] & ~body[:, :-1]).sum())
    return np.array(
        [
            np.log(line.shape[1]),
            np.sqrt(share),
            2 * ink.sum() / max(edges, 1),
            (high - low) / line.shape[0],
            (high + low) / (2 * line.shape[0]),
            starts / max(body.size, 1),
        ]
    )


def matched(
    rendered: Sequence[Rendered],
    real: Sequence[Image],
    count: int,
    seed: int = 0,
    features: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
    read: Sequence[str] | None = None,
) -> list[Rendered]:
    """Choose `count` of the rendered lines so that their measures are distributed as the real ones.

    Lines are drawn without return in proportion to :func:`density_odds`. `features`, `line
    channel` of the rendered and of the real lines, say more about them, such as the kind of font.
    `read` are first readings of the real lines: the rendered texts then match them in letters too.
    """
    if count >= len(rendered):
        return list(rendered)
    a = np.array([measures(line.image) for line in rendered])
    b = np.array([measures(line) for line in real])
    if read is not None:
        letters = letter_measures([line.text for line in rendered], read)
        a, b = (np.concatenate([x, y], axis=1) for x, y in zip((a, b), letters, strict=True))
    odds = density_odds(a, b, features)
    # Gumbel's trick: the largest of log-odds + noise are a draw without return.
    noise = np.random.default_rng([seed, 3]).gumbel(size=len(a))
    order = np.argsort(-(np.clip(odds, -6, 6) + noise), kind="stable")
    return [rendered[i] for i in sorted(order[:count].tolist())]


def letter_measures(
    rendered: Sequence[str], read: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure texts against each other: `text measure` of the rendered and of those read.

    Shares of digits, of capitals, of letters beyond ASCII; and the mean over characters of the
    logarithm of how much more frequent they are in what was read.
    """
    counts = [Counter("".join(texts)) for texts in (rendered, read)]
    known = set(counts[0]) | set(counts[1])
    totals = [sum(c.values()) + len(known) for c in counts]
    ratio = {
        c: float(np.log((counts[1][c] + 1) / totals[1] * totals[0] / (counts[0][c] + 1)))
        for c in known
    }

    def measured(text: str) -> list[float]:
        n = max(len(text), 1)
        return [
            sum(c.isdigit() for c in text) / n,
            sum(c.isupper() for c in text) / n,
            sum(c.isalpha() and not c.isascii() for c in text) / n,
            sum(ratio[c] for c in text) / n,
        ]

    return np.array([measured(t) for t in rendered]), np.array([measured(t) for t in read])


def density_odds(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    features: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> NDArray[np.float64]:
    """Return `log(density of b / density of a)` at each sample of `a`, both `sample measure`.

    A logistic regression tells the two sets apart by the measures and their squares, and by the
    main directions of `features`: its log-odds are the ratio.
    """
    both = np.concatenate([a, b])
    scaled = np.clip((both - b.mean(0)) / (b.std(0) + 1e-6), -4, 4)
    columns = [np.ones((len(both), 1)), scaled, scaled**2]
    if features is not None:
        columns.append(_directions(np.concatenate(features), 16))
    inputs = np.concatenate(columns, axis=1)
    target = np.repeat([0.0, 1.0], [len(a), len(b)])
    weight = np.repeat([0.5 / len(a), 0.5 / len(b)], [len(a), len(b)])
    return np.asarray(inputs[: len(a)] @ logistic_fit(inputs, target, weight))


def _directions(features: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Project on the `count` directions of most variance, each scaled to unit variance."""
    centred = features - features.mean(0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    kept = s[:count] > 1e-6 * max(float(s[0]), 1e-12)
    return np.asarray(u[:, :count][:, kept] * np.sqrt(len(features)))


def logistic_fit(
    inputs: NDArray[np.float64],
    target: NDArray[np.float64],
    weight: NDArray[np.float64],
    ridge: float = 1e-3,
) -> NDArray[np.float64]:
    """Fit weights `w` of `p = sigmoid(inputs @ w)` by Newton's method, ridge on all but the first.

    `inputs` is `sample feature` with a column of ones first; `weight` sums to 1.
    """
    w = np.zeros(inputs.shape[1])
    penalty = np.full(len(w), ridge)
    penalty[0] = 1e-9
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(inputs @ w, -30, 30)))
        gradient = inputs.T @ (weight * (p - target)) + penalty * w
        curvature = (inputs * (weight * p * (1 - p))[:, None]).T @ inputs + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        w = w - step
        if np.abs(step).max() < 1e-6:
            break
    return w

"""Whether translated lines look real, and whether they still say what they said.

Without Inception: the features are the recognizer's own, pooled over a line, because what matters
is what a recognizer sees. KID (Binkowski et al. 2018) beside the floor that two halves of the real
lines have; coverage and density (Naeem et al. 2020); and the share of lines whose text survives,
by a reader that is not in the loop: the one in the loop can be gamed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from readapt.evaluate.normalise import fold
from readapt.gan.candidates import degraded, dressed
from readapt.gan.colour import grey
from readapt.gan.critic import GapConfig, measure_gap
from readapt.gan.crops import Rendered
from readapt.gan.play import Verdict
from readapt.gan.translate import translate_lines
from readapt.nets.crnn import Crnn
from readapt.nets.generator import Generator
from readapt.recognize.preprocess import prepare_line
from readapt.synth.degrade import SCAN
from readapt.synth.ink import INK
from readapt.types import Image

Features: TypeAlias = NDArray[np.float64]
"""`line channel`."""
Reads: TypeAlias = Callable[[Sequence[Image]], Sequence[str]]
"""Images of lines to texts."""


def pooled_features(recognizer: Crnn, lines: Sequence[Image]) -> Features:
    """Mean over time of the recognizer's convolutional features, `line channel`.

    Prepared lines `height width` uint8, of those in colour the luminance; each by itself, so that
    no padding is seen.
    """
    pooled = []
    with torch.inference_mode():
        for line in lines:
            padded = np.pad(grey(line), ((0, 0), (0, -line.shape[1] % 4)), mode="edge")
            pooled.append(recognizer.features(torch.from_numpy(padded)[None])[0].mean(0).numpy())
    return np.asarray(pooled, np.float64)


def kid(a: Features, b: Features) -> float:
    """Unbiased squared maximum mean discrepancy with the kernel `(x . y / d + 1)^3`.

    Binkowski et al. 2018, equation 4. At least two samples each. May be below 0: its expectation
    is 0 for equal distributions.
    """
    if min(len(a), len(b)) < 2:
        raise ValueError("KID needs two samples of each kind at least")
    d = a.shape[1]
    aa, bb, ab = (((x @ y.T) / d + 1) ** 3 for x, y in ((a, a), (b, b), (a, b)))
    m, n = len(a), len(b)
    within = (aa.sum() - np.trace(aa)) / (m * (m - 1)) + (bb.sum() - np.trace(bb)) / (n * (n - 1))
    return float(within - 2 * ab.mean())


def coverage_density(real: Features, fake: Features, k: int = 5) -> tuple[float, float]:
    """Share of real samples with a fake in their ball, and fakes per ball over `k`.

    A real sample's ball reaches to its `k`-th nearest real neighbour (Naeem et al. 2020, equations
    7 and 8). Coverage is 1 where nothing real is missing; density is 1 in expectation where the
    distributions are equal, and above 1 where fakes crowd the middle.
    """
    k = min(k, len(real) - 1)
    radii = np.partition(_distances(real, real), k, axis=1)[:, k]
    inside = _distances(real, fake) <= radii[:, None]
    return float(inside.any(axis=1).mean()), float(inside.sum() / (k * len(fake)))


def _distances(a: Features, b: Features) -> Features:
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def roughened(line: Image) -> Image:
    """Shrink a line a little, enlarge it and compress it: the text stays, faint tricks do not."""
    line = grey(line)
    height, width = line.shape
    small = cv2.resize(line, (max(4, round(0.85 * width)), round(0.85 * height)))
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    _, packed = cv2.imencode(".jpg", large, [cv2.IMWRITE_JPEG_QUALITY, 75])
    read = cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE)
    assert read is not None  # it was written a line ago
    return np.asarray(read, np.uint8)


def rough_reader(reads: Reads) -> Reads:
    """Let a reader see roughened lines: the next best where there is no second reader."""
    return lambda lines: reads([roughened(line) for line in lines])


def reads_as(text: str, label: str) -> bool:
    """Whether a reading is the label, after folding and without spaces, which nobody gets right."""
    return _bare(text) == _bare(label)


def _bare(text: str) -> str:
    return "".join(fold(text).split())


def collapse(rendered: Sequence[Image], translated: Sequence[Image]) -> str:
    """Say what is wrong with outputs that are plainly no lines any more; "" where nothing is."""
    a = np.concatenate([x.ravel() for x in rendered]).astype(np.float64)
    b = np.concatenate([grey(x).ravel() for x in translated]).astype(np.float64)
    if not np.isfinite(b).all() or b.mean() < 0.35 * a.mean():
        return BLACK
    ink_a, ink_b = np.mean(a < 128), np.mean(b < 128)
    spread = a.std() * b.std()
    correlation = float(((a - a.mean()) * (b - b.mean())).mean() / spread) if spread else 0.0
    if correlation < -0.2:
        return INVERTED
    if ink_b < 0.15 * ink_a or correlation < 0.2:
        return LOST
    return ""


BLACK: Final = "The translated images are black."
INVERTED: Final = "The translated images are inverted, bright on dark."
LOST: Final = "The translated images have lost their text."
_KEPT_LEAST = 0.5
"""Share of the readable texts that a state must keep to be kept itself ..."""
_SAYS_SOMETHING = 0.1
"""... where the judge reads at least so many of the rendered lines."""
_SAYS = 20
"""Lines that a judge reads, at least, where the game is to mind what it says of them."""
_MEASURABLE = 8
"""Lines of each kind that a gap needs."""


@dataclass(frozen=True, slots=True)
class MonitorConfig:
    """What is judged, and by what measure."""

    lines: int = 200
    """Rendered lines translated at each look, at most."""
    real: int = 400
    """Real lines compared with, at most."""
    held_out: float = 0.25
    """Share of the real lines that are compared with and never played with."""
    preserved: float = 0.95
    """Share of the readable lines that must still read as their label."""
    gap: GapConfig | None = None
    """How the distance from the real lines is estimated at each look; None: it is not."""
    seed: int = 0


class Monitor:
    """The judge of a translation: KID, subject to the texts being kept."""

    def __init__(
        self,
        recognizer: Crnn,
        reads: Reads,
        real: Sequence[Image],
        rendered: Sequence[Rendered],
        config: MonitorConfig = MonitorConfig(),
    ) -> None:
        rng = np.random.default_rng([config.seed, 7])
        self.config, self.recognizer, self.reads = config, recognizer, reads
        order = rng.permutation(len(real))[: config.real]
        self.real = [real[i] for i in order]
        chosen = rng.permutation(len(rendered))[: config.lines]
        self.rendered = [rendered[i] for i in chosen]
        self.plain = [line.image for line in self.rendered]
        self.features = pooled_features(recognizer, self.real)
        half = len(self.real) // 2
        self.floor = kid(self.features[:half], self.features[half:])
        """KID of one half of the real lines against the other."""
        begun = time.monotonic()
        self.before = kid(self.features, pooled_features(recognizer, self.plain))
        """KID of the rendered lines as they are."""
        seen = time.monotonic()
        self.readable = self._right(self.plain)
        """Which of the rendered lines the judge reads as their label."""
        self.seconds = seen - begun, time.monotonic() - seen
        """How long it takes to find the features of the rendered lines, and to read them."""
        ordinary = [prepare_line(dressed(x, i), x.shape[0]) for i, x in enumerate(self.plain)]
        self.usual = self.preservation(ordinary)
        """Share of them that the judge still reads after ordinary procedural degradation."""
        self.wrong = ""
        """What was wrong at the last look ..."""
        self.seen: Sequence[Image] = ()
        """... and the translated lines that it saw."""
        self.history: list[dict[str, float]] = []

    def _right(self, lines: Sequence[Image]) -> NDArray[np.bool_]:
        read = self.reads([grey(line) for line in lines])
        pairs = zip(read, self.rendered, strict=True)
        return np.array([reads_as(text, line.text) for text, line in pairs], bool)

    def preservation(self, lines: Sequence[Image]) -> float:
        """Share of the readable lines that read as their label after translation."""
        if not self.readable.any():
            return 0.0
        return float(self._right(lines)[self.readable].mean())

    def degraded(self, lines: Sequence[Image]) -> dict[str, float]:
        """KID of rendered lines under each procedural degradation, the nearest first.

        `as drawn for training` is what `readapt synth lines` does: all of them at random.
        """
        found = {}
        for name in (*INK, *SCAN):
            changed = [degraded(line, name, i) for i, line in enumerate(lines)]
            found[name] = self._kid_of([prepare_line(x, x.shape[0]) for x in changed])
        mixed = [dressed(line, i) for i, line in enumerate(lines)]
        found["as drawn for training"] = self._kid_of([prepare_line(x, x.shape[0]) for x in mixed])
        return dict(sorted(found.items(), key=lambda one: one[1]))

    def _kid_of(self, lines: Sequence[Image]) -> float:
        return kid(self.features, pooled_features(self.recognizer, lines))

    def figures(self, translated: Sequence[Image]) -> dict[str, float]:
        """KID, coverage, density and preservation of translated lines, with floor and start."""
        features = pooled_features(self.recognizer, translated)
        coverage, density = coverage_density(self.features, features)
        return {
            "kid": kid(self.features, features),
            "kid_floor": self.floor,
            "kid_before": self.before,
            "coverage": coverage,
            "density": density,
            "preserved": self.preservation(translated),
            "preserved_usually": self.usual,
            "readable": float(self.readable.mean()),
        }

    def translated(self, generator: Generator) -> list[Image]:
        """Translate the judged lines, always with the same noise."""
        return list(translate_lines(generator, self.plain, self.config.seed))

    def __call__(self, generator: nn.Module) -> Verdict:
        """Judge a generator. A state that has lost half of its texts is never kept."""
        assert isinstance(generator, Generator)
        return self._judged(self.translated(generator), self.config.gap)

    @property
    def end(self) -> float:
        """Foresee the seconds from a game's last step to its figures.

        A last look, the same at less strength twice, the figures, each with a translation that
        takes as long as features do; and the features under every degradation.
        """
        features, reading = self.seconds
        looks, kinds = 4, len(INK) + len(SCAN) + 1
        return looks * (2 * features + reading) + 1.3 * kinds * features

    def glance(self, generator: nn.Module) -> Verdict:
        """Judge without the gap meter, which takes the longest and has no say in the score."""
        assert isinstance(generator, Generator)
        return self._judged(self.translated(generator), None)

    def _judged(self, translated: Sequence[Image], meter: GapConfig | None) -> Verdict:
        figures = self.figures(translated)
        if meter is not None and _fewest_wide(meter.width, self.real, translated) >= _MEASURABLE:
            real, fake = ([grey(x) for x in some] for some in (self.real, translated))
            figures["gap"] = measure_gap(real, fake, meter).estimate
        self.seen = translated
        self.history.append(figures)
        wrong = self.wrong = collapse(self.plain, translated)
        if lost_texts(figures):
            self.wrong = wrong or LOST
        # One line is luck, where there are few.
        kept = figures["preserved"] + 1 / max(1, int(self.readable.sum()))
        missing = max(0.0, self.config.preserved - kept) if self.readable.any() else 1.0
        score = float("inf") if self.wrong else figures["kid"] + 100 * missing
        return Verdict(score, figures, wrong, too_few_texts=missing > 0 and self._says_something)

    @property
    def _says_something(self) -> bool:
        """Whether the judge reads enough of the rendered lines for its verdict to count."""
        return int(self.readable.sum()) >= _SAYS and self.readable.mean() >= _SAYS_SOMETHING


def lost_texts(figures: Mapping[str, float]) -> bool:
    """Whether half of the texts are gone, by a judge that reads enough to say so."""
    return figures["readable"] >= _SAYS_SOMETHING and figures["preserved"] < _KEPT_LEAST


def _fewest_wide(width: int, *sets: Sequence[Image]) -> int:
    return min(sum(int(line.shape[1] >= width) for line in lines) for lines in sets)


def summary(figures: Mapping[str, float]) -> str:
    """Say the figures of a look in one sentence."""
    best = figures.get("kid_degraded")
    beside = "" if best is None else f"best degradation {best:.4f}, "
    return (
        f"KID to the scans {figures['kid']:.4f} (rendered lines {figures['kid_before']:.4f}, "
        f"{beside}two halves of the scans {figures['kid_floor']:.4f}); coverage "
        f"{figures['coverage']:.0%}; {figures['preserved']:.1%} of the readable lines kept their "
        "text."
    )

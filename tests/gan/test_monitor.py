"""The monitor: KID against its definition, coverage, preserved texts, collapse."""

import numpy as np
import pytest
import torch
from bar_lines import bars, rendered, small_recognizer, texts

from readapt.gan.monitor import (
    Monitor,
    MonitorConfig,
    collapse,
    coverage_density,
    kid,
    pooled_features,
    reads_as,
    rough_reader,
    roughened,
    summary,
)
from readapt.nets.generator import Generator, GeneratorConfig
from readapt.types import Image

RNG = np.random.default_rng(0)


def slow_kid(a: np.ndarray, b: np.ndarray) -> float:
    def k(x: np.ndarray, y: np.ndarray) -> float:
        return (float(x @ y) / len(x) + 1) ** 3

    m, n = len(a), len(b)
    total = sum(k(a[i], a[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    total += sum(k(b[i], b[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return total - 2 * sum(k(x, y) for x in a for y in b) / (m * n)


def test_kid_against_its_definition() -> None:
    a, b = RNG.normal(size=(7, 3)), RNG.normal(0.4, 1, size=(9, 3))
    assert kid(a, b) == pytest.approx(slow_kid(a, b), rel=1e-10)
    with pytest.raises(ValueError, match="two samples"):
        kid(a[:1], b)


def test_kid_is_unbiased_for_equal_sets_and_grows_with_a_shift() -> None:
    values = [kid(RNG.normal(size=(20, 4)), RNG.normal(size=(20, 4))) for _ in range(300)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 300**0.5
    a = RNG.normal(size=(200, 4))
    shifted = [kid(a, RNG.normal(s, 1, size=(200, 4))) for s in (0.0, 0.3, 0.8, 1.5)]
    assert shifted == sorted(shifted)


def test_coverage_and_density() -> None:
    real = RNG.normal(size=(300, 4))
    coverage, density = coverage_density(real, RNG.normal(size=(300, 4)))
    assert coverage > 0.93
    assert 0.8 < density < 1.2
    narrow = coverage_density(real, 0.05 * RNG.normal(size=(300, 4)))
    assert narrow[0] < 0.7
    assert narrow[1] > 1.2
    assert coverage_density(real, RNG.normal(40, 1, size=(300, 4))) == (0.0, 0.0)


def test_features_of_a_line_do_not_depend_on_the_others() -> None:
    recognizer = small_recognizer()
    lines = [bars("ab"), bars("babab"), bars("a")]
    together = pooled_features(recognizer, lines)
    assert together.shape == (3, 12)
    np.testing.assert_allclose(together[1:2], pooled_features(recognizer, lines[1:2]))


def read_bars(lines: list[Image]) -> list[str]:
    """Reads the lines of `bar_lines` by the height of each bar."""
    read = []
    for line in lines:
        slots = [line[:, x + 6 : x + 10].mean(axis=1) < 128 for x in range(0, line.shape[1], 16)]
        tall, low = (
            [s[rows].mean() > 0.5 for s in slots] for rows in (slice(8, 14), slice(20, 28))
        )
        read.append(
            "".join("a" if t else "b" if b else " " for t, b in zip(tall, low, strict=True))
        )
    return read


def monitor(reads=read_bars) -> Monitor:  # type: ignore[no-untyped-def]
    real = [bars(t, 80, 200, 12, i) for i, t in enumerate(texts(20, 5))]
    lines = [rendered(t) for t in texts(12, 5, 1)]
    return Monitor(small_recognizer(), reads, real, lines, MonitorConfig(lines=10))


def generator(weight: float = 0.0, bias: float = 0.0) -> Generator:
    torch.manual_seed(0)
    network = Generator(GeneratorConfig(widths=(4, 8), blocks=1))
    torch.nn.init.normal_(network.head.weight, 0, weight)
    torch.nn.init.constant_(network.head.bias, bias)
    return network.eval()


def test_the_identity_keeps_every_text() -> None:
    judge = monitor()
    verdict = judge(generator())
    assert verdict.figures["preserved"] == 1.0
    assert verdict.figures["kid"] == pytest.approx(judge.before)
    assert verdict.score == pytest.approx(judge.before)
    assert judge.floor < judge.before
    assert "100.0% of the readable lines kept their text" in summary(verdict.figures)


def test_broken_texts_cost_more_than_any_look() -> None:
    verdict = monitor(lambda lines: [t[:-1] + "?" for t in read_bars(lines)])(generator())
    assert verdict.figures["readable"] == 0.0
    assert verdict.figures["preserved"] == 0.0
    assert verdict.score > 90


def test_two_texts_in_ten_are_too_many() -> None:
    judge = monitor(read_bars)
    judge.reads = lambda lines: ["?" if i % 5 == 0 else t for i, t in enumerate(read_bars(lines))]
    assert judge(generator()).score > 4
    judge.reads = lambda lines: ["?" if i == 0 else t for i, t in enumerate(read_bars(lines))]
    assert judge(generator()).score < 1  # one is luck
    judge.reads = read_bars
    assert judge(generator()).score < 1


def test_a_collapsed_state_is_never_kept() -> None:
    verdict = monitor()(generator(bias=-3.0))
    assert verdict.score == float("inf")
    assert "black" in verdict.collapse


def test_nor_is_one_that_lost_half_of_its_texts() -> None:
    judge = monitor()
    judge.reads = lambda lines: ["?"] * len(lines)
    verdict = judge(generator())
    assert verdict.score == float("inf")
    assert verdict.collapse == ""  # it may come back: no reason to give up
    assert "lost their text" in judge.wrong


def test_kinds_of_collapse() -> None:
    lines = [bars("abab"), bars("ba b")]
    assert collapse(lines, lines) == ""
    assert collapse(lines, [bars("abab", 60, 200, 20), bars("ba b", 90, 180, 20)]) == ""
    assert "black" in collapse(lines, [np.zeros_like(x) for x in lines])
    assert "inverted" in collapse(lines, [255 - (x // 2) for x in lines])
    assert "lost their text" in collapse(lines, [np.full_like(x, 225) for x in lines])
    noise = [RNG.integers(100, 255, x.shape, dtype=np.uint8) for x in lines]
    assert "lost their text" in collapse(lines, noise)


def test_rough_lines_still_read() -> None:
    lines = [bars(t, 20, 220, 5) for t in texts(6, 5)]
    assert list(rough_reader(read_bars)(lines)) == texts(6, 5)
    assert roughened(lines[0]).shape == lines[0].shape
    assert not np.array_equal(roughened(lines[0]), lines[0])


def test_reads_as_forgives_spaces_and_old_letters() -> None:
    assert reads_as("Waſſer", "Was ser")
    assert not reads_as("Wasser", "Wesser")

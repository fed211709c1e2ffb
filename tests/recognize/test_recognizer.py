from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.recognize.networks import stripe_network, stripes

from readapt.errors import InputError, ModelError, UsageError
from readapt.lines.split import Splitting
from readapt.recognize import recognizer as module
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.beam import Beam
from readapt.recognize.preprocess import prepare_line
from readapt.recognize.recognizer import Batching, Recognizer
from readapt.types import Image

ALPHABET = Alphabet(" abcdefg")


@pytest.fixture(autouse=True)
def _lines_are_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stripes' levels mean classes, so no contrast is stretched here."""

    def only_scaled(image: Image, height: int) -> Image:
        assert image.shape[0] % height == 0
        factor = image.shape[0] // height
        return image[::factor, ::factor]

    monkeypatch.setattr(module, "prepare_line", only_scaled)


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stripe_network(tmp_path_factory.mktemp("network") / "r.onnx", ALPHABET.classes)


def written(text: str) -> list[int]:
    """Frames that spell ``text``: one a character, a blank after each, two to begin with."""
    return [0, 0] + [k for c in ALPHABET.encode(text) for k in (c, 0)]


def test_reads_words_with_their_places(onnx_file: Path) -> None:
    (reading,) = Recognizer(onnx_file, ALPHABET, threads=1).read([stripes(written("abc de"))])
    assert reading.text == "abc de"
    assert [word.text for word in reading.words] == ["abc", "de"]
    assert 0.9 < reading.confidence <= 1
    first, second = reading.words
    # Frames of abc: 2, 4, 6; space: 8; de: 10, 12. Half a distance is one frame, four pixels.
    assert (first.start, first.end) == (2.5 * 4 - 4, 6.5 * 4 + 4)
    assert (second.start, second.end) == (10.5 * 4 - 4, 12.5 * 4 + 4)


def test_places_are_in_pixels_of_the_image_given(onnx_file: Path) -> None:
    recognizer = Recognizer(onnx_file, ALPHABET, threads=1)
    small, large = stripes(written("ab")), stripes(written("ab"), height=96, width=12)
    (one,), (three,) = recognizer.read([small])[0].words, recognizer.read([large])[0].words
    assert (three.start, three.end) == pytest.approx((3 * one.start, 3 * one.end))


def test_spaces_are_stripped_and_collapsed(onnx_file: Path) -> None:
    (reading,) = Recognizer(onnx_file, ALPHABET, threads=1).read([stripes(written("  a   b "))])
    assert reading.text == "a b"
    assert len(reading.words) == 2


@pytest.mark.parametrize("classes", [[0], [0] * 40, [1], [0, 1, 0, 1]])
def test_a_line_without_text(onnx_file: Path, classes: list[int]) -> None:
    (reading,) = Recognizer(onnx_file, ALPHABET, threads=1).read([stripes(classes)])
    assert (reading.text, reading.words) == ("", ())
    assert 0 <= reading.confidence <= 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 900), (200, 7), (40, 300, 3), (64, 9000)])
def test_images_of_every_size(
    onnx_file: Path, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...]
) -> None:
    monkeypatch.setattr(module, "prepare_line", prepare_line)
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    recognizer = Recognizer(onnx_file, ALPHABET, threads=1)
    (posteriors,) = recognizer.log_posteriors([image])
    assert len(posteriors) == -(-prepare_line(image, 32).shape[1] // 4)
    np.testing.assert_allclose(np.exp(posteriors).sum(axis=1), 1, rtol=1e-4)
    (reading,) = recognizer.read([image])
    assert all(0 <= w.start < w.end <= shape[1] for w in reading.words)


def test_no_lines_no_readings(onnx_file: Path) -> None:
    recognizer = Recognizer(onnx_file, ALPHABET, threads=1)
    assert recognizer.read([]) == []
    assert recognizer.log_posteriors([]) == []


@given(st.lists(st.text(alphabet="abcdefg ", max_size=40), max_size=12), st.integers(1, 5))
@settings(deadline=None, max_examples=30)
def test_a_line_is_read_as_if_it_were_alone(texts: list[str], most: int) -> None:
    path = FILES["network"]
    recognizer = Recognizer(path, ALPHABET, threads=1, batching=Batching(most, 32 * 640))
    lines = [stripes(written(text)) for text in texts]
    together = recognizer.log_posteriors(lines)
    assert [len(p) for p in together] == [len(written(text)) for text in texts]
    for line, posteriors in zip(lines, together, strict=True):
        (alone,) = recognizer.log_posteriors([line])
        np.testing.assert_allclose(posteriors, alone, atol=1e-6)
    readings = recognizer.read(lines)
    assert [reading.text for reading in readings] == [" ".join(text.split()) for text in texts]
    for reading in readings:
        assert reading.text == " ".join(word.text for word in reading.words)


FILES: dict[str, Path] = {}


@pytest.fixture(autouse=True)
def _network_for_hypothesis(onnx_file: Path) -> None:
    FILES["network"] = onnx_file


def test_long_lines_are_read_in_windows(onnx_file: Path) -> None:
    text = " ".join("abcdefg" * 30 for _ in range(12))
    line = stripes(written(text))
    assert line.shape[1] > 20_000
    whole = Recognizer(
        onnx_file, ALPHABET, threads=1, splitting=Splitting(max_width=1 << 16, overlap=160)
    )
    windowed = Recognizer(onnx_file, ALPHABET, threads=1)
    (expected,) = whole.log_posteriors([line])
    (found,) = windowed.log_posteriors([line])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert windowed.read([line])[0].text == text
    # Among short lines, too: windows and lines share batches, and none is mixed up.
    mixed = [stripes(written("ab")), line, stripes(written("c d")), line]
    assert [r.text for r in windowed.read(mixed)] == ["ab", text, "c d", text]


def test_batches_hold_one_padded_width_and_no_more_than_allowed(
    onnx_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, ...]] = []
    run = module.Recognizer._run

    def spy(self: Recognizer, batch: list[module._Piece]) -> list[NDArray[np.float32]]:
        assert len({piece.padded for piece in batch}) == 1
        seen.append((len(batch), batch[0].padded))
        return run(self, batch)

    monkeypatch.setattr(module.Recognizer, "_run", spy)
    recognizer = Recognizer(onnx_file, ALPHABET, threads=1, batching=Batching(4, 32 * 128))
    recognizer.read([stripes([0] * frames) for frames in [8, 9, 7, 16, 8, 8, 3, 1, 64, 64]])
    assert seen == [(4, 32), (2, 32), (2, 64), (1, 256), (1, 256)]


def test_a_beam_reads_the_same_certain_line(onnx_file: Path) -> None:
    lines = [stripes(written("abba fed"))]
    (greedy,) = Recognizer(onnx_file, ALPHABET, threads=1).read(lines)
    (beam,) = Recognizer(onnx_file, ALPHABET, threads=1, decoder=Beam(5)).read(lines)
    assert greedy == beam


def test_temperature_tempers_confidence_and_nothing_else(onnx_file: Path) -> None:
    lines = [stripes(written("abc de"))]
    (cool,) = Recognizer(onnx_file, ALPHABET, threads=1).read(lines)
    (warm,) = Recognizer(onnx_file, ALPHABET, threads=1, temperature=3.0).read(lines)
    assert (cool.text, [(w.start, w.end) for w in cool.words]) == (
        warm.text,
        [(w.start, w.end) for w in warm.words],
    )
    assert 0 < warm.confidence < cool.confidence
    assert all(w.confidence < c.confidence for w, c in zip(warm.words, cool.words, strict=True))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((32, 0), np.uint8),
        np.zeros((32, 8), np.float32),
        np.zeros((32, 8, 4), np.uint8),
        np.zeros(8, np.uint8),
    ],
)
def test_images_of_the_wrong_kind(onnx_file: Path, image: Image) -> None:
    with pytest.raises(InputError, match="line image 1 is"):
        Recognizer(onnx_file, ALPHABET, threads=1).read([stripes([0]), image])


def test_files_that_are_no_recognizer(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no recognizer"):
        Recognizer(tmp_path / "nowhere.onnx", ALPHABET)
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(ModelError, match="cannot be loaded"):
        Recognizer(tmp_path / "text.onnx", ALPHABET)
    fewer = stripe_network(tmp_path / "fewer.onnx", 4)
    with pytest.raises(ModelError, match="4 classes, but its alphabet 9"):
        Recognizer(fewer, ALPHABET)
    coarse = stripe_network(tmp_path / "coarse.onnx", ALPHABET.classes, stride=8)
    with pytest.raises(ModelError, match="stride or alphabet"):
        Recognizer(coarse, ALPHABET, threads=1).read([stripes([0])])


def test_a_temperature_is_above_zero(onnx_file: Path) -> None:
    with pytest.raises(UsageError, match="temperature"):
        Recognizer(onnx_file, ALPHABET, temperature=0.0)


def test_a_batch_holds_something() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        Batching(lines=0)

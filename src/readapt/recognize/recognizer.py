"""A recognizer's network, fed with line images and read out."""

from __future__ import annotations

import os
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from readapt.cores import cores
from readapt.errors import InputError, ModelError, UsageError
from readapt.lines.split import Splitting, settle, split
from readapt.lines.stitch import stitch
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.calibration import AS_IS, ConfidenceMap
from readapt.recognize.decode import GREEDY, Decoder
from readapt.recognize.greedy import sureness
from readapt.recognize.preprocess import batch_lines, prepare_line
from readapt.recognize.reading import MIDDLE, Posteriors, Reading, read_posteriors
from readapt.recognize.tighten import SURE, other_frames, tighten
from readapt.types import Image

if TYPE_CHECKING:
    import onnxruntime


@dataclass(frozen=True, slots=True)
class Batching:
    """How much the network is given at once: memory and speed, never the result."""

    lines: int = 16
    """Most images in a batch."""

    pixels: int = 3 * 36 * 960
    """Most pixels in a batch, padding included; a batch of one image may have more."""

    frames: int = 4096
    """Frames of finished lines that are kept until their words are put together."""

    def __post_init__(self) -> None:
        if min(self.lines, self.pixels, self.frames) < 1:
            raise ValueError(f"a batch holds at least one line, pixel and frame: {self}")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A window of a prepared line, on its way through the network."""

    line: int
    start: int
    image: Image
    padded: int


class Recognizer:
    """Reads line images with an ONNX network.

    The network takes ``lines`` uint8 ``batch height width``, any width that is a multiple of 32,
    and gives ``log_probs`` float32 ``batch time class`` with ``time = width / stride``.

    ``threads`` is the number of batches computed at a time, one for each core without it.
    ``temperature`` and ``words`` calibrate confidences, ``writes_at`` the edges of words (see
    :func:`readapt.recognize.reading.read_posteriors`).
    A line wider than ``splitting.max_width``, once scaled to ``height``, is read in windows.

    Raises :class:`ModelError` if the file cannot be loaded or is no network of this kind.
    """

    def __init__(
        self,
        path_to_onnx: str | os.PathLike[str],
        alphabet: Alphabet,
        height: int = 32,
        stride: int = 4,
        threads: int | None = None,
        *,
        decoder: Decoder = GREEDY,
        temperature: float = 1.0,
        words: ConfidenceMap = AS_IS,
        writes_at: float = MIDDLE,
        splitting: Splitting | None = None,
        batching: Batching = Batching(),
    ) -> None:
        if temperature <= 0:
            raise UsageError(f"a temperature is above 0, not {temperature}")
        self.alphabet = alphabet
        self.height = height
        self.stride = stride
        self.decoder = decoder
        self.temperature = temperature
        self.words = words
        self.writes_at = writes_at
        self.splitting = splitting or replace(Splitting(), stride=stride)
        self.batching = batching
        self._path = Path(path_to_onnx)
        self._threads = threads or cores()
        self._session = _load(self._path, alphabet)

    def read(self, lines: Sequence[Image], cut_elsewhere: bool = False) -> list[Reading]:
        """Read line images, ``H W`` or ``H W 3`` uint8 of any size; one reading each, in order.

        Doubtful lines that were ``cut_elsewhere``, not by our detector, are looked at in more
        frames. What is read on a line does not depend on the other lines. Raises
        :class:`InputError` for an image without pixels or of another type.
        """
        readings: dict[int, Reading] = {}
        waiting: list[tuple[int, Posteriors]] = []

        def read_waiting() -> None:
            posteriors = [p for _, p in waiting]
            read = read_posteriors(
                posteriors,
                self.alphabet,
                self.decoder,
                self.temperature,
                self.words,
                self.writes_at,
            )
            readings.update(zip((i for i, _ in waiting), read, strict=True))
            waiting.clear()

        for i, posteriors in self._framed(lines, cut_elsewhere):
            waiting.append((i, posteriors))
            frames = sum(len(p.log_probs) for _, p in waiting)
            if len(waiting) == self.batching.lines or frames >= self.batching.frames:
                read_waiting()
        read_waiting()
        return [readings[i] for i in range(len(lines))]

    def log_posteriors(self, lines: Sequence[Image]) -> list[NDArray[np.float32]]:
        """Log-probabilities of each class at each frame, ``time class`` float32 for each line.

        ``time`` is the width of the line scaled to ``height``, over ``stride``, rounded up:
        frames that are nothing but padding are cut off. Lines are taken as they are cut. Takes and
        raises what :meth:`read` does.
        """
        found = {i: posteriors.log_probs for i, posteriors in self._posteriors(lines)}
        return [found[i] for i in range(len(lines))]

    def _framed(
        self, lines: Sequence[Image], cut_elsewhere: bool
    ) -> Iterator[tuple[int, Posteriors]]:
        """Yield number and posteriors of each line, cut around its letters where it was loose.

        What is doubtful then is looked at in other frames too, and the surest of them counts.
        """
        cuts = [tighten(_checked(image, i)) for i, image in enumerate(lines)]
        doubtful: dict[int, tuple[float, Posteriors]] = {}
        tight = [image if cut is None else cut for image, cut in zip(lines, cuts, strict=True)]
        for i, found in self._posteriors(tight):
            sure = sureness(found.log_probs)
            if sure < SURE:
                doubtful[i] = sure, found
            else:
                yield i, found
        others = [
            (i, frame) for i in doubtful for frame in other_frames(lines[i], cuts[i], cut_elsewhere)
        ]
        for k, found in self._posteriors([frame for _, frame in others]):
            i, sure = others[k][0], sureness(found.log_probs)
            if sure > doubtful[i][0]:
                doubtful[i] = sure, found
        for i, (_, found) in doubtful.items():
            yield i, found

    def _posteriors(self, lines: Sequence[Image]) -> Iterator[tuple[int, Posteriors]]:
        """Yield number and posteriors of each line, in the order in which they are ready."""
        missing: dict[int, int] = {}
        prepared_widths: dict[int, int] = {}
        pieces = []
        for i, image in enumerate(lines):
            prepared = prepare_line(_checked(image, i), self.height)
            windows = settle(split(prepared.shape[1], self.splitting), prepared, self.splitting)
            missing[i], prepared_widths[i] = len(windows), prepared.shape[1]
            for window in windows:
                part = prepared[:, window.start : window.end]
                pieces.append(_Piece(i, window.start, part, self._padded(part)))
        pieces.sort(key=lambda piece: piece.padded)  # equal padded widths make a batch

        parts: dict[int, dict[int, NDArray[np.float32]]] = defaultdict(dict)
        for batch, outputs in self._outputs(self._batches(pieces)):
            for piece, log_probs in zip(batch, outputs, strict=True):
                i = piece.line
                parts[i][piece.start // self.stride] = log_probs
                if len(parts[i]) < missing[i]:
                    continue
                starts, found = zip(*sorted(parts.pop(i).items()), strict=True)
                width = lines[i].shape[1]
                scale = self.stride * width / prepared_widths[i]
                yield i, Posteriors(stitch(found, starts), scale, width)

    def _padded(self, image: Image) -> int:
        multiple = self.splitting.multiple
        return -(-int(image.shape[1]) // multiple) * multiple

    def _batches(self, pieces: list[_Piece]) -> Iterator[list[_Piece]]:
        """Yield runs of pieces of one padded width, no longer than the batching allows."""
        batch: list[_Piece] = []
        for piece in pieces:
            size = (len(batch) + 1) * self.height * piece.padded
            full = len(batch) == self.batching.lines or size > self.batching.pixels
            if batch and (full or batch[0].padded != piece.padded):
                yield batch
                batch = []
            batch.append(piece)
        if batch:
            yield batch

    def _outputs(
        self, batches: Iterator[list[_Piece]]
    ) -> Iterator[tuple[list[_Piece], list[NDArray[np.float32]]]]:
        """Yield each batch with its outputs, in order; a few batches are computed at a time.

        One thread a batch, not all threads on one: the recurrence is a chain of small products,
        at each of which threads would wait for each other.
        """
        if self._threads == 1:
            for batch in batches:
                yield batch, self._run(batch)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            running: deque[tuple[list[_Piece], Future[list[NDArray[np.float32]]]]] = deque()
            for batch in batches:
                running.append((batch, pool.submit(self._run, batch)))
                if len(running) > self._threads:
                    first, outputs = running.popleft()
                    yield first, outputs.result()
            while running:
                first, outputs = running.popleft()
                yield first, outputs.result()

    def _run(self, batch: list[_Piece]) -> list[NDArray[np.float32]]:
        """``time class`` of each piece, frames of padding cut off."""
        images, widths = batch_lines([piece.image for piece in batch], self.splitting.multiple)
        (output,) = self._session.run(["log_probs"], {"lines": images})
        expected = (len(batch), images.shape[2] // self.stride, self.alphabet.classes)
        if output.shape != expected:
            raise ModelError(
                f"{self._path} gives log_probs of shape {output.shape} where {expected} (batch, "
                "time, class) is due: its stride or alphabet is not the one stated for it"
            )
        frames = -(-widths // self.stride)
        # Copies: a view would keep the whole batch alive as long as any of its lines.
        return [row[:n].copy() for row, n in zip(output, frames.tolist(), strict=True)]


def _checked(image: Image, i: int) -> Image:
    shape = image.shape
    known = image.ndim == 2 or (image.ndim == 3 and shape[2] == 3)
    if image.dtype != np.uint8 or not known or 0 in shape:
        raise InputError(
            f"line image {i} is {image.dtype} of shape {shape}; give H W or H W 3 uint8 "
            "with at least one pixel"
        )
    return image


def _load(path: Path, alphabet: Alphabet) -> onnxruntime.InferenceSession:
    import onnxruntime

    if not path.is_file():
        raise ModelError(f"there is no recognizer at {path}; check the model's folder")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Memory patterns are kept for each input shape, and lines come in dozens of widths.
    options.enable_mem_pattern = False
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's exceptions have no common class of their own
        raise ModelError(f"{path} cannot be loaded as an ONNX network: {error}") from error
    inputs = [(i.name, i.type) for i in session.get_inputs()]
    outputs = [(o.name, o.type) for o in session.get_outputs()]
    if inputs != [("lines", "tensor(uint8)")] or ("log_probs", "tensor(float)") not in outputs:
        raise ModelError(
            f"{path} is not a recognizer: it takes {inputs} and gives {outputs}, not lines "
            "(uint8) and log_probs (float)"
        )
    (classes,) = [o.shape[-1] for o in session.get_outputs() if o.name == "log_probs"]
    if isinstance(classes, int) and classes != alphabet.classes:
        raise ModelError(
            f"{path} has {classes} classes, but its alphabet {alphabet.classes} with the blank: "
            "the two do not belong together"
        )
    return session

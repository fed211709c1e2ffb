"""Lines on the fly: worker processes draw, sort by width and batch them. No torch here.

Lines come in pools of consecutive indices. A pool is drawn by one worker, sorted by width, cut
into batches of about equal area, and its batches are shuffled by a seed: what is trained on
depends on the configuration alone, never on the number of workers, and a run resumes at the exact
batch where it stopped.
"""

from __future__ import annotations

import multiprocessing as mp
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from queue import Empty, Full

import numpy as np
from numpy.typing import NDArray

from readapt.recognize.alphabet import LATIN, Alphabet
from readapt.recognize.preprocess import batch_lines, prepare_line
from readapt.synth.corpus import read_corpus
from readapt.synth.lines import LineConfig, LineMaker
from readapt.types import Image


@dataclass(frozen=True, slots=True)
class StreamConfig:
    """How lines are drawn and batched."""

    lines: LineConfig = field(default_factory=lambda: LineConfig(textless=0.05))
    texts: tuple[str, ...] = ()
    """UTF-8 files to set; none: the texts of this system."""
    height: int = 36
    """Height of prepared lines in pixels."""
    batch_columns: int = 12_000
    """Pixels of width in a batch, padding included."""
    batch_lines: int = 64
    """Most lines in a batch."""
    pool: int = 512
    """Lines drawn and sorted together."""
    curriculum: tuple[tuple[int, int], ...] = ((6_000, 5), (16_000, 10), (40_000, 24))
    """Until so many lines were drawn, texts have at most so many characters: CTC leaves its
    blank plateau sooner with short strings."""


@dataclass(frozen=True, slots=True)
class LineBatch:
    """Prepared lines with their labels."""

    images: NDArray[np.uint8]
    """`batch height width`."""
    frames: NDArray[np.int64]
    """Frames of each line that show it, not padding."""
    labels: NDArray[np.int64]
    """All label classes, one line after the other."""
    label_lengths: NDArray[np.int64]


def frames_needed(ids: Sequence[int]) -> int:
    """Frames CTC needs at least: one a label, and a blank between equal neighbours."""
    return len(ids) + sum(a == b for a, b in pairwise(ids))


def collate(lines: Sequence[tuple[Image, list[int]]], stride: int = 4) -> LineBatch:
    """Stack prepared lines and their labels."""
    images, widths = batch_lines([image for image, _ in lines])
    frames = -(-widths // stride)
    labels = np.array([i for _, ids in lines for i in ids], np.int64)
    lengths = np.array([len(ids) for _, ids in lines], np.int64)
    return LineBatch(images, frames, labels, lengths)


def cut(widths: Sequence[int], columns: int, most: int) -> list[list[int]]:
    """Group line numbers, narrow lines first, so that `count * widest <= columns`."""
    groups: list[list[int]] = []
    current: list[int] = []
    for i in np.argsort(np.asarray(widths), kind="stable"):
        if current and ((len(current) + 1) * widths[i] > columns or len(current) >= most):
            groups.append(current)
            current = []
        current.append(int(i))
    if current:
        groups.append(current)
    return groups


class PoolMaker:
    """Draws pools: `batches(k)` are the batches of pool number `k`."""

    def __init__(self, config: StreamConfig, alphabet: Alphabet = LATIN) -> None:
        self.config = config
        self.alphabet = alphabet
        self._makers: dict[int, LineMaker] = {}
        read = [read_corpus(path) for path in config.texts]
        self._corpora = {corpus.name: corpus for corpus in read} or None

    def _maker(self, pool: int) -> LineMaker:
        longest = self.config.lines.max_characters
        for until, characters in self.config.curriculum:
            if pool * self.config.pool < until:
                longest = min(characters, longest)
                break
        if longest not in self._makers:
            config = replace(self.config.lines, max_characters=longest)
            self._makers[longest] = LineMaker(config, corpora=self._corpora, alphabet=self.alphabet)
        return self._makers[longest]

    def batches(self, pool: int) -> list[LineBatch]:
        """Draw one pool. Lines too narrow for their label are left out: CTC could not fit them."""
        maker = self._maker(pool)
        drawn = []
        for index in range(pool * self.config.pool, (pool + 1) * self.config.pool):
            sample = maker.make(index)
            image = prepare_line(sample.image, self.config.height)
            ids = self.alphabet.encode(sample.text)
            if frames_needed(ids) <= -(-image.shape[1] // 4):
                drawn.append((image, ids))
        widths = [image.shape[1] for image, _ in drawn]
        groups = cut(widths, self.config.batch_columns, self.config.batch_lines)
        order = np.random.default_rng([self.config.lines.seed, pool, 1]).permutation(len(groups))
        return [collate([drawn[i] for i in groups[g]]) for g in order]


def _work(
    config: StreamConfig, first: int, step: int, out: mp.Queue[tuple[int, list[LineBatch]]]
) -> None:
    import cv2

    cv2.setNumThreads(1)
    os.nice(1)
    maker = PoolMaker(config)
    out.cancel_join_thread()
    parent = mp.parent_process()
    pool = first
    while True:
        batches = maker.batches(pool)
        while True:
            try:
                out.put((pool, batches), timeout=5)
                break
            except Full:
                # A trainer that was killed takes nothing any more, and stops nobody.
                if parent is not None and not parent.is_alive():
                    return
        pool += step


class LineStream:
    """An endless stream of batches, drawn by `workers` processes (0: in this one).

    `position` is `(pool, batch within the pool)` of the next batch; give it back as `start` to go
    on from there. `share` is `(i, n)`: this stream draws pools `i`, `i + n`, ... after the start,
    so that `n` streams draw every pool once. Use as a context manager: the processes end with it.
    """

    def __init__(
        self,
        config: StreamConfig,
        start: tuple[int, int] = (0, 0),
        workers: int = 1,
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self.config = config
        self.position = start
        self.share = share
        self._workers: list[mp.process.BaseProcess] = []
        self._queues: list[mp.Queue[tuple[int, list[LineBatch]]]] = []
        self._local = PoolMaker(config) if workers == 0 else None
        context = mp.get_context("spawn")
        for worker in range(workers):
            queue: mp.Queue[tuple[int, list[LineBatch]]] = context.Queue(maxsize=2)
            process = context.Process(
                target=_work,
                args=(config, start[0] + share[0] + worker * share[1], workers * share[1], queue),
                daemon=True,
            )
            process.start()
            self._queues.append(queue)
            self._workers.append(process)

    def _pool(self, pool: int, first: int) -> list[LineBatch]:
        if self._local is not None:
            return self._local.batches(pool + self.share[0])
        worker = (pool - first) // self.share[1] % len(self._queues)
        while True:
            try:
                number, batches = self._queues[worker].get(timeout=5)
            except Empty:
                if not self._workers[worker].is_alive():
                    raise RuntimeError(
                        "a process that draws lines has died: see its message above"
                    ) from None
                continue
            assert number == pool + self.share[0]
            return batches

    def __iter__(self) -> Iterator[LineBatch]:
        first, step = self.position[0], self.share[1]
        while True:
            pool, skip = self.position
            batches = self._pool(pool, first)
            for i in range(skip, len(batches)):
                self.position = (pool, i + 1) if i + 1 < len(batches) else (pool + step, 0)
                yield batches[i]
            if skip >= len(batches):
                self.position = (pool + step, 0)

    def __enter__(self) -> LineStream:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._workers:
            process.terminate()
            process.join()

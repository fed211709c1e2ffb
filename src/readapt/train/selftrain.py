"""Learning from one's own readings of real lines, beside lines whose text is known.

A teacher, the slow average of the weights, reads every line in several views; a beam search over
the mean of the views' posteriors, with a language model where there is one, gives the label. What
the views agree on comes first: the student learns from the surest share of the lines, a larger one
in every round, and from as many labelled lines, so that it never learns from itself alone.

Pseudo-labels: Lee 2013; a slow average of the weights as teacher: Tarvainen and Valpola 2017, "Mean
teachers are better role models"; for text lines, with a language model and hidden columns: Kiss,
Benes and Hradis 2021, "AT-ST", arXiv 2104.13037.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from torch import nn

from readapt.recognize.alphabet import Alphabet
from readapt.recognize.decode import GREEDY, Decoder, decode
from readapt.recognize.greedy import best_path, peaks
from readapt.recognize.views import VIEWS, View
from readapt.train.data import LineBatch, collate, cut, frames_needed
from readapt.train.device import device_of
from readapt.train.disturb import disturb
from readapt.train.loop import Step
from readapt.train.recognizer import ctc_loss
from readapt.train.reframe import reframe
from readapt.types import Image

TEACHING_VIEWS: tuple[View, ...] = tuple(VIEWS.values())

Draw: TypeAlias = Callable[[int, int], Sequence[tuple[Image, str]]]
"""First index and count to labelled, prepared lines; the same ones for the same indices."""


class Reads(Protocol):
    """What gives posteriors of prepared lines; a ``Recognizer`` is one."""

    def log_posteriors(self, lines: Sequence[Image]) -> Sequence[NDArray[np.float32]]:
        """Return log-probabilities ``time class`` per line, in order."""
        ...


@dataclass(frozen=True, slots=True)
class PseudoLabel:
    """What a teacher reads on a line."""

    text: str
    doubt: float
    """Edits per character between the views' readings and the text, and what the posteriors
    leave open: 0 for a line that every view reads alike and surely."""


@dataclass(frozen=True, slots=True)
class SelfTrainConfig:
    """How a student learns from its teacher."""

    shares: tuple[float, ...] = (0.4, 0.7, 0.9)
    """Of the lines, the surest first, that each round learns from."""
    taught: tuple[float, ...] = (0.8, 0.95)
    """The same where other engines were asked: what they agree on is right from the beginning."""
    most_doubt: float = 0.2
    """Lines that are doubted more are never learnt from: they may be no text at all."""
    known: float = 0.5
    """Share of labelled lines in what is learnt from."""
    masked: float = 0.1
    """Share of columns hidden in real lines."""
    reframed: float = 0.6
    """Share of the real lines that are cut anew, where what is around them is known."""
    pool: int = 256
    """Lines mixed and batched together."""
    batch_columns: int = 8_000
    """Pixels of width in a batch."""
    batch_lines: int = 32
    seed: int = 0


def mean_of_views(
    reader: Reads, lines: Sequence[Image], views: Sequence[View] = TEACHING_VIEWS
) -> list[tuple[NDArray[np.float32], list[NDArray[np.float32]]]]:
    """Return for each prepared line the log of the views' mean posteriors, and each view's own.

    The line itself is the first of the views.
    """
    seen = [reader.log_posteriors(lines)]
    seen += [reader.log_posteriors([view(line) for line in lines]) for view in views]
    found = []
    for own in zip(*seen, strict=True):
        mean = np.log(np.mean([np.exp(p) for p in own], axis=0) + 1e-10)
        found.append((mean.astype(np.float32), list(own)))
    return found


def label(
    reader: Reads,
    lines: Sequence[Image],
    alphabet: Alphabet,
    decoder: Callable[[int], Decoder] = lambda i: GREEDY,
    views: Sequence[View] = TEACHING_VIEWS,
) -> list[PseudoLabel]:
    """Read prepared lines as a teacher does, in these `views` beside the plain one.

    `decoder(i)` reads line `i`; a language model of it is one that has not learnt from that line's
    own reading.
    """
    labels = []
    for i, (mean, own) in enumerate(mean_of_views(reader, lines, views)):
        path = best_path(mean)
        ids = decode(mean, decoder(i)).ids if path.ids else path.ids
        read = [best_path(p).ids for p in own]
        changed = float(np.mean([Levenshtein.distance(ids, other) for other in read]))
        opened = float((1 - peaks(mean, path)).sum())
        text = " ".join(alphabet.decode(ids).split())
        labels.append(PseudoLabel(text, (changed + opened) / max(len(ids), 1)))
    return labels


def surest(labels: Sequence[PseudoLabel], share: float, most_doubt: float) -> list[int]:
    """Numbers of the least doubtful `share` of the lines that were read as something, in order.

    None that is doubted more than `most_doubt`, unless that leaves fewer than a quarter of the
    share: where everything is doubtful, the best there is has to do.
    """
    read = [i for i, found in enumerate(labels) if found.text]
    read.sort(key=lambda i: labels[i].doubt)
    wanted = max(1, round(share * len(read)))
    sure = sum(labels[i].doubt <= most_doubt for i in read)
    return sorted(read[: min(wanted, max(sure, wanted // 4))])


class Student:
    """A :class:`readapt.train.loop.Learner` of real lines with their labels and of known ones."""

    def __init__(
        self,
        network: nn.Module,
        real: Sequence[tuple[Image, str]],
        known: Draw,
        alphabet: Alphabet,
        config: SelfTrainConfig,
        around: Sequence[Image] = (),
    ) -> None:
        """`real` may be empty.

        `around` are the real lines again, cut for :func:`readapt.train.reframe.reframe`; or none.
        """
        self.network = network
        self.config = config
        self.alphabet = alphabet
        self._real = [(image, alphabet.encode(text)) for image, text in real]
        self._around = around
        self._known = known

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        """Yield the loss of one batch after another; a position is a pool and a batch in it."""
        pool, skip = position
        device = device_of(self.network)
        while True:
            batches = self.batches(pool)
            for i in range(skip, len(batches)):
                images = torch.from_numpy(batches[i].images).to(device)
                loss = ctc_loss(self.network(images), batches[i])
                after = [pool, i + 1] if i + 1 < len(batches) else [pool + 1, 0]
                yield after, Step(loss, len(batches[i].images), {})
            pool, skip = pool + 1, 0

    def batches(self, pool: int) -> list[LineBatch]:
        """Mix and batch pool number `pool`: always the same ones."""
        config = self.config
        rng = np.random.default_rng([config.seed, pool, 7])
        known = round(config.known * config.pool) if self._real else config.pool
        mixed = [
            (image, self.alphabet.encode(text)) for image, text in self._known(pool * known, known)
        ]
        for i in self._turn(pool, config.pool - known):
            image, ids = self._real[i]
            if self._around and rng.random() < config.reframed:
                image = reframe(self._around[i], rng, image.shape[0])
            mixed.append((disturb(image, rng, config.masked), ids))
        # What is too narrow for its label cannot be fitted by CTC.
        fitting = [x for x in mixed if frames_needed(x[1]) <= -(-x[0].shape[1] // 4)]
        groups = cut(
            [image.shape[1] for image, _ in fitting], config.batch_columns, config.batch_lines
        )
        return [collate([fitting[i] for i in groups[g]]) for g in rng.permutation(len(groups))]

    def _turn(self, pool: int, count: int) -> Iterator[int]:
        """Yield numbers of real lines: each comes once before any comes again."""
        order, shuffled = np.zeros(0, np.int64), -1
        for place in range(pool * count, (pool + 1) * count):
            turn, i = divmod(place, len(self._real))
            if turn != shuffled:
                rng = np.random.default_rng([self.config.seed, turn, 8])
                order, shuffled = rng.permutation(len(self._real)), turn
            yield int(order[i])

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Nothing: the gate judges."""
        return {}

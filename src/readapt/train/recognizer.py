"""The recognizer's training: synthetic lines on the fly, CTC, and held-out lines to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from readapt.evaluate.rates import cer, total
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.ctc import ctc_losses
from readapt.recognize.alphabet import BLANK, LATIN, Alphabet
from readapt.train.checkpoint import load_checkpoint
from readapt.train.data import LineBatch, LineStream, PoolMaker, StreamConfig
from readapt.train.device import Device, find_device
from readapt.train.loop import LoopConfig, Step, train
from readapt.train.parallel import rank, run, world


@dataclass(frozen=True, slots=True)
class RecognizerConfig:
    """Network, data and loop of one recognizer."""

    network: CrnnConfig = field(default_factory=lambda: CrnnConfig(LATIN.classes))
    stream: StreamConfig = field(default_factory=StreamConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)
    workers: int = 1
    """Processes that draw lines; 0 draws in this one."""
    processes: int = 1
    """Processes that train together, each on its own share of the lines."""
    device: Device = "cpu"
    """Where the network learns."""
    held_out: int = 1
    """Pools of held-out lines (other seed) for evaluation."""


def ctc_loss(log_probs: Tensor, batch: LineBatch) -> Tensor:
    """Mean over lines of -log p(label | line) / length of the label.

    `log_probs` is `batch time class`. Only frames that show the line count, never padding
    (Graves et al. 2006, equation 8, normalised by length so that long lines do not rule). An
    image without text counts by a quarter of its frames, about what a text there would have had.
    """
    labels, frames = torch.from_numpy(batch.labels), torch.from_numpy(batch.frames)
    losses = ctc_losses(log_probs, labels, frames, torch.from_numpy(batch.label_lengths))
    lengths = np.where(
        batch.label_lengths > 0, batch.label_lengths, np.maximum(batch.frames / 4, 1)
    )
    return (losses / torch.from_numpy(lengths).to(losses)).mean()


def greedy_texts(log_probs: Tensor, batch: LineBatch, alphabet: Alphabet) -> list[str]:
    """Best-path texts of a batch."""
    texts = []
    for best, frames in zip(log_probs.argmax(-1).cpu(), batch.frames, strict=True):
        path = torch.unique_consecutive(best[: int(frames)])
        texts.append(alphabet.decode(int(i) for i in path if i != BLANK))
    return texts


def true_texts(batch: LineBatch, alphabet: Alphabet) -> list[str]:
    """Write the labels of a batch as texts."""
    texts, start = [], 0
    for length in batch.label_lengths:
        texts.append(alphabet.decode(int(i) for i in batch.labels[start : start + length]))
        start += int(length)
    return texts


class RecognizerLearner:
    """Lines in, CTC loss out."""

    def __init__(self, config: RecognizerConfig, alphabet: Alphabet = LATIN) -> None:
        self.config = config
        self.alphabet = alphabet
        self.device = find_device(config.device)
        self.network: nn.Module = new_network(config)
        self._held_out: list[LineBatch] = []

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        """Yield the CTC loss of one batch after another."""
        start = (position[0], position[1])
        with LineStream(
            self.config.stream, start, self.config.workers, (rank(), world())
        ) as stream:
            for batch in stream:
                log_probs = self.network(torch.from_numpy(batch.images).to(self.device))
                loss = ctc_loss(log_probs, batch)
                yield list(stream.position), Step(loss, len(batch.images), {})

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """CER on held-out synthetic lines of every length."""
        if not self._held_out:
            stream = self.config.stream
            lines = replace(stream.lines, seed=stream.lines.seed + 1_000_003)
            pools = PoolMaker(replace(stream, lines=lines, curriculum=()), self.alphabet)
            for pool in range(self.config.held_out):
                self._held_out.extend(pools.batches(pool))
        network.eval()
        read: list[str] = []
        truth: list[str] = []
        with torch.inference_mode():
            for batch in self._held_out:
                log_probs = network(torch.from_numpy(batch.images).to(self.device))
                read += greedy_texts(log_probs, batch, self.alphabet)
                truth += true_texts(batch, self.alphabet)
        return {"cer": total(map(cer, truth, read)).rate}


def new_network(config: RecognizerConfig) -> Crnn:
    """Build a network with its first weights, on the device, laid out for its convolutions."""
    network = Crnn(config.network)
    return network.to(device=find_device(config.device), memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def _train(config: RecognizerConfig, folder: Path, resume: bool, echo: bool) -> None:
    torch.manual_seed(config.loop.seed)
    learner = RecognizerLearner(config)
    average = new_network(config)
    train(learner, average, config.loop, folder, resume, echo)


def train_recognizer(
    config: RecognizerConfig, folder: Path, resume: bool = False, echo: bool = True
) -> Crnn:
    """Train a recognizer in `folder`; returns the averaged network, ready to export."""
    run(partial(_train, config, folder, resume, echo), config.processes)
    return load_recognizer(config, folder)


def load_recognizer(config: RecognizerConfig, folder: Path) -> Crnn:
    """Load the averaged network of the last checkpoint in `folder`, in evaluation mode."""
    network = Crnn(config.network)
    network.load_state_dict(load_checkpoint(folder / "checkpoint.pt")["average"])
    return network.eval()

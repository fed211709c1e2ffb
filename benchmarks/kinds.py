"""What each kind of recurrence costs the recognizer: training and reading, kind beside kind.

    python benchmarks/kinds.py NAME [--lines 96] [--rounds 3]

Synthetic lines of at most 40 characters, in batches of 16, one thread:

- steps of training of the whole network: forward, backward, clipping, AdamW;
- reading in ONNX Runtime, lines together in batches and one by one.

The kinds take turns, so that a busy machine is busy for all; of each the least time over all rounds
counts. Weights are as they are drawn: time does not depend on them. Accuracy is measured by
`recipes/recurrences.py`. Writes ``results/<date>-kinds[-NAME].json``.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch
from hardware import RESULTS, head, write_result

from readapt.export.recognizer import save_recognizer_bundle
from readapt.models.bundle import Bundle
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.reader import load_recognizer
from readapt.recognize.alphabet import LATIN
from readapt.recognize.preprocess import prepare_line
from readapt.synth.lines import LineConfig, LineMaker
from readapt.train.data import LineBatch, collate
from readapt.train.loop import LoopConfig, clip_gradient
from readapt.train.recognizer import ctc_loss
from readapt.types import Image

KINDS = ("rnn", "gru", "lstm", "peephole")
LINES = LineConfig(seed=10_000_019, max_characters=40)
TOGETHER = 16


def draw(count: int) -> tuple[list[Image], list[LineBatch]]:
    """Draw lines, and batches of them, lines of about the same width together."""
    maker = LineMaker(LINES)
    samples = [maker.make(index) for index in range(count)]
    prepared = [(prepare_line(s.image, 36), LATIN.encode(s.text)) for s in samples]
    prepared.sort(key=lambda line: line[0].shape[1])
    starts = range(0, count, TOGETHER)
    return [s.image for s in samples], [collate(prepared[i : i + TOGETHER]) for i in starts]


def train(network: Crnn, batches: Sequence[LineBatch]) -> None:
    """Take a step with each batch, as the training loop does."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-5)
    network.train()
    for batch in batches:
        optimizer.zero_grad(set_to_none=True)
        ctc_loss(network(torch.from_numpy(batch.images)), batch).backward()
        clip_gradient(network, LoopConfig())
        optimizer.step()


def least(ways: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds each way takes, least of the rounds; the first round warms up."""
    taken: dict[str, list[float]] = {kind: [] for kind in ways}
    for _ in range(rounds + 1):
        for kind, way in ways.items():
            start = time.perf_counter()
            way()
            taken[kind].append(time.perf_counter() - start)
    return {kind: min(seconds[1:]) for kind, seconds in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--lines", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    result: dict[str, Any] = {"name": arguments.name, **head(), "lines": arguments.lines}
    images, batches = draw(arguments.lines)
    ways: dict[str, dict[str, Callable[[], object]]] = {"train": {}, "read": {}, "alone": {}}
    with tempfile.TemporaryDirectory() as scratch:
        for kind in KINDS:
            torch.manual_seed(0)
            network = Crnn(CrnnConfig(LATIN.classes, rnn=kind))
            bundle = save_recognizer_bundle(network, LATIN, Path(scratch) / kind)
            read = load_recognizer(Bundle.load(bundle), threads=1).log_posteriors
            ways["train"][kind] = partial(train, network, batches)
            ways["read"][kind] = partial(read, images)
            ways["alone"][kind] = partial(lambda read: [read([i]) for i in images], read)
        times = {way: least(kinds, arguments.rounds) for way, kinds in ways.items()}
    result["rows"] = [
        {
            "kind": kind,
            "trained_lines_per_second": round(arguments.lines / times["train"][kind], 1),
            "read_ms_a_line": round(1000 * times["read"][kind] / arguments.lines, 2),
            "read_alone_ms_a_line": round(1000 * times["alone"][kind] / arguments.lines, 2),
        }
        for kind in KINDS
    ]
    for row in result["rows"]:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    print(write_result(result, "kinds", arguments.name, arguments.out))


if __name__ == "__main__":
    main()

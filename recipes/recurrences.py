"""The four kinds of recurrence on the same lines: accuracy, size, and time.

    python recipes/recurrences.py FOLDER [--data ../shared/data] [--convolutions CHECKPOINT]

One recipe, one stream of lines, one number of lines. The lines are drawn once, short strings
first, and every kind meets them in the same order. With --convolutions all four have those of a
trained recognizer (a checkpoint of `readapt train recognizer`), which stay as they are: what they
say of each line is computed once, and recurrence and head alone are trained, from nothing. That
takes a tenth of the time. Without it the whole network is trained from nothing.

Stops at any time; the same command goes on. FOLDER gets the drawn lines, a folder a kind with its
checkpoint, log and bundle, and `recurrences.md` and `.json` with the table; "trained" is the time
the training took. What each kind costs otherwise is measured by `benchmarks/kinds.py`.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.evaluate.run import EvaluationConfig, evaluate
from readapt.evaluate.truth import load_truth
from readapt.export.recognizer import save_recognizer_bundle
from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.nets.recurrent import Kind
from readapt.reader import Reader
from readapt.recognize.alphabet import LATIN
from readapt.synth.lines import LineConfig, LineMaker
from readapt.train.checkpoint import load_checkpoint
from readapt.train.data import LineBatch, PoolMaker, StreamConfig
from readapt.train.loop import LoopConfig, Step, train
from readapt.train.recognizer import RecognizerConfig, RecognizerLearner, ctc_loss
from readapt.train.recognizer import load_recognizer as load_network

KINDS: Final[tuple[Kind, ...]] = ("peephole", "lstm", "gru", "rnn")
STREAM: Final = StreamConfig(
    LineConfig(seed=7, max_characters=40, textless=0.02),
    batch_columns=6000,
    batch_lines=32,
    curriculum=((3_000, 5), (6_000, 10), (12_000, 24)),
)
CONVOLUTIONS: Final = ("stem", "conv2", "conv3", "conv4", "conv5")
HELD_OUT: Final = LineConfig(seed=10_000_019, max_characters=40)
COLLECTIONS: Final = {
    "sroie_receipts": "receipts",
    "tapuscorpus_fr_typewritten": "French typescript",
}
COLUMNS: Final = (
    ("parameters", "parameters", ","),
    ("of the recurrence", "recurrence", ","),
    ("CER, synthetic", "synthetic", ".4f"),
    *((f"CER, {title}", title, ".4f") for title in COLLECTIONS.values()),
    ("trained, s", "seconds", ".0f"),
)
"""Of the table: title, key in a row, format."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Lines on disk, one file a pool."""

    folder: Path
    pools: int

    def pool(self, number: int) -> list[LineBatch]:
        """Read a pool, drawing it first where it is not there yet."""
        path = self.folder / f"{number:04}.npz"
        if not path.exists():
            _save(path, [asdict(batch) for batch in _maker().batches(number)])
        return [half for batch in _load(path) for half in halves(LineBatch(**batch))]

    def batches(self) -> int:
        """Count the batches of all pools."""
        return sum(len(self.pool(number)) for number in range(self.pools))

    def columns(self, number: int, network: Crnn) -> list[Tensor]:
        """Give what the convolutions of `network` say of each batch of a pool, in half precision.

        Each `batch time channel` float32. All networks must have the same convolutions.
        """
        path = self.folder.with_name("columns") / f"{number:04}.npz"
        if not path.exists():
            network.eval()
            with torch.inference_mode():
                said = [network.features(torch.from_numpy(b.images)) for b in self.pool(number)]
            _save(path, [{"columns": columns.half().numpy()} for columns in said])
            network.train()
        return [torch.from_numpy(batch["columns"]).float() for batch in _load(path)]


def halves(batch: LineBatch) -> Iterator[LineBatch]:
    """Cut a batch in two: twice as many steps from as many lines."""
    middle = len(batch.images) // 2
    labels = int(batch.label_lengths[:middle].sum())
    if middle:
        first = slice(middle)
        yield LineBatch(
            batch.images[first],
            batch.frames[first],
            batch.labels[:labels],
            batch.label_lengths[first],
        )
    rest = slice(middle, None)
    yield LineBatch(
        batch.images[rest], batch.frames[rest], batch.labels[labels:], batch.label_lengths[rest]
    )


@cache
def _maker() -> PoolMaker:
    return PoolMaker(STREAM)


def _save(path: Path, batches: Sequence[dict[str, NDArray[Any]]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    arrays: dict[str, Any] = {
        f"{k} {n}": array for k, b in enumerate(batches) for n, array in b.items()
    }
    np.savez(part, **arrays)
    part.replace(path)


def _load(path: Path) -> list[dict[str, NDArray[Any]]]:
    batches: dict[int, dict[str, NDArray[Any]]] = {}
    with np.load(path) as file:
        for key in file.files:
            k, name = key.split()
            batches.setdefault(int(k), {})[name] = file[key]
    return [batches[k] for k in sorted(batches)]


class Learner(RecognizerLearner):
    """CTC on the drawn lines, once through."""

    def __init__(self, config: RecognizerConfig, drawn: Drawn, convolutions: Path | None) -> None:
        super().__init__(config)
        self.drawn = drawn
        self.frozen = convolutions is not None
        if convolutions is not None:
            start = load_checkpoint(convolutions)["average"]
            for name in CONVOLUTIONS:
                own = {
                    k.removeprefix(f"{name}."): v for k, v in start.items() if k.startswith(name)
                }
                self.network.get_submodule(name).load_state_dict(own)
                self.network.get_submodule(name).requires_grad_(False)

    def read(self, number: int, batches: Sequence[LineBatch]) -> Iterator[Tensor]:
        """Read every batch of a pool: log-probabilities `batch time class`."""
        network = self.network
        assert isinstance(network, Crnn)
        if not self.frozen:
            yield from (network(torch.from_numpy(batch.images)) for batch in batches)
            return
        for columns in self.drawn.columns(number, network)[-len(batches) :]:
            yield torch.log_softmax(network.head(network.recurrence(columns)), -1)

    def steps(self, position: list[int]) -> Iterator[tuple[list[int], Step]]:
        """Yield the loss of one batch after another, from `position`: pool, and batch in it."""
        for number in range(position[0], self.drawn.pools):
            batches = self.drawn.pool(number)
            first = position[1] if number == position[0] else 0
            read = self.read(number, batches[first:])
            for k, log_probs in enumerate(read, first):
                loss = ctc_loss(log_probs, batches[k])
                after = [number, k + 1] if k + 1 < len(batches) else [number + 1, 0]
                yield after, Step(loss, len(batches[k].images), {})

    def evaluate(self, network: nn.Module) -> dict[str, float]:
        """Leave it to `accuracy`, which reads with the exported network."""
        return {}


def configured(kind: Kind, steps: int) -> RecognizerConfig:
    """Give the recipe, the same for all but `kind`."""
    loop = LoopConfig(steps=steps, average=0.99, evaluate_seconds=1e9, checkpoint_seconds=60)
    return RecognizerConfig(CrnnConfig(LATIN.classes, rnn=kind), STREAM, loop, workers=0)


def train_kind(kind: Kind, drawn: Drawn, folder: Path, convolutions: Path | None) -> Path:
    """Train to the end, or go on; returns the bundle."""
    bundle = folder / kind / "model"
    if bundle.exists():
        return bundle
    config = configured(kind, drawn.batches())
    torch.manual_seed(config.loop.seed)
    learner = Learner(config, drawn, convolutions)
    train(learner, Crnn(config.network), config.loop, folder / kind, resume=True)
    return save_recognizer_bundle(load_network(config, folder / kind), LATIN, bundle)


def accuracy(bundle: Path, lines: int, data: Path | None, pages: int) -> dict[str, float]:
    """Folded CER on held-out synthetic lines, and on the cut lines of the first real pages."""
    reader = Reader(bundle)
    maker = LineMaker(HELD_OUT)
    samples = [maker.make(index) for index in range(lines)]
    read = reader.read_lines([sample.image for sample in samples])
    pairs = zip(samples, read, strict=True)
    rates = {"synthetic": total(cer(fold(s.text), fold(line.text)) for s, line in pairs).rate}
    if data is None:
        return rates
    for name, title in COLLECTIONS.items():
        truth = load_truth([data / name / "pages"])
        truth = replace(truth, pages=truth.pages[:pages])
        config = EvaluationConfig(pages=False, ignore_case=name.startswith("sroie"))
        rates[title] = evaluate(truth, reader, config).cer_folded.rate
    return rates


def parameters(kind: Kind) -> tuple[int, int]:
    """Count those of the whole network, and those of its recurrence."""
    network = Crnn(CrnnConfig(LATIN.classes, rnn=kind))
    counts = (sum(p.numel() for p in m.parameters()) for m in (network, network.recurrence))
    whole, recurrence = counts
    return whole, recurrence


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Write the rows as Markdown, with gaps where nothing was measured."""
    text = [["kind", *(title for title, _, _ in COLUMNS)], ["---"] * (len(COLUMNS) + 1)]
    for kind in ("rnn", "gru", "lstm", "peephole"):
        row = rows[kind]
        cells = [format(row[key], how) if key in row else "" for _, key, how in COLUMNS]
        text.append([f"`{kind}`", *cells])
    return "".join(f"| {' | '.join(cells)} |\n" for cells in text)


def main(given: Sequence[str] | None = None) -> None:
    """Draw, train, measure, write the table."""
    assert set(KINDS) == set(get_args(Kind))
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=12_288, help="that each kind trains on")
    parser.add_argument("--data", type=Path, help="labelled collections to measure on")
    parser.add_argument("--convolutions", type=Path, help="checkpoint whose convolutions to take")
    parser.add_argument("--held-out", type=int, default=500, help="synthetic lines to measure on")
    parser.add_argument("--pages", type=int, default=10, help="of each collection to measure on")
    parser.add_argument("--only", choices=("train", "accuracy"), action="append")
    options = parser.parse_args(given)
    stages = options.only or ["train", "accuracy"]
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    folder: Path = options.folder
    drawn = Drawn(folder / "lines", -(-options.lines // STREAM.pool))
    path = folder / "recurrences.json"
    rows: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    if path.exists():
        rows = json.loads(path.read_text("utf-8"))

    def write() -> None:
        path.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
        path.with_suffix(".md").write_text(table(rows), "utf-8")

    for kind in KINDS if "train" in stages else ():
        train_kind(kind, drawn, folder, options.convolutions)
        rows[kind] |= dict(zip(("parameters", "recurrence"), parameters(kind), strict=True))
        rows[kind]["seconds"] = load_checkpoint(folder / kind / "checkpoint.pt")["spent"]
        write()
    for kind in KINDS if "accuracy" in stages else ():
        bundle = folder / kind / "model"
        rows[kind] |= accuracy(bundle, options.held_out, options.data, options.pages)
        write()
    print(table(rows), end="")


if __name__ == "__main__":
    main()

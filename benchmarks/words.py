"""How much words should count: in labels, before adaptation, and in reading, after it.

    python recipes/study.py OUT --data DATA --variants default --seeds 1
    python benchmarks/words.py OUT/*-adapting --data DATA [--limit N] [--name NAME]

For each finished adaptation (``<collection>-<variant>-...-adapting``) the collection's true lines
are read with every weight of its language models: much as self-training labels them first, by the
model that comes with readapt in four views and with the language model of the whole collection
(self-training has two, so that none has seen its own reading of a page); and by the adapted model
beside that folder, with the one that it ended with. Beside it, whether lines spoiled
on purpose would give words a say in labels. Writes ``results/<date>-words[-NAME].json``.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from documents import COLLECTIONS, Documents, prepare
from hardware import RESULTS, ROOT, head, write_result
from numpy.typing import NDArray

from readapt.adapt.budget import Portion
from readapt.adapt.exported import as_read
from readapt.adapt.learning.labelling import words_help
from readapt.adapt.learning.weights import trainable
from readapt.adapt.learning.word_weight import search_of
from readapt.adapt.scans.target import FILE_NAME, load_target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import LANGUAGE_MODEL, State
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.models.bundle import Bundle, find_bundle
from readapt.pages.load import load_page
from readapt.reader import load_recognizer
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.decode import GREEDY, decode
from readapt.recognize.lm import CharacterModel
from readapt.recognize.preprocess import prepare_line
from readapt.recognize.tighten import cut_as_read
from readapt.train.selftrain import mean_of_views
from readapt.types import Image

WEIGHTS = ((0.05, 0.15), (0.1, 0.3), (0.15, 0.4), (0.2, 0.5), (0.25, 0.575), (0.3, 0.65))
"""Of the language model, with the length weight that answers its love of short texts."""
NAMES = ("0", *(f"{weight:g}" for weight, _ in WEIGHTS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("runs", type=Path, nargs="+", help="work folders of finished adaptations")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--limit", type=int, help="lines of each collection")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--name", default="")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    print(f"| collection | lines | read by | {' | '.join(NAMES)} | words have a say in labels |")
    print("|---" * (len(NAMES) + 4) + "|")
    rows = []
    for run in arguments.runs:
        rows.append(measure(run, arguments))
        for way in ("labels", "adapted"):
            rates = " | ".join(f"{100 * rows[-1][way][name]:.2f}" for name in NAMES)
            heard = ("no", "yes")[rows[-1]["heard"]] if way == "labels" else ""
            lines = f"{rows[-1]['collection']} | {rows[-1]['lines']}"
            print(f"| {lines} | {way} | {rates} | {heard} |", flush=True)
    result = {"name": arguments.name, **head(), "rows": rows}
    path = write_result(result, "words", arguments.name, arguments.out)
    print(f"wrote {path}", file=sys.stderr)


def measure(run: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Error rates by weight of the words, and whether words are heard without a text."""
    name = run.name.split("-", 1)[0]
    collection = next(one for one in COLLECTIONS if one.name == name)
    bundle = Bundle.load(find_bundle(None))
    alphabet, network = bundle.alphabet, trainable(bundle)
    reader = as_read(network, alphabet, arguments.threads)
    target = load_target(run / FILE_NAME)
    assert target is not None, f"{run}: no lines"
    state = State(AdaptConfig(threads=arguments.threads), network, alphabet, target, {}, False)
    folder = run / "words"
    models = [CharacterModel.load(folder / f"language-model-{i}.npz", alphabet) for i in (0, 1)]
    whole = CharacterModel.load(folder / f"{LANGUAGE_MODEL.replace(' ', '-')}.npz", alphabet)
    with tempfile.TemporaryDirectory() as scratch:
        documents = prepare(collection, arguments.data, Path(scratch), arguments.limit)
        lines = [load_page(path).image for path in documents.lines]
    height = bundle.manifest.recognizer.height
    cuts = [prepare_line(cut, height) for cut in cut_as_read(reader, lines, cut_elsewhere=True)]
    labels = by_weight(
        [mean for mean, _ in mean_of_views(reader, cuts)], documents, whole, alphabet
    )
    return {
        "collection": name,
        "lines": len(lines),
        "labels": labels,
        "adapted": by_weight(*adapted(run, lines, documents, arguments.threads)),
        "heard": words_help(state, reader, models, Portion(0.0)),
    }


def adapted(
    run: Path, lines: Sequence[Image], documents: Documents, threads: int
) -> tuple[Sequence[NDArray[np.float32]], Documents, CharacterModel, Alphabet]:
    """Posteriors of the adapted model, and its language model, kept by the gate or not."""
    bundle = Bundle.load(find_bundle(run.with_name(run.name.removesuffix("-adapting"))))
    recognizer = load_recognizer(bundle, threads, GREEDY)
    model = CharacterModel.load(run / "weigh" / "language-model.npz", bundle.alphabet)
    found = recognizer.log_posteriors(cut_as_read(recognizer, lines, cut_elsewhere=True))
    return found, documents, model, bundle.alphabet


def by_weight(
    posteriors: Sequence[NDArray[np.float32]],
    documents: Documents,
    model: CharacterModel,
    alphabet: Alphabet,
) -> dict[str, float]:
    """Read with every weight of a language model; folded error rates."""
    case = documents.collection.ignore_case
    rates: dict[str, float] = {}
    searches = (GREEDY, *(search_of(model, *weights) for weights in WEIGHTS))
    for name, search in zip(NAMES, searches, strict=True):
        read = (alphabet.decode(decode(p, search).ids) for p in posteriors)
        rates[name] = total(
            cer(fold(truth, ignore_case=case), fold(" ".join(text.split()), ignore_case=case))
            for truth, text in zip(documents.texts, read, strict=True)
        ).rate
    return rates


if __name__ == "__main__":
    main()

"""Whether lines spoiled on purpose know how much words should count in labels.

    python recipes/study.py OUT --data DATA --variants words --minutes 9.5 --seeds 1 --threads 1
    python benchmarks/words.py OUT/*-adapting --data DATA [--limit N] [--name NAME]

The model that comes with readapt labels the collection's true lines as self-training does, in four
views, with the language model of each run (``<collection>-<variant>-...-adapting``) and every
weight; beside it, the weight that self-training chooses without a text. Writes
``results/<date>-words[-NAME].json``.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from documents import COLLECTIONS, prepare
from hardware import RESULTS, ROOT, head, write_result

from readapt.adapt.budget import Portion
from readapt.adapt.exported import as_read
from readapt.adapt.learning.labelling import UNHEARD, weigh_words
from readapt.adapt.learning.weights import trainable
from readapt.adapt.learning.word_weight import WEIGHTS, search_of
from readapt.adapt.scans.target import FILE_NAME, load_target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import LANGUAGE_MODEL, State
from readapt.evaluate.normalise import fold
from readapt.evaluate.rates import cer, total
from readapt.models.bundle import Bundle, find_bundle
from readapt.pages.load import load_page
from readapt.recognize.decode import GREEDY, decode
from readapt.recognize.lm import CharacterModel
from readapt.recognize.preprocess import prepare_line
from readapt.recognize.tighten import cut_as_read
from readapt.train.selftrain import mean_of_views


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("runs", type=Path, nargs="+", help="work folders of finished adaptations")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--limit", type=int, help="lines of each collection")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--name", default="")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows = [measure(run, arguments) for run in arguments.runs]
    result = {"name": arguments.name, **head(), "rows": rows}
    path = write_result(result, "words", arguments.name, arguments.out)
    weights = [f"{weight:g}" for weight, _ in (UNHEARD, *WEIGHTS)]
    print(f"| collection | lines | {' | '.join(weights)} | chosen |")
    print("|---" * (len(weights) + 3) + "|")
    for row in rows:
        rates = " | ".join(f"{100 * row['labels'][weight]:.2f}" for weight in weights)
        print(f"| {row['collection']} | {row['lines']} | {rates} | {row['chosen']:g} |")
    print(f"wrote {path}", file=sys.stderr)


def measure(run: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """Error rates of labels by weight of the words, and the weight chosen without a text."""
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
    chosen, _ = weigh_words(state, reader, models, Portion(0.0))
    whole = CharacterModel.load(folder / f"{LANGUAGE_MODEL.replace(' ', '-')}.npz", alphabet)
    with tempfile.TemporaryDirectory() as scratch:
        documents = prepare(collection, arguments.data, Path(scratch), arguments.limit)
        cuts = cut_as_read(reader, [load_page(path).image for path in documents.lines])
    height = bundle.manifest.recognizer.height
    posteriors = [
        mean for mean, _ in mean_of_views(reader, [prepare_line(c, height) for c in cuts])
    ]
    case = collection.ignore_case
    labels: dict[str, float] = {}
    for weights in (UNHEARD, *WEIGHTS):
        search = search_of(whole, *weights) if weights[0] else GREEDY
        read = (alphabet.decode(decode(p, search).ids) for p in posteriors)
        labels[f"{weights[0]:g}"] = total(
            cer(fold(truth, ignore_case=case), fold(" ".join(text.split()), ignore_case=case))
            for truth, text in zip(documents.texts, read, strict=True)
        ).rate
    return {"collection": name, "lines": len(posteriors), "labels": labels, "chosen": chosen}


if __name__ == "__main__":
    main()

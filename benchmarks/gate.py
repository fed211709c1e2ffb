"""Whether the gate is right: candidates of finished adaptations, its judges, and the truth.

    python recipes/study.py OUT --data ../shared/data --variants unaided
    python benchmarks/gate.py OUT/*-adapting [--name NAME] [--data PATH] [--keep FILE] [--teachers]

Every candidate that a stage of training made (every round of self-training) is made again from its
checkpoint and read with: the held-out lines, by which the gate's judges say how surely it is better
than the network before it, and the collection's labelled lines, which say whether it is. With
``--teachers`` RapidOCR and Tesseract read the held-out lines and judge, too, whether the adaptation
has learnt from them or not. ``--keep`` keeps the readings, and takes those that it has. Writes
``results/<date>-gate[-NAME].json``.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hardware import RESULTS, ROOT, head, write_result

from readapt.adapt.exported import as_read
from readapt.adapt.gate.evidence import NOTHING, better_share, likelier_share, together
from readapt.adapt.gate.jury import compare
from readapt.adapt.journal import FILE_NAME as JOURNAL
from readapt.adapt.learning.finetune import part_way
from readapt.adapt.learning.second_student import FOLDER
from readapt.adapt.learning.weights import load_weights, trainable
from readapt.adapt.run import WEIGHTS
from readapt.adapt.scans.target import FILE_NAME, load_target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stages.listen import MOST_ROUNDS, Listen
from readapt.adapt.stages.teach import Teach
from readapt.adapt.teachers.engines import Answer, find_teacher
from readapt.adapt.teachers.heard import never_written
from readapt.adapt.teachers.rover import Vote
from readapt.errors import UsageError
from readapt.evaluate.estimate import Signs, estimating, expected_edits, find_signs
from readapt.models.bundle import Bundle, find_bundle
from readapt.nets.crnn import Crnn
from readapt.recognize.lm import CharacterModel
from readapt.train.selftrain import SelfTrainConfig

sys.path.insert(0, str(ROOT / "recipes"))
from study import halves, reading

JUDGES = {
    "certainty": ("certainty",),
    "words": ("words",),
    "votes": ("votes",),
    "both": ("certainty", "words"),
    "all": ("certainty", "words", "votes"),
}
TEACHERS = ("rapidocr", "tesseract")
THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
SAME = 0.005
"""Relative change of the error rate that is none."""
MUCH = 0.03
"""Relative gain that is a pity to miss."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("runs", type=Path, nargs="+", help="folders of adaptations, *-adapting")
    parser.add_argument("--name", default="")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--teachers", action="store_true", help="let other engines judge, too")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = arguments.keep
    known = json.loads(kept.read_text("utf-8")) if kept and kept.is_file() else {}
    rows = []
    for run in arguments.runs:
        key = "/".join(run.resolve().parts[-2:])
        if key not in known:
            known[key] = {"candidates": list(readings(run, arguments.data)), "heard": {}}
        if arguments.teachers and not known[key]["heard"]:
            known[key]["heard"] = asked(run)
        if kept:
            kept.write_text(json.dumps(known, ensure_ascii=False), "utf-8")
        rows += [judged(run, one, known[key]["heard"]) for one in known[key]["candidates"]]
    judges = [judge for judge, of in JUDGES.items() if all(one in rows[0] for one in of)]
    table = [line for judge in judges for line in decisions(rows, judge)]
    print("| judge | more than | kept | mean change of these | of these worse | better, not kept |")
    print("|---" * 6 + "|")
    for line in table:
        print(
            f"| {line['judge']} | {line['more than']:g} | {line['kept']} of {len(rows)} | "
            f"{line['change']:+.1%} | {line['worse']} | {line['missed']} |"
        )
    result = {"name": arguments.name, **head(), "decisions": table, "candidates": rows}
    path = write_result(result, "gate", arguments.name, arguments.out)
    print(f"wrote {path}", file=sys.stderr)


def readings(run: Path, data: Path) -> Iterator[dict[str, Any]]:
    """Read with each candidate of an adaptation and with the network before it."""
    target = load_target(run / FILE_NAME)
    if target is None:
        raise SystemExit(f"{run}: there are no lines of an adaptation here.")
    collection = run.name.split("-")[0]
    parts = halves(data / collection)
    bundle = Bundle.load(find_bundle(None))
    base = present = trainable(bundle)

    def read(network: Crnn) -> dict[str, Any]:
        reader = as_read(network, bundle.alphabet, 1)
        signs = find_signs(reader, target.held_out, reader.height)
        rates = [half.rate(reading(reader)) for half in parts]
        return {"signs": [astuple(sign) for sign in signs], "true": rates}

    rounds = noted(run, Listen().name).get("rounds", [])
    gone = {f"listen round-{i}": one["part of the way"] for i, one in enumerate(rounds, 1)}
    before = None
    for stage, candidates in made(run):
        for name, weights, second in candidates:
            before = before or read(present)
            network = deepcopy(present)
            network.load_state_dict(weights)
            if second.is_file():
                network = part_way(network, load_weights(base, second), 0.5)
            way = gone.get(name, AdaptConfig().way)
            after = read(part_way(present, network, way))
            print(f"{run.name}: {name}", file=sys.stderr)
            yield {"collection": collection, "candidate": name, "before": before, "after": after}
        if (run / stage / WEIGHTS).is_file():  # the gate kept one of them
            present, before = load_weights(base, run / stage / WEIGHTS), None


def asked(run: Path) -> dict[str, list[Answer]]:
    """Let other engines read the held-out lines."""
    target = load_target(run / FILE_NAME)
    assert target is not None
    words = noted(run, "words")
    languages, old = list(words["languages"]), float(words["old spelling"]) > 0.2
    teachers = [find_teacher(name, languages, old) for name in TEACHERS]
    return {teacher.name: list(teacher.read(target.held_out_cuts)) for teacher in teachers}


def noted(run: Path, stage: str) -> dict[str, Any]:
    """Return what a stage has noted; nothing, if it was not finished."""
    entries = [json.loads(row) for row in (run / JOURNAL).open(encoding="utf-8")]
    records = [e.get("record", {}) for e in entries if e["key"] == f"stage {stage}"]
    return records[-1] if records else {}


def made(run: Path) -> Iterator[tuple[str, list[tuple[str, Any, Path]]]]:
    """Yield stages, each with the weights of its trainings, and where a second student's lie."""
    yield "free", []
    for stage, places in (
        (Teach().name, ["."]),
        (Listen().name, [f"round-{i}" for i in range(1, MOST_ROUNDS + 1)]),
    ):
        paths = [run / stage / place / "checkpoint.pt" for place in places]
        yield (
            stage,
            [
                (
                    f"{stage} {place.lstrip('.')}".strip(),
                    torch.load(path, map_location="cpu", weights_only=False)["average"],
                    path.parent / FOLDER / "average.safetensors",
                )
                for place, path in zip(places, paths, strict=True)
                if path.is_file()
            ],
        )


def judged(run: Path, found: dict[str, Any], heard: dict[str, list[Answer]]) -> dict[str, Any]:
    """Say what the judges are sure of, and by how much the errors changed in truth."""
    bundle = Bundle.load(find_bundle(None))
    by = estimating(bundle)[0].without_words()
    pair = [[Signs(*sign) for sign in found[when]["signs"]] for when in ("before", "after")]
    edits = np.stack([expected_edits(signs, by) for signs in pair])
    characters = np.array([[sign.characters for sign in signs] for signs in pair], np.float64)
    path = run / "words" / "background.npz"
    if not path.is_file():
        raise UsageError(f"{path}: the adaptation had no words; run it with its stage `words`.")
    model = CharacterModel.load(path, bundle.alphabet)
    was, now = ([sign.text for sign in signs] for signs in pair)
    sure, likelier = better_share(edits, characters, NOTHING), likelier_share(model, was, now)
    before, after = (found[when]["true"] for when in ("before", "after"))
    votes = {"votes": voted(was, now, heard)} if heard else {}
    return {
        "collection": found["collection"],
        "candidate": found["candidate"],
        "held out": len(was),
        "estimate": [
            round(float(e.sum() / n.sum()), 5) for e, n in zip(edits, characters, strict=True)
        ],
        "certainty": sure,
        "words": likelier,
        **votes,
        "true": [[round(rate, 5) for rate in rates] for rates in (before, after)],
        "change": round(sum(after) / sum(before) - 1, 4),
    }


def voted(before: Sequence[str], after: Sequence[str], heard: dict[str, list[Answer]]) -> float:
    """Say how sure the engines' votes are that the second readings are the better ones."""
    votes: list[list[Vote]] = [[] for _ in before]
    for answers in heard.values():
        read = [None if one is None else (one[0], one[1]) for one in answers]
        lacks = never_written(before, read)
        for line, answer in zip(votes, read, strict=True):
            if answer is not None:
                line.append(Vote(*answer, lacks))
    found = compare(votes, before, after, SelfTrainConfig().most_doubt)
    return better_share(*found.stacked, NOTHING)


def decisions(rows: Sequence[dict[str, Any]], judge: str) -> Iterator[dict[str, Any]]:
    """Count right and wrong decisions of judges by how sure they have to be together."""
    sure = [together(*(row[one] for one in JUDGES[judge])) for row in rows]
    for needed in THRESHOLDS:
        kept = [row["change"] for row, s in zip(rows, sure, strict=True) if s > needed]
        others = [row["change"] for row, s in zip(rows, sure, strict=True) if not s > needed]
        yield {
            "judge": judge,
            "more than": needed,
            "kept": len(kept),
            "change": round(float(np.mean(kept)), 4) if kept else 0.0,
            "worse": sum(change > SAME for change in kept),
            "missed": sum(change < -MUCH for change in others),
        }


if __name__ == "__main__":
    main()

"""What an adaptation begins with: the scans' lines, texts, an alphabet, networks that learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from readapt.adapt.learning.detector_weights import trainable_detector
from readapt.adapt.learning.weights import extended, extended_alphabet
from readapt.adapt.preparation import check_text, load_corpora
from readapt.adapt.run import Run
from readapt.adapt.scans.target import FILE_NAME, Target, find_target, load_target, save_target
from readapt.adapt.settings import LEAST_JUDGES
from readapt.adapt.stage import State
from readapt.adapt.teachers.engines import find_teacher
from readapt.errors import ModelError
from readapt.nets.crnn import Crnn
from readapt.reader import Reader, choose_decoder, load_detector
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.alphabet import name as names_of
from readapt.synth.corpus import Corpus
from readapt.synth.drawable import undrawable

LOOKING = 0.1
"""Share of the budget after which no more pages are opened, if there are lines enough."""
MOST_LOOKING = 0.5
"""Share of the budget after which none are, however few lines there are."""
LEAST_MINUTES = 1.0
"""Of a run that can keep to them."""


def begin(
    run: Run, network: Crnn, scans: Sequence[str], text: str | Path | None, extend: bool
) -> tuple[State, list[str]]:
    """Cut the lines, load texts and networks, and say what is odd about any of them."""
    corpora, given = load_corpora(text)
    if given and not extend:
        check_text(text, corpora, run.bundle.alphabet)
    config = run.config
    problems = [problem for name in config.teachers if (problem := find_teacher(name).missing())]
    lacking = [f"{problem} Going on without it." for problem in problems]
    for remark in lacking:  # before pages are looked at, which may take minutes
        run.say(remark, remark=True)
    target = _target(run, scans)
    remarks = list(target.remarks)
    if config.minutes < LEAST_MINUTES and not config.steps:
        remarks.append("Less than a minute: looking for lines and the end alone take longer.")
    alphabet = run.bundle.alphabet
    if given:
        alphabet, more = _alphabet(alphabet, corpora, extend)
        remarks += more
    if alphabet != run.bundle.alphabet:
        network = extended(network, alphabet.classes - run.bundle.alphabet.classes)
        # New classes start from nothing: part of the way to them is none.
        config = replace(config, way=1.0, ways_taught=(1.0,))
    state = State(
        config, network, alphabet, target, corpora, given, told=run.say, remark=run.remark
    )
    if alphabet == run.bundle.alphabet:
        state.decoder = choose_decoder(run.bundle)
    else:
        state.others, _ = load_corpora(None)
    for remark in remarks:
        run.say(remark, remark=True)
    _with_detector(state, run)
    return state, [*lacking, *remarks]


def _target(run: Run, scans: Sequence[str]) -> Target:
    """Find the lines of the scans, or load those that an earlier run has found."""
    path = run.work / FILE_NAME
    target = load_target(path)
    if target is None:
        run.say("looking for lines")
        few, wanted = run.config.few, run.config.target
        wanted = replace(
            wanted,
            height=run.bundle.manifest.recognizer.height,
            most=max(few(wanted.most), wanted.least),
            most_held_out=few(wanted.most_held_out, LEAST_JUDGES),
        )
        target = find_target(
            scans,
            Reader(run.bundle.folder, run.config.threads),
            wanted,
            LOOKING * run.budget.seconds,
            run.config.seed,
            # a count first: a log has no line for each page
            lambda done, count: run.say(f"{done} of {count} pages looked at for lines"),
            MOST_LOOKING * run.budget.seconds,
        )
        save_target(target, path)
    return target


def _alphabet(
    alphabet: Alphabet, corpora: Mapping[str, Corpus], extend: bool
) -> tuple[Alphabet, list[str]]:
    """Add to an alphabet what the texts have, if that is wanted, and say what becomes of it."""
    lacking = alphabet.missing("".join(corpus.text for corpus in corpora.values()))
    if not extend:
        remark = (
            f"The alphabet lacks {names_of(lacking)}, which the corpus has: they are left out; "
            "--extend-alphabet gives them classes of their own."
        )
        return alphabet, [remark] if lacking else []
    drawable, remark = _drawn(lacking)
    remarks = [remark] if remark else []
    if not drawable:
        return alphabet, remarks
    remarks.append(f"New in the alphabet, if a stage passes: {names_of(drawable)}.")
    return extended_alphabet(alphabet, drawable), remarks


def _drawn(lacking: frozenset[str]) -> tuple[frozenset[str], str]:
    """Return which new characters some font here can draw, and what is to be said of the others."""
    if not lacking:
        return lacking, "The alphabet has all characters of the corpus: there is none to add."
    none = undrawable(lacking)
    if not none:
        return lacking, ""
    return lacking - none, (
        f"No font here has {names_of(none)}: left out, since nothing could be drawn to learn from; "
        "install a font that has them."
    )


def _with_detector(state: State, run: Run) -> None:
    """Give the state a detector that learns, where there are pages it could learn from."""
    finder = load_detector(run.bundle, run.config.threads)
    if finder is None or not state.target.sheets.learnt:
        return
    try:
        state.detector = trainable_detector(run.bundle)
    except ModelError:  # made elsewhere: it finds lines as ever, and does not learn
        return
    state.detector_config = finder.config
    state.pad = run.bundle.manifest.recognizer.pad

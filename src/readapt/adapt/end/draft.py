"""The new bundle: the base's files, and what was learnt where something was."""

from __future__ import annotations

import tempfile
from pathlib import Path

from readapt import __version__
from readapt.adapt.end.ending import Ending
from readapt.adapt.stage import LANGUAGE_MODEL
from readapt.export.detector import export_detector
from readapt.export.int8 import export_int8
from readapt.export.recognizer import export_recognizer
from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import LanguageModelSection
from readapt.nets.crnn import STRIDE
from readapt.recognize.beam import NARROW
from readapt.recognize.recognizer import Recognizer
from readapt.whole import is_full

QUICK = "recognizer-int8.onnx"
"""What is read with: the same network, its convolutions in integers."""


def draft_model(ending: Ending, folder: Path) -> tuple[Bundle, str]:
    """Write the bundle to ``folder``: the base's files, and what was learnt where something was.

    Returns also what is to be said of it, "" for nothing.
    """
    state, base = ending.state, ending.bundle
    manifest = base.manifest
    files = {name: base.folder / name for name in manifest.sha256}
    with tempfile.TemporaryDirectory() as scratch:
        remark, recognizer = "", manifest.recognizer
        if ending.reads_anew:
            path = Path(scratch) / recognizer.file
            export_recognizer(state.network, path)
            files[recognizer.file] = path
            files.pop(recognizer.int8 or "", None)  # that was another network
            quick = Path(scratch) / QUICK
            remark = _quick(ending, quick)
            if not remark:
                files[QUICK] = quick
            recognizer = recognizer.model_copy(update={"int8": None if remark else QUICK})
        if ending.finds_anew and state.detector is not None and manifest.detector is not None:
            path = Path(scratch) / manifest.detector.file
            export_detector(state.detector, path)
            files[manifest.detector.file] = path
        language, path_to_it = language_model(ending)
        if manifest.language_model is not None:
            files.pop(manifest.language_model.file)
        if language is not None and path_to_it is not None:
            files[language.file] = path_to_it
        update = {
            "name": folder.name,
            "version": __version__,
            "alphabet": state.alphabet.characters if ending.reads_anew else manifest.alphabet,
            "recognizer": recognizer,
            "language_model": language,
        }
        return save_bundle(folder, manifest.model_copy(update=update), files), remark


def language_model(ending: Ending) -> tuple[LanguageModelSection | None, Path | None]:
    """Choose the new model's language model: how far reading relies on it, and where its file lies.

    The base's own, unless a better one was weighed; where it has none, that of the scans, for
    those who ask for a beam.
    """
    own, path = ending.bundle.manifest.language_model, ending.bundle.language_model
    learnt, weighed = ending.state.files.get(LANGUAGE_MODEL), "weigh" in ending.kept
    alphabet = ending.state.alphabet if ending.reads_anew else ending.bundle.alphabet
    wanted = weighed or own is None or alphabet != ending.bundle.alphabet
    if learnt is not None and alphabet == ending.state.alphabet and wanted:
        section = LanguageModelSection(file="language-model.npz")
        if weighed:
            found = ending.stages["weigh"]["record"]
            update = {
                "weight": found["weight"],
                "length_weight": found["length weight"],
                "beam": NARROW.width,
                "errors_left": found["errors left"],
            }
            section = section.model_copy(update=update)
        return section, learnt
    return (own, path) if alphabet == ending.bundle.alphabet else (None, None)


def _quick(ending: Ending, path: Path) -> str:
    """Write the network with integers to ``path``; says why it is not to be used, "" if it is."""
    state, height = ending.state, ending.state.network.config.height
    ending.say("the same in integers")
    try:
        export_int8(state.network, path, state.target.lines)
        quick = Recognizer(path, state.alphabet, height, STRIDE, state.config.threads)
    except Exception as error:  # of a library; an hour's work is not lost for some speed
        if is_full(path.parent, error):
            raise
        return f"The model reads in floating point: integers failed ({error})."
    worse = ending.gate.as_good(quick)
    return f"The model reads in floating point: in integers it is worse ({worse})." if worse else ""

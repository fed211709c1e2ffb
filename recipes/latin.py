"""Train the default model `latin` from nothing but fonts and texts.

    grep -v '^#' apt-packages.txt | xargs apt-get install -y --no-install-recommends
    python recipes/fonts.py; python recipes/texts.py
    python recipes/latin.py runs/latin [--data ../shared/data]

About three hours on two cores. Stops at any time; the same command goes on from the last
checkpoint. The result is `runs/latin/latin`, a bundle with its card; copy it to
`src/readapt/models/latin` if it is better than the one there.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import calibrate
import torch

from readapt import __version__
from readapt.evaluate.run import EvaluationConfig, evaluate
from readapt.evaluate.truth import load_truth
from readapt.export.card import model_card, write_card
from readapt.export.detector import export_detector
from readapt.export.recognizer import export_recognizer
from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import Calibration, DetectorSection, Manifest, RecognizerSection
from readapt.nets.crnn import STRIDE, Crnn
from readapt.nets.detector import DetectorNet
from readapt.reader import Reader
from readapt.recognize.alphabet import LATIN
from readapt.train.detector import DetectorTrainingConfig, train_detector
from readapt.train.loop import LoopConfig
from readapt.train.recognizer import RecognizerConfig, train_recognizer

RECOGNIZER = RecognizerConfig(loop=LoopConfig(steps=10_000, log_every=100, evaluate_seconds=900))
DETECTOR = replace(
    DetectorTrainingConfig(), loop=replace(DetectorTrainingConfig().loop, minutes=30)
)
HOW = """
Recognizer: lines drawn on the fly by `readapt.synth` from the fonts and texts of
`apt-packages.txt` and `recipes/fonts.py` (six genres of document, ten languages), short strings
first, one image in twenty without text. CNN of five convolutions, two bidirectional LSTM layers of
128, CTC; AdamW 2e-3 with warm-up and cosine, gradient norm clipped at 5, running average of the
weights.
Detector: synthetic pages of ten layouts; a small fully convolutional network that marks the core of
each line and the distances to its edges.
Confidences: fitted on synthetic lines of a seed held out from training (`recipes/calibrate.py`).
No real document, label or weight of anybody else was used in training. `python recipes/latin.py`
makes it again.
"""


def bundle(recognizer: Crnn, detector: DetectorNet, folder: Path, trained: str) -> Path:
    """Export both networks into one verified bundle."""
    with tempfile.TemporaryDirectory() as scratch:
        files = {name: Path(scratch) / name for name in ("recognizer.onnx", "detector.onnx")}
        export_recognizer(recognizer, files["recognizer.onnx"])
        export_detector(detector, files["detector.onnx"])
        manifest = Manifest(
            name="latin",
            version=__version__,
            summary="Printed and typewritten Latin script, long s and blackletter included.",
            alphabet=LATIN.characters,
            recognizer=RecognizerSection(
                file="recognizer.onnx", height=recognizer.config.height, stride=STRIDE
            ),
            detector=DetectorSection(file="detector.onnx"),
            calibration=Calibration(min_confidence=0.45),
            language=["en", "fr", "de", "es", "it", "pt", "nl", "da", "pl", "la"],
            script=["Latn", "Latf"],
            license="Apache-2.0",
            provenance={"recipe": "recipes/latin.py", "trained": trained, "data": "synthetic only"},
        )
        save_bundle(folder, manifest, files, replace=True)
    return folder


def measure(folder: Path, data: Path) -> list[dict[str, str]]:
    """Read every collection under `data` with the bundle: a row of figures each."""
    reader = Reader(folder)
    rows = []
    for collection in sorted(path for path in data.iterdir() if path.is_dir()):
        truth = load_truth(
            [collection / n for n in ("pages", "lines") if (collection / n).is_dir()]
        )
        config = EvaluationConfig(ignore_case=collection.name.startswith("sroie"))
        result = evaluate(truth, reader, config)
        rows.append(
            {
                "collection": collection.name,
                "lines": str(len(result.lines)),
                "CER": f"{result.cer_folded.rate:.4f}",
                "CER, strict": f"{result.cer.rate:.4f}",
                "WER": f"{result.wer_folded.rate:.4f}",
                "page word recall": f"{result.words.recall:.3f}" if result.pages else "",
            }
        )
        print("  ".join(f"{k} {v}" for k, v in rows[-1].items()), flush=True)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, export, measure."""
    parser = argparse.ArgumentParser(description="Train the default model from nothing.")
    parser.add_argument("folder", type=Path, help="where checkpoints and the bundle go")
    parser.add_argument("--data", type=Path, help="labelled collections to measure on")
    parser.add_argument("--steps", type=int, default=RECOGNIZER.loop.steps, help="recognizer's")
    parser.add_argument("--detector-minutes", type=float, default=DETECTOR.loop.minutes)
    parser.add_argument("--processes", type=int, default=2, help="that train the recognizer")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1 if options.processes > 1 else torch.get_num_threads())
    detector = train_detector(
        replace(DETECTOR, loop=replace(DETECTOR.loop, minutes=options.detector_minutes)),
        options.folder / "detector",
        resume=True,
    )
    recognizer = train_recognizer(
        replace(
            RECOGNIZER,
            processes=options.processes,
            loop=replace(RECOGNIZER.loop, steps=options.steps),
        ),
        options.folder / "recognizer",
        resume=True,
    )
    trained = f"recognizer {options.steps} steps, detector {options.detector_minutes:g} minutes"
    folder = bundle(recognizer, detector, options.folder / "latin", trained)
    calibrate.main([str(folder)])
    rows = measure(folder, options.data) if options.data else []
    command = "python recipes/latin.py runs/latin --data DATA"
    write_card(folder, model_card(Bundle.load(folder).manifest, HOW, rows, command))


if __name__ == "__main__":
    main()

"""Beam search: lines per second and likelihood found, beside pyctcdecode and fast-ctc-decode.

    python benchmarks/decoding.py [--peer-python PYTHON] [-m MODEL] [--lines 40] [--rounds 3]

Frames of 100 steps and 200 classes of five kinds (and, with -m, a model's own frames of synthetic
lines), width 10, no language model. Every engine is told the same: classes below 1e-3 are not tried
in a frame, texts 1e-7 times less probable than the best are dropped. *Found* is the mean of the
exact ``ln p(text | frames)`` of what an engine returns: more is better, and speed that loses it is
no speed. Engines take turns, each in a process of its own with one thread; the median over the
rounds of its processor time counts.

pyctcdecode wants numpy below 2: PYTHON is the interpreter of an environment made for the peers
(``python -m venv E; E/bin/pip install 'numpy<2' pyctcdecode fast-ctc-decode``). A peer that is not
there gets a row that says so. Writes ``results/<date>-decoding[-NAME].json``.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from decode_with import ENGINES
from hardware import RESULTS, ROOT, head, write_result
from numpy.typing import NDArray

from readapt.recognize.ctc import log_likelihood

TIME, CLASSES = 100, 200
KINDS = {"peaky": 14.0, "noisy": 11.0, "very noisy": 8.0, "flat": 4.0, "random": 0.0}
"""How much the right class stands out, in nats; the others have a standard deviation of 1.5. That
makes 0.7, 5, 46, 117 and 126 characters a frame of 1e-3 or more; a recognizer's frames have 2.5."""

PEERS = ("pyctcdecode", "fast-ctc-decode")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--peer-python", type=Path)
    parser.add_argument("-m", "--model")
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    result: dict[str, Any] = {"name": arguments.name, **head(), "lines": arguments.lines}
    kinds = {kind: frames(arguments.lines, peak) for kind, peak in KINDS.items()}
    if arguments.model:
        kinds["a model's"], result["network"] = of_model(arguments.model, arguments.lines)
    result["kinds"] = {
        kind: compare(log_probs, arguments.peer_python, arguments.rounds)
        for kind, log_probs in kinds.items()
    }
    path = write_result(result, "decoding", arguments.name, arguments.out)
    print("| frames | engine | lines/s | readapt is | found |")
    print("|---|---|---|---|---|")
    for kind, rows in result["kinds"].items():
        base = rows["readapt"]["lines_per_second"]
        for engine, one in rows.items():
            if "note" in one:
                print(f"| {kind} | {engine} | {one['note']} | | |")
                continue
            speed = one["lines_per_second"]
            print(
                f"| {kind} | {engine} {one['version']} | {speed:.1f} | {base / speed:.2f} x "
                f"| {one['found']:.3f} |"
            )
    if arguments.model:
        cost = result["network"]
        print(
            f"network {cost['network_ms']:.2f} ms a line on one thread; greedy decoding "
            f"{cost['greedy_ms']:.3f} ms, {cost['greedy_ms'] / cost['network_ms']:.1%} of it; with "
            f"words, places and confidences {cost['reading_ms']:.2f} ms"
        )
    print(f"wrote {path}", file=sys.stderr)


def frames(lines: int, peak: float) -> NDArray[np.float32]:
    """``line time class``: 30 characters, two frames each, blanks between, and noise."""
    rng = np.random.default_rng(7)
    logits = 1.5 * rng.standard_normal((lines, TIME, CLASSES))
    for line in logits:
        path = np.zeros(TIME, int)
        for start in np.sort(rng.choice(TIME // 3, 30, replace=False)) * 3:
            path[start : start + 2] = rng.integers(1, CLASSES)
        line[np.arange(TIME), path] += peak
    logits -= np.logaddexp.reduce(logits, axis=2, keepdims=True)
    return logits.astype(np.float32)


def of_model(model: str, lines: int) -> tuple[NDArray[np.float32], dict[str, float]]:
    """Frames of a model, cut or padded with blanks to the same time; and what they cost."""
    from readapt.models.bundle import Bundle, find_bundle
    from readapt.reader import load_recognizer
    from readapt.recognize.calibration import ConfidenceMap
    from readapt.recognize.decode import GREEDY, decode
    from readapt.recognize.reading import Posteriors, readings
    from readapt.synth.lines import LineConfig, LineMaker

    bundle = Bundle.load(find_bundle(model))
    recognizer = load_recognizer(bundle, threads=1)
    maker = LineMaker(LineConfig(seed=10_000_019), alphabet=bundle.alphabet)
    images = [maker.make(20_000 + i).image for i in range(4 * lines)]
    recognizer.log_posteriors(images[:16])
    start = time.perf_counter()
    found = recognizer.log_posteriors(images)
    network = time.perf_counter() - start
    start = time.perf_counter()
    decoded = [decode(p, GREEDY) for p in found]
    decoding = time.perf_counter() - start
    posteriors = [Posteriors(p, 1.0, len(p)) for p in found]
    calibration = bundle.manifest.calibration
    how = calibration.temperature, ConfidenceMap(calibration.words), calibration.writes_at
    start = time.perf_counter()
    for i in range(0, len(found), 16):
        readings(posteriors[i : i + 16], decoded[i : i + 16], bundle.alphabet, *how)
    reading = time.perf_counter() - start
    blank = np.full((TIME, bundle.alphabet.classes), -30.0, np.float32)
    blank[:, 0] = 0.0
    longest = sorted(found, key=len)[-lines:]
    each = 1000 / len(found)
    cost = {
        "network_ms": network * each,
        "greedy_ms": decoding * each,
        "reading_ms": (decoding + reading) * each,
    }
    return np.stack([np.concatenate([p, blank])[:TIME] for p in longest]), cost


def compare(
    log_probs: NDArray[np.float32], peer_python: Path | None, rounds: int
) -> dict[str, dict[str, Any]]:
    seconds: dict[str, list[float]] = {}
    rows: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "frames.npz", Path(folder) / "found.json"
        np.savez(source, log_probs=log_probs)
        for _ in range(rounds):
            for engine in ENGINES:
                if engine in PEERS and peer_python is None:
                    rows[engine] = {"note": "not measured: no --peer-python"}
                    continue
                if "note" in rows.get(engine, {}):
                    continue
                # The same interpreter and numpy for all, where the peers have one of their own.
                command = [str(peer_python or sys.executable), decoder(), engine, source, target]
                environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"}
                done = subprocess.run(command, env=environment, capture_output=True, text=True)
                if done.returncode:
                    last = done.stderr.strip().rsplit("\n", 1)[-1]
                    rows[engine] = {"note": f"not measured: {last}"}
                    continue
                out = json.loads(target.read_text())
                seconds.setdefault(engine, []).append(out["seconds"])
                likelihood = log_likelihood(log_probs, out["ids"])
                rows[engine] = {"version": out["version"], "found": float(likelihood.mean())}
    for engine, times in seconds.items():
        rows[engine]["lines_per_second"] = len(log_probs) / statistics.median(times)
    return rows


def decoder() -> str:
    return str(Path(__file__).with_name("decode_with.py"))


if __name__ == "__main__":
    main()

"""Decode frames with one engine, write texts and time: ``decode_with.py ENGINE IN.npz OUT.json``.

IN.npz has ``log_probs`` float32 ``line time class``, blank first. It runs in the Python that has
the engine, with readapt's sources on its path for ``readapt``. Imports and set-up are not timed.
"""

import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WIDTH = 10
LEAST = 1e-3
"""Probability of a class below which a frame does not try it: the same in every engine."""
CUTOFF = 1e-7
"""A text this many times less probable than the best is dropped: in engines that do so at all."""
FIRST = 0x4E00
"""Classes are written as these characters: no spaces, no case, nothing to normalise."""


def main() -> None:
    engine, source, target = sys.argv[1:]
    log_probs = np.load(source)["log_probs"]
    decode, version = ENGINES[engine](log_probs.shape[2])
    for line in log_probs[:2]:
        decode(line)
    start = time.process_time()
    found = [decode(line) for line in log_probs]
    seconds = time.process_time() - start
    with open(target, "w") as file:
        json.dump({"seconds": seconds, "ids": found, "version": version}, file)


Decode = Callable[[Any], list[int]]


def readapt_equal(classes: int) -> tuple[Decode, str]:
    """Nothing pruned that pyctcdecode does not prune."""
    from readapt import __version__
    from readapt.recognize.beam import Beam, beam_search

    search = Beam(WIDTH, top=classes, least=LEAST, blank=2.0, cutoff=CUTOFF)
    return lambda line: list(beam_search(line, search)[0].ids), __version__


def readapt_default(classes: int) -> tuple[Decode, str]:
    """As `readapt read --beam 10` does: 12 classes a frame, sure blanks passed over."""
    from readapt import __version__
    from readapt.recognize.beam import Beam, beam_search

    return lambda line: list(beam_search(line, Beam(WIDTH))[0].ids), __version__


def greedy(classes: int) -> tuple[Decode, str]:
    from readapt import __version__
    from readapt.recognize.greedy import best_path

    return lambda line: list(best_path(line).ids), __version__


def pyctcdecode(classes: int) -> tuple[Decode, str]:
    import logging
    from importlib.metadata import version

    logging.disable()
    from pyctcdecode import build_ctcdecoder

    decoder = build_ctcdecoder(["", *(chr(FIRST + k) for k in range(1, classes))])

    def decode(line: Any) -> list[int]:
        found = decoder.decode_beams(
            line,
            beam_width=WIDTH,
            beam_prune_logp=math.log(CUTOFF),
            token_min_logp=math.log(LEAST),
        )
        return [ord(c) - FIRST for c in found[0][0]]

    return decode, version("pyctcdecode")


def fast_ctc_decode(classes: int) -> tuple[Decode, str]:
    """Compiled; takes probabilities and drops no texts but those past the width."""
    from importlib.metadata import version

    from fast_ctc_decode import beam_search

    alphabet = "".join(chr(FIRST + k) for k in range(classes))

    def decode(line: Any) -> list[int]:
        text, _ = beam_search(np.exp(line), alphabet, WIDTH, LEAST)
        return [ord(c) - FIRST for c in text]

    return decode, version("fast-ctc-decode")


ENGINES = {
    "readapt": readapt_equal,
    "readapt, its defaults": readapt_default,
    "greedy": greedy,
    "pyctcdecode": pyctcdecode,
    "fast-ctc-decode": fast_ctc_decode,
}

if __name__ == "__main__":
    main()

"""The peephole LSTM against torch's LSTM, which has no peepholes, and against autograd.

    python benchmarks/recurrence.py NAME [--rounds 15] [--threads 1 2] [--hidden 128 256]

Forward and backward of one layer in both directions, 32 lines of 100 frames, gradients of inputs
and weights included:

- `lstm`: torch's kernel, the peer;
- `peephole`: the hand-derived backward pass, its steps compiled where there is a C compiler;
- `peephole, torch alone`: the same without a compiler;
- `peephole, autograd`: the textbook's cell of `tests/reference`, step by step.

The four take turns, so that a busy machine is busy for all; every count of threads has its own
process, confined to as many cores. Of each the least time over all rounds counts, by the wall clock
and in processor time, and ratios are to `lstm`. Writes ``results/<date>-recurrence[-NAME].json``.
"""

import argparse
import multiprocessing as mp
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from hardware import RESULTS, ROOT, head, write_result

BATCH, TIME = 32, 100
SLOW = 3
"""The textbook's cell takes its turn in one round out of so many."""


def measure(threads: int, hidden: int, rounds: int, answers: Any) -> None:
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
    import torch

    sys.path.insert(0, str(ROOT))
    from tests.reference import recurrent as reference

    from readapt.nets import peephole_compiled
    from readapt.nets.recurrent import PeepholeLSTM, Recurrence

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x = torch.randn(BATCH, TIME, hidden, requires_grad=True)
    above = torch.randn(BATCH, TIME, 2 * hidden)
    lstm = Recurrence("lstm", hidden, hidden)
    peephole = Recurrence("peephole", hidden, hidden)
    assert isinstance(peephole.kernel, PeepholeLSTM)
    layer = peephole.kernel.layers[0]

    def by_the_book() -> torch.Tensor:
        weights = (layer.weight_ih, layer.weight_hh, layer.bias, layer.weight_ch)
        cells = tuple(reference.peephole(*one) for one in zip(*weights, strict=True))
        return reference.read_both(cells, x.transpose(0, 1), hidden).transpose(0, 1)

    def without_compiler() -> AbstractContextManager[Any]:
        return mock.patch.object(peephole_compiled, "_library", return_value=None)

    ways: dict[str, Callable[[], torch.Tensor]] = {
        "lstm": lambda: lstm(x),
        "peephole": lambda: peephole(x),
        "peephole, torch alone": lambda: peephole(x),
        "peephole, autograd": by_the_book,
    }
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for round_ in range(rounds + 1):
        for way, forward in ways.items():
            if way == "peephole, autograd" and round_ % SLOW:
                continue
            lstm.zero_grad()
            peephole.zero_grad()
            x.grad = None
            with without_compiler() if way == "peephole, torch alone" else nullcontext():
                wall, cpu = time.perf_counter(), time.process_time()
                forward().backward(above)
                times = (time.perf_counter() - wall, time.process_time() - cpu)
            if round_:  # the first one warms up
                taken[way].append(times)
    compiled = peephole_compiled._library(torch.float32) is not None
    answers.put((torch.__version__, compiled, taken))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--hidden", type=int, nargs="+", default=[128, 256])
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    result: dict[str, Any] = {
        "name": arguments.name,
        **head(),
        "batch": BATCH,
        "time": TIME,
        "rows": [],
    }
    context = mp.get_context("spawn")
    for threads in arguments.threads:
        for hidden in arguments.hidden:
            answers = context.Queue()
            process = context.Process(
                target=measure, args=(threads, hidden, arguments.rounds, answers)
            )
            process.start()
            result["torch"], result["compiled"], taken = answers.get()
            process.join()
            for way, times in taken.items():
                row = summary(threads, hidden, way, times, taken["lstm"])
                result["rows"].append(row)
                print("  ".join(f"{key} {value}" for key, value in row.items()))
    result["load_after"] = round(os.getloadavg()[0], 2)
    path = write_result(result, "recurrence", arguments.name, arguments.out)
    print(f"wrote {path}", file=sys.stderr)


def summary(
    threads: int,
    hidden: int,
    way: str,
    times: list[tuple[float, float]],
    peer: list[tuple[float, float]],
) -> dict[str, Any]:
    """Give a row of the table: milliseconds, and ratios to the peer."""
    row: dict[str, Any] = {"threads": threads, "hidden": hidden, "way": way}
    for clock, name in enumerate(("wall", "cpu")):
        mine, theirs = [t[clock] for t in times], [t[clock] for t in peer]
        row[f"{name}_ms"] = round(1000 * min(mine), 1)
        row[f"{name}_ratio"] = round(min(mine) / min(theirs), 2)
        row[f"{name}_median_ratio"] = round(median(mine) / median(theirs), 2)
    return row


if __name__ == "__main__":
    main()

"""What a step of the translation game costs: samples a second, memory, share of the machine's peak.

    python benchmarks/cyclegan.py NAME [--rounds 12] [--threads 1]

Plays on rendered lines alone, half of them degraded and called real, with the recognizer that
ships: both sides, and one-sided. Operations are counted by torch (convolutions and products;
the recurrence of the frozen recognizer by hand), forward and backward. The peak is that of a
product of 2048 x 2048 matrices on the same threads, in float32 and in bfloat16, measured in turns
with the steps; a share of it is given in bfloat16, which the convolutions run in. The least time
of all rounds counts. Every way has a process of its own, whose peak memory is the kernel's figure.
Writes ``results/<date>-cyclegan[-NAME].json``.
"""

import argparse
import json
import multiprocessing as mp
import os
import resource
import time
from typing import Any

from hardware import RESULTS, head, write_result

SIDE = 2048


def measure(one_sided: bool, threads: int, rounds: int, answers: Any) -> None:
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from readapt.export.restore import from_bundle
    from readapt.gan.candidates import dressed
    from readapt.gan.crops import Feed
    from readapt.gan.cyclegan import CycleGan, CycleGanConfig
    from readapt.gan.source import source_lines
    from readapt.models.bundle import Bundle, find_bundle
    from readapt.synth.lines import LineConfig, LineMaker

    torch.set_num_threads(threads)
    bundle = Bundle.load(find_bundle(None))
    maker = LineMaker(LineConfig(clean=1.0), alphabet=bundle.alphabet)
    lines = [line for line in source_lines(maker, 300) if line.image.shape[1] >= 48]
    real = [dressed(line.image, i) for i, line in enumerate(lines[::2])]
    recognizer = from_bundle(bundle)
    feed = Feed(real, lines[1::2], bundle.alphabet)
    widest = [n for n in range(60) if feed.batch(n).real.shape[2] == max(feed.config.widths)]
    game = CycleGan(feed, recognizer, CycleGanConfig(one_sided=one_sided))
    samples = feed.batch(widest[0]).real.shape[0]
    frames = feed.batch(widest[0]).real.shape[2] // 4
    with FlopCounterMode(display=False) as counter:
        game.turn(widest[0], 0.0)
    config = recognizer.config
    inputs = (config.channels[-1], *[2 * config.hidden] * (config.layers - 1))
    recurrence = sum(2 * 2 * 4 * config.hidden * (i + config.hidden) for i in inputs)
    # Forward and the gradient with respect to the inputs; the weights are frozen.
    operations = counter.get_total_flops() + 2 * recurrence * frames * samples
    matrices = {
        name: torch.randn(SIDE, SIDE, dtype=kind)
        for name, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16))
    }
    least = dict.fromkeys((*matrices, "step"), float("inf"))
    for round_ in range(rounds):
        for name, matrix in matrices.items():
            begun = time.perf_counter()
            matrix @ matrix
            least[name] = min(least[name], time.perf_counter() - begun)
        begun = time.perf_counter()
        game.turn(widest[round_ % len(widest)], 0.0)
        least["step"] = min(least["step"], time.perf_counter() - begun)
    peak = {name: 2 * SIDE**3 / least[name] / 1e9 for name in matrices}
    reached = operations / least["step"] / 1e9
    answers.put(
        {
            "milliseconds_a_step": round(1000 * least["step"], 1),
            "samples_a_step": samples,
            "samples_a_second": round(samples / least["step"], 1),
            "gflop_a_step": round(operations / 1e9, 2),
            "gflops": round(reached, 1),
            "peak_gflops": {name: round(value, 1) for name, value in peak.items()},
            "share_of_the_bfloat16_peak": round(reached / peak["bfloat16"], 3),
            "share_of_the_float32_peak": round(reached / peak["float32"], 3),
            "peak_memory_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    args = parser.parse_args()
    found: dict[str, Any] = {
        "name": args.name,
        **head(),
        "batch": "the widest windows, 36 x 160 pixels, of each kind",
    }
    context = mp.get_context("spawn")
    for threads in args.threads:
        for name, one_sided in (("both sides", False), ("one-sided", True)):
            answers: Any = context.Queue()
            process = context.Process(
                target=measure, args=(one_sided, threads, args.rounds, answers)
            )
            process.start()
            row = answers.get()
            process.join()
            found[f"{name}, {threads} thread{'s' if threads > 1 else ''}"] = row
            print(name, threads, json.dumps(row), flush=True)
    path = write_result(found, "cyclegan", args.name, RESULTS)
    print(path)


if __name__ == "__main__":
    main()

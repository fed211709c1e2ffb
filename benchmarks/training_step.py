"""A step of fine-tuning: our CTC loss and LSTM passes against torch's, in turns, on one thread.

    python benchmarks/training_step.py [NAME] [--rounds N]

Batches of noise, as wide as lines of three kinds; medians. The loss by itself is compared with
the recursions in double precision too (`recognize/ctc.py`), on logits of deviation 30. Writes
``results/<date>-training-step[-NAME].json``.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
import torch
from hardware import RESULTS, head, write_result
from torch import Tensor
from torch.nn import functional as F

from readapt.adapt.learning.weights import trainable
from readapt.models.bundle import Bundle, find_bundle
from readapt.nets import ctc, recurrent
from readapt.nets.precision import half_is_fast
from readapt.recognize.ctc import forward_backward
from readapt.train.data import LineBatch, collate
from readapt.train.recognizer import ctc_loss
from readapt.train.threads import torch_threads

SHAPES = ((8, 960), (16, 480), (32, 240))
"""Lines and their width in pixels."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    result: dict[str, Any] = {"name": arguments.name, **head()}
    with torch_threads(1):
        result["bfloat16"] = half_is_fast(torch.device("cpu"))
        result["loss"] = losses(arguments.rounds)
        result["steps"] = [steps(*shape, arguments.rounds) for shape in SHAPES]
    for row in (result["loss"], *result["steps"]):
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items()))
    path = write_result(result, "training-step", arguments.name, arguments.out)
    print(f"wrote {path}", file=sys.stderr)


def losses(rounds: int) -> dict[str, float]:
    """Time of the loss and its gradient in ms, and how far off gradients are at most."""
    torch.manual_seed(0)
    lines, frames, classes, length = 8, 240, 279, 60
    logits = (30 * torch.randn(lines, frames, classes)).requires_grad_()
    labels = torch.randint(1, classes, (lines * length,))
    counts, lengths = torch.full((lines,), frames), torch.full((lines,), length)

    def own() -> Tensor:
        return ctc.ctc_losses(logits.log_softmax(-1), labels, counts, lengths)

    def torchs() -> Tensor:
        log_probs = logits.log_softmax(-1).transpose(0, 1)
        return F.ctc_loss(log_probs, labels, counts, lengths, reduction="none")

    log_probs = logits.detach().log_softmax(-1)
    targets = labels.view(lines, length).tolist()
    exact = torch.from_numpy(forward_backward(log_probs.double().numpy(), targets).gradient)
    ways: dict[str, Callable[[], Tensor]] = {"own": own, "torch": torchs}
    found: dict[str, float] = {}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            started = time.perf_counter()
            (gradient,) = torch.autograd.grad(way().sum(), logits)
            times[name].append(time.perf_counter() - started)
            found[f"{name} off by"] = float((gradient.double() - exact).abs().max())
    return {f"{name} ms": 1000 * median(times[name]) for name in ways} | found


def steps(lines: int, width: int, rounds: int) -> dict[str, float]:
    """Forward and back through the shipped network, in ms, and how far gradients lie apart."""
    network = trainable(Bundle.load(find_bundle(None))).train()
    parameters = list(network.parameters())
    random = np.random.default_rng(0)
    drawn = [
        (
            random.integers(0, 255, (36, width), dtype=np.uint8),
            random.integers(1, 80, width // 16).tolist(),
        )
        for _ in range(lines)
    ]
    batch = collate(drawn)
    no_library = mock.patch.object(ctc, "_library", return_value=None)
    no_passes = mock.patch.object(recurrent.Recurrence, "_by_hand", return_value=False)
    ways = {"torch": (no_library, no_passes), "own loss": (no_passes,), "own both": ()}
    times: dict[str, list[float]] = {name: [] for name in ways}
    gradients: dict[str, Tensor] = {}
    for _ in range(rounds):
        for name, patches in ways.items():
            for patch in patches:
                patch.start()
            started = time.perf_counter()
            gradients[name] = gradient(network, parameters, batch)
            times[name].append(time.perf_counter() - started)
            for patch in patches:
                patch.stop()
    apart = (gradients["own both"] - gradients["torch"]).norm() / gradients["torch"].norm()
    shown = {"lines": float(lines), "width": float(width)}
    return shown | {f"{n} ms": 1000 * median(t) for n, t in times.items()} | {"apart": float(apart)}


def gradient(network: torch.nn.Module, parameters: list[Tensor], batch: LineBatch) -> Tensor:
    loss = ctc_loss(network(torch.from_numpy(batch.images)), batch)
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters)])


if __name__ == "__main__":
    main()

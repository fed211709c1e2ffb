"""Several processes, one model: each has its own batches, and they step by the mean gradient.

On a CPU two processes of one thread each beat one process of two threads: the recurrence is a
chain of small products, and threads wait for each other at every one of them.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import torch
import torch.distributed as dist
from torch import nn

from readapt.cores import cores


def rank() -> int:
    """Return this process's number, 0 where there is only one."""
    return dist.get_rank() if dist.is_initialized() else 0


def world() -> int:
    """Return how many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def mean_gradients(network: nn.Module) -> None:
    """Replace every gradient by its mean over the processes; a missing one counts as zero."""
    if world() == 1:
        return
    parameters = list(network.parameters())
    for parameter in parameters:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    flat = torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])
    dist.all_reduce(flat)
    flat /= world()
    start = 0
    for parameter in parameters:
        end = start + parameter.numel()
        assert parameter.grad is not None
        parameter.grad.copy_(flat[start:end].view_as(parameter))
        start = end


def agree(value: float) -> float:
    """Return process 0's `value` in every process: clocks differ, decisions must not."""
    if world() == 1:
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    dist.broadcast(shared, 0)
    return float(shared)


def _end_with_parent() -> None:
    """Leave at once when the process that started this one is gone, however it went.

    Two runs that write the same checkpoint would otherwise be one kill away.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _main(number: int, processes: int, store: str, work: Callable[[], None]) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(max(1, cores() // processes))
    dist.init_process_group("gloo", f"file://{store}", rank=number, world_size=processes)
    try:
        work()
    finally:
        dist.destroy_process_group()


def run(work: Callable[[], None], processes: int) -> None:
    """Run `work` (picklable) in `processes` processes that know of each other; one runs here."""
    if processes == 1:
        work()
        return
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder) / "store")
        start: Callable[..., object] = torch.multiprocessing.spawn  # type: ignore[attr-defined]
        start(_main, (processes, store, work), nprocs=processes)

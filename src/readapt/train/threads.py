"""How many threads torch's operators have."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import torch


@contextmanager
def torch_threads(count: int) -> Generator[None]:
    """Give torch's operators `count` threads, and afterwards as many as before.

    Threads of torch that have nothing to do wait in loops: where two have one core between them,
    because something else runs, a step takes fifty times as long. And a second thread makes a step
    hardly faster, since the recurrence is a chain of small products.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)

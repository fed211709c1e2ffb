"""The gradient of one batch, taken on several threads of one process.

Threads that share an operator wait for each other at every step of a recurrence; threads that each
have lines of their own do not. A part of the batch goes forward and back on its thread, and the
parts' gradients are added up in their order: apart from the order of sums the result is that of
one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable


@contextmanager
def torch_threads(count: int) -> Generator[None]:
    """Give torch's operators `count` threads, and afterwards as many as before.

    Threads of torch that have nothing to do wait in loops: where two have one core between them,
    because something else runs, a step takes fifty times as long. One thread is safe from that.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


T = TypeVar("T")
Part = Callable[[], Tensor]
"""Computes a scalar loss, with a graph behind it."""


class Together:
    """Threads that work on the losses of `network`; a context manager, they end with it.

    Within it torch's own operators have one thread each. The network must have neither dropout nor
    norms that gather statistics: what they draw and gather would depend on which thread is first.
    On a GPU, and with one thread, everything is done where it is asked for.
    """

    def __init__(self, network: nn.Module, threads: int) -> None:
        self._parameters = tuple(network.parameters())
        alone = any(parameter.device.type != "cpu" for parameter in self._parameters)
        self.threads = 1 if alone else max(1, threads)
        self._pool: ThreadPoolExecutor | None = None
        self._ahead: ThreadPoolExecutor | None = None
        self._ends = ExitStack()

    def __enter__(self) -> Together:
        if self.threads > 1:
            self._ends.enter_context(torch_threads(1))
            # OpenMP asks each thread anew how many it may use.
            self._pool, self._ahead = (
                self._ends.enter_context(
                    ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,))
                )
                for count in (self.threads, 1)
            )
        return self

    def __exit__(self, *error: object) -> None:
        self._ends.close()

    def later(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin `work` beside what else is done; call what is returned for its result.

        Alone, it is done when its result is asked for.
        """
        return work if self._ahead is None else self._ahead.submit(work).result

    def sum(self, parts: Iterable[Part]) -> Tensor:
        """Sum of the parts' losses, whose gradient is known by the time it is returned."""
        parts = list(parts)
        if self._pool is None:
            return torch.stack([part() for part in parts]).sum()
        total: Tensor = _Sum.apply(self._pool, parts, self._parameters, *self._parameters)  # type: ignore[no-untyped-call]
        return total


class _Sum(torch.autograd.Function):
    """Losses of parts, each with its gradient, computed at the same time."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        pool: ThreadPoolExecutor,
        parts: list[Part],
        parameters: tuple[Tensor, ...],
        *_: Tensor,
    ) -> Tensor:
        def work(part: Part) -> tuple[Tensor, tuple[Tensor | None, ...]]:
            with torch.enable_grad():
                loss = part()
                return loss.detach(), torch.autograd.grad(loss, parameters, allow_unused=True)

        losses, gradients = zip(*pool.map(work, parts), strict=True)
        total = list(gradients[0])
        for more in gradients[1:]:
            for i, gradient in enumerate(more):
                if gradient is not None:
                    own = total[i]
                    # Not in place: weights that are summed have one gradient between them.
                    total[i] = gradient if own is None else own + gradient
        ctx.gradients = total  # type: ignore[attr-defined]
        return torch.stack(losses).sum()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        scaled = (None if one is None else one * above for one in ctx.gradients)
        return None, None, None, *scaled

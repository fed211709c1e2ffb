"""`peephole_steps.c` and `peephole_product.c`, compiled on the machine that trains.

Without a compiler, torch's operators do the same. Work is shared out to as many threads as torch
uses: directions, and lines within a direction, know nothing of each other.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from threading import Thread
from typing import Final

import torch
from torch import Tensor

from readapt.nets.compiler import compiled
from readapt.nets.peephole_steps import Gradients, Sequence

_SOURCES: Final = ("peephole_steps.c", "peephole_product.c")
_REALS: Final = {torch.float32: (), torch.float64: ("-DREAL=double",)}
_LINES: Final = 8
"""Lines that go through a product together: a share has as many, or a multiple."""

_INT, _POINTER = ctypes.c_int64, ctypes.c_void_p


class _Sequence(ctypes.Structure):
    """`struct sequence` of the C source."""

    _fields_ = (
        *((name, _INT) for name in ("directions", "time", "batch", "hidden")),
        *((name, _POINTER) for name in ("gates", "h", "c", "tanh_c", "p")),
        *((name, _POINTER) for name in ("grad_h", "to_h", "to_c", "delta")),
    )


class _Share(ctypes.Structure):
    """`struct share` of the C source."""

    _fields_ = (
        *((name, _INT) for name in ("d", "start", "end")),
        *((name, _POINTER) for name in ("U", "grad_b", "grad_p")),
    )


@cache
def _library(dtype: torch.dtype) -> ctypes.CDLL | None:
    """Compile for `dtype`; `None` where that cannot be done."""
    library = compiled(_SOURCES, *_REALS[dtype])
    if library is None:
        return None
    for function in (library.forward, library.backward):
        function.argtypes = (ctypes.POINTER(_Sequence), ctypes.POINTER(_Share))
        function.restype = None
    library.pack.argtypes = (_POINTER, _INT, _INT, _POINTER, _INT, _INT, _POINTER)
    library.pack.restype = None
    library.peephole_product.argtypes = (*(_POINTER,) * 3, *(_INT,) * 3, ctypes.c_int)
    library.peephole_product.restype = None
    library.panel_width.argtypes, library.panel_width.restype = (), _INT
    return library


def _for(tensor: Tensor) -> ctypes.CDLL | None:
    if tensor.device.type != "cpu" or tensor.dtype not in _REALS:
        return None
    return _library(tensor.dtype)


def serves(tensor: Tensor) -> bool:
    """Say whether something is compiled for a tensor's type and device."""
    return _for(tensor) is not None


def product(a: Tensor, b: Tensor, start: Tensor) -> Tensor | None:
    """`start + a b` for each direction, or `None` where nothing is compiled for these tensors.

    `a` `direction row inner`, `b` `direction inner column`, `start` `direction column`.
    """
    library = _for(a)
    if library is None:
        return None
    directions, rows, inner = a.shape
    a, columns = a.contiguous(), b.shape[2]
    packed, c = _packed(library, b, start), a.new_empty(directions, rows, columns)
    _all_at_once(
        partial(
            library.peephole_product,
            a[d, first].data_ptr(),
            packed[d].data_ptr(),
            c[d, first].data_ptr(),
            *(last - first, inner, columns, 0),
        )
        for d, first, last in _shares(directions, rows)
    )
    return c


def forward(s: Sequence, U: Tensor) -> bool:
    """Walk through time as `plain.forward` does; `False` where nothing is compiled for it."""
    library = _for(U)
    if library is not None:
        _walk(library.forward, s, (), _packed(library, U.transpose(1, 2)))
    return library is not None


def backward(s: Sequence, grad: Gradients, U: Tensor) -> bool:
    """Walk back as `plain.backward` does; `False` where nothing is compiled for it."""
    library = _for(U)
    if library is not None:
        between = (grad.h, grad.to_h, grad.to_c, grad.delta)
        for d, b, p in _walk(library.backward, s, between, _packed(library, U)):
            grad.b[d] += b
            grad.p[d] += p
    return library is not None


def _walk(
    function: Callable[..., None], s: Sequence, between: tuple[Tensor, ...], U: Tensor
) -> list[tuple[int, Tensor, Tensor]]:
    """Walk every share; returns, for each, its direction and what it adds to grad_b and grad_p."""
    tensors = (s.gates, s.h, s.c, s.tanh_c, s.p, *between)
    assert all(tensor.is_contiguous() for tensor in tensors)
    directions, _, batch, hidden = s.tanh_c.shape
    whole = _Sequence(*s.tanh_c.shape, *(tensor.data_ptr() for tensor in tensors))
    sums, calls = [], []
    for d, first, last in _shares(directions, batch):
        b, p = U.new_zeros(4 * hidden), U.new_zeros(3, hidden)
        sums.append((d, b, p))
        own = _Share(d, first, last, U[d].data_ptr(), b.data_ptr(), p.data_ptr())
        calls.append(partial(function, whole, own))
    _all_at_once(calls)
    return sums


def _packed(library: ctypes.CDLL, b: Tensor, start: Tensor | None = None) -> Tensor:
    """Pack `b` `direction inner column` for `product`: `direction` and a row of numbers."""
    directions, inner, columns = b.shape
    width: int = library.panel_width()
    packed = b.new_empty(directions, (inner + 1) * width * -(-columns // width))
    start = None if start is None else start.contiguous()
    for d in range(directions):
        begin = None if start is None else start[d].data_ptr()
        place = packed[d].data_ptr()
        library.pack(b[d].data_ptr(), *b.stride()[1:], begin, inner, columns, place)
    return packed


def _shares(directions: int, rows: int) -> Iterator[tuple[int, int, int]]:
    """Share rows out among torch's threads: yield direction, first row, and the row behind."""
    parts = max(1, torch.get_num_threads() // directions)
    step = _LINES * max(1, -(-rows // (parts * _LINES)))
    for d in range(directions):
        for first in range(0, rows, step):
            yield d, first, min(first + step, rows)


def _all_at_once(calls: Iterable[Callable[[], None]]) -> None:
    """Make every call, each on a thread of its own where torch has more than one.

    Threads are started anew, in about 50 microseconds: a pool would not outlive a fork.
    """
    calls = list(calls)
    if torch.get_num_threads() == 1:
        for call in calls:
            call()
        return
    threads = [Thread(target=call) for call in calls[1:]]
    for thread in threads:
        thread.start()
    for call in calls[:1]:
        call()
    for thread in threads:
        thread.join()

"""Where networks learn: on a GPU where there is one, on the processor otherwise."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import torch
from torch import Tensor, nn

from readapt.errors import UsageError

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
DEVICES: Final[tuple[Device, ...]] = ("auto", "cpu", "cuda")


def find_device(name: str) -> torch.device:
    """Return the device that is meant: ``auto`` is a GPU where there is one.

    Raises :class:`UsageError` for ``cuda`` where there is none, and for other names.
    """
    if name not in DEVICES:
        raise UsageError(f"{name} is no device: there are {', '.join(DEVICES)}.")
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise UsageError("There is no CUDA device here: train with --device cpu.")
    return torch.device("cuda" if there and name != "cpu" else "cpu")


def device_of(network: nn.Module) -> torch.device:
    """Return where a network is; a network without weights is nowhere else than here."""
    first: Tensor | None = next(network.parameters(), None)
    return torch.device("cpu") if first is None else first.device

"""Where networks learn: on a GPU where there is one, on the processor otherwise."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import torch
from torch import Tensor, nn

from readapt.errors import UsageError

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
DEVICES: Final[tuple[Device, ...]] = ("auto", "cpu", "cuda")


def find_device(name: str) -> torch.device:
    """Return the device that is meant: ``auto`` is a GPU where there is one that works.

    Raises :class:`UsageError` for ``cuda`` where there is none, and for other names.
    """
    if name not in DEVICES:
        raise UsageError(f"{name} is no device: there are {', '.join(DEVICES)}.")
    if name == "cpu":
        return torch.device("cpu")
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise UsageError("There is no CUDA device here: train with --device cpu.")
    wrong = _wrong_with_cuda() if there else ""
    if name == "cuda" and wrong:
        raise UsageError(f"The CUDA device cannot be used ({wrong}): train with --device cpu.")
    return torch.device("cuda" if there and not wrong else "cpu")


def _wrong_with_cuda() -> str:
    """Say why a GPU, such as one that is full, cannot be used; "" if it can."""
    try:
        torch.ones(8, device="cuda").sum().item()
    except RuntimeError as error:
        return str(error).splitlines()[0]
    return ""


def device_of(network: nn.Module) -> torch.device:
    """Return where a network is; a network without weights is nowhere else than here."""
    first: Tensor | None = next(network.parameters(), None)
    return torch.device("cpu") if first is None else first.device

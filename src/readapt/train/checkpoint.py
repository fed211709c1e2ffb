"""Everything a run needs to go on as if it had never stopped, in one file written atomically."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from readapt.whole import written_whole


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state`, tensors and plain values; an old file stays until the new one is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as scratch:
        torch.save(state, scratch)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read what :func:`save_checkpoint` wrote: tensors and plain values only, never code."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state

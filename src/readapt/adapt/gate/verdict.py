"""The word of a gate."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What was decided, and why."""

    kept: bool
    reason: str

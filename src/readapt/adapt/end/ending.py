"""What the stages of an adaptation left, for all that is done with it at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readapt.adapt.budget import Budget
from readapt.adapt.gate.lines import Gate
from readapt.adapt.journal import Journal
from readapt.adapt.stage import State
from readapt.models.bundle import Bundle


@dataclass(frozen=True)
class Ending:
    """What the stages left."""

    state: State
    gate: Gate
    """Knows how the base model does, and how the last network."""
    journal: Journal
    budget: Budget
    bundle: Bundle
    """The model that was begun with."""
    work: Path
    remarks: Sequence[str]
    say: Callable[[str], None]

    @property
    def stages(self) -> dict[str, Mapping[str, Any]]:
        """What the journal says of each stage, in order."""
        entries = (e for e in self.journal.entries if e.key.startswith("stage "))
        return {entry.key.removeprefix("stage "): entry.data for entry in entries}

    @property
    def kept(self) -> list[str]:
        """Names of the stages of which something is in the new model.

        Not of one that weighed words in an alphabet which no network was kept for.
        """
        other = self.state.alphabet != self.bundle.alphabet and not self.reads_anew
        return [name for name in self._passed if not (other and name == "weigh")]

    @property
    def reads_anew(self) -> bool:
        """Whether the recognizer is another than the base's."""
        return any("replay" in self.stages[name] for name in self._passed)

    @property
    def finds_anew(self) -> bool:
        """Whether the detector is another than the base's."""
        return any("detector" in self.stages[name] for name in self._passed)

    @property
    def _passed(self) -> list[str]:
        return [name for name, entry in self.stages.items() if entry.get("kept")]

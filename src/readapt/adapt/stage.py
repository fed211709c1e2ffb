"""What a stage of the adaptation is: one contract, from the first to the last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import JsonValue

from readapt.adapt.budget import Portion
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.detect.detector import DetectorConfig
from readapt.nets.crnn import Crnn
from readapt.nets.detector import DetectorNet
from readapt.recognize.alphabet import Alphabet
from readapt.recognize.decode import GREEDY, Decoder
from readapt.recognize.lm import CharacterModel
from readapt.synth.corpus import Corpus

if TYPE_CHECKING:
    from readapt.adapt.gate.verdict import Verdict

LANGUAGE_MODEL = "language model"
"""Of the whole collection; ``language model 0`` and ``1`` have not seen pages of that parity."""
BACKGROUND_MODEL = "background"
"""The same of texts alone, without any reading."""
LOOK = "look"
"""Lines in the look of the scans, on disk ..."""
LOOK_FOLDER = "look folder"
"""... and the look itself."""
PAPER_FOLDER = "paper folder"
"""A look that is nothing but the paper of the scans."""
READINGS = "readings"
"""What teachers read of the lines to learn from ..."""
HEARD = "heard"
"""... and of the held-out lines."""
KNOWN = "known"
"""The record of the kinds and fonts that labelled lines are drawn of, for all stages."""


@dataclass
class State:
    """What the stages know and have made so far."""

    config: AdaptConfig
    network: Crnn
    """The present recognizer: what the last stage that passed the gate made of it."""
    alphabet: Alphabet
    target: Target
    corpora: Mapping[str, Corpus]
    """Texts to set: the user's, or those of this system."""
    given: bool
    """Whether the texts are the user's."""
    others: Mapping[str, Corpus] = field(default_factory=dict)
    """More texts for general lines, so that what was known is not forgotten over new letters."""
    files: dict[str, Path] = field(default_factory=dict)
    """What stages have made for later ones, by the names above."""
    records: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """What stages have noted, by their names."""
    told: Callable[[str], None] = lambda text: None
    """Hears what is being done now."""
    remark: Callable[[str], None] = lambda text: None
    """Hears what is odd about the scans or this system, as a sentence; the report says it too."""
    judge: Callable[[Crnn], tuple[float, float]] = lambda network: (0.0, 0.0)
    """Error rates of the present network and of another on held-out lines of the scans, without a
    label, by one judge: figures of two calls are of two judges where engines vote."""
    decoder: Decoder = GREEDY
    """How the base model reads."""
    general: Callable[[Crnn, Decoder], float] = lambda network, decoder: 0.0
    """Error rate on general rendered lines ..."""
    most_general: float = 1.0
    """... and what the gate allows."""
    detector: DetectorNet | None = None
    """The present detector; None where the model has none."""
    detector_config: DetectorConfig = field(default_factory=DetectorConfig)
    """How pages are looked at."""
    pad: float = 0.1
    """Margin that lines are cut with, in line heights."""

    def language_model(self, without: int | None = None) -> CharacterModel | None:
        """Load the language model: of the whole collection, or without pages of a parity."""
        name = LANGUAGE_MODEL if without is None else f"{LANGUAGE_MODEL} {without}"
        path = self.files.get(name)
        return None if path is None else CharacterModel.load(path, self.alphabet)


@dataclass(frozen=True)
class Outcome:
    """What a stage made."""

    network: Crnn | None = None
    """A recognizer that wants to pass the gate; None where the stage made none."""
    picked: bool = False
    """Whether it was picked among others for its estimate alone, and has learnt nothing: then the
    gate has to be surer that it is better."""
    detector: DetectorNet | None = None
    """A detector that wants to pass its gate."""
    verdict: Verdict | None = None
    """What the stage decided itself, where it made neither and changes how the model reads."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Files for later stages; they stay whatever the gate says."""
    record: Mapping[str, JsonValue] = field(default_factory=dict)
    """Figures for the journal and the report."""


class Stage(Protocol):
    """A step of the adaptation."""

    @property
    def name(self) -> str:
        """One word, the key of its share of the budget."""
        ...

    @property
    def title(self) -> str:
        """What it does, as a short phrase."""
        ...

    def lacks(self, state: State) -> str:
        """Say in a sentence why it cannot run here; "" where it can."""
        ...

    def run(self, state: State, portion: Portion, folder: Path) -> Outcome:
        """Do it within the portion; what it must not lose on a kill lies in ``folder``."""
        ...

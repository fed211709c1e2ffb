"""``model.json``: what a bundle says about itself. Unknown keys are an error, never ignored."""

import re
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

FORMAT_VERSION = 1
"""Raised when an older readapt could not read the bundle rightly."""

MANIFEST_NAME = "model.json"


def _plain_name(name: str) -> str:
    """Refuse anything but a file in the bundle's own folder: no paths, no parents, no drives."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name) or name == MANIFEST_NAME:
        raise ValueError(f"{name!r} is not a plain file name")
    return name


Share = Annotated[float, Field(ge=0, le=1)]
Pairs = tuple[tuple[Share, Share], ...]


def _rising(pairs: Pairs) -> Pairs:
    """Refuse a table whose first column does not rise."""
    if any(a >= b for (a, _), (b, _) in pairwise(pairs)):
        raise ValueError("the first column does not rise")
    return pairs


def _monotone(pairs: Pairs) -> Pairs:
    """Refuse a table whose second column falls."""
    if any(a > b for (_, a), (_, b) in pairwise(pairs)):
        raise ValueError("the second column falls")
    return pairs


FileName = Annotated[str, AfterValidator(_plain_name)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RecognizerSection(_Section):
    """The line recognizer: ``lines`` uint8 ``batch height width`` -> ``log_probs``."""

    file: FileName
    int8: FileName | None = None
    """The same network in eight-bit integers: what reading takes, where it is there."""
    height: int = Field(default=32, ge=8, le=512)
    """Pixels every line image is brought to."""
    stride: int = Field(default=4, ge=1)
    """Pixels of width per frame of the output."""
    pad: float = Field(default=0.1, ge=0, le=1)
    """Margin around a detected line, in line heights."""


class DetectorSection(_Section):
    """The line detector: ``pages`` uint8 ``batch height width`` -> ``scores``."""

    file: FileName
    settings: dict[str, JsonValue] = {}
    """Fields of ``detect.detector.DetectorConfig`` that differ from their defaults."""


class LanguageModelSection(_Section):
    """The language model of the beam search, and how far reading relies on it."""

    file: FileName
    """What ``readapt train lm`` writes, for the bundle's own alphabet."""
    weight: float = Field(default=0.2, ge=0)
    """Exponent of the language model's probability."""
    length_weight: float = 0.5
    """Added to a text's score for each character."""
    beam: int = Field(default=0, ge=0)
    """Texts that reading keeps at a time where nobody says otherwise; 0: it decodes greedily,
    without the model."""
    errors_left: float = Field(default=1.0, gt=0)
    """Errors of such a reading for each that greedy decoding makes, on the lines by which the
    weight was chosen."""


class ErrorEstimate(_Section):
    """How signs that a line shows become a number of wrong characters: ``evaluate.estimate``."""

    doubt: float = Field(default=0.5, ge=0)
    """Errors for each character's worth of probability that the posteriors leave to others."""
    changed: float = Field(default=1.0, ge=0)
    """Errors for each edit between views of the line."""
    words: float = Field(default=0.0, ge=0)
    """Errors for each edit that the bundle's language model, heavily weighed, would make."""
    spread: float = Field(default=2.0, ge=1)
    """Nine of ten sets of lines were estimated within this factor."""

    def scaled(self, factor: float) -> "ErrorEstimate":
        """Return what it says times a factor of at most 1, which is itself a guess.

        So the interval's upper end stays where it was.
        """
        weights = {name: factor * getattr(self, name) for name in ("doubt", "changed", "words")}
        return self.model_copy(update=weights | {"spread": self.spread / factor})

    def without_words(self) -> "ErrorEstimate":
        """Return the weights for signs among which none is of a language model.

        Each sign has an equal part in the estimate: two of them have to make up for the third.
        """
        if not self.words:
            return self
        more = {"doubt": 1.5 * self.doubt, "changed": 1.5 * self.changed, "words": 0.0}
        return self.model_copy(update=more)


class Calibration(_Section):
    """Numbers found on held-out lines after training."""

    temperature: float = Field(default=1.0, gt=0)
    """Divides log-probabilities before confidences are computed; above 1 for a network that is
    surer than it is right."""
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    """Lines read with less are taken for marks that are no text and are left out."""
    writes_at: float = Field(default=0.5, ge=0, le=1)
    """Where within a character the network writes it, from 0, its left edge, to 1: the edges of
    words depend on it."""
    words: Annotated[Pairs, AfterValidator(_rising), AfterValidator(_monotone)] = ()
    """The network's probability of a word -> the share of words that are right: the knots of a
    ``recognize.calibration.ConfidenceMap``."""
    word_errors: Annotated[Pairs, AfterValidator(_rising)] = ()
    """Confidence of a word -> the share of wrong words among those of that confidence or more."""
    errors: ErrorEstimate | None = None
    """For ``readapt read --estimate`` and ``readapt adapt``; None: they take the defaults."""


class Manifest(_Section):
    """The content of ``model.json``."""

    format_version: int = FORMAT_VERSION
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    version: str
    summary: str = ""
    alphabet: str = Field(min_length=1)
    """Characters of classes 1, 2, ...; class 0 is the blank."""
    recognizer: RecognizerSection
    detector: DetectorSection | None = None
    """None: the bundle reads line images only."""
    language_model: LanguageModelSection | None = None
    calibration: Calibration = Calibration()
    sha256: dict[FileName, Sha256] = {}
    """Of every file of the bundle but ``model.json``; ``save_bundle`` fills it in."""
    language: list[str] = []
    script: list[str] = []
    license: str = ""
    metrics: dict[str, float] = {}
    """Such as ``cer``, ``wer``, ``detection_hmean``, each named with its test set."""
    provenance: dict[str, JsonValue] = {}
    """How it was made: base model, data, recipe, commit."""

    @property
    def errors_left(self) -> float:
        """Errors for each that greedy decoding makes, if nobody says how to decode."""
        section = self.language_model
        return section.errors_left if section and section.beam else 1.0

    def unhashed(self) -> list[str]:
        """List the files this manifest uses without giving their sha256."""
        sections = (self.recognizer, self.detector, self.language_model)
        used = {section.file for section in sections if section}
        if self.recognizer.int8 is not None:
            used.add(self.recognizer.int8)
        return sorted(used - set(self.sha256))

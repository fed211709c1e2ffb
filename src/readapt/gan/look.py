"""A look: a folder that gives rendered lines the look of somebody's scans, without the scans.

`look.json` says what is in it and how it was made, with the sha256 of every file; weights are
safetensors. Nothing in it is code, and nothing of it shows a scan.

::

    look.json
    translator.safetensors    rendered line -> line in the look (`readapt train cyclegan`)
    pages.safetensors         clean page -> page in the look (`readapt train pages`)
    paper.safetensors         noise -> paper of the look (`readapt train paper`)
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from readapt.errors import ModelError, UsageError
from readapt.models.bundle import file_sha256
from readapt.nets.generator import Generator, GeneratorConfig

FORMAT_VERSION = 1
LOOK_NAME = "look.json"
TRANSLATOR = "translator.safetensors"
PAGES = "pages.safetensors"
PAPER = "paper.safetensors"


SettingEntry: TypeAlias = tuple[str, float, float, float, float, float, float, float]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TranslatorSection(_Section):
    """The generator of lines."""

    height: Annotated[int, Field(ge=8, le=512)] = 36
    """Of the prepared lines it was trained on, in pixels."""
    channels: Literal[1, 3] = 1
    widths: tuple[int, int]
    blocks: Annotated[int, Field(ge=0, le=64)]
    noise: bool
    genres: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}
    """Kinds of documents it was trained on, with their shares, and ..."""
    families: tuple[str, ...] = ()
    """... font families: lines to translate are drawn from these."""
    settings: tuple[SettingEntry, ...] = ()
    """How lines were set, as the fields of `setting.Setting`: lines to translate are set so."""
    figures: dict[str, float] = {}
    """What the monitor measured of it."""


class PagesSection(_Section):
    """The generator of whole pages."""

    line: Annotated[int, Field(ge=8, le=512)]
    """Pixels of height of the middle line on the pages it was trained on."""
    channels: Literal[1, 3] = 1
    widths: tuple[int, int]
    blocks: Annotated[int, Field(ge=0, le=64)]
    noise: bool
    figures: dict[str, float] = {}


class PaperSection(_Section):
    """The generator of paper."""

    width: Annotated[int, Field(ge=4, le=512)]
    latent: Annotated[int, Field(ge=1, le=512)]
    mean: float
    """Level of the paper it was trained on, and ..."""
    scale: float
    """... levels from there that its output of 1 stands for; ..."""
    soft: float = 2.0
    """... up to so many levels, output is about proportional (`patches.Tone`)."""
    ink: tuple[float, float] = (0.1, 0.5)
    """Share of the paper's light that the scans' ink lets through, from ... to."""
    objective: str = ""
    figures: dict[str, float] = {}


class LookManifest(_Section):
    """The content of `look.json`."""

    format_version: int = FORMAT_VERSION
    name: str
    translator: TranslatorSection | None = None
    pages: PagesSection | None = None
    paper: PaperSection | None = None
    sha256: dict[str, Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = {}
    provenance: dict[str, JsonValue] = {}
    """How it was made: minutes, steps, numbers of lines and pages; never names of files."""


@dataclass(frozen=True)
class Look:
    """A look whose files have been checked."""

    folder: Path
    manifest: LookManifest

    @classmethod
    def load(cls, folder: str | Path) -> Look:
        """Read and verify the look in `folder`; :class:`ModelError` says what is wrong with it."""
        folder = Path(folder)
        path = folder / LOOK_NAME
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelError(
                f"{folder}: no look here ({LOOK_NAME} is missing); make one with "
                "`readapt train cyclegan`."
            ) from None
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: cannot be read as JSON ({error}).") from error
        version = entries.get("format_version", 1) if isinstance(entries, dict) else None
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise ModelError(f"{path}: made for a newer readapt (format {version}); upgrade it.")
        try:
            manifest = LookManifest.model_validate(entries)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise ModelError(f"{path}: {where}: {first['msg']}; get the look again.") from error
        needed = [
            name
            for name, section in (
                (TRANSLATOR, manifest.translator),
                (PAGES, manifest.pages),
                (PAPER, manifest.paper),
            )
            if section is not None
        ]
        for name in needed:
            if not (folder / name).is_file():
                raise ModelError(f"{folder / name}: missing from the look; get the look again.")
            if file_sha256(folder / name) != manifest.sha256.get(name):
                raise ModelError(
                    f"{folder / name}: is not the file {LOOK_NAME} speaks of (its sha256 differs); "
                    "get the look again."
                )
        return cls(folder, manifest)

    def translator(self) -> Generator:
        """Load the generator of lines; :class:`ModelError` where the look has none."""
        section = self.manifest.translator
        if section is None:
            raise ModelError(
                f"{self.folder}: this look has no lines; add them with `readapt train cyclegan`."
            )
        return self._generator(section, TRANSLATOR)

    def page_translator(self) -> Generator:
        """Load the generator of pages; :class:`ModelError` where the look has none."""
        section = self.manifest.pages
        if section is None:
            raise ModelError(
                f"{self.folder}: this look has no pages; add them with `readapt train pages`."
            )
        return self._generator(section, PAGES)

    def _generator(self, section: TranslatorSection | PagesSection, name: str) -> Generator:
        config = GeneratorConfig(section.channels, section.widths, section.blocks, section.noise)
        generator = Generator(config)
        load_weights(generator, self.folder / name)
        return generator.eval()


def load_weights(network: nn.Module, path: Path) -> None:
    """Fill a network from a safetensors file; :class:`ModelError` where they do not fit."""
    try:
        network.load_state_dict(load_file(path))
    except (OSError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"{path}: does not fit what {LOOK_NAME} says ({str(error).splitlines()[0]})."
        ) from error


def save_look(
    folder: str | Path,
    *,
    translator: tuple[Generator, TranslatorSection] | None = None,
    pages: tuple[Generator, PagesSection] | None = None,
    paper: tuple[nn.Module, PaperSection] | None = None,
    provenance: dict[str, JsonValue] | None = None,
) -> Look:
    """Write a look to `folder`; a part that is not given and is there already stays.

    Every file is written whole before it takes the place of an older one, `look.json` last.
    Raises :class:`UsageError` where the folder holds something that is no look.
    """
    folder = Path(folder)
    known = LookManifest(name=folder.name)
    if (folder / LOOK_NAME).is_file():
        known = Look.load(folder).manifest
    elif folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: choose another name for the look.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to ({error.strerror}).") from error
    hashes = dict(known.sha256)
    parts: dict[str, nn.Module] = {}
    if translator is not None:
        parts[TRANSLATOR] = translator[0]
    if pages is not None:
        parts[PAGES] = pages[0]
    if paper is not None:
        parts[PAPER] = paper[0]
    with tempfile.TemporaryDirectory(dir=folder, prefix=".look-") as scratch:
        for name, network in parts.items():
            tensors = {k: v.detach().contiguous().cpu() for k, v in network.state_dict().items()}
            save_file(tensors, Path(scratch) / name)
            hashes[name] = file_sha256(Path(scratch) / name)
        manifest = known.model_copy(
            update={
                "translator": translator[1] if translator else known.translator,
                "pages": pages[1] if pages else known.pages,
                "paper": paper[1] if paper else known.paper,
                "sha256": hashes,
                "provenance": {**known.provenance, **(provenance or {})},
            }
        )
        text = json.dumps(manifest.model_dump(mode="json"), ensure_ascii=False, indent=2)
        (Path(scratch) / LOOK_NAME).write_text(text + "\n", encoding="utf-8")
        for name in (*parts, LOOK_NAME):
            os.replace(Path(scratch) / name, folder / name)
    return Look.load(folder)


def translator_section(
    generator: Generator,
    height: int,
    figures: dict[str, float],
    genres: Mapping[str, float] = MappingProxyType({}),
    families: Sequence[str] = (),
    settings: Sequence[SettingEntry] = (),
) -> TranslatorSection:
    """Describe a generator and the lines it was trained on."""
    config = generator.config
    return TranslatorSection(
        height=height,
        channels=_channels(config),
        widths=config.widths,
        blocks=config.blocks,
        noise=config.noise,
        genres={k: round(v, 4) for k, v in genres.items()},
        families=tuple(families),
        settings=tuple(settings),
        figures={k: round(v, 6) for k, v in figures.items()},
    )


def pages_section(generator: Generator, line: int, figures: dict[str, float]) -> PagesSection:
    """Describe a generator of pages and the size of their text."""
    config = generator.config
    return PagesSection(
        line=line,
        channels=_channels(config),
        widths=config.widths,
        blocks=config.blocks,
        noise=config.noise,
        figures={k: round(v, 6) for k, v in figures.items()},
    )


def _channels(config: GeneratorConfig) -> Literal[1, 3]:
    if config.channels not in (1, 3):
        raise ValueError(f"a look is grey or in colour, not of {config.channels} channels")
    return 1 if config.channels == 1 else 3

"""A model bundle: a folder of ``model.json``, ONNX files and their sha256. Nothing in it runs code.

Where a model named on the command line is looked for: a folder with a ``model.json`` at that very
path; then ``<folder>/<name>`` for each folder of ``READAPT_MODEL_PATH``; then the bundles that
come with readapt.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from readapt.errors import ModelError, UsageError
from readapt.models.manifest import FORMAT_VERSION, MANIFEST_NAME, Manifest
from readapt.recognize.alphabet import Alphabet, AlphabetError

DEFAULT_MODEL = "latin"
SEARCH_PATH = "READAPT_MODEL_PATH"


@dataclass(frozen=True)
class Bundle:
    """A bundle whose files have been checked against their sha256."""

    folder: Path
    manifest: Manifest
    alphabet: Alphabet

    @property
    def recognizer(self) -> Path:
        """The recognizer's ONNX file: what is trained further, and exact."""
        return self.folder / self.manifest.recognizer.file

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum((self.folder / name).stat().st_size for name in self.manifest.sha256)

    @property
    def reading(self) -> Path:
        """The ONNX file that is read with: in eight-bit integers where there is one."""
        section = self.manifest.recognizer
        return self.folder / (section.int8 or section.file)

    @property
    def detector(self) -> Path | None:
        """The detector's ONNX file, or None in a bundle that reads line images only."""
        section = self.manifest.detector
        return self.folder / section.file if section else None

    @property
    def language_model(self) -> Path | None:
        """The language model's file, or None in a bundle without one."""
        section = self.manifest.language_model
        return self.folder / section.file if section else None

    @classmethod
    def load(cls, folder: str | Path) -> "Bundle":
        """Read and verify the bundle in ``folder``.

        Raises:
            ModelError: a file is missing, has changed, or was made for a newer readapt.

        """
        folder = Path(folder)
        manifest = read_manifest(folder)
        for name, expected in manifest.sha256.items():
            try:
                found = file_sha256(folder / name)
            except FileNotFoundError:
                raise ModelError(
                    f"{folder / name}: missing from the model; get the model again."
                ) from None
            except OSError as error:
                raise ModelError(
                    f"{folder / name}: cannot be read ({error.strerror}); check its rights."
                ) from error
            if found != expected:
                raise ModelError(
                    f"{folder / name}: its sha256 is {found[:12]}..., {MANIFEST_NAME} says "
                    f"{expected[:12]}...; the file has changed, get the model again."
                )
        try:
            alphabet = Alphabet(manifest.alphabet)
        except AlphabetError as error:
            raise ModelError(f"{folder / MANIFEST_NAME}: {error}.") from error
        return cls(folder, manifest, alphabet)


def read_manifest(folder: Path) -> Manifest:
    """Read ``model.json`` of a bundle without checking the other files.

    Raises:
        ModelError: missing, not JSON, made for a newer readapt, or with wrong or unknown entries.

    """
    path = folder / MANIFEST_NAME
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{folder}: no model here ({MANIFEST_NAME} is missing); name the model's folder."
        ) from None
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check its rights.") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ModelError(f"{path}: is not JSON ({error}); get the model again.") from error
    version = entries.get("format_version", 1) if isinstance(entries, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ModelError(
            f"{path}: made for a newer readapt (format {version}, this one reads up to "
            f"{FORMAT_VERSION}); upgrade readapt."
        )
    try:
        manifest = Manifest.model_validate(entries)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ModelError(
            f"{path}: {where}: {first['msg']}; correct it or get the model again."
        ) from error
    if missing := manifest.unhashed():
        raise ModelError(
            f"{path}: no sha256 for {', '.join(missing)}; correct it or get the model again."
        )
    return manifest


def find_bundle(name: str | Path | None = None) -> Path:
    """Find the folder of a model by path or name; None is the default model.

    Raises:
        ModelError: no such model.

    """
    if name is not None and (Path(name) / MANIFEST_NAME).is_file():
        return Path(name)
    wanted = DEFAULT_MODEL if name is None else str(name)
    if not Path(wanted).is_absolute() and ".." not in Path(wanted).parts:
        for folder in search_path():
            if (folder / wanted / MANIFEST_NAME).is_file():
                return folder / wanted
    if Path(wanted).is_dir():
        raise ModelError(
            f"{wanted}: no model in this folder ({MANIFEST_NAME} is missing); name another."
        )
    raise ModelError(
        f"{wanted}: no such model; give the folder of one, or a name that `readapt models` lists."
    )


def search_path() -> list[Path]:
    """List the folders that hold models: those of ``READAPT_MODEL_PATH``, then readapt's own."""
    named = os.environ.get(SEARCH_PATH, "").split(os.pathsep)
    own = Path(str(resources.files("readapt.models")))
    return [Path(folder) for folder in named if folder] + [own]


def list_bundles() -> list[Path]:
    """List the folders of all models on the search path; of equal names the first is used."""
    found: dict[str, Path] = {}
    for folder in search_path():
        if folder.is_dir():
            for manifest in sorted(folder.glob(f"*/{MANIFEST_NAME}")):
                found.setdefault(manifest.parent.name, manifest.parent)
    return list(found.values())


def file_sha256(path: Path) -> str:
    """Hash a file's bytes; lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def save_bundle(
    folder: str | Path,
    manifest: Manifest,
    files: Mapping[str, Path],
    *,
    replace: bool = False,
) -> Bundle:
    """Write a bundle in one step: ``folder`` holds all of it or, on failure, what it held before.

    Args:
        folder: where to.
        manifest: what to write; its ``sha256`` is computed here, whatever it holds.
        files: name in the bundle -> file to copy, all that the manifest's sections name.
        replace: whether a bundle that is already there may be replaced.

    Raises:
        UsageError: ``folder`` is there already and is not to be replaced, or is not a bundle.
        ModelError: the manifest names a file that ``files`` does not give.

    """
    folder = Path(folder)
    occupied = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if occupied and not (replace and (folder / MANIFEST_NAME).is_file()):
        raise UsageError(f"{folder}: is there already; choose another name or remove it first.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        fresh = Path(scratch) / "new"
        fresh.mkdir()
        for name, source in files.items():
            shutil.copyfile(source, fresh / name)
        hashes = {name: file_sha256(fresh / name) for name in files}
        entries = manifest.model_dump(mode="json") | {"sha256": hashes}
        text = json.dumps(entries, ensure_ascii=False, indent=2)
        (fresh / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")
        Bundle.load(fresh)  # what is not readable must never take a good model's place
        old = Path(scratch) / "old"
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    return Bundle.load(folder)

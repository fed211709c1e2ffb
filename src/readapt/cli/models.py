"""``readapt models``: which models there are, and how good they say they are."""

import sys
from typing import Annotated

import typer

from readapt.errors import ModelError


def models(
    verify: Annotated[
        bool, typer.Option("--verify", help="Check every file against its sha256 as well.")
    ] = False,
) -> None:
    """List the models that -m finds by name, tab-separated: name, version, metrics, folder.

    They lie in the folders that READAPT_MODEL_PATH names, and inside readapt itself. A model that
    cannot be loaded is one line on stderr, and the exit code is then 4.
    """
    from readapt.models.bundle import Bundle, list_bundles, read_manifest

    broken = 0
    for folder in list_bundles():
        try:
            manifest = Bundle.load(folder).manifest if verify else read_manifest(folder)
        except ModelError as error:
            broken += 1
            print(f"readapt: {error}", file=sys.stderr)
            continue
        metrics = " ".join(f"{name}={value:g}" for name, value in manifest.metrics.items())
        print(f"{folder.name}\t{manifest.version}\t{metrics or '-'}\t{folder}")
    if broken:
        raise typer.Exit(ModelError.exit_code)

"""Options and conditions that several commands share."""

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from readapt.errors import UsageError


class Device(StrEnum):
    """Where to train."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


DeviceOption: TypeAlias = Annotated[
    Device, typer.Option(help="Where to train; auto: on a GPU where there is one.")
]
Scans: TypeAlias = Annotated[
    list[str],
    typer.Argument(metavar="SCANS...", help="Images, PDFs, folders of them, quoted globs."),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("-q", "--quiet", help="No progress on stderr.")]
GoOn: TypeAlias = Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")]


def need_torch(what: str) -> None:
    """Raise :class:`UsageError` where the learning tier is not installed, which ``what`` needs."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"{what} needs the learning tier: pip install '.[train]' in the folder of its source."
        ) from error

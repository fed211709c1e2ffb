"""The option of commands that train networks: where."""

from enum import StrEnum
from typing import Annotated, TypeAlias

import typer


class Device(StrEnum):
    """Where to train."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


DeviceOption: TypeAlias = Annotated[
    Device, typer.Option(help="Where to train; auto: on a GPU where there is one.")
]

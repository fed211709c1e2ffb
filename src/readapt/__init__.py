"""readapt: OCR that adapts itself to the look of your documents without a single label.

>>> from readapt import Reader
>>> page = Reader().read("scan.png")  # doctest: +SKIP
>>> page.text, page.lines[0].words, page.lines[0].polygon  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING

from readapt.document.elements import Line, Page, Word
from readapt.errors import InputError, ModelError, ReadaptError, UsageError

if TYPE_CHECKING:
    from readapt.adapt.pipeline import adapt
    from readapt.reader import Reader, read

__version__ = "0.1.0"

__all__ = [
    "InputError",
    "Line",
    "ModelError",
    "Page",
    "ReadaptError",
    "Reader",
    "UsageError",
    "Word",
    "__version__",
    "adapt",
    "read",
]


def __getattr__(name: str) -> object:
    """Import what is heavy when it is first used: ``import readapt`` alone loads none of it."""
    if name == "adapt":  # a package that can be called; importing it sets the name here
        return import_module("readapt.adapt")
    if name not in ("Reader", "read"):
        raise AttributeError(f"module 'readapt' has no attribute {name!r}")
    from readapt import reader

    globals().update(Reader=reader.Reader, read=reader.read)
    return globals()[name]


def __dir__() -> list[str]:
    return list(__all__)

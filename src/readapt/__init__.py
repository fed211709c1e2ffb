"""readapt: OCR that adapts itself to the look of your documents without a single label.

>>> from readapt import Reader
>>> page = Reader().read("scan.png")  # doctest: +SKIP
>>> page.text, page.lines[0].words, page.lines[0].polygon  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from readapt.document.elements import Line, Page, Word
from readapt.errors import InputError, ModelError, ReadaptError, UsageError

if TYPE_CHECKING:
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
    "read",
]


def __getattr__(name: str) -> object:
    """Import the reader when it is first used: ``import readapt`` alone loads nothing heavy."""
    if name not in ("Reader", "read"):
        raise AttributeError(f"module 'readapt' has no attribute {name!r}")
    from readapt import reader

    globals().update(Reader=reader.Reader, read=reader.read)
    return globals()[name]


def __dir__() -> list[str]:
    return list(__all__)

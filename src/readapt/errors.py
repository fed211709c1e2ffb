"""Every error readapt raises on purpose, and the exit code the command line gives it.

::

    ReadaptError      1   anything below
      UsageError      2   the command or the call was put together wrongly
      InputError      3   an input cannot be read; carries its path
      ModelError      4   a model cannot be found, verified or loaded

A message says what is wrong, with which file, and what to do next, in one sentence or two.
"""


class ReadaptError(Exception):
    """The root: catch this to catch everything readapt raises on purpose."""

    exit_code = 1


class UsageError(ReadaptError):
    """The command line or the call asks for something that cannot be done."""

    exit_code = 2


class InputError(ReadaptError):
    """An input cannot be read.

    ``path`` names it as the user gave it ("" where the input was an array and not a file).
    """

    exit_code = 3

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class ModelError(ReadaptError):
    """A model bundle cannot be found, verified or loaded."""

    exit_code = 4

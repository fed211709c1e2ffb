"""The command line: thin, and each command imported only when it is called."""

from readapt.cli.main import main

__all__ = ["main"]

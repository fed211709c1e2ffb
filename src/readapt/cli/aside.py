"""What a command says beside its result."""

import sys


def aside(said: str) -> None:
    """Write a sentence to stderr, with the program's name before it."""
    print(f"readapt: {said}", file=sys.stderr, flush=True)

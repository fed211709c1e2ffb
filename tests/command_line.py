"""The command line, run in the process of the tests."""

import sys

import pytest

from readapt.cli import main


class Run:
    """Runs the command line in this process."""

    def __init__(self, capture: pytest.CaptureFixture[bytes], patch: pytest.MonkeyPatch) -> None:
        self.capture, self.patch = capture, patch

    def __call__(self, *line: object) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        self.patch.setattr(sys, "argv", ["readapt", *map(str, line)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = self.capture.readouterr()
        code = left.value.code
        return code if isinstance(code, int) else 0, out.decode(), err.decode()

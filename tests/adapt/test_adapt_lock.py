"""Nobody writes where another still does."""

import subprocess
import sys
from pathlib import Path

import pytest

from readapt.adapt.lock import only_one
from readapt.errors import UsageError

pytest.importorskip("fcntl")
CHILD = """
import sys
from pathlib import Path

from readapt.adapt.lock import only_one

with only_one(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_kept_out_until_the_first_is_dead(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"in\n"
        with pytest.raises(UsageError, match="still running"), only_one(tmp_path):
            pass
        child.kill()
        child.wait()
        with only_one(tmp_path):
            pass

"""The clock goes on where a killed run left it; portions add up to what there is."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from readapt.adapt.budget import Budget, peak_memory
from readapt.adapt.settings import AdaptConfig

SHARES = {"a": 1.0, "b": 3.0}


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_portions_are_shares_of_what_is_left(tmp_path: Path) -> None:
    time = Time()
    budget = Budget(1000.0, tmp_path, time)
    assert budget.portion("a", ["a", "b"], SHARES) == pytest.approx(920 / 4)
    time.now += 500  # whatever took so long, the end keeps its time
    assert budget.portion("b", ["b"], SHARES) == pytest.approx(420)
    time.now += 1000
    assert budget.left == 0
    assert budget.portion("b", ["b"], SHARES) == 0


def test_what_one_stage_leaves_over_the_next_one_has(tmp_path: Path) -> None:
    time = Time()
    budget = Budget(1000.0, tmp_path, time)
    first = budget.portion("a", ["a", "b"], SHARES)
    time.now += first / 2
    assert budget.portion("b", ["b"], SHARES) == pytest.approx(920 - first / 2)


def test_the_end_of_a_short_run_has_time_too(tmp_path: Path) -> None:
    assert Budget(600.0, tmp_path).portion("a", ["a"], SHARES) == pytest.approx(520, abs=1)
    assert Budget(100.0, tmp_path).portion("a", ["a"], SHARES) == pytest.approx(80, abs=1)


def test_the_end_has_the_time_that_its_readings_take(tmp_path: Path) -> None:
    """As much after an hour as after half of one; but most of a short run is for training."""
    for seconds in (3600.0, 1800.0):
        budget = Budget(seconds, tmp_path, Time())
        budget.read_at_end(150.0)
        assert budget.portion("a", ["a"], SHARES) == pytest.approx(seconds - 230)
    short = Budget(600.0, tmp_path, Time())
    short.read_at_end(150.0)
    assert short.portion("a", ["a"], SHARES) == pytest.approx(480)


def test_the_clock_survives(tmp_path: Path) -> None:
    time = Time()
    budget = Budget(100.0, tmp_path, time)
    time.now += 30
    budget.tick()
    time.now += 1  # lost: the clock is written every other second
    budget.tick()
    again = Budget(100.0, tmp_path, time)
    assert again.spent == pytest.approx(30)
    time.now += 5
    assert again.left == pytest.approx(65)
    (tmp_path / "clock").write_text("3o.5")
    assert Budget(100.0, tmp_path, time).spent == 0


def test_where_minutes_are_few_less_is_looked_at() -> None:
    """Otherwise a run of two minutes would look for five."""
    assert [AdaptConfig(minutes=m).few(200) for m in (60, 10, 5, 2, 0.1)] == [200, 200, 100, 40, 20]
    assert AdaptConfig(minutes=0.1).few(3) == 1
    assert AdaptConfig(minutes=1, steps=5).few(200) == 200


STATUS = Path("/proc/self/status")


@pytest.mark.skipif(
    not STATUS.exists() or "VmHWM" not in STATUS.read_text(), reason="no count of a program's own"
)
def test_what_a_process_was_started_by_is_not_its_memory() -> None:
    held = np.ones(100_000_000)
    assert peak_memory() > held.nbytes / 1e9
    code = "from readapt.adapt.budget import peak_memory; print(peak_memory())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0.0 < float(said.stdout) < held.nbytes / 1e9

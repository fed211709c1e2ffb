"""``readapt adapt``: options, and what it prints."""

import sys
from pathlib import Path

import pytest

import readapt
from command_line import Run
from readapt.adapt import pipeline
from readapt.adapt.end.finish import Adapted
from readapt.adapt.end.measured import Measured
from readapt.adapt.journal import MINUTES, Journal
from readapt.adapt.run import Told
from readapt.adapt.settings import AdaptConfig
from readapt.cli.adapt import Progress
from readapt.evaluate.estimate import Estimate


@pytest.fixture
def cli(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(capfdbinary, monkeypatch)


def test_options_reach_the_pipeline(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, object] = {}

    def adapt(scans: list[str], out: Path, **more: object) -> Adapted:
        given.update(scans=scans, out=out, **more)
        more["listener"](Told("words", "counting", 90.0, 0.051))  # type: ignore[operator]
        return Adapted(
            out,
            Path("r.html"),
            Estimate(0.06, 0.04, 0.09, 50),
            Estimate(0.03, 0.02, 0.05, 50),
            ("teach", "listen-1"),
            ("Not images, left out: a.txt.",),
            12.5,
            2.84,
            Measured(0.1, 0.05, 7),
            tuple(
                (f"{i}.png", Estimate(0.06, 0.04, 0.09, 9), Estimate(0.03, 0.02, 0.05, 9))
                for i in range(42)
            ),
        )

    monkeypatch.setattr(pipeline, "adapt", adapt)
    code, out, err = cli(
        *("adapt", "scans/", "more/*.png", "-o", "mine", "--minutes", 15, "--lines"),
        *("--only", "words", "--only", "listen", "--seed", 3, "--truth", "t", "--resume"),
        "--ignore-case",
    )
    assert code == 0
    assert given["scans"] == ["scans/", "more/*.png"]
    config = given["config"]
    assert isinstance(config, AdaptConfig)
    assert (config.minutes, config.only, config.seed) == (15.0, ("words", "listen"), 3)
    assert config.target.single
    assert given["resume"] is True
    assert given["ignore_case"] is True
    assert "words: counting (1.5 min left, held-out estimate 5.10%)" in err
    assert out.splitlines() == [
        "Not images, left out: a.txt.",
        "Estimated wrong characters: 6.0% (4.0% to 9.0%) -> 3.0% (2.0% to 5.0%)",
        *(f"{i}.png: 6.0% (4.0% to 9.0%) -> 3.0% (2.0% to 5.0%)" for i in range(40)),
        "2 more pages, with fewer, stand in the report.",
        "Measured on 7 labelled lines: 10.00% -> 5.00%",
        "Kept: teach, listen-1; 12.5 minutes, 2.8 GB at most",
        "mine",
        "r.html",
    ]


def test_minutes_are_those_given_before(
    cli: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []

    def adapt(*_: object, **more: object) -> Adapted:
        assert isinstance(more["config"], AdaptConfig)
        given.append(more["config"].minutes)
        sys.exit(0)

    monkeypatch.setattr(pipeline, "adapt", adapt)
    out = tmp_path / "m"
    folder = tmp_path / "m-adapting"
    cli("adapt", "x", "-o", out, "--resume")
    Journal(folder, {}, False).add(MINUTES, {"given": 240.0})
    Journal(folder, {}, True).add(MINUTES, {"given": 90.0})
    cli("adapt", "x", "-o", out, "--resume")
    cli("adapt", "x", "-o", out, "--resume", "--minutes", 5)
    cli("adapt", "x", "-o", out)
    assert given == [60.0, 90.0, 5.0, 60.0]


def test_ctrl_c_says_how_to_go_on(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def adapt(*_: object, **more: object) -> Adapted:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "adapt", adapt)
    code, _, err = cli("adapt", "scans/", "-o", "mine")
    assert code == 130
    assert "the same command with --resume goes on" in err


def test_wrong_use(cli: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    code, _, err = cli("adapt", empty, "-o", tmp_path / "m")
    assert code == 3
    assert "the folder holds no page" in err
    code, _, err = cli("adapt", empty, "-o", tmp_path / "m", "--teacher", "nobody")
    assert code == 2
    assert "no such teacher" in err


def test_the_package_is_the_function() -> None:
    assert callable(readapt.adapt)
    with pytest.raises(readapt.InputError):
        readapt.adapt("/no/such/folder", "/tmp/never-written-model")


def test_what_is_odd_is_said_on_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """Digits first are a count of what is being done, unless it is a remark."""
    shown = Progress(quiet=False)
    shown(Told("scans", "3 of 9 files", 60.0, None))
    shown(Told("scans", "89 % of the lines can hardly be read", 60.0, None, remark=True))
    assert capsys.readouterr().err == "readapt: 89 % of the lines can hardly be read\n"

"""The look stage behind its interface: what it needs, and that its lines reach the next stages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from bar_world import ALPHABET, bars, reading_network, words

from readapt.adapt.budget import Portion
from readapt.adapt.learning.known import Known, read_translated
from readapt.adapt.scans.target import Target
from readapt.adapt.settings import AdaptConfig
from readapt.adapt.stage import KNOWN, LOOK, State
from readapt.adapt.stages import look
from readapt.adapt.stages.look import LearnLook
from readapt.errors import InputError
from readapt.gan.kindred import Kindred
from readapt.gan.play import CollapseError
from readapt.gan.setting import Setting
from readapt.gan.written import BrokenTextsError, Written
from readapt.recognize.alphabet import Alphabet
from readapt.synth.corpus import Corpus
from readapt.synth.lines import LineConfig, LineSample
from readapt.types import Image


class Looks:
    """Stands for the game: it gives every line a grey paper."""

    def __init__(self) -> None:
        self.figures = {"kid": 0.5, "kid_before": 1.0}


def state(minutes: float) -> State:
    lines = tuple(bars(text, 30, 200, 20, i) for i, text in enumerate(words(6)))
    target = Target(lines, lines[:2], lines, tuple(range(6)))
    kinds = {KNOWN: {"genres": {"old": 1.0}, "families": []}}
    config, network = AdaptConfig(minutes=minutes), reading_network()
    return State(config, network, ALPHABET, target, {}, False, records=dict(kinds))


def test_a_short_budget_has_no_time_for_a_game(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "20 minutes in all, and there are 5" in LearnLook().lacks(state(5))
    assert "6 lines are too few for it, 150 are needed" in LearnLook().lacks(state(60))
    monkeypatch.setattr(look, "FEWEST", 6)
    assert LearnLook().lacks(state(60)) == ""


def test_lines_in_the_look_are_written_for_later_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, object] = {}

    def make_look(
        scans, maker, alphabet, recognizer, reads, folder, work, config, resume, told, tick, kindred
    ):  # type: ignore[no-untyped-def]
        seen["kinds"] = kindred.genres
        seen.update(minutes=config.play.minutes, lines=len(scans.lines), resume=resume)
        tick()
        seen["frozen"] = not any(p.requires_grad for p in recognizer.parameters())
        return Looks()

    def write(folder, count, maker, change, reads, *, seed, height, settings):  # type: ignore[no-untyped-def]
        folder.mkdir(parents=True)
        for i, text in enumerate(("ab", "ba a")):
            cv2.imwrite(str(folder / f"{i}.png"), bars(text, 60, 180))
            (folder / f"{i}.gt.txt").write_text(text + "\n", "utf-8")
        yield Written(2, 3)

    monkeypatch.setattr(look, "make_look", make_look)
    monkeypatch.setattr(look, "write_look_lines", write)
    monkeypatch.setattr(look, "change_of", lambda found: lambda line, seed: line)
    monkeypatch.setattr(look.Look, "load", classmethod(lambda cls, folder: None))
    monkeypatch.setattr(look, "LineMaker", lambda *_, **__: None)
    monkeypatch.setattr(look, "kindred_of", lambda found: None)
    monkeypatch.setattr(look.Kindred, "maker", lambda self, like: like)
    outcome = LearnLook().run(state(60), Portion(1200.0), tmp_path / "look")
    assert seen.pop("kinds") == (("old", 1.0),)
    assert seen == {"minutes": 15.0, "lines": 6, "resume": False, "frozen": True}
    assert outcome.network is None
    assert outcome.record["kid"] == 0.5
    assert outcome.record["kept their text"] == pytest.approx(0.6667)
    read = read_translated(outcome.files[LOOK], 36)
    assert [text for _, text in read] == ["ab", "ba a"]
    known = Known(None, None, 36, read)  # type: ignore[arg-type]
    assert [known._line(i)[1] for i in (1, 3, 5)] == ["ab", "ba a", "ab"]


def test_a_look_that_is_there_is_not_learnt_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = []

    def write(folder, count, maker, change, reads, *, seed, height, settings):  # type: ignore[no-untyped-def]
        folder.mkdir(parents=True)
        yield Written(count, count)

    monkeypatch.setattr(look, "write_look_lines", write)
    monkeypatch.setattr(look, "change_of", lambda found: lambda line, seed: line)
    monkeypatch.setattr(look.Look, "load", classmethod(lambda cls, folder: loaded.append(folder)))
    monkeypatch.setattr(look, "LineMaker", lambda *_, **__: None)
    monkeypatch.setattr(look, "kindred_of", lambda found: None)
    monkeypatch.setattr(look.Kindred, "maker", lambda self, like: like)
    short = state(5)
    short.config = replace(short.config, look=str(tmp_path / "mine"))
    assert LearnLook().lacks(short) == ""
    outcome = LearnLook().run(short, Portion(60.0), tmp_path / "look")
    assert loaded == [tmp_path / "mine"]
    assert outcome.record["kept their text"] == 1.0


@pytest.mark.parametrize("error", [CollapseError, InputError])
def test_a_lost_game_leaves_the_rest_of_the_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BrokenTextsError]
) -> None:
    def make_look(*_: object, **__: object) -> None:
        raise error("The translated lines are black.")

    monkeypatch.setattr(look, "make_look", make_look)
    monkeypatch.setattr(look, "LineMaker", lambda *_, **__: None)
    outcome = LearnLook().run(state(60), Portion(1200.0), tmp_path / "look")
    assert outcome.verdict is not None
    assert (outcome.verdict.kept, "black" in outcome.verdict.reason) == (False, True)
    assert not outcome.files


class Names:
    """A maker whose lines say who drew them."""

    def __init__(self, name: str) -> None:
        self.name = name

    def make(self, index: int) -> LineSample:
        return LineSample(bars("ab"), f"{self.name}{index}", np.zeros((0, 4, 2), np.float32), "")


def test_lines_akin_to_the_scans_are_mixed_with_all_kinds() -> None:
    known = Known(Names("a"), Names("g"), 36)  # type: ignore[arg-type]
    drawn = [text for _, text in known(0, 100)]
    assert sum(text.startswith("g") for text in drawn) == 60
    assert [text for _, text in known(10, 5)] == drawn[10:15]
    both = Known(Names("a"), Names("g"), 36, ((bars("a"), "t"),))  # type: ignore[arg-type]
    drawn = [text for _, text in both(0, 100)]
    assert drawn.count("t") == 50
    assert sum(text.startswith("g") for text in drawn) == 30


class Installed:
    """Stands for an engine that reads the second of two lines not at all."""

    def __init__(self, missing: str = "") -> None:
        self._missing = missing

    def missing(self) -> str:
        return self._missing

    def read(self, images: Sequence[Image]) -> Iterator[tuple[str, float] | None]:
        yield from [("ab", 0.9), None][: len(images)]


def test_rapidocr_judges_where_it_teaches(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[int] = []
    portion = Portion(1.0, lambda: ticks.append(1))
    asked = state(60)
    assert look._judge(asked, portion) is None
    asked.config = replace(asked.config, teachers=("tesseract", "rapidocr"))
    monkeypatch.setattr(look, "find_teacher", lambda name, threads: Installed("not installed"))
    assert look._judge(asked, portion) is None
    monkeypatch.setattr(look, "find_teacher", lambda name, threads: Installed())
    judge = look._judge(asked, portion)
    assert judge is not None
    assert judge(asked.target.lines[:2]) == ["ab", ""]
    assert ticks


def test_lines_in_a_look_say_what_the_scans_are_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kinds and languages are those found on the scans; how lines are set is the look's."""
    now = state(60)
    now.corpora = {name: Corpus(name, "ab", ("ab",)) for name in ("fr", "de", "pl")}
    now.records["words"] = {"languages": {"fr": 0.9}}
    made = {}

    def maker(config: LineConfig, corpora: dict[str, Corpus], alphabet: Alphabet) -> str:
        made["texts"], made["languages"] = list(corpora), config.languages
        return "maker"

    def write(folder, count, maker, change, reads, *, seed, height, settings):  # type: ignore[no-untyped-def]
        made.update(settings=settings, maker=maker)
        yield Written(count, count)

    setting = Setting("Courier", 26, 0.5, 0.5, 0, 1, 5, 5)
    remembered = Kindred((("print", 1.0),), ("Courier",), (setting,))
    monkeypatch.setattr(look, "LineMaker", maker)
    monkeypatch.setattr(look, "write_look_lines", write)
    monkeypatch.setattr(look, "change_of", lambda found: None)
    monkeypatch.setattr(look.Look, "load", classmethod(lambda cls, folder: None))
    monkeypatch.setattr(look, "kindred_of", lambda found: remembered)
    monkeypatch.setattr(Kindred, "maker", lambda self, like: (like, self.genres, self.families))
    now.config = replace(now.config, look=str(tmp_path))
    LearnLook().run(now, Portion(60.0), tmp_path / "look")
    assert made == {
        "texts": ["fr"],
        "languages": (("fr", 0.9),),
        "settings": (setting,),
        "maker": ("maker", (("old", 1.0),), ("Courier",)),
    }


def test_lines_in_a_look_are_never_quite_the_same() -> None:
    known = Known(Names("a"), Names("g"), 36, ((bars("ab ba"), "t"),))  # type: ignore[arg-type]
    first, again, other = known._line(1)[0], known._line(1)[0], known._line(3)[0]
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)

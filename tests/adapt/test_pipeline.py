"""The whole way in miniature: what is kept, what is not, and every way to stop and go on."""

from __future__ import annotations

import errno
import math
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
from bar_world import ALPHABET, reading_network, save_small_bundle, write_lines
from matplotlib import font_manager

from readapt.adapt import beginning, budget, failures, pipeline, preparation
from readapt.adapt.end import calibrated, draft
from readapt.adapt.end.finish import Adapted
from readapt.adapt.gate.lines import Gate
from readapt.adapt.gate.verdict import Verdict
from readapt.adapt.learning import known
from readapt.adapt.pipeline import adapt
from readapt.adapt.run import Told
from readapt.adapt.scans import collection_language
from readapt.adapt.scans.collection_language import SureReading
from readapt.adapt.scans.target import FILE_NAME, TargetConfig, load_target
from readapt.adapt.settings import AdaptConfig, GateConfig
from readapt.adapt.stage import LANGUAGE_MODEL, Outcome, State
from readapt.adapt.stages import free, words
from readapt.adapt.stages.weigh import Weigh
from readapt.adapt.teachers.engines import RapidOcr
from readapt.errors import InputError, ReadaptError, UsageError
from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import LanguageModelSection
from readapt.recognize.lm import CharacterModel, learn
from readapt.synth import corpus, drawable, fonts, lines
from readapt.synth.corpus import Corpus
from readapt.train.selftrain import SelfTrainConfig

CONFIG = AdaptConfig(
    minutes=600.0,  # a machine may stand still
    only=("free", "words", "teach", "listen", "weigh"),
    target=TargetConfig(single=True, least=10),
    gate=GateConfig(replay_lines=12),
    selftrain=SelfTrainConfig(shares=(0.5, 0.9), pool=16, batch_columns=800, batch_lines=8),
    steps=2,
    threads=1,
)


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """One font and two letters: nothing of this system."""
    monkeypatch.setattr(collection_language, "BACKGROUND", 2_000)
    monkeypatch.setattr(calibrated, "CALIBRATED", 24)
    monkeypatch.setattr(calibrated, "SETS", 4)
    monkeypatch.setattr(calibrated, "A_SET", 6)
    monkeypatch.setattr(free, "LINES", 12)
    monkeypatch.setattr(known, "PILOT", 8)
    font = fonts.read_font(font_manager.findfont("DejaVu Sans Mono"))
    monkeypatch.setattr(lines, "find_fonts", lambda: [font])
    monkeypatch.setattr(drawable, "find_fonts", lambda: [font])
    texts = {"en": Corpus("en", "", ("ab", "ba", "aab")), "de": Corpus("de", "", ("bb", "abba"))}
    monkeypatch.setattr(preparation, "system_corpora", lambda *_: texts)
    monkeypatch.setattr(lines, "system_corpora", lambda *_: texts)
    monkeypatch.setattr(corpus, "system_corpora", lambda *_: texts)


def run(folder: Path, config: AdaptConfig = CONFIG, **more: object) -> Adapted:
    scans = folder / "scans"
    if not scans.exists():
        write_lines(scans, 30, noise=50.0)
        save_small_bundle(folder / "base", reading_network())
    return adapt(scans, folder / "mine", base=folder / "base", config=config, **more)  # type: ignore[arg-type]


@pytest.fixture
def kind_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that lets everything through: two steps of training help nobody."""
    monkeypatch.setattr(Gate, "_decide", lambda *_: Verdict(True, "let through"))


@pytest.mark.usefixtures("kind_gate")
def test_the_whole_way(tmp_path: Path) -> None:
    told: list[Told] = []
    truth = write_lines(tmp_path / "truth", 5, truth=True)
    (tmp_path / "truth" / "not-a-page.txt").write_text("x")
    left = tmp_path / "mine-adapting" / "draft-of-a-run-that-was-killed"
    left.mkdir(parents=True)
    adapted = run(tmp_path, listener=told.append, truth=truth)
    assert not left.exists()
    bundle = Bundle.load(adapted.model)
    assert bundle.manifest.provenance["adapted"]["stages"] == list(adapted.kept)  # type: ignore[index,call-overload]
    assert adapted.truth is not None
    assert adapted.truth.lines == 5
    html = adapted.report.read_text("utf-8")
    assert "data:image/png;base64," in html
    assert "<svg" in html
    for stage in ("free", "words", "teach", "listen", "weigh"):
        assert f"<td>{stage}</td>" in html
        assert any(one.stage == stage for one in told)
    odd = [one for one in adapted.remarks if "for another run" in one]
    assert [one.split("(")[0] for one in odd] == [
        "Texts in the languages of the scans are few here ",
        "Fonts like the scans' ",
    ]
    assert "Texts in the languages of the scans are few here" in html
    assert set(odd) <= set(run(tmp_path, resume=True).remarks)  # of another process
    assert "http" not in html
    assert all(one.left <= 36_000 for one in told)
    assert adapted.kept[:3] == ("free", "teach", "listen")
    assert bundle.language_model is not None
    with pytest.raises(UsageError, match="--resume"):
        run(tmp_path)


def test_a_gate_that_is_never_sure_gives_back_the_base_model(tmp_path: Path) -> None:
    config = replace(CONFIG, gate=replace(CONFIG.gate, sure=1.1), only=("free",))
    adapted = run(tmp_path, config)
    assert adapted.kept == ()
    assert any("No stage helped" in remark for remark in adapted.remarks)
    base, mine = Bundle.load(tmp_path / "base"), Bundle.load(adapted.model)
    assert mine.recognizer.read_bytes() == base.recognizer.read_bytes()
    assert "rejected" in adapted.report.read_text("utf-8")


class Kill(BaseException):
    """A kill -9, as far as a test can have one."""


def weights(adapted: Adapted) -> bytes:
    return Bundle.load(adapted.model).recognizer.read_bytes()


@pytest.mark.usefixtures("kind_gate")
@pytest.mark.parametrize("at", ["words", "listen", "end"])
def test_killed_anywhere_and_resumed_is_as_if_nothing_had_been(
    tmp_path: Path, at: str, whole: bytes
) -> None:
    def die(told: Told) -> None:
        if told.stage == at:
            raise Kill

    with pytest.raises(Kill):
        run(tmp_path, listener=die)
    assert weights(run(tmp_path, resume=True)) == whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The weights of a run that nobody stopped."""
    with pytest.MonkeyPatch.context() as patch:
        small_world.__wrapped__(patch)  # type: ignore[attr-defined]
        kind_gate.__wrapped__(patch)  # type: ignore[attr-defined]
        return weights(run(tmp_path_factory.mktemp("whole")))


def test_stages_that_cannot_run_say_why(tmp_path: Path) -> None:
    config = replace(CONFIG, minutes=5.0, only=("look", "ask"))
    adapted = run(tmp_path, config)
    html = adapted.report.read_text("utf-8")
    assert "it takes 20 minutes in all, and there are 5" in html
    assert "no --teacher was named" in html


def test_a_teacher_installed_after_it_was_left_out_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def die(told: Told) -> None:
        said.append(told.text)
        if told.text.startswith("left out"):
            raise Kill

    config = replace(CONFIG, only=("words", "ask", "listen"), teachers=("rapidocr",))
    monkeypatch.setattr(RapidOcr, "missing", lambda _: "not installed: pip install it")
    with pytest.raises(Kill):
        run(tmp_path, config, listener=die)
    assert said[0] == "not installed: pip install it Going on without it."  # before any work
    monkeypatch.setattr(RapidOcr, "missing", lambda _: "")
    monkeypatch.setattr(RapidOcr, "read", lambda _, lines: (("ab", 0.9) for _ in lines))
    html = run(tmp_path, config, resume=True).report.read_text("utf-8")
    assert "30 of 30 lines" in html
    assert "not installed" not in html


def test_unknown_stages_and_places(tmp_path: Path) -> None:
    for ignored in (replace(CONFIG, look="a look"), replace(CONFIG, teachers=("rapidocr",))):
        with pytest.raises(UsageError, match="is of no use without stage"):
            run(tmp_path, ignored)
    for minutes in (0.0, math.inf, math.nan):
        with pytest.raises(UsageError, match="give the minutes that it may take"):
            run(tmp_path, replace(CONFIG, minutes=minutes))
    with pytest.raises(UsageError, match="--steps -5"):
        run(tmp_path, replace(CONFIG, steps=-5))
    with pytest.raises(UsageError, match="would be taken for scans"):
        adapt(tmp_path, tmp_path / "deep" / "mine", config=CONFIG)
    with pytest.raises(UsageError, match="--ignore-case is of no use without --truth"):
        run(tmp_path, ignore_case=True)
    with pytest.raises(UsageError, match="give -o a name"):
        adapt("scans", ".", config=CONFIG)
    with pytest.raises(UsageError, match="the stages are words, survey, free"):
        run(tmp_path, replace(CONFIG, only=("magic",)))
    with pytest.raises(UsageError, match="--text"):
        run(tmp_path, extend_alphabet=True)
    assert not (tmp_path / "mine-adapting").exists()  # nothing was begun
    (tmp_path / "mine").mkdir()
    with pytest.raises(UsageError, match="no model"):
        run(tmp_path)


def test_what_cannot_begin_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    save_small_bundle(tmp_path / "base", reading_network())
    for scans in ("empty", "not there"):
        with pytest.raises(InputError):
            adapt(tmp_path / scans, tmp_path / "mine", base=tmp_path / "base", config=CONFIG)
    text = tmp_path / "corpus.txt"
    text.write_text("дом сад лес ab " * 40, "utf-8")
    with pytest.raises(UsageError, match=r"corpus\.txt: 82% of its letters .* --extend-alphabet"):
        run(tmp_path, text=text)
    assert not (tmp_path / "mine-adapting").exists()


def test_a_resumed_run_says_what_it_does_not_do(tmp_path: Path) -> None:
    told: list[Told] = []

    def remarks() -> list[str]:
        found = [one.text for one in told if one.remark]
        told.clear()
        return found

    config = replace(CONFIG, only=("free",))
    run(tmp_path, config, resume=True, listener=told.append)
    assert any("mine-adapting: there is nothing to go on with; begun anew" in r for r in remarks())
    run(tmp_path, config, resume=True, listener=told.append)
    assert remarks() == []  # as after a kill at the end
    more = replace(config, minutes=2 * config.minutes)
    run(tmp_path, more, resume=True, listener=told.append)
    assert any("more minutes change nothing" in remark for remark in remarks())


def test_less_than_a_minute_is_said_to_be_too_little(tmp_path: Path) -> None:
    config = replace(CONFIG, steps=0, minutes=0.01, only=("words",))
    assert any("Less than a minute" in remark for remark in run(tmp_path, config).remarks)


@pytest.mark.usefixtures("kind_gate")
def test_a_corpus_with_new_characters(tmp_path: Path) -> None:
    text = tmp_path / "corpus.txt"
    text.write_text("abba c abc " * 40, "utf-8")
    config = replace(CONFIG, only=("words",))
    adapted = run(tmp_path, config, text=text)
    assert any("lacks 'c' (U+0063)" in r and "--extend-alphabet" in r for r in adapted.remarks)
    text.write_text("abba c abc bab " * 40, "utf-8")
    with pytest.raises(UsageError, match=r"other settings \(--text\)"):
        run(tmp_path, config, text=text, resume=True)
    other = adapt(
        tmp_path / "scans",
        tmp_path / "wider",
        base=tmp_path / "base",
        text=text,
        config=replace(CONFIG, only=("teach",)),
        extend_alphabet=True,
    )
    assert "teach" in other.kept
    assert Bundle.load(other.model).manifest.alphabet == " abc"


@pytest.mark.usefixtures("kind_gate")
def test_kinds_chosen_before_a_kill_are_those_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that has learnt since would find others, and calibrate on other lines."""
    config = replace(CONFIG, only=("words", "listen"))
    with monkeypatch.context() as killed:
        killed.setattr(pipeline, "finish", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, config)
    monkeypatch.setattr(known, "find_kindred", Mock(side_effect=AssertionError))
    assert run(tmp_path, config, resume=True).model.is_dir()


def test_characters_that_no_font_has_are_left_out(tmp_path: Path) -> None:
    """Classes for them would stay what chance made them."""
    text = tmp_path / "corpus.txt"
    text.write_text("abba \u0c95 abc " * 40, "utf-8")
    config = replace(CONFIG, only=("words",))
    adapted = run(tmp_path, config, text=text, extend_alphabet=True)
    assert any(r.startswith("No font here has '\u0c95' (U+0C95): left") for r in adapted.remarks)
    assert "New in the alphabet, if a stage passes: 'c' (U+0063)." in adapted.remarks
    text.write_text("abba " * 40, "utf-8")
    other = adapt(
        tmp_path / "scans",
        tmp_path / "same",
        base=tmp_path / "base",
        text=text,
        config=config,
        extend_alphabet=True,
    )
    assert any("there is none to add" in remark for remark in other.remarks)


def test_language_models_do_not_know_the_lines_they_correct(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even pages say aaa, odd ones bbb: the model for either has heard of the other alone."""

    def by_parity(state: State, tick: object) -> list[SureReading]:
        return [SureReading(i, "ab"[n % 2] * 3) for i, n in enumerate(state.target.pages)]

    monkeypatch.setattr(words, "sure_readings", by_parity)
    run(tmp_path, replace(CONFIG, only=("words",)))
    folder = tmp_path / "mine-adapting" / "words"
    stem, alphabet = LANGUAGE_MODEL.replace(" ", "-"), ALPHABET
    third: dict[str, tuple[float, float]] = {}
    for end in ("", "-0", "-1"):
        model = CharacterModel.load(folder / f"{stem}{end}.npz", alphabet)
        (a,), (b,) = (alphabet.encode(letter) for letter in "ab")
        third[end] = model.log_probabilities("aa")[a], model.log_probabilities("bb")[b]
    (a, b), (no_a, b_alone), (a_alone, no_b) = third.values()
    assert no_a < a <= a_alone
    assert no_b < b <= b_alone


def with_language(folder: Path) -> Bundle:
    """The base model, reading with a language model of its own."""
    base = save_small_bundle(folder / "plain", reading_network())
    learn(["abba"] * 9, base.alphabet, 3).save(folder / "own.npz")
    section = LanguageModelSection(file="own.npz", weight=0.3, beam=6, errors_left=0.5)
    manifest = base.manifest.model_copy(update={"language_model": section})
    files = {name: base.folder / name for name in base.manifest.sha256}
    return save_bundle(folder / "base", manifest, files | {"own.npz": folder / "own.npz"})


def test_a_model_that_reads_with_words_goes_on_doing_so(tmp_path: Path) -> None:
    """Unless better words were weighed: adapting again must not make it worse."""
    write_lines(tmp_path / "scans", 30, noise=50.0)
    base = with_language(tmp_path)
    adapted = run(tmp_path, replace(CONFIG, only=("words",)))
    mine = Bundle.load(adapted.model)
    assert mine.manifest.language_model == base.manifest.language_model
    assert "language-model.npz" not in mine.manifest.sha256
    assert adapted.before == adapted.after


@pytest.mark.usefixtures("kind_gate")
def test_words_of_another_alphabet_are_left_out(tmp_path: Path) -> None:
    """The wider alphabet's network is not kept here, so its language model would be unreadable."""
    write_lines(tmp_path / "scans", 30, noise=50.0)
    base = with_language(tmp_path)
    text = tmp_path / "corpus.txt"
    text.write_text("abba c abc " * 40, "utf-8")
    config = replace(CONFIG, only=("words",))
    adapted = run(tmp_path, config, text=text, extend_alphabet=True)
    mine = Bundle.load(adapted.model)
    assert mine.alphabet == base.alphabet
    assert mine.manifest.language_model == base.manifest.language_model
    wider = adapt(
        tmp_path / "scans",
        tmp_path / "wider",
        base=tmp_path / "base",
        text=text,
        config=replace(CONFIG, only=("teach",)),
        extend_alphabet=True,
    )
    assert Bundle.load(wider.model).manifest.language_model is None


def test_words_weighed_for_a_network_that_was_rejected_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_lines(tmp_path / "scans", 30, noise=50.0)
    save_small_bundle(tmp_path / "base", reading_network())
    text = tmp_path / "corpus.txt"
    text.write_text("abba c abc " * 40, "utf-8")
    monkeypatch.setattr(Weigh, "run", lambda *_: Outcome(verdict=Verdict(True, "better")))
    config = replace(CONFIG, only=("words", "weigh"))
    adapted = run(tmp_path, config, text=text, extend_alphabet=True)
    assert adapted.kept == ()
    assert any("No stage helped" in remark for remark in adapted.remarks)


def test_a_damaged_labelled_picture_costs_the_measuring_only(tmp_path: Path) -> None:
    truth = write_lines(tmp_path / "truth", 5, truth=True)
    next(truth.glob("*.png")).write_bytes(b"no picture")
    adapted = run(tmp_path, replace(CONFIG, only=("free",)), truth=truth)
    assert any("Nothing could be measured" in remark for remark in adapted.remarks)
    assert "Nothing could be measured" in adapted.report.read_text("utf-8")
    assert (adapted.truth, adapted.model.is_dir()) == (None, True)


def test_names_of_scans_need_not_be_text(tmp_path: Path) -> None:
    scans = write_lines(tmp_path / "scans", 30, noise=50.0)
    save_small_bundle(tmp_path / "base", reading_network())
    for old, new in zip(sorted(scans.iterdir()), ("Stra\udcdfe.png", "a\u2028b.png"), strict=False):
        old.rename(old.with_name(new))
    (scans / "no\udcdfimage.txt").write_text("x")
    adapted = run(tmp_path, replace(CONFIG, only=("free",)))
    assert "Stra" in adapted.report.read_text("utf-8")
    assert any("image.txt" in remark for remark in adapted.remarks)


def test_a_start_that_was_cut_off_leaves_no_lines_behind(tmp_path: Path) -> None:
    def die(told: Told) -> None:
        if told.stage == "base":
            raise Kill

    with pytest.raises(Kill):
        run(tmp_path, listener=die)
    other = write_lines(tmp_path / "others", 12, noise=50.0)
    config = replace(CONFIG, only=("free",))
    adapt(other, tmp_path / "mine", base=tmp_path / "base", config=config)
    target = load_target(tmp_path / "mine-adapting" / FILE_NAME)
    assert target is not None
    assert len(target.lines) + len(target.held_out) == 12


def test_the_model_begun_with_is_not_written_over(tmp_path: Path) -> None:
    write_lines(tmp_path / "scans", 30)
    save_small_bundle(tmp_path / "base", reading_network())
    with pytest.raises(UsageError, match="another -o"):
        adapt(tmp_path / "scans", tmp_path / "base", base=tmp_path / "base", config=CONFIG)


def test_too_few_scans(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Only 30 usable lines on 30 images, and 50 are needed"):
        run(tmp_path, replace(CONFIG, target=TargetConfig(single=True, least=50)))


CHILD = """
import sys
from pathlib import Path

import pytest

sys.path[:0] = {path!r}
import test_pipeline as world

with pytest.MonkeyPatch.context() as patch:
    world.small_world.__wrapped__(patch)
    world.kind_gate.__wrapped__(patch)
    world.run(
        Path(sys.argv[1]),
        resume="resume" in sys.argv,
        listener=lambda told: print(told.stage, flush=True),
    )
"""


@pytest.mark.usefixtures("kind_gate")
def test_a_real_kill(tmp_path: Path, whole: bytes) -> None:
    """A process of its own, killed with -9 in the middle of self-training."""
    run(tmp_path, replace(CONFIG, only=("words",)))  # scans and base model, from this process
    shutil.rmtree(tmp_path / "mine")
    shutil.rmtree(tmp_path / "mine-adapting")
    script = CHILD.format(path=sys.path)
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen = 0
        for row in process.stdout:
            seen += row.strip() == "listen"
            if seen == 4:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == -signal.SIGKILL
    assert not (tmp_path / "mine").exists()
    assert weights(run(tmp_path, resume=True)) == whole


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 100

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(beginning, "save_target", fail)
    monkeypatch.setattr(failures.shutil, "disk_usage", lambda path: Full())
    with pytest.raises(ReadaptError, match=r"mine-adapting: the disk is full; free some of it"):
        run(tmp_path)


@pytest.mark.usefixtures("kind_gate")
@pytest.mark.parametrize(
    "name", ["teach/checkpoint.pt", "round-2/labels.json", "listen/weights.safetensors", "report"]
)
def test_after_a_full_disk_a_run_goes_on(
    name: str, tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever file the disk was full at: what stands is enough to end as if nothing had been."""
    plain = os.replace

    def full(scratch: Any, path: Any) -> None:
        if name in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        plain(scratch, path)

    with monkeypatch.context() as patch:
        patch.setattr("os.replace", full)
        patch.setattr(Path, "replace", full)
        with pytest.raises(ReadaptError, match="the disk is full; free some of it"):
            run(tmp_path)
    assert (tmp_path / "mine").exists() == (name == "report")  # the model comes first
    assert weights(run(tmp_path, resume=True)) == whole


def test_a_folder_that_may_not_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(beginning, "save_target", fail)
    monkeypatch.setattr(budget.Budget, "tick", lambda self, force=False: fail(self, tmp_path))
    with pytest.raises(ReadaptError, match=r": not allowed \(Permission denied\); change"):
        run(tmp_path)


@pytest.mark.usefixtures("kind_gate")
def test_what_is_written_reads_in_integers_where_that_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading takes the quick network, further training the exact one."""
    monkeypatch.setattr(Gate, "as_good", lambda *_: "")
    bundle = Bundle.load(run(tmp_path).model)
    assert bundle.manifest.recognizer.int8 == draft.QUICK == bundle.reading.name
    assert bundle.recognizer != bundle.reading
    again = adapt(tmp_path / "scans", tmp_path / "again", base=bundle.folder, config=CONFIG)
    second = Bundle.load(again.model)
    assert second.reading.read_bytes() != bundle.reading.read_bytes()
    monkeypatch.setattr(Gate, "as_good", lambda *_: "held-out lines 1% -> 2%")
    third = adapt(tmp_path / "scans", tmp_path / "third", base=bundle.folder, config=CONFIG)
    exact = Bundle.load(third.model)
    assert exact.reading == exact.recognizer
    assert not (exact.folder / draft.QUICK).exists()
    assert any("in integers it is worse (held-out lines 1% -> 2%)" in r for r in third.remarks)

    def broken(*_: object) -> None:
        raise KeyError("an odd graph")

    monkeypatch.setattr(draft, "export_int8", broken)
    fourth = adapt(tmp_path / "scans", tmp_path / "fourth", base=bundle.folder, config=CONFIG)
    assert any("integers failed" in r for r in fourth.remarks)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(draft, "export_int8", full)
    with pytest.raises(ReadaptError, match="the disk is full"):
        adapt(tmp_path / "scans", tmp_path / "fifth", base=bundle.folder, config=CONFIG)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.usefixtures("kind_gate")
def test_the_whole_way_on_a_gpu(tmp_path: Path) -> None:
    """The same stages; what is written is read without it."""
    adapted = run(tmp_path, replace(CONFIG, device="cuda"))
    assert {"teach", "listen"} <= set(adapted.kept)
    assert Bundle.load(adapted.model).recognizer.is_file()

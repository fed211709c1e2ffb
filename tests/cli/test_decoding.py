"""Beam, language model and confidence on the command line, with the model of ``tiny_model``."""

import json
from pathlib import Path

import PIL.Image
import pytest

from command_line import Run
from readapt.formats.json import read_json
from readapt.models.bundle import Bundle, save_bundle
from readapt.models.manifest import LanguageModelSection
from readapt.reader import Reader
from readapt.recognize.beam import Beam
from readapt.recognize.lm import CharacterModel
from tiny_model import draw, draw_page


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(capfdbinary, monkeypatch)


@pytest.fixture
def line(tmp_path: Path) -> Path:
    PIL.Image.fromarray(draw("abba ab")).save(tmp_path / "line.png")
    return tmp_path / "line.png"


@pytest.fixture
def faint_line(tmp_path: Path) -> Path:
    """The same, with an ``a`` that may be a ``b``."""
    faint = draw("abba ab")
    faint[16:, 16 + 3 * 32 :][:, :16] = 70
    PIL.Image.fromarray(faint).save(tmp_path / "faint.png")
    return tmp_path / "faint.png"


def calibrated(model: Bundle, folder: Path, **entries: object) -> Bundle:
    calibration = model.manifest.calibration.model_copy(update=entries)
    manifest = model.manifest.model_copy(update={"calibration": calibration})
    return save_bundle(folder, manifest, {name: model.folder / name for name in manifest.sha256})


@pytest.fixture
def lm(run: Run, tiny_model: Bundle, tmp_path: Path) -> Path:
    """A language model in which nothing but ``b`` follows ``b``."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("a bbbb bbb\n" * 30, "utf-8")
    target = tmp_path / "lm.npz"
    code, out, err = run(
        "train", "lm", tmp_path / "texts", "-o", target, "--order", 3, "-m", tiny_model.folder
    )
    assert (code, err) == (0, "")
    assert "300 characters counted" in out
    return target


def test_train_lm_counts_texts(lm: Path, tiny_model: Bundle) -> None:
    model = CharacterModel.load(lm, tiny_model.alphabet)
    assert model.order == 3
    assert model.log_probability("a bbbb bbb") > model.log_probability("a baba bab") + 10


@pytest.mark.parametrize("command", ["read", "recognize"])
def test_a_beam_reads_what_greedy_reads(
    command: str, run: Run, tiny_model: Bundle, line: Path, tmp_path: Path
) -> None:
    PIL.Image.fromarray(draw_page([(20, 30, "abba ab")])).save(line)
    outputs = [
        run(command, line, "-m", tiny_model.folder, *more)
        for more in ([], ["--beam", 5], ["--beam", 5, "--threads", 1])
    ]
    assert outputs[0][0] == 0
    assert outputs[0] == outputs[1] == outputs[2]


def test_a_heavy_language_model_overrules_the_image(
    run: Run, tiny_model: Bundle, faint_line: Path, lm: Path
) -> None:
    beam = ["recognize", faint_line, "-m", tiny_model.folder, "--beam", 20, "--lm", lm]
    assert run(*beam, "--lm-weight", 0)[1].split("\t")[1] == "abba ab"
    assert run(*beam)[1].split("\t")[1] == "abba ab"
    assert run(*beam, "--lm-weight", 50)[1].split("\t")[1] != "abba ab"


def test_a_bundle_brings_its_language_model(
    tiny_model: Bundle, lm: Path, tmp_path: Path, run: Run, faint_line: Path
) -> None:
    section = LanguageModelSection(file="lm.npz", weight=50.0, length_weight=0.25)
    manifest = tiny_model.manifest.model_copy(update={"language_model": section})
    files = {name: tiny_model.folder / name for name in tiny_model.manifest.sha256}
    bundle = save_bundle(tmp_path / "with-lm", manifest, files | {"lm.npz": lm})
    assert bundle.language_model == bundle.folder / "lm.npz"
    reader = Reader(bundle.folder, threads=1, beam=7)
    assert isinstance(reader._decoder, Beam)
    assert (reader._decoder.width, reader._decoder.weight) == (7, 50.0)
    assert reader._decoder.length_weight == 0.25
    greedy = run("recognize", faint_line, "-m", bundle.folder)
    assert greedy[1].split("\t")[1] == "abba ab"
    assert run("recognize", faint_line, "-m", bundle.folder, "--beam", 20)[1] != greedy[1]
    (bundle.folder / "lm.npz").write_bytes(b"PK")
    code, _, err = run("recognize", faint_line, "-m", bundle.folder, "--beam", 7)
    assert code == 4
    assert "lm.npz: its sha256" in err


def test_options_that_do_not_go_together(
    run: Run, tiny_model: Bundle, line: Path, lm: Path, tmp_path: Path
) -> None:
    for more, words in [
        (["--lm", lm], "give a beam"),
        (["--lm-weight", 1], "give a beam"),
        (["--beam", 4, "--lm-weight", 1], "has no language model"),
        (["--min-confidence", 0.5, "--max-word-errors", 0.1], "exclude each other"),
        (["--max-word-errors", 0.1], "calibrate it first"),
    ]:
        for command in ("read", "recognize"):
            code, out, err = run(command, line, "-m", tiny_model.folder, *more)
            assert (code, out) == (2, "")
            assert words in err
    (tmp_path / "no.npz").write_bytes(b"no such thing")
    code, _, err = run(
        "read", line, "-m", tiny_model.folder, "--beam", 2, "--lm", tmp_path / "no.npz"
    )
    assert code == 4
    assert "cannot be read as a language model" in err
    code, _, err = run("train", "lm", tmp_path / "missing.txt", "-o", tmp_path / "x.npz")
    assert code == 3
    assert "missing.txt" in err


def test_unsure_words_are_left_out_or_marked(
    run: Run, tiny_model: Bundle, tmp_path: Path, line: Path
) -> None:
    # Everything read well has 0.6 in this model, and 2 % of such words are wrong.
    bundle = calibrated(
        tiny_model,
        tmp_path / "calibrated",
        words=((0.0, 0.0), (0.5, 0.6), (1.0, 0.6)),
        word_errors=((0.3, 0.1), (0.6, 0.02)),
    )
    read = ["recognize", line, "-m", bundle.folder]
    assert run(*read, "--min-confidence", 0.6)[1].split("\t")[1] == "abba ab"
    assert run(*read, "--max-word-errors", 0.02)[1].split("\t")[1] == "abba ab"
    assert run(*read, "--min-confidence", 0.61)[1].split("\t")[1] == ""
    marked = run(*read, "--min-confidence", 0.61, "--unsure", "mark")[1]
    assert marked.split("\t")[1] == "[abba?] [ab?]"
    code, out, _ = run(*read, "-f", "json")
    words = json.loads(out)["lines"][0]["words"]
    assert code == 0
    assert [word["confidence"] for word in words] == [0.6, 0.6]
    code, _, err = run(*read, "--max-word-errors", 0.01)
    assert code == 2
    assert "2.00%" in err
    page = tmp_path / "page.png"
    PIL.Image.fromarray(draw_page([(20, 30, "abba ab"), (20, 100, "ba")])).save(page)
    code, out, _ = run(
        "read", page, "-m", bundle.folder, "--min-confidence", 0.7, "--unsure", "mark"
    )
    assert (code, out) == (0, "[abba?] [ab?]\n[ba?]\n")
    code, out, _ = run("read", page, "-m", bundle.folder, "--min-confidence", 0.7, "-f", "json")
    assert read_json(out)[0].lines == ()


def test_resume_reads_again_what_was_read_otherwise(
    run: Run, tiny_model: Bundle, tmp_path: Path
) -> None:
    page = tmp_path / "page.png"
    PIL.Image.fromarray(draw_page([(20, 30, "abba ab")])).save(page)
    base = ["read", page, "-m", tiny_model.folder, "-o", f"{tmp_path / 'out'}/", "--resume", "-v"]
    assert "done before" not in run(*base)[2]
    assert "1 of 1 done before" in run(*base)[2]
    for more in (["--beam", 3], ["--min-confidence", 0.5], ["--min-confidence", 0.6]):
        assert "done before" not in run(*base, *more)[2]
    assert "done before" in run(*base, *more)[2]


def test_alternatives(tiny_model: Bundle) -> None:
    reader = Reader(tiny_model.folder, threads=1)
    (found,) = reader.read_alternatives([draw("ab b")], 4)
    assert found[0].text == "ab b"
    assert 0.5 < found[0].probability <= 1
    assert len(found) == 4
    assert sum(one.probability for one in found) <= 1 + 1e-9

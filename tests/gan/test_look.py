"""A look: what is saved is what is loaded, and damage is named."""

import json
from pathlib import Path

import pytest
import torch
from bar_lines import bars

from readapt.errors import ModelError, UsageError
from readapt.gan.look import LOOK_NAME, TRANSLATOR, Look, save_look, translator_section
from readapt.gan.translate import translate_line
from readapt.nets.generator import Generator, GeneratorConfig


def generator(seed: int = 0) -> Generator:
    torch.manual_seed(seed)
    return Generator(GeneratorConfig(widths=(4, 8), blocks=1)).eval()


def saved(folder: Path, seed: int = 0) -> Look:
    network = generator(seed)
    section = translator_section(network, 36, {"kid": 0.1234567891})
    return save_look(folder, translator=(network, section), provenance={"minutes": 3})


def test_round_trip(tmp_path: Path) -> None:
    look = saved(tmp_path / "mine")
    assert look.manifest.name == "mine"
    assert look.manifest.provenance == {"minutes": 3}
    again = Look.load(tmp_path / "mine").translator()
    line = bars("abab")
    assert (translate_line(again, line, 5) == translate_line(generator(), line, 5)).all()
    names = {p.name for p in (tmp_path / "mine").iterdir()}
    assert names == {LOOK_NAME, TRANSLATOR}


def test_an_older_look_is_replaced(tmp_path: Path) -> None:
    first, second = saved(tmp_path / "mine", 0), saved(tmp_path / "mine", 1)
    assert first.manifest.sha256 != second.manifest.sha256
    Look.load(tmp_path / "mine").translator()


def test_damage_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no look here"):
        Look.load(tmp_path)
    folder = tmp_path / "mine"
    saved(folder)
    entries = json.loads((folder / LOOK_NAME).read_text())
    for change, said in (
        ({"format_version": 99}, "newer readapt"),
        ({"surprise": 1}, "surprise"),
        ({"translator": {**entries["translator"], "blocks": 2}}, "does not fit"),
        ({"translator": None}, "this look has no lines"),
    ):
        (folder / LOOK_NAME).write_text(json.dumps({**entries, **change}))
        with pytest.raises(ModelError, match=said):
            Look.load(folder).translator()
    (folder / LOOK_NAME).write_text("{")
    with pytest.raises(ModelError, match="JSON"):
        Look.load(folder)
    (folder / LOOK_NAME).write_text(json.dumps(entries))
    weights = (folder / TRANSLATOR).read_bytes()
    (folder / TRANSLATOR).write_bytes(weights[:-1] + b"\x01")
    with pytest.raises(ModelError, match="sha256 differs"):
        Look.load(folder)
    (folder / TRANSLATOR).unlink()
    with pytest.raises(ModelError, match="missing"):
        Look.load(folder)


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(UsageError, match="is a file"):
        saved(tmp_path / "mine")

"""The recipe that compares the four kinds: its lines are cut and kept without loss."""

from pathlib import Path

import numpy as np
import pytest
import torch

from readapt.nets.crnn import Crnn, CrnnConfig
from readapt.recognize.alphabet import LATIN
from readapt.synth.lines import LineConfig
from readapt.train.checkpoint import save_checkpoint
from readapt.train.data import StreamConfig, collate
from readapt.train.loop import LoopConfig
from readapt.train.recognizer import RecognizerConfig

RECIPES = Path(__file__).resolve().parents[1] / "recipes"
STREAM = StreamConfig(LineConfig(max_characters=4), pool=12, batch_columns=900, curriculum=())


@pytest.fixture(autouse=True)
def _beside_the_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(RECIPES))


@pytest.mark.parametrize("texts", [["ab"], ["ab", ""], ["", "abc", "d"]])
def test_halves_are_the_whole(texts: list[str]) -> None:
    from recurrences import halves

    rng = np.random.default_rng(0)
    lines = [(rng.integers(0, 255, (36, 40 + 8 * i)), t) for i, t in enumerate(texts)]
    batch = collate([(image.astype(np.uint8), LATIN.encode(text)) for image, text in lines])
    parts = list(halves(batch))
    assert all(len(part.labels) == part.label_lengths.sum() for part in parts)
    for name in ("images", "frames", "labels", "label_lengths"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(joined, getattr(batch, name))


def test_trains_on_what_frozen_convolutions_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import recurrences

    monkeypatch.setattr(recurrences, "STREAM", STREAM)
    recurrences._maker.cache_clear()
    network = CrnnConfig(LATIN.classes, (4, 6, 8, 10, 12), "gru", hidden=5)
    start = tmp_path / "start.pt"
    save_checkpoint(start, {"average": Crnn(network).state_dict()})
    drawn = recurrences.Drawn(tmp_path / "lines", 1)
    config = RecognizerConfig(network, STREAM, LoopConfig(steps=1), workers=0)
    learner = recurrences.Learner(config, drawn, start)
    batches = drawn.pool(0)
    assert drawn.batches() == len(batches) > 1
    positions = []
    for k, (position, step) in enumerate(learner.steps([0, 0])):
        positions.append(position)
        with torch.no_grad():
            learner.network.eval()
            whole = recurrences.ctc_loss(
                learner.network(torch.from_numpy(batches[k].images)), batches[k]
            )
        torch.testing.assert_close(step.loss.detach(), whole, rtol=5e-3, atol=0)
    assert positions[-1] == [1, 0]
    later = list(recurrences.Learner(config, drawn, start).steps(positions[0]))
    assert [position for position, _ in later] == positions[1:]
    moving = [name for name, p in learner.network.named_parameters() if p.requires_grad]
    assert {name.split(".")[0] for name in moving} == {"recurrence", "head"}
    recurrences._maker.cache_clear()


def test_table_has_gaps() -> None:
    from recurrences import COLUMNS, KINDS, table

    rows = {kind: {"parameters": 1234} for kind in KINDS} | {"gru": {"synthetic": 0.25}}
    lines = table(rows).splitlines()
    assert all(line.count("|") == len(COLUMNS) + 2 for line in lines)
    assert lines[2].startswith("| `rnn` | 1,234 |")
    assert "0.2500" in lines[3]

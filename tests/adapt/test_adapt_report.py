"""The report is one file: what the look's judge saw is in it, not beside it."""

from pathlib import Path

import cv2
import numpy as np

from readapt.adapt.end.changes import Change, Changes
from readapt.adapt.end.report import look_shown, read_column
from readapt.evaluate.estimate import Estimate
from readapt.train.loop import Log


def test_the_look_is_shown_where_there_was_one(tmp_path: Path) -> None:
    assert list(look_shown(tmp_path)) == []
    game = tmp_path / "look" / "game"
    game.mkdir(parents=True)
    (game / "judge.csv").write_text(
        "step,score,kid,preserved\n200,1,0.4,0.9\n400,inf,inf,0.95\n600,1,0.2,1\n"
    )
    cv2.imwrite(str(game / "grid.png"), np.zeros((4, 4), np.uint8))
    html = "".join(look_shown(tmp_path))
    assert html.count("<svg") == 2
    assert "kept their text" in html
    assert "data:image/png;base64," in html
    assert "nan" not in html
    assert "href" not in html


def test_a_log_whose_columns_changed_is_read(tmp_path: Path) -> None:
    """A look that is tried weaker has a new column from then on; resumed logs repeat their head."""
    log = Log(tmp_path / "judge.csv", echo=False)
    log.write({"step": 1.0, "score": 2.0, "kid": 0.5})
    Log(tmp_path / "judge.csv", echo=False).write({"step": 2.0, "score": 1.0, "kid": 0.4})
    log.write({"step": 3.0, "score": 1.0, "strength": 0.8, "kid": 0.3})
    with log.path.open("a") as file:
        file.write("4,0.5,0.8\n5,0.5,")  # cut off, before it was resumed and at the end
    assert read_column(log.path, "kid") == [0.5, 0.4, 0.3]
    assert read_column(log.path, "strength") == [0.8, 0.8]
    assert read_column(log.path, "gap") == []


def test_lines_that_nobody_can_read_are_not_shown() -> None:
    """Handwriting among print reads otherwise every time: it would be what changed most."""

    def change(before: float, after: float) -> Change:
        return Change(np.zeros((36, 9), np.uint8), "a.png", "ab", "cd", False, (before, after))

    scrawl, better, worse = change(0.3, 0.4), change(0.3, 0.1), change(0.02, 0.2)
    estimate = Estimate(0.1, 0.1, 0.1, 9)
    changes = Changes(9, 9, 1, (scrawl, better, worse), (), estimate, estimate)
    assert changes.legible == (better, worse)
    assert changes.worse == (worse,)

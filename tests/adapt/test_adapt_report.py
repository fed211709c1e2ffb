"""The report is one file: what the look's judge saw is in it, not beside it."""

from pathlib import Path

import cv2
import numpy as np

from readapt.adapt.end.report import look_shown


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

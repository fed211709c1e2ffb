"""The recipe of texts: what of a message catalogue is running text."""

import sys
from pathlib import Path

import polib

sys.path.insert(0, str(Path(__file__).parents[1] / "recipes"))
from texts import prose

SAID = "Der König ritt am frühen Morgen durch das Tor, und niemand sah ihn jemals wieder."


def test_labels_variables_and_markup_are_no_prose(tmp_path: Path) -> None:
    catalogue = polib.POFile()
    for i, text in enumerate(
        (
            SAID,
            SAID,  # once is enough
            "Abbrechen",
            SAID.replace("König", "$name"),
            f"<b>{SAID}</b>",
            "Die Burg fiel in der Nacht,\nund der Winter kam früher als in all den anderen Jahren.",
        )
    ):
        catalogue.append(polib.POEntry(msgid=str(i), msgstr=text))
    folder = tmp_path / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue.save_as_mofile(str(folder / "game.mo"))
    assert list(prose(tmp_path, "de")) == [
        SAID,
        "Die Burg fiel in der Nacht, und der Winter kam früher als in all den anderen Jahren.",
    ]
    assert not list(prose(tmp_path, "fr"))

"""Fetch running text that tells stories, in the languages that readapt knows, Latin among them.

Manual pages are most of what a system says in other languages than English, and no document is
written like them. The Battle for Wesnoth tells its campaigns in all of these languages. Debian's
packages of it (280 MB; GPL v2 and later) are fetched without being installed, and what its message
catalogues say goes to one file for each language, such as `fr-wesnoth.txt`; `readapt.synth.corpus`
reads them there, and any other `fr.txt` or `fr-NAME.txt`.

    pip install polib; python recipes/texts.py [FOLDER]    # default: ~/.local/share/readapt/texts
"""

import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polib

from readapt.synth.corpus import clean, texts_folder

GAME = "wesnoth"
NO_STORY = ("-core", "-music", "-server", "-tools")
LANGUAGES = {
    "en": "en_GB",
    "pt": "pt_BR",
    **{name: name for name in ("fr", "de", "es", "it", "nl", "da", "pl", "la")},
}
"""Ours, and the catalogues'."""
SHORTEST = 60
"""Characters of a message that is no label of a button."""
NO_PROSE = re.compile(r"[$|={}<>/\\_*#@~^]")
"""What stands in messages with variables, markup and the names of keys."""


def packages() -> list[str]:
    """Name Debian's packages of the game that have texts, whatever its version."""
    command = ["apt-cache", "depends", "--recurse", "--important", GAME]
    listed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    names = {row.strip() for row in listed.splitlines() if row.startswith(f"{GAME}-")}
    return sorted(name for name in names if not name.endswith(NO_STORY))


def unpack(archive: Path, folder: Path) -> None:
    """Take the message catalogues out of a package; some have none."""
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE
    ) as unpacking:
        with tarfile.open(fileobj=unpacking.stdout, mode="r|") as files:
            for entry in files:
                if entry.name.endswith(".mo"):
                    files.extract(entry, folder, filter="data")
        unpacking.stdout.read()  # the padding: without a reader it would fail
    if unpacking.returncode:
        raise SystemExit(f"{archive.name}: dpkg-deb could not unpack it; fetch it again.")


def prose(folder: Path, language: str) -> Iterator[str]:
    """Yield the messages below `folder` that are running text, each once."""
    seen: set[str] = set()
    for path in sorted(folder.glob(f"**/locale/{language}/LC_MESSAGES/*.mo")):
        for message in polib.mofile(str(path)):
            text = clean(message.msgstr)
            if len(text) >= SHORTEST and text not in seen and not NO_PROSE.search(text):
                yield text
                seen.add(text)


def main(folder: Path) -> None:
    """Fetch the packages, and write `folder/<language>-wesnoth.txt`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["apt-get", "-q", "download", *packages()], cwd=scratch, check=True)
        for archive in sorted(Path(scratch).glob("*.deb")):
            unpack(archive, Path(scratch))
        for ours, theirs in LANGUAGES.items():
            text = "\n".join(prose(Path(scratch), theirs))
            if not text:
                raise SystemExit(f"{ours}: no text was found; the packages have changed.")
            (folder / f"{ours}-{GAME}.txt").write_text(text + "\n", "utf-8")
            print(f"{ours}: {len(text):,} characters")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else texts_folder())

"""Texts to draw: a user's corpus, the word lists and manuals of this system, or built-in words."""

from __future__ import annotations

import gzip
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from numpy.random import Generator

from readapt.errors import InputError

BUILT_IN: Final = {
    "en": "the of and to in is that it was for on are with his they be at one have this from or "
    "had by word but what some we can out other were all there when up use your how said each "
    "she which their time will way about many then them write would like these her long make "
    "thing see him two has look more day could go come did number sound most people over know "
    "water than call first who may down side been now find any new work part take get place made",
    "fr": "le de un être et à il avoir ne je son que se qui ce dans en du elle au pour pas vous "
    "par sur faire plus dire me on mon lui nous comme mais pouvoir avec tout y aller voir bien où "
    "sans tu ou leur homme si deux même prendre aussi celui donner jour ça très année après été "
    "déjà père mère où là façon français hôtel garçon château noël cœur œuvre naïf aiguë",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch "
    "es an werden aus er hat daß sie nach wird bei einer um am sind noch wie einem über einen so "
    "zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei Straße größer müssen "
    "können schön Mädchen Bücher Äpfel Übung Öl heißen weiß groß Fluß früher Höhe",
    "es": "el la de que y a en un ser se no haber por con su para como estar tener le lo todo pero "
    "más hacer o poder decir este ir otro ese si me ya ver porque dar cuando él muy sin vez mucho "
    "saber qué sobre mi alguno mismo también hasta año dos querer entre así primero señor niño",
    "it": "il di che è e la a in un non mi per ho lo ti si le una i con sono ma hai ha da se no "
    "come io ci questo qui bene tu sei solo me mio perché più là città così può già perciò",
    "pt": "o de que e do da em um para é com não uma os no se na por mais as dos como mas foi ao "
    "ele das tem à seu sua ou ser quando muito há nos já está também só pelo até isso ação coração",
    "nl": "de het een en van ik te dat die in je niet zijn is was op aan met als voor had er maar "
    "om hem dan zou wat mijn men dit zo door over ze zich bij ook tot mij uit daar naar één",
    "da": "og i at det en den til er som på de med han af for ikke der var mig sig men et har vi "
    "min havde ham hun nu over da fra du ud sin dem os op man hans hvor eller når være år så også",
    "pl": "i w nie na się z do to że jest o jak ale po co tak za od go już przez czy być był tylko "
    "może dla są który ich jego gdy bardzo więc także łódź ćma źródło żółty ręka miłość",
    "la": "et in est non ad ut cum quod qui sed si quae ex per ab hoc aut de esse quam nec etiam "
    "enim sunt eius quo pro autem omnia inter deus rex homo terra aqua magna populus æternæ",
}
"""Frequent words, so that synthesis works where no word list is installed."""

_GROFF = re.compile(r"\\f[BIRP]|\\f\[[A-Z]*\]|\\&|\\c|\\:|\\%|\\/|\\,")
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\ufeff]")
_WORD = re.compile(r"[^\W\d_]{2,}")


def clean(text: str) -> str:
    """Fold to NFC with single spaces and without control characters."""
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = _UNPRINTABLE.sub(" ", text)
    return " ".join(text.split())


@dataclass(frozen=True)
class Corpus:
    """Running text and words of one language or collection."""

    name: str
    """Language code, or the file's name."""
    text: str = field(repr=False)
    """Running text, NFC, single spaces; may be empty."""
    words: tuple[str, ...] = field(repr=False)
    """Words; never empty."""

    def passage(self, rng: Generator, length: int) -> str:
        """Cut about `length` characters of running text at word boundaries."""
        if len(self.text) < 4 * length + 200:
            return self.sequence(rng, length)
        start = int(rng.integers(0, len(self.text) - length - 100))
        start = self.text.find(" ", start) + 1
        end = self.text.find(" ", start + length)
        return self.text[start : end if 0 < end < start + length + 30 else start + length].strip()

    def sequence(self, rng: Generator, length: int) -> str:
        """Words in random order, about `length` characters."""
        words = [self.word(rng)]
        while len(words) < length and sum(map(len, words)) + len(words) < length:
            words.append(self.word(rng))
        return " ".join(words)

    def word(self, rng: Generator) -> str:
        """One word."""
        return self.words[int(rng.integers(len(self.words)))]


def read_corpus(path: str | Path) -> Corpus:
    """Read a UTF-8 text file as a corpus.

    Raises :class:`InputError` where it is missing, not UTF-8 text, or has no words.
    """
    try:
        text = clean(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"the corpus {path} cannot be read ({error.strerror}): check its name and its rights.",
            str(path),
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"the corpus {path} is not UTF-8 text (byte {error.start}): convert it first.",
            str(path),
        ) from error
    words = tuple(text.split())
    if not words:
        raise InputError(
            f"the corpus {path} has no words in it: put text into it, or name another.", str(path)
        )
    return Corpus(Path(path).stem, text, words)


def _manual_text(folder: Path, limit: int) -> str:
    """Read running text from translated manual pages, about `limit` characters."""
    parts: list[str] = []
    size = 0
    for page in sorted(folder.glob("man*/*.gz")):
        try:
            source = gzip.decompress(page.read_bytes()).decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        rows = (r for r in source.splitlines() if r and r[0] not in ".'" and '\\"' not in r)
        plain = _GROFF.sub("", " ".join(rows)).replace("\\-", "-").replace("\\ ", " ")
        plain = plain.replace("\\(co", "©").replace("\\(bu", "•").replace("\\~", " ")
        parts.append(clean(re.sub(r"\\\S*", "", plain)))
        size += len(parts[-1])
        if size > limit:
            break
    return " ".join(parts)


_NO_TEXT: Final = ("ascii-art", "asciiart")


def _fortunes(folder: Path, limit: int) -> str:
    # Links lead from the folder of the English ones to those of other languages.
    parts: list[str] = []
    for file in sorted(folder.glob("*")):
        if file.suffix in (".dat", ".u8") or file.name in _NO_TEXT or file.is_symlink():
            continue
        if file.is_file():
            try:
                parts.append(clean(file.read_text(encoding="utf-8").replace("%", " ")))
            except UnicodeDecodeError:
                continue
    return " ".join(parts)[:limit]


def _word_list(path: Path, most: int) -> list[str]:
    """About `most` words of a list of one word a line, spread evenly over it."""
    raw = path.read_bytes()
    try:
        listed = raw.decode("utf-8").splitlines()
    except UnicodeDecodeError:  # the Scandinavian lists are older than that
        listed = raw.decode("latin-1").splitlines()
    chosen = listed[:: max(1, len(listed) // most)]
    return [unicodedata.normalize("NFC", word) for word in chosen if 0 < len(word) < 25]


_SYSTEM: Final = {
    # language: word lists, manual folder, fortunes folder (Debian's places)
    "en": (("american-english", "british-english"), "", ""),
    "fr": (("french",), "fr", "fr"),
    "de": (("ngerman", "ogerman"), "de", "de"),
    "es": (("spanish",), "es", "es"),
    "it": (("italian",), "it", "it"),
    "pt": (("portuguese",), "pt_BR", ""),
    "nl": (("dutch",), "nl", ""),
    "da": (("danish", "swedish", "bokmaal"), "da", ""),
    "pl": (("polish",), "pl", "pl"),
    "la": ((), "", ""),
}


def texts_folder() -> Path:
    """Where running text of a language stands: UTF-8, `fr.txt` or `fr-NAME.txt` (recipes/texts.py).

    Languages have the two letters of ``BUILT_IN``.
    """
    home = os.environ.get("XDG_DATA_HOME", "")
    return (Path(home) if home else Path.home() / ".local/share") / "readapt/texts"


def _own_text(language: str) -> str:
    named = (texts_folder() / f"{language}.txt", *texts_folder().glob(f"{language}-*.txt"))
    found = [path for path in sorted(named) if path.is_file() and path.read_bytes().strip()]
    return " ".join(read_corpus(path).text for path in found)


@lru_cache(maxsize=2)  # an adaptation wants much of it, and general lines have less
def system_corpora(limit: int = 1_500_000) -> dict[str, Corpus]:
    """One corpus per language from what is installed, over the built-in words.

    What stands in :func:`texts_folder`, word lists under /usr/share/dict, fortunes and translated
    manuals, of these two at most `limit` characters each.
    """
    corpora = {}
    share = Path("/usr/share")
    for language, (lists, manual, fortunes) in _SYSTEM.items():
        text = _own_text(language)
        if fortunes or language == "en":
            text += " " + _fortunes(share / "games/fortunes" / fortunes, limit)
        if manual:
            text += " " + _manual_text(share / "man" / manual, limit)
        words = list(BUILT_IN[language].split()) * 20
        for name in lists:
            path = share / "dict" / name
            if path.exists():
                words.extend(_word_list(path, most=60_000))
        words.extend(_WORD.findall(_from_all_over(text, 400_000)))
        if language == "la" and not text:
            words.extend(_latin_words())
        corpora[language] = Corpus(language, text.strip(), tuple(words))
    return corpora


def _from_all_over(text: str, most: int, parts: int = 16) -> str:
    """Take about `most` characters of a text, whole words, in parts: it is put of several kinds."""
    if len(text) <= most:
        return text
    size, step = most // parts, len(text) // parts
    cut = (text[start : start + size] for start in range(0, step * parts, step))
    return " ".join(part.partition(" ")[2].rpartition(" ")[0] for part in cut)


def _latin_words() -> Iterable[str]:
    """Words like Latin ones, of stems and endings, where there is no text: it has no word list."""
    stems = (
        "ann arm aqu bell caus curr domin fort glori habit iust laud magn mult nomin oper "
        "popul quæst reg sanct terr urb ver virt vid scrib leg mitt ten dic fac cap duc sequ "
        "imper philosoph histor natur figur corpor tempor principi auctor sapient præ"
    ).split()
    endings = (
        "a æ am is um i us o e em es ibus ium arum orum as os at ant it unt et ent are ere "
        "ire atus itus ata itum andi endo ens entis iter issime que ne tio tionis tionem tate "
        "tatis"
    ).split()
    return (stem + ending for stem in stems for ending in endings)

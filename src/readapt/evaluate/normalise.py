"""Two ways to write a text before it is compared: strict, and folded.

*Strict* changes nothing a reader could see: NFC, and runs of white space become one space.
*Folded* also forgives what two transcribers, or two engines, write differently for the same ink:
long s and s, combining e and umlaut, the kinds of dash, the kinds of quotation mark. Figures that
compare engines are folded figures; the strict ones stand beside them.
"""

import re
import unicodedata
from typing import Final

_SPACES: Final = re.compile(r"\s+")
_COMBINING_E: Final = re.compile("([aouAOU])\u0364")
_UMLAUT: Final = {"a": "ä", "o": "ö", "u": "ü", "A": "Ä", "O": "Ö", "U": "Ü"}

_DASHES: Final = "".join(
    chr(code) for code in range(0x80, 0x10000) if unicodedata.category(chr(code)) == "Pd"
)
"""Every dash outside ASCII: Unicode category Pd, which holds ⸗ too."""

_FOLDED: Final = str.maketrans(
    {
        "ſ": "s",
        "ẛ": "ṡ",
        "…": "...",
        **dict.fromkeys(_DASHES + "¬−", "-"),
        **dict.fromkeys("‘’‚‛‹›", "'"),
        **dict.fromkeys("“”„‟«»", '"'),
    }
)


def strict(text: str) -> str:
    """Return ``text`` in NFC with white space collapsed and none at either end."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def fold(text: str, *, ignore_case: bool = False) -> str:
    """Return ``text`` with the differences forgiven that no two transcribers agree on.

    NFC; ſ becomes s; a, o, u with a combining e (U+0364) become ä, ö, ü; ⸗, ¬ and every dash
    become ``-``; typographic quotation marks (guillemets too) become ``"`` and ``'``; … becomes
    three dots; white space is collapsed. ``ignore_case`` writes everything upper case, for truth
    that is all capitals. Folding twice is folding once.
    """
    text = unicodedata.normalize("NFC", text).translate(_FOLDED)
    if ignore_case:
        text = unicodedata.normalize("NFC", text.upper())
    text = _COMBINING_E.sub(lambda found: _UMLAUT[found[1]], text)
    return strict(text)

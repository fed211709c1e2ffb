"""Phrases that no running text holds: sums, dates, codes, sizes, what tills and forms say.

Each function takes a random generator and returns one line of text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from numpy.random import Generator

from readapt.synth.corpus import Corpus, clean

COMMERCE: Final = (
    "TOTAL SUBTOTAL CASH CHANGE TAX INVOICE RECEIPT NO DATE TIME QTY PRICE AMOUNT ITEM "
    "DESCRIPTION DISCOUNT ROUNDING ADJUSTMENT CASHIER COUNTER TABLE BILL TEL FAX GST VAT REG "
    "ID INCL EXCL VISA CARD BALANCE DUE PAID THANK YOU PLEASE COME AGAIN GOODS SOLD ARE NOT "
    "RETURNABLE REFUNDABLE EXCHANGE WITHIN DAYS WITH STORE SHOP SDN BHD LTD INC CO COMPANY "
    "TRADING ENTERPRISE RESTAURANT CAFE MARKET HARDWARE STATIONERY ELECTRICAL PHARMACY JALAN "
    "TAMAN STREET ROAD AVENUE FLOOR BLOCK UNIT LOT CITY STATE TERMINAL OPERATOR MEMBER POINTS "
    "SUMMARY RATE"
).split()
_ROMAN: Final = "I II III IV V VI VII VIII IX X XI XII XX XL".split()
_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_UNITS: Final = "ML L G KG MG MM CM M IN PCS PKT S W V GB".split()
_DOMAINS: Final = ".com .com .com .net .org .de .fr .it .co.uk .com.my".split()


def digits(rng: Generator, count: int) -> str:
    """`count` random digits."""
    return "".join(str(d) for d in rng.integers(0, 10, count))


def pick(rng: Generator, options: Iterable[str]) -> str:
    """One of `options`."""
    listed = tuple(options)
    return listed[int(rng.integers(len(listed)))]


def amount(rng: Generator) -> str:
    """Draw a sum of money, a quantity, a percentage or a calculation."""
    whole = int(10 ** rng.uniform(0, 4.5)) if rng.random() < 0.85 else 0
    point = "." if rng.random() < 0.7 else ","
    number = f"{whole:,}" if rng.random() < 0.3 else str(whole)
    if point == ",":
        number = number.replace(",", ".")
    if rng.random() < 0.8:
        number += point + digits(rng, 2 if rng.random() < 0.85 else int(rng.integers(1, 4)))
    form = rng.random()
    if form < 0.4:
        return number
    if form < 0.6:
        space = " " if rng.random() < 0.5 else ""
        return (
            pick(rng, ("RM", "$", "€", "£", "Fr.", "USD", "EUR", "Kr.", "Mk.", "zł"))
            + space
            + number
        )
    if form < 0.7:
        return f"{number} {pick(rng, ('€', 'EUR', 'Frs', 'kr', 'DM', 'M.', 'fl.', 'SR', 'Z', 'T'))}"
    if form < 0.77:
        return f"{number}%"
    if form < 0.84:
        return f"-{number}" if rng.random() < 0.5 else f"({number})"
    if form < 0.92:
        return f"{rng.integers(1, 30)} {pick(rng, ('x', 'X', '@', '*', 'PCS', 'Stk.'))} {number}"
    return (
        f"{rng.integers(1, 99)}{pick(rng, ('kg', 'g', 'ML', 'L', 'cm', 'mm', 'h', 'PKT'))} {number}"
    )


def date(rng: Generator) -> str:
    """Draw a date, a time, or both."""
    day, month, year = (
        int(rng.integers(1, 32)),
        int(rng.integers(1, 13)),
        int(rng.integers(1480, 2030)),
    )
    if rng.random() < 0.5:
        year = int(rng.integers(1900, 2030))
    names = (
        "Januar February März Avril Mai Juni July Août September Octobre November Dezember "
        "Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec janvier février mars juillet décembre "
        "Maj marts oktober"
    ).split()
    form = rng.random()
    mark = pick(rng, "/-./")
    if form < 0.4:
        text = (
            f"{day:02d}{mark}{month:02d}{mark}{year if rng.random() < 0.7 else f'{year % 100:02d}'}"
        )
    elif form < 0.5:
        text = f"{year}-{month:02d}-{day:02d}"
    elif form < 0.75:
        text = f"{day}{pick(rng, ('.', '', '.', 'th'))} {pick(rng, names)} {year}"
    elif form < 0.85:
        text = f"{pick(rng, names)} {day}, {year}"
    else:
        text = f"{rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}"
        if rng.random() < 0.5:
            text += f":{rng.integers(0, 60):02d}"
        return text + (pick(rng, (" AM", " PM", "pm", " Uhr", " h")) if rng.random() < 0.4 else "")
    if rng.random() < 0.25:
        text += f" {rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}"
        text += f":{rng.integers(0, 60):02d}" if rng.random() < 0.6 else ""
        text += pick(rng, (" AM", " PM", "")) if rng.random() < 0.5 else ""
    return text


def code(rng: Generator) -> str:
    """Draw an article number, a reference, a telephone number, a size or an address on the web."""
    form = rng.random()
    if form < 0.2:
        return digits(rng, int(rng.integers(4, 14)))
    if form < 0.42:
        parts = [_part(rng) for _ in range(int(rng.integers(1, 5)))]
        text = pick(rng, ("-", "/", "", " ", ".", ":")).join(parts)
        return pick(rng, ("[{}]", "({})", "#{}")).format(text) if rng.random() < 0.12 else text
    if form < 0.58:
        prefix = pick(rng, ("+", "0", "(0", "Tel: 0", "TEL : 0", "Fax: 0", "Tél. ", "H/P: 0"))
        rest = digits(rng, int(rng.integers(1, 4))) + (")" if "(" in prefix else "")
        return f"{prefix}{rest}{pick(rng, '- /')}{digits(rng, int(rng.integers(4, 9)))}"
    if form < 0.67:
        label = pick(rng, ("No.", "Nr.", "No", "N°", "#", "No :", "Fig.", "S.", "p.", "Vol.", "§"))
        return f"{label} {rng.integers(1, 3000)}"
    if form < 0.73:
        return f"({digits(rng, int(rng.integers(4, 9)))}-{pick(rng, _CAPITALS)})"
    if form < 0.8:
        return pick(rng, _ROMAN) + pick(rng, (".", "", ")", ",")) + f" {rng.integers(1, 999)}"
    return size(rng) if form < 0.88 else web(rng)


def _part(rng: Generator) -> str:
    """Letters, digits, or a few of both."""
    form = rng.random()
    if form < 0.35:
        return "".join(pick(rng, _CAPITALS) for _ in range(int(rng.integers(1, 4))))
    number = digits(rng, int(rng.integers(1, 7)))
    if form < 0.75:
        return number
    return number + pick(rng, _CAPITALS) if form < 0.85 else pick(rng, _CAPITALS) + number


def size(rng: Generator) -> str:
    """Draw how large or how many something is, as articles' names say it."""
    unit = pick(rng, _UNITS)
    sides = [str(int(10 ** rng.uniform(0, 3))) for _ in range(1 if rng.random() < 0.6 else 2)]
    text = pick(rng, "xX*").join(side + unit for side in sides)
    form = rng.random()
    if form < 0.15:
        text = sides[0] + pick(rng, ("'S", "'", '"', "#", "S", "P", "+1"))
    elif form < 0.25:
        text = f"{pick(rng, 'ABXM')}{rng.integers(1, 10)}"
    elif form < 0.35:
        inside = str(rng.integers(1, 20)) + pick(rng, ("'", '"', unit))
        text += f"({inside})"
    return text.lower() if rng.random() < 0.3 else text


def web(rng: Generator) -> str:
    """Draw an address on the web, or of a mailbox there."""
    names = [
        "".join(pick(rng, _CAPITALS) for _ in range(int(rng.integers(2, 11)))).lower()
        for _ in range(2)
    ]
    host = names[0] + pick(rng, _DOMAINS)
    if rng.random() < 0.3:
        return f"{pick(rng, ('info', 'service', names[1], names[1]))}@{host}"
    return pick(rng, ("www.", "www.", "http://", "https://", "")) + host


def commerce(rng: Generator, corpus: Corpus) -> str:
    """Draw a phrase of a receipt or a form: its usual words, an article, a label with a value."""
    form = rng.random()
    words = [pick(rng, COMMERCE) for _ in range(int(rng.integers(1, 5)))]
    text = " ".join(words)
    if form < 0.27:
        text = _article(rng, corpus)
    elif form < 0.38:
        text += pick(rng, (": ", " : ", ":", " # ")) + pick(
            rng, (amount(rng), date(rng), code(rng))
        )
    elif form < 0.44:
        text += pick(rng, (":", " :", " :", " :"))
    elif form < 0.47:
        text = pick(rng, (": ", ":")) + pick(rng, (amount(rng), date(rng), code(rng), words[0]))
    elif form < 0.55:
        text += f" {amount(rng)}"
    elif form < 0.61:
        text = f"{rng.integers(1, 200)}{pick(rng, ('.', ')', ' ', '-', ','))} {text}"
    elif form < 0.68:
        text = _at_rate(rng, text)
    elif form < 0.75:
        inside = pick(rng, (words[0], words[0][:2], code(rng), corpus.word(rng)))
        text = pick(rng, ("{}({})", "{} ({})", "({1}){0}", "[{1}]{0}", "{} [{}]", "{}/{}")).format(
            text, inside
        )
    if rng.random() < 0.08:
        frame = pick(rng, "**=-#~") * int(rng.integers(1, 6))
        text = f"{frame} {text} {frame}" if rng.random() < 0.7 else frame * int(rng.integers(1, 5))
    case = rng.random()
    text = text if case < 0.6 else text.title() if case < 0.9 else text.lower()
    return clean(text)


def _article(rng: Generator, corpus: Corpus) -> str:
    """Name something that is sold: words in capitals, some cut short, and how much of it."""
    text = corpus.sequence(rng, int(rng.integers(4, 30))).upper()
    if rng.random() < 0.2:
        text = text.replace(" ", pick(rng, (".", "/", "-", "&", " & ")), 1)
    if rng.random() < 0.45:
        text += f" {size(rng)}"
    return text


def _at_rate(rng: Generator, text: str) -> str:
    rate = f"{rng.integers(0, 26)}{pick(rng, ('', '', '', '.0', '.5', '.00'))}%"
    if rng.random() < 0.2:
        return f"(@ {rate})"
    forms = ("{} {}", "{} @ {}", "{} @{}", "{}@{}", "{} ({})", "{} ({}):", "{} {}:", "{}({})")
    short = pick(rng, ("SR", "ZR", "S", "Z", "T", "A", "OS"))
    return pick(rng, forms).format(short if rng.random() < 0.3 else text, rate)


def scattered(rng: Generator, characters: str, length: int) -> str:
    """Random characters in groups, so that rare ones are seen too."""
    chosen = [pick(rng, characters) for _ in range(length)]
    for i in range(2, length - 1):
        if rng.random() < 0.15:
            chosen[i] = " "
    return clean("".join(chosen)) or "0"


def punctuate(rng: Generator, text: str) -> str:
    """Put quotes, brackets or a mark around words here and there, in one of several habits."""
    words = text.split()
    opening, closing = pick(
        rng, ("“ ”", "„ “", "« »", '" "', "' '", "‘ ’", "( )", "[ ]", "» «", "* *")
    ).split()
    where = int(rng.integers(len(words)))
    if rng.random() < 0.5:
        words[where] = opening + words[where] + closing
    for i in range(len(words)):
        if rng.random() < 0.12:
            mark = pick(rng, (",", ".", ";", ":", "!", "?", ",", ".", "-", "–", "—", "..."))
            french = mark in (";", ":", "!", "?") and rng.random() < 0.3
            words[i] += f" {mark}" if mark in "–—" or french else mark
    return " ".join(words)

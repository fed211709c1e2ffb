"""Till receipts: narrow strips, centred heads, rows of items and amounts, totals, separators."""

from collections.abc import Callable

from readapt.synth import negatives
from readapt.synth.phrases import code, date
from readapt.synth.press import Family, Press

_HEADS = (
    ("Item", "Qty", "Price", "Amount"),
    ("Description", "Qty", "U/Price", "Total"),
    ("QTY", "ITEM", "RM", "AMT"),
    ("Menge", "Artikel", "Preis", "EUR"),
    ("Qté", "Article", "Prix", "Montant"),
    ("Item/Desc.", "Qty", "S/Price", "Amt.", "Tax"),
)
_KEYS = (
    "Date", "Time", "Cashier", "Invoice No", "Table", "Doc No.", "Member", "Terminal", "Slip No.",
    "Trans", "Salesperson", "Ref.", "Datum", "Beleg-Nr.", "Bon", "Kasse", "Caisse", "Ticket",
    "Order", "Counter", "Pax", "Customer", "Reg No", "GST ID", "Bill To", "Page", "Store",
)  # fmt: skip
_SUMS = (
    "Subtotal", "Total", "TOTAL", "Cash", "CHANGE", "Change", "Rounding", "Discount", "Tax 6%",
    "GST 6%", "Total Excl. GST", "Total Incl. GST", "Grand Total", "VISA", "Item Count", "Summe",
    "Gesamt", "Bar", "Rückgeld", "MwSt 19%", "Total TTC", "Espèces", "Rendu", "Balance Due",
    "Total Qty", "Service Charge 10%", "Rounding Adj", "Net Total", "AMOUNT DUE",
)  # fmt: skip
_THANKS = (
    "Thank you! Please come again", "GOODS SOLD ARE NOT RETURNABLE", "THANK YOU", "*** COPY ***",
    "Vielen Dank für Ihren Einkauf", "Merci de votre visite", "Have a nice day", "** PAID **",
    "Please keep this receipt as proof of purchase", "www.example.com", "Tel: 555-0134",
    "Customer copy", "No refund without receipt", "Goods sold are not refundable",
)  # fmt: skip


def amount(press: Press) -> str:
    """Draw a sum of money as tills print it."""
    value = float(10 ** press.between(-0.3, 3.2))
    mark = "," if press.chance(0.15) else "."
    digits = f"{value:,.2f}" if press.chance(0.3) else f"{value:.2f}"
    if mark == ",":
        digits = digits.replace(",", "").replace(".", ",")
    sign = press.rng.choice(["", "", "", "", "", "$", "€", "RM ", "-", "£"])
    return f"{sign}{digits}"


class _Till:
    """The printing head: where it stands on the strip, and the faces it has."""

    def __init__(self, press: Press) -> None:
        self.press = press
        self.left = press.width * press.between(0.03, 0.16)
        self.right = press.width * (1 - press.between(0.03, 0.16))
        self.family: Family = press.family("mono", "mono", "sans", "sans", "typewriter", "serif")
        letters = press.between(26, 54)
        room = self.right - self.left
        width = self.family.face(100).width("aeinrstE0123 -") / 14 / 100
        self.size = min(max(room / letters / width, 13.0), 64.0)
        self.leading = self.size * press.between(1.0, 1.55)
        self.shade = press.whole(110, 255)
        self.y = press.height * press.between(0.01, 0.08) + self.size
        self.upper = press.chance(0.5)
        self.body = self.family.face(self.size, bold=press.chance(0.12))
        self.strong = self.family.face(self.size, bold=True)

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def full(self) -> bool:
        """Whether the strip has no room for another row."""
        return self.y > self.press.height - 1.5 * self.leading

    def feed(self, lines: float = 1.0) -> None:
        self.y += lines * self.leading

    def centred(self, text: str, *, strong: bool = False, scale: float = 1.0) -> None:
        if self.full:
            return
        face = (
            self.family.face(self.size * scale, bold=strong)
            if scale != 1.0 or strong
            else self.body
        )
        drawn = [word for word in text.split() if face.font.can_draw(word)]
        self.y += (scale - 1) * self.size * 0.8
        self.press.centred(drawn, face, self.middle, self.y, self.shade)
        self.feed(max(1.0, 0.7 + 0.3 * scale))

    def row(self, *cells: tuple[str, float, float], strong: bool = False) -> None:
        """Cells ``(text, place, align)``; place is 0 at the left margin and 1 at the right."""
        if self.full:
            return
        face = self.strong if strong else self.body
        room = self.right - self.left
        shown = [
            (text, self.left + place * room, align)
            for text, place, align in cells
            if face.font.can_draw(text)
        ]
        self.press.cells(shown, face, self.y)
        self.feed()

    def separator(self) -> None:
        if self.full:
            return
        press = self.press
        if press.chance(0.6):
            negatives.typed_rule(press, self.left, self.right, self.y, self.size)
        else:
            thick = press.between(1, 4)
            negatives.rule(press, self.left, self.right, self.y - 0.3 * self.size, thick)
        self.feed(press.between(0.8, 1.3))

    def words(self, most: int) -> str:
        words = self.press.title(most, self.family.regular)
        return " ".join(words).upper() if self.upper else " ".join(words)


def compose(press: Press) -> None:
    """Fill the sheet with one receipt."""
    till = _Till(press)
    _head(press, till)
    parts: list[Callable[[Press, _Till], None]] = [_meta, _items, _sums]
    if press.chance(0.5):
        parts.append(_taxes)
    if press.chance(0.25):
        parts.append(_small_print)
    parts.append(_foot)
    for part in parts:
        if press.chance(0.75):
            till.separator()
        else:
            till.feed(press.between(0.2, 1.0))
        part(press, till)
    if press.chance(0.2):
        negatives.handwriting(
            press,
            press.width * press.between(0.05, 0.6),
            press.height * press.between(0.0, 0.95),
            press.width * press.between(0.1, 0.5),
            till.size * press.between(0.8, 2.5),
        )
    if press.chance(0.1):
        negatives.stamp(
            press,
            press.width * press.between(0, 0.7),
            press.height * press.between(0, 0.9),
            press.width * press.between(0.2, 0.5),
        )
    for _ in range(press.whole(0, 2) if press.chance(0.2) else 0):
        negatives.tick(
            press, press.between(0, press.width), press.between(0, press.height), till.size
        )


def _head(press: Press, till: _Till) -> None:
    if press.chance(0.3):
        wide, high = press.width * press.between(0.15, 0.5), till.size * press.between(2, 6)
        negatives.logo(press, till.middle - wide / 2, till.y, wide, high)
        till.y += high + till.leading
    for _ in range(press.whole(1, 2)):
        till.centred(till.words(4), strong=press.chance(0.6), scale=press.between(1.0, 2.0))
    for _ in range(press.whole(1, 5)):
        kind = press.rng.random()
        if kind < 0.6:
            till.centred(till.words(5))
        elif kind < 0.8:
            till.centred(f"Tel: {code(press.rng)}")
        else:
            till.centred(f"({code(press.rng)}-{press.rng.choice(list('AHKVWX'))})")
    if press.chance(0.5):
        till.feed(press.between(0, 1))
        till.centred(
            str(press.rng.choice(["TAX INVOICE", "RECEIPT", "Invoice", "Quittung", "CASH"])),
            strong=True,
        )


def _value(press: Press) -> str:
    return str(
        press.rng.choice(
            [date(press.rng), code(press.rng), code(press.rng), f": {code(press.rng)}"]
        )
    )


def _meta(press: Press, till: _Till) -> None:
    style = press.rng.random()
    for _ in range(press.whole(1, 5)):
        first, second = (str(key) for key in press.rng.choice(_KEYS, 2, replace=False))
        if style < 0.35:
            till.row((f"{first}: {_value(press)}", 0, 0), (f"{second}: {_value(press)}", 1, 1))
        elif style < 0.6:
            till.row((first, 0, 0), (f": {_value(press)}", press.between(0.28, 0.34), 0))
        elif style < 0.8:
            till.row((f"{first} : {_value(press)}", 0, 0))
        else:
            till.row(
                (first, 0, 0),
                (f": {_value(press)}", 0.27, 0),
                (second, 0.62, 0),
                (f": {press.whole(1, 99)}", 0.86, 0),
            )


def _items(press: Press, till: _Till) -> None:
    heads = press.rng.choice(len(_HEADS))
    names = _HEADS[int(heads)]
    places = sorted(float(place) for place in press.rng.uniform(0.35, 0.85, len(names) - 2))
    if press.chance(0.7):
        middle = [(name, place, 1.0) for name, place in zip(names[1:-1], places, strict=True)]
        till.row((names[0], 0, 0), *middle, (names[-1], 1, 1), strong=press.chance(0.4))
        if press.chance(0.6):
            till.separator()
    style = press.rng.random()
    suffix = str(press.rng.choice(["", "", "", " SR", " T", " A", "*"]))
    # Half of all receipts are long: their items go on until little room is left.
    end = press.between(0.5, 0.8) * press.height if press.chance(0.5) else 0.0
    least = press.whole(1, 14)
    for number in range(200):
        if number >= least and till.y > end:
            break
        price = amount(press) + suffix
        if style < 0.35:
            till.row((till.words(4), 0, 0), (price, 1, 1))
        elif style < 0.6:
            till.row((till.words(5), 0, 0), *([(suffix, 1, 1)] if suffix else []))
            till.row(
                (code(press.rng), press.between(0, 0.06), 0),
                (str(press.whole(1, 9)), places[0], 1),
                (amount(press), places[-1] if len(places) > 1 else 0.75, 1),
                (price, 1, 1),
            )
        elif style < 0.8:
            till.row((f"{press.whole(1, 20)}", 0, 0), (till.words(3), 0.1, 0), (price, 1, 1))
        else:
            till.row((till.words(4), 0, 0))
            till.row(
                (f"{press.whole(1, 9)} x {amount(press)}", press.between(0.05, 0.3), 0),
                (price, 1, 1),
            )
        if press.chance(0.1):
            till.feed(0.5)


def _sums(press: Press, till: _Till) -> None:
    style = press.rng.random()
    place = press.between(0.6, 0.8)
    colon = str(press.rng.choice(["", " :", ":"]))
    for _ in range(press.whole(2, 8)):
        name = str(press.rng.choice(_SUMS))
        strong = press.chance(0.3)
        if style < 0.6:
            till.row((name + colon, 0, 0), (amount(press), 1, 1), strong=strong)
        else:
            till.row((name + colon, place, 1), (amount(press), 1, 1), strong=strong)
        if press.chance(0.15):
            till.separator()


def _taxes(press: Press, till: _Till) -> None:
    start = till.y
    columns = [0.0, press.between(0.4, 0.6), 1.0]
    names = ("GST Summary", "Amount", "Tax") if press.chance(0.6) else ("MwSt", "Netto", "Steuer")
    rows = [names]
    rows += [
        (f"SR = {press.whole(0, 19)}%", amount(press), amount(press))
        for _ in range(press.whole(1, 3))
    ]
    if press.chance(0.5):
        rows.append(("Total", amount(press), amount(press)))
    for cells in rows:
        till.row(*zip(cells, columns, (0.0, 1.0, 1.0), strict=True))
    if press.chance(0.3):
        pad = 0.4 * till.size
        press.sheet.pen.rectangle(
            (till.left - pad, start - till.size - pad, till.right + pad, till.y - till.size + pad),
            outline=press.whole(120, 255),
            width=press.whole(1, 4),
        )
        till.feed(0.6)


def _small_print(press: Press, till: _Till) -> None:
    face = till.family.face(till.size * press.between(0.6, 0.95))
    words = press.words(press.whole(10, 40), face.font)
    bottom = min(press.height - till.size, till.y + 8 * till.leading)
    room = till.right - till.left
    leading = face.size * press.between(1.0, 1.3)
    till.y = press.paragraph(words, face, till.left, till.y, room, leading, bottom)
    till.feed(0.5)


def _foot(press: Press, till: _Till) -> None:
    for _ in range(press.whole(1, 5)):
        text = str(press.rng.choice(_THANKS)) if press.chance(0.7) else till.words(6)
        till.centred(text.upper() if till.upper else text, strong=press.chance(0.2))
    if press.chance(0.25):
        high = till.size * press.between(1.5, 4)
        if till.y + high < press.height:
            wide = (till.right - till.left) * press.between(0.4, 0.9)
            negatives.barcode(press, till.middle - wide / 2, till.y - 0.5 * till.size, wide, high)
            till.y += high + till.size
            till.centred(code(press.rng))

"""Catalogues and price lists: centred heads, numbered entries that hang, prices at the right."""

from dataclasses import dataclass, replace

from readapt.synth import negatives
from readapt.synth.press import Press
from readapt.synth.sheet import Face, Item


def compose(press: Press) -> None:
    """Fill the sheet with one page of a catalogue, a table of contents or a menu."""
    family = press.family("serif", "old", "old", "sans", "blackletter")
    heads = press.family("sans", "serif", "display") if press.chance(0.3) else family
    left = press.width * press.between(0.06, 0.2)
    right = press.width * (1 - press.between(0.06, 0.2))
    letters = press.between(26, 56)
    width = family.face(100).width("aeinrstdlo n") / 12 / 100
    face = family.face(min(max((right - left) / letters / width, 12.0), 64.0))
    leading = face.size * press.between(1.0, 1.5)
    middle = (left + right) / 2
    y = press.height * press.between(0.04, 0.15) + face.size
    if press.chance(0.7):
        number = str(press.whole(1, 200))
        marks = [["—", number, "—"], ["-", number, "-"], [number]][press.whole(0, 2)]
        press.centred([mark for mark in marks if face.font.can_draw(mark)], face, middle, y)
        y += leading * press.between(1, 2)
    if press.chance(0.5):
        small = family.face(face.size * press.between(0.6, 0.9))
        cells = [("Nr.", left, 0.0), ("Fr.", right, 1.0)]
        press.cells(cells if press.chance(0.7) else cells[1:], small, y)
        y += leading
    bottom = press.height * press.between(0.6, 0.96)
    entry = press.whole(1, 400)
    entries = _Entries(
        face=face,
        left=left,
        right=right,
        leading=leading,
        hang=face.size * press.between(1.5, 3) if press.chance(0.7) else 0.0,
        leader=str(press.rng.choice(["", "", "", "", ".", ". "])),
        priced=press.chance(0.75),
    )
    strong, slanted = press.chance(0.5), press.chance(0.35)
    per_head = press.between(0.15, 0.5)
    while y < bottom:
        if press.chance(per_head):
            size = face.size * press.between(0.9, 1.3)
            head = heads.face(size, bold=strong, italic=slanted and not strong)
            y += leading * press.between(0, 0.4)
            press.centred(press.title(6, head.font), head, middle, y)
            y += leading * press.between(1.0, 1.4)
            continue
        y = _entry(press, entries, entry, y)
        entry += press.whole(1, 2)
    if press.chance(0.3) and y < press.height * 0.9:
        half = press.width * press.between(0.05, 0.2)
        negatives.ornament(press, middle, y + leading, 2 * half)
    if press.chance(0.25):
        negatives.handwriting(
            press, press.width * press.between(0, 0.8), press.height * press.between(0, 0.95),
            press.width * 0.2, face.size,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Entries:
    """How all entries of a page are set."""

    face: Face
    left: float
    right: float
    leading: float
    hang: float
    """How far the text stands in behind the number."""
    leader: str
    """What fills the way to the price: "" for nothing."""
    priced: bool


def _entry(press: Press, entries: _Entries, number: int, y: float) -> float:
    """Set one entry; returns the next baseline."""
    face, left, right = entries.face, entries.left, entries.right
    price = str(int(10 ** press.between(0.5, 3.7))) if entries.priced else ""
    if press.chance(0.1):
        price = "—" if face.font.can_draw("—") else ""
    wide = face.width(price) + 1.2 * face.size
    lines = press.wrap(
        press.words(press.whole(1, 14), face.font), face, right - left - entries.hang - wide
    )
    for place, words in enumerate(lines):
        if y > press.height - 0.5 * face.size:
            break
        items = []
        if place == 0:
            mark = f"{number}."
            items.append(Item(mark, left, face))
            x = left + max(entries.hang, face.width(mark) + face.space)
        else:
            x = left + entries.hang
        for word in words:
            items.append(Item(word, x, face))
            x += face.width(word) + face.space
        if place == len(lines) - 1 and price:
            start = right - face.width(price)
            dot = entries.leader.strip()
            step = face.width(entries.leader)
            if dot and x + 2 * step < start - face.space:
                # Leaders are ink between words, not words: the row stays one segment.
                while x + step < start - face.space:
                    items.append(Item(dot, x, face))
                    x += step
            if x < start:
                items.append(Item(price, start, face))
        press.sheet.row(_joined(items, entries.leader), y)
        y += entries.leading
    return y


def _joined(items: list[Item], leader: str) -> list[Item]:
    """Leader dots that touch become one word, as a reader would write them."""
    if leader != leader.strip() or not leader:
        return items
    joined: list[Item] = []
    for item in items:
        if joined and item.text == leader and set(joined[-1].text) == {leader}:
            joined[-1] = replace(joined[-1], text=joined[-1].text + leader)
        else:
            joined.append(item)
    return joined

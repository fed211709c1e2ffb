"""Book pages: justified paragraphs, running heads, initials, notes, catchwords; title pages."""

import re

from readapt.synth import negatives
from readapt.synth.fonts import BROKEN
from readapt.synth.press import Family, Press

_LONG_S = re.compile(r"s(?=[a-zäöüſ])")


def long_s(word: str) -> str:
    """Spell the word as old print has it: ſ wherever the s does not end the word."""
    return _LONG_S.sub("ſ", word)


def _words(press: Press, count: int, family: Family, old: bool) -> list[str]:
    words = press.words(count, family.regular)
    if old and family.regular.can_draw("ſ"):
        return [long_s(word) for word in words]
    return words


def compose(press: Press) -> None:
    """Fill the sheet with one page of a book."""
    kind = press.rng.random()
    if kind < 0.4:
        family, old = press.family("fraktur"), True
    elif kind < 0.75:
        family, old = press.family("old"), press.chance(0.5)
    else:
        family, old = press.family("serif"), False
    left = press.width * press.between(0.07, 0.2)
    right = press.width * (1 - press.between(0.07, 0.2))
    room = right - left
    if press.chance(0.25):
        right -= room * 0.15
    letters = press.between(30, 72)
    width = family.face(100).width("aeinrstdlo n") / 12 / 100
    size = min(max((right - left) / letters / width, 12.0), 60.0)
    face = family.face(size)
    leading = face.size * press.between(1.0, 1.6)
    justify = press.chance(0.9)
    y = press.height * press.between(0.04, 0.12) + face.size
    bottom = press.height * press.between(0.7, 0.95)
    if press.chance(0.8):
        y = _running_head(press, family, size, left, right, y) + leading * press.between(1.2, 2.4)
    if press.chance(0.2):
        y = _heading(press, family, size, (left + right) / 2, y, old)
    notes = press.chance(0.25)
    foot = bottom - press.between(3, 8) * leading if notes else bottom
    indent = press.between(0.8, 2.5) * face.size
    inset = 0.0
    if press.chance(0.25):
        lines = press.whole(2, 4)
        free = _initial(press, family, left, y, leading, lines)
        words = _words(press, press.whole(40, 120), family, old)
        y = press.paragraph(
            words, face, left, y, right - left, leading, foot,
            justify=justify, first_free=free, free_lines=lines,
        )  # fmt: skip
    while y < foot:
        style = press.rng.random()
        if style < 0.08:
            y = _heading(press, family, size, (left + right) / 2, y + leading * 0.5, old)
            continue
        if style < 0.13:
            y += leading * press.between(0.2, 1)
            half = (right - left) * press.between(0.06, 0.3)
            y = negatives.ornament(press, (left + right) / 2, y - face.size * 0.3, 2 * half)
            y += face.ascent
            y += leading * press.between(0.8, 1.6)
            continue
        italic = style < 0.2
        used = family.face(size, italic=italic)
        inset = face.size * press.between(1, 4) if style > 0.93 else 0.0
        words = _words(press, press.whole(12, 140), family, old)
        y = press.paragraph(
            words, used, left + inset, y, right - left - 2 * inset, leading, foot,
            justify=justify, indent=indent,
        )  # fmt: skip
        if press.chance(0.2):
            y += leading * press.between(0.2, 1)
    if notes:
        y = _notes(press, family, size, left, right, max(y, foot) + 0.4 * leading, bottom, old)
    _foot(press, family, size, left, right, max(y, bottom))
    if press.chance(0.15):
        _margin_notes(press, family, size, right, old)
    if press.chance(0.12):
        negatives.handwriting(
            press, press.between(0, 0.8) * press.width, press.between(0, 0.95) * press.height,
            0.15 * press.width, size,
        )  # fmt: skip
    if press.chance(0.08):
        side = press.width * press.between(0.08, 0.2)
        negatives.stamp(press, press.between(0, 0.8) * press.width, press.height * 0.8, side)


def _running_head(
    press: Press, family: Family, size: float, left: float, right: float, y: float
) -> float:
    tracking = size * press.between(0.05, 0.2) if press.chance(0.4) else 0.0
    face = family.face(
        size * press.between(0.75, 1.05), italic=press.chance(0.2), tracking=tracking
    )
    number = str(press.whole(1, 640))
    words = press.title(4, face.font)
    if press.chance(0.4) and family.regular.kind not in BROKEN:
        words = [word.upper() for word in words]
    style = press.rng.random()
    if style < 0.3:
        marks = [["—", number, "—"], [number], [f"({number})"], ["-", number, "-"]][
            press.whole(0, 3)
        ]
        press.centred([m for m in marks if face.font.can_draw(m)], face, (left + right) / 2, y)
    else:
        middle = (left + right) / 2
        start, stop = press.centred(words, face, middle, y) if style < 0.9 else (middle, middle)
        wide = face.width(number)
        if press.chance(0.5):
            if left + wide + face.space < start:
                press.sheet.line([number], face, left, y)
        elif right - wide - face.space > stop:
            press.sheet.line([number], face, right - wide, y)
    if press.chance(0.3):
        negatives.rule(press, left, right, y + face.size * press.between(0.35, 0.6), 1)
    return y


def _heading(
    press: Press, family: Family, size: float, middle: float, y: float, old: bool
) -> float:
    for _ in range(press.whole(1, 2)):
        scale = press.between(0.9, 2.0)
        tracking = size * press.between(0.05, 0.4) if press.chance(0.3) else 0.0
        face = family.face(size * scale, bold=press.chance(0.4), tracking=tracking)
        words = press.title(5, face.font)
        if old and face.font.can_draw("ſ"):
            words = [long_s(word) for word in words]
        elif press.chance(0.3) and family.regular.kind not in BROKEN:
            words = [word.upper() for word in words]
        y += face.size * 0.6
        press.centred(words, face, middle, y)
        y += face.size * press.between(0.9, 1.3)
    return y


def _initial(press: Press, family: Family, x: float, y: float, leading: float, lines: int) -> float:
    """Set a large initial, unlabelled since it is part of no one line.

    Returns the room it takes.
    """
    side = leading * (lines - 0.2)
    top = y - leading * 0.75
    if press.chance(0.4):
        negatives.picture(press, x, top, side, side, engraved=True)
    letter = str(press.rng.choice(list("ABCDEFGHILMNOPQRSTUVW")))
    face = family.face(side * press.between(0.8, 1.1))
    shade = press.whole(180, 255)
    press.sheet.line([letter], face, x, top + 0.9 * side, labelled=False, shade=shade)
    return max(side, face.width(letter)) + 0.2 * leading


def _notes(
    press: Press, family: Family, size: float, left: float, right: float, y: float,
    bottom: float, old: bool,
) -> float:  # fmt: skip
    face = family.face(size * press.between(0.68, 0.85))
    if press.chance(0.7):
        short = left + (right - left) * press.between(0.15, 1)
        negatives.rule(press, left, short, y - face.size * 0.5, 1)
    y += face.size * 0.6
    leading = face.size * press.between(1.0, 1.3)
    for number in range(press.whole(1, 3)):
        mark = str(press.rng.choice(["*)", f"{number + 1})", "†)", f"{number + 1}."]))
        words = [mark, *_words(press, press.whole(6, 50), family, old)]
        words = [word for word in words if face.font.can_draw(word)]
        y = press.paragraph(
            words, face, left, y, right - left, leading, bottom, justify=True, indent=face.size
        )
    return y


def _foot(press: Press, family: Family, size: float, left: float, right: float, y: float) -> None:
    face = family.face(size * press.between(0.8, 1.0))
    y += face.size * press.between(0.9, 1.6)
    if y > press.height - 0.4 * face.size:
        return
    if press.chance(0.35):
        word = press.title(1, face.font)
        press.sheet.line(word, face, right - face.width(" ".join(word)), y)
    if press.chance(0.3):
        mark = f"{press.rng.choice(list('ABCDEFGH'))} {press.whole(2, 5)}"
        press.centred(mark.split(), face, (left + right) / 2, y)
    elif press.chance(0.3):
        press.centred([str(press.whole(1, 500))], face, (left + right) / 2, y)


def _margin_notes(press: Press, family: Family, size: float, right: float, old: bool) -> None:
    face = family.face(size * press.between(0.6, 0.8))
    x = right + 1.6 * size
    room = press.width - x - 4
    if room < 4 * face.size:
        return
    for _ in range(press.whole(1, 3)):
        words = _words(press, press.whole(3, 10), family, old)
        y = press.height * press.between(0.15, 0.7)
        if any(seg.box[2] > x and abs(seg.box[1] - y) < 8 * size for seg in press.sheet.segments):
            continue
        press.paragraph(words, face, x, y, room, face.size * 1.1, y + 6 * face.size)


def title_page(press: Press) -> None:
    """Fill the sheet with a title page: centred lines of many sizes, rules, an ornament."""
    old = press.chance(0.6)
    family = press.family("fraktur", "old", "serif")
    other = press.family("old", "serif", "sans") if press.chance(0.3) else family
    middle = press.width * press.between(0.45, 0.55)
    y = press.height * press.between(0.06, 0.2)
    while y < press.height * 0.9:
        size = press.width * press.between(0.015, 0.075)
        if press.chance(0.3):
            size = press.width * press.between(0.05, 0.08)
        size = min(max(size, 12.0), 90.0)
        used = family if press.chance(0.7) else other
        tracking = size * press.between(0.05, 0.5) if press.chance(0.35) else 0.0
        face = used.face(size, bold=press.chance(0.3), italic=press.chance(0.15), tracking=tracking)
        for _ in range(press.whole(1, 3)):
            words = press.title(7, face.font)
            if old and face.font.can_draw("ſ"):
                words = [long_s(word) for word in words]
            elif press.chance(0.4) and used.regular.kind not in BROKEN:
                words = [word.upper() for word in words]
            y += face.size
            if y < press.height - 0.4 * face.size:
                press.centred(words, face, middle, y)
            y += face.size * press.between(0.1, 0.5)
        y += press.height * press.between(0.005, 0.06)
        if press.chance(0.25) and y < press.height * 0.85:
            wide = press.width * press.between(0.1, 0.7)
            if press.chance(0.5):
                y = negatives.ornament(press, middle, y, wide)
            else:
                negatives.rule(press, middle - wide / 2, middle + wide / 2, y, press.between(1, 4))
            y += press.height * press.between(0.01, 0.05)
        if press.chance(0.08) and y < press.height * 0.6:
            side = press.width * press.between(0.15, 0.4)
            negatives.picture(press, middle - side / 2, y, side, side * 0.7)
            y += side * 0.8
    if press.chance(0.2):
        side = press.width * press.between(0.1, 0.25)
        negatives.stamp(press, press.between(0, 0.75) * press.width, press.height * 0.6, side)

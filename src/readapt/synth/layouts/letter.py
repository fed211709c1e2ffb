"""Letters and typescript: one typewriter, ragged right, headings, stamps, notes by hand."""

from dataclasses import replace

from readapt.synth import negatives
from readapt.synth.phrases import date
from readapt.synth.press import Press
from readapt.synth.sheet import Face


def compose(press: Press) -> None:
    """Fill the sheet with a letter, a report or a poem."""
    family = press.family("typewriter", "typewriter", "typewriter", "mono", "serif")
    letters = press.between(40, 80)
    left = press.width * press.between(0.05, 0.2)
    right = press.width * (1 - press.between(0.02, 0.14))
    width = family.face(100).width("aeinrstdlo n") / 12 / 100
    size = min(max((right - left) / letters / width, 12.0), 60.0)
    worn = press.between(0, 1) if press.chance(0.6) else 0.0
    face = replace(family.face(size, bold=press.chance(0.15)), wear=worn)
    leading = face.size * float(press.rng.choice([0.95, 1.05, 1.15, 1.3, 1.6, 1.9, 2.2]))
    y = press.height * press.between(0.02, 0.12) + face.size
    if press.chance(0.25):
        y = _letterhead(press, y)
    if press.chance(0.5):
        y = _page_number(press, face, left, right, y) + leading * press.between(1, 2.5)
    if press.chance(0.4):
        place = [*press.title(1, face.font), date(press.rng)]
        x = max(left, right - face.width(" ".join(place)) - press.between(0, 0.2) * press.width)
        press.sheet.line(place, face, x, y)
        y += leading * press.between(1.5, 3)
    if press.chance(0.4):
        x = left + press.between(0, 0.05) * press.width
        step = press.between(0, 2.0) * face.size
        for _ in range(press.whole(2, 4)):
            press.sheet.line(press.title(4, face.font), face, x, y)
            x += step
            y += leading
        y += leading
    bottom = press.height * press.between(0.55, 0.98)
    if press.chance(0.2):
        y = _verses(press, face, left, y, leading, bottom)
    else:
        y = _prose(press, face, left, right, y, leading, bottom)
    _close(press, face, left, right, y, leading)
    _clutter(press, face)


def _letterhead(press: Press, y: float) -> float:
    family = press.family("serif", "sans", "old")
    for number in range(press.whole(1, 4)):
        size = press.width * press.between(0.014, 0.045 if number == 0 else 0.024)
        tracking = size * press.between(0, 0.25) if press.chance(0.3) else 0.0
        face = family.face(size, bold=press.chance(0.4), tracking=tracking)
        words = [word.upper() for word in press.title(5, face.font)]
        y += size * 0.4
        press.centred(words, face, press.width * press.between(0.45, 0.55), y)
        y += size * press.between(0.9, 1.4)
    if press.chance(0.4):
        negatives.logo(press, press.width * 0.04, y * 0.3, press.width * 0.1, press.width * 0.1)
    if press.chance(0.5):
        negatives.rule(press, press.width * 0.08, press.width * 0.92, y - 4, press.between(1, 3))
    return y + press.width * press.between(0.02, 0.08)


def _page_number(press: Press, face: Face, left: float, right: float, y: float) -> float:
    number = str(press.whole(1, 140))
    words = [["-", number, "-"], [f"-{number}-"], [number], [f"{number}."], ["Page", number]]
    press.centred(
        words[press.whole(0, 4)],
        face,
        float(press.rng.choice([(left + right) / 2, (left + right) / 2, right - 2 * face.size])),
        y,
    )
    return y


def _prose(
    press: Press,
    face: Face,
    left: float,
    right: float,
    y: float,
    leading: float,
    bottom: float,
) -> float:
    indent = float(press.rng.choice([0, 0, 2.5, 4, 8])) * face.size
    blank = float(press.rng.choice([0, 0.5, 1, 1]))
    while y < bottom:
        style = press.rng.random()
        if style < 0.1:
            y += leading * press.between(0, 1)
            words = press.title(5, face.font)
            start, stop = press.centred(words, _spaced(press, face), (left + right) / 2, y)
            if press.chance(0.5):
                under = y + face.descent * press.between(0.3, 1.1)
                press.sheet.pen.line((start, under, stop, under), fill=200, width=2)
            y += leading * press.between(1, 2)
            continue
        words = press.words(press.whole(8, 110), face.font)
        inset, tight = 0.0, leading
        if style < 0.2:
            inset = face.size * press.between(2, 6)
            tight = max(leading * press.between(0.55, 1.0), 0.98 * face.size)
        elif style < 0.27:
            words = [f"{press.whole(1, 30)}.", *words]
        hang = face.size * 3 if style > 0.94 else 0.0
        y = press.paragraph(
            words,
            face,
            left + inset,
            y,
            right - left - inset * press.between(1, 2),
            tight,
            bottom,
            indent=0.0 if hang else indent,
            hang=hang,
        )
        y += blank * leading
    return y


def _spaced(press: Press, face: Face) -> Face:
    """Choose the face for headings of a typewriter: plain, or spaced out."""
    if press.chance(0.7):
        return face
    return replace(face, tracking=face.space * press.between(0.5, 1.0))


def _verses(
    press: Press, face: Face, left: float, y: float, leading: float, bottom: float
) -> float:
    left += press.between(0, 0.25) * press.width
    centred = press.chance(0.15)
    while y < bottom:
        for _ in range(press.whole(2, 12)):
            if y >= bottom:
                break
            words = press.words(press.whole(2, 9), face.font)
            while words and left + face.width(" ".join(words)) > press.width * 0.96:
                words.pop()
            if centred:
                press.centred(words, face, press.width / 2, y)
            else:
                step = face.size * 2 * press.whole(0, 2) if press.chance(0.25) else 0.0
                if left + step + face.width(" ".join(words)) < press.width:
                    press.sheet.line(words, face, left + step, y)
            y += leading
        y += leading * press.between(0.5, 2)
        if press.chance(0.15):
            press.centred([str(press.whole(1, 30))], face, press.width / 2, y)
            y += 2 * leading
    return y


def _close(press: Press, face: Face, left: float, right: float, y: float, leading: float) -> None:
    if y + 3 * leading > press.height:
        return
    kind = press.rng.random()
    if kind < 0.3:
        x = left + press.between(0.3, 0.6) * (right - left)
        words = press.title(3, face.font)
        if x + face.width(" ".join(words)) < press.width:
            press.sheet.line(words, face, x, y + leading)
        if press.chance(0.6):
            negatives.stroke(
                press, x, y + 2.2 * leading, press.width * 0.25, 2 * face.size, second_ink=True
            )
    elif kind < 0.45:
        for _ in range(press.whole(1, 3)):
            half = press.between(0.03, 0.2) * press.width
            middle = press.width / 2
            negatives.typed_rule(press, middle - half, middle + half, y + leading, face.size)
            y += face.size * 0.5
    elif kind < 0.6:
        word = press.title(1, face.font)
        x = right - face.width(" ".join(word))
        press.sheet.line(word, face, x, min(y + leading, press.height - face.size))


def _clutter(press: Press, face: Face) -> None:
    for _ in range(press.whole(0, 3) if press.chance(0.35) else 0):
        size = press.width * press.between(0.1, 0.3)
        negatives.stamp(
            press, press.between(0, press.width - size), press.between(0, press.height), size
        )
    for _ in range(press.whole(1, 3) if press.chance(0.35) else 0):
        negatives.handwriting(
            press,
            press.width * press.between(0.0, 0.85),
            press.height * press.between(0.0, 0.98),
            press.width * press.between(0.08, 0.4),
            face.size * press.between(0.8, 2.2),
        )
    if press.chance(0.12):
        negatives.side_text(
            press,
            press.width * float(press.rng.choice([0.01, 0.96])),
            press.height * press.between(0.1, 0.6),
            face.size * press.between(0.6, 1.3),
        )
    if press.chance(0.12):
        negatives.punch_holes(press)
    if press.chance(0.12):
        negatives.staple(press)
    # Words struck out or underlined with a pen.
    for segment in press.sheet.segments:
        if press.chance(0.015):
            x0, y0, x1, y1 = segment.box
            stop = x0 + (x1 - x0) * press.between(0.1, 1)
            at = y1 - (y1 - y0) * press.between(0.0, 0.2)
            press.sheet.pen.line((x0, at, stop, at), fill=press.whole(120, 230), width=2)

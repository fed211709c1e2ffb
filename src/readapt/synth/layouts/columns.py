"""Newspapers, journals, dictionaries: two or three narrow columns, perhaps a rule between."""

from readapt.synth import negatives
from readapt.synth.press import Press


def compose(press: Press) -> None:
    """Fill the sheet with columns."""
    family = press.family("serif", "serif", "old", "sans", "blackletter")
    count = 2 if press.chance(0.7) else 3
    margin = press.width * press.between(0.03, 0.1)
    gutter = press.width * press.between(0.02, 0.06)
    room = (press.width - 2 * margin - (count - 1) * gutter) / count
    letters = press.between(22, 46)
    width = family.face(100).width("aeinrstdlo n") / 12 / 100
    face = family.face(min(max(room / letters / width, 12.0), 40.0))
    # Lines of neighbouring columns must not look like one: a gutter never narrower than a gap.
    if gutter < 1.5 * face.height:
        gutter = 1.5 * face.height
        room = (press.width - 2 * margin - (count - 1) * gutter) / count
    leading = face.size * press.between(1.0, 1.35)
    top = press.height * press.between(0.03, 0.1) + face.size
    if press.chance(0.6):
        for _ in range(press.whole(1, 3)):
            head = family.face(min(face.size * press.between(1.0, 3.0), 70), bold=press.chance(0.5))
            top += head.size * 0.6
            press.centred(press.title(5, head.font), head, press.width / 2, top)
            top += head.size * press.between(0.8, 1.2)
        if press.chance(0.5):
            negatives.rule(press, margin, press.width - margin, top - 0.4 * face.size, 2)
            top += face.size
    bottom = press.height * press.between(0.7, 0.97)
    dictionary = press.chance(0.3)
    justify = press.chance(0.75)
    indent = press.between(0, 2) * face.size
    for column in range(count):
        x = margin + column * (room + gutter)
        y, end = top, bottom if press.chance(0.8) else bottom * press.between(0.6, 1.0)
        while y < end:
            style = press.rng.random()
            if style < 0.1 and not dictionary:
                head = family.face(face.size * press.between(1.0, 1.5), bold=True)
                y += 0.6 * leading
                for words in press.wrap(press.title(6, head.font), head, room):
                    if y < end:
                        press.sheet.line(words, head, x, y)
                    y += head.size * 1.15
                continue
            if style < 0.14 and end - y > room * 0.5:
                high = room * press.between(0.3, 0.8)
                if y + high < end:
                    negatives.picture(press, x, y - face.ascent, room, high)
                    y += high + leading
                continue
            words = press.words(press.whole(6, 60), face.font)
            y = press.paragraph(
                words, face, x, y, room, leading, end,
                justify=justify, indent=0.0 if dictionary else indent,
                hang=face.size if dictionary else 0.0,
            )  # fmt: skip
            if press.chance(0.15):
                y += 0.5 * leading
        if column and press.chance(0.4):
            at = x - gutter / 2
            press.sheet.pen.line(
                (at, top - face.size, at, bottom), fill=press.whole(100, 255), width=1
            )
    if press.chance(0.4):
        number = [str(press.whole(1, 900))]
        press.centred(
            number, face, press.width / 2, min(bottom + 2 * leading, press.height - face.size)
        )

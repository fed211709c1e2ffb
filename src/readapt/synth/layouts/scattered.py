"""Labels, posters, cards, covers: short texts of any size anywhere; and sheets without any text."""

from readapt.synth import negatives
from readapt.synth.phrases import amount, code, commerce, date
from readapt.synth.press import Press


def compose(press: Press) -> None:
    """Scatter blocks of text over the sheet, some white on black."""
    taken: list[tuple[float, float, float, float]] = []
    for _ in range(press.whole(3, 22)):
        family = press.family(
            "sans", "serif", "display", "old", "mono", "typewriter", "blackletter"
        )
        size = press.width * float(2 ** press.between(-6.2, -3.6))
        tracking = size * press.between(0, 0.4) if press.chance(0.15) else 0.0
        face = family.face(
            size, bold=press.chance(0.3), italic=press.chance(0.1), tracking=tracking
        )
        leading = face.size * press.between(1.0, 1.5)
        lines = []
        for _ in range(1 if press.chance(0.5) else press.whole(2, 6)):
            kind = press.rng.random()
            if kind < 0.6:
                words = press.title(6, face.font)
            else:
                draw = (amount, date, code)[press.whole(0, 2)]
                words = (
                    draw(press.rng).split()
                    if kind < 0.85
                    else commerce(press.rng, press.corpus).split()
                )
            words = [word for word in words if face.font.can_draw(word)]
            while words and face.width(" ".join(words)) > 0.9 * press.width:
                words.pop()
            if words:
                lines.append(words)
        if not lines:
            continue
        wide = max(face.width(" ".join(words)) for words in lines)
        high = (len(lines) - 1) * leading + face.height
        x = press.between(0.01, 0.98) * (press.width - wide)
        y = press.between(0.01, 0.98) * (press.height - high)
        gap = 1.5 * face.height
        box = (x - gap, y - 0.4 * gap, x + wide + gap, y + high + 0.4 * gap)
        if y < 0 or any(
            box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken
        ):
            continue
        taken.append(box)
        inverse = press.chance(0.12) and face.slant == 0
        pad = 0.4 * face.size
        if inverse:
            press.sheet.pen.rectangle(
                (x - pad, y - pad, x + wide + pad, y + high + pad), fill=press.whole(150, 255)
            )
        elif press.chance(0.1):
            press.sheet.pen.rectangle(
                (x - pad, y - pad, x + wide + pad, y + high + pad),
                outline=press.whole(100, 255), width=press.whole(1, 4),
            )  # fmt: skip
        align = float(press.rng.choice([0, 0.5, 1]))
        for number, words in enumerate(lines):
            start = x + align * (wide - face.width(" ".join(words)))
            press.sheet.line(
                words, face, start, y + face.ascent + number * leading,
                shade=0 if inverse else press.whole(120, 255),
            )  # fmt: skip
    for _ in range(press.whole(0, 4)):
        _thing(press, taken)


def _thing(press: Press, taken: list[tuple[float, float, float, float]]) -> None:
    """Add a picture, logo, code, stamp or note that keeps off the text."""
    wide, high = (press.width * share for share in press.rng.uniform(0.05, 0.5, 2))
    x = press.between(0, 1) * (press.width - wide)
    y = press.between(0, 1) * (press.height - high)
    if any(x < b[2] and b[0] < x + wide and y < b[3] and b[1] < y + high for b in taken):
        return
    kind = press.whole(0, 6)
    if kind == 0:
        negatives.logo(press, x, y, wide, high)
    elif kind == 1:
        negatives.barcode(press, x, y, wide, min(high, 0.15 * press.width))
    elif kind == 2:
        negatives.stamp(press, x, y, min(wide, high))
    elif kind == 3:
        negatives.handwriting(press, x, y, wide, max(8.0, 0.03 * press.width))
    elif kind == 4:
        negatives.rule(press, x, x + wide, y, press.between(1, 6))
    else:
        negatives.picture(press, x, y, wide, high)


def textless(press: Press) -> None:
    """Leave the sheet without text: bare, or with pictures, rules, codes, scribbles."""
    if press.chance(0.3):
        return
    if press.chance(0.2):
        negatives.ruled(press)
    for _ in range(press.whole(1, 12)):
        _thing(press, [])
    if press.chance(0.2):
        for _ in range(press.whole(5, 25)):
            y = press.between(0, press.height)
            x0, x1 = sorted(press.rng.uniform(0, press.width, 2))
            negatives.rule(press, float(x0), float(x1), y, press.between(1, 4))

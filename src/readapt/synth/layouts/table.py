"""Tables and forms: cells in rows, with and without rules; labels with lines and boxes to fill."""

import numpy as np

from readapt.synth import negatives
from readapt.synth.layouts.receipt import amount
from readapt.synth.phrases import code, date
from readapt.synth.press import Press
from readapt.synth.sheet import Face


def compose(press: Press) -> None:
    """Fill the sheet with a table, perhaps between paragraphs."""
    family = press.family("sans", "serif", "mono", "typewriter", "old")
    face = family.face(press.width * press.between(0.014, 0.032))
    left = press.width * press.between(0.04, 0.12)
    right = press.width * (1 - press.between(0.04, 0.12))
    y = press.height * press.between(0.03, 0.12) + face.size
    if press.chance(0.6):
        head = family.face(face.size * press.between(1.1, 2.0), bold=press.chance(0.6))
        press.centred(press.title(6, head.font), head, (left + right) / 2, y)
        y += head.size * 1.8
    if press.chance(0.4):
        words = press.words(press.whole(15, 60), face.font)
        leading = face.size * press.between(1.1, 1.5)
        y = press.paragraph(words, face, left, y, right - left, leading, press.height * 0.4)
        y += face.size
    bottom = press.height * press.between(0.5, 0.95)
    while y < bottom:
        y = _table(press, face, left, right, y, bottom) + 3 * face.size
        if press.chance(0.5):
            break
    if press.chance(0.2):
        negatives.stamp(
            press, press.between(0, 0.7) * press.width, press.height * 0.75, 0.2 * press.width
        )


def _cell(press: Press, kind: int, face: Face) -> str:
    if kind == 0:
        text = " ".join(press.title(3, face.font))
    elif kind == 1:
        text = amount(press)
    elif kind == 2:
        text = str(press.whole(0, 9999))
    elif kind == 3:
        text = date(press.rng)
    else:
        text = code(press.rng)
    return text if face.font.can_draw(text) else str(press.whole(0, 99))


def _table(press: Press, face: Face, left: float, right: float, y: float, bottom: float) -> float:
    count = press.whole(2, 6)
    shares = press.rng.uniform(0.5, 1.5, count)
    shares[0] *= press.between(1, 2.5)
    edges = left + np.concatenate([[0], np.cumsum(shares / shares.sum())]) * (right - left)
    kinds = [0, *(press.whole(0, 4) for _ in range(count - 1))]
    aligns = [0.0 if kind in (0, 4) else float(press.rng.choice([0.0, 0.5, 1.0])) for kind in kinds]
    step = face.size * press.between(1.2, 2.4)
    ruled_rows, ruled_columns = press.chance(0.5), press.chance(0.45)
    shade, thick = press.whole(90, 255), press.whole(1, 3)
    pad = 0.5 * face.size
    top = y - face.ascent - (step - face.height) / 2
    pen = press.sheet.pen
    rows = 0
    strong = Face(face.font, face.size, bold=1) if press.chance(0.5) else face
    empty = press.between(0, 0.3)
    while y < bottom:
        drawn = strong if rows == 0 else face
        cells = []
        for column, (kind, align) in enumerate(zip(kinds, aligns, strict=True)):
            if rows and press.chance(empty):
                continue
            room = edges[column + 1] - edges[column] - 2 * pad
            text = _cell(press, 0 if rows == 0 else kind, drawn)
            while text and drawn.width(text) > room:
                text = text.rpartition(" ")[0]
            x = edges[column] + pad + align * room
            if text:
                cells.append((text, float(x), align))
        if ruled_columns:
            # A rule between cells parts them however narrow the gap is.
            for cell in cells:
                press.cells([cell], drawn, y)
        else:
            press.cells(cells, drawn, y)
        rows += 1
        y += step
        if ruled_rows or (rows == 1 and press.chance(0.5)):
            at = top + rows * step
            pen.line((left, at, right, at), fill=shade, width=thick)
        if press.chance(0.04):
            break
    end = top + rows * step
    if ruled_columns:
        for edge in edges:
            pen.line((edge, top, edge, end), fill=shade, width=thick)
    if ruled_rows or press.chance(0.3):
        pen.rectangle((left, top, right, end), outline=shade, width=thick)
    return y


def form(press: Press) -> None:
    """Fill the sheet with a form: printed labels, lines and boxes, some filled in."""
    labels = press.family("sans", "serif", "old", "blackletter")
    filled = press.family("typewriter", "mono", "sans")
    face = labels.face(press.width * press.between(0.014, 0.028))
    typed = filled.face(press.width * press.between(0.018, 0.032))
    left = press.width * press.between(0.04, 0.12)
    right = press.width * (1 - press.between(0.04, 0.12))
    y = press.height * press.between(0.03, 0.1) + face.size
    head = labels.face(face.size * press.between(1.2, 2.2), bold=True)
    press.centred(press.title(5, head.font), head, press.width / 2, y + head.size * 0.5)
    y += 3 * head.size
    bottom = press.height * press.between(0.7, 0.96)
    step = typed.size * press.between(1.5, 2.6)
    boxed = press.chance(0.4)
    halves = press.whole(1, 2)
    shade = press.whole(90, 255)
    while y < bottom:
        for half in range(halves):
            x0 = left + half * (right - left) / halves
            x1 = x0 + (right - left) / halves - face.size
            label = press.title(3, face.font)
            while label and x0 + face.width(" ".join(label)) > x1 - 2 * face.size:
                label.pop()
            end = press.sheet.line(label, face, x0 + 0.4 * face.size, y) if label else x0
            if boxed:
                top = y - typed.ascent - 0.3 * step
                press.sheet.pen.rectangle((x0, top, x1, top + step), outline=shade, width=2)
            else:
                negatives.rule(press, end + face.space, x1, y + 2, 1, shade)
            start = max(end, x0) + press.between(1.6, 3) * face.height
            if press.chance(0.65):
                words = press.title(3, typed.font) if press.chance(0.6) else [code(press.rng)]
                words = [word for word in words if typed.font.can_draw(word)]
                while words and start + typed.width(" ".join(words)) > x1:
                    words.pop()
                lift = press.between(-0.1, 0.2) * typed.size
                press.sheet.line(words, typed, start, y - lift)
            elif press.chance(0.3) and x1 - start > 2 * face.size:
                negatives.stroke(
                    press, start, y - 0.4 * typed.size, 0.6 * (x1 - start), typed.size,
                    second_ink=True,
                )  # fmt: skip
        if press.chance(0.15):
            side = 0.8 * face.size
            press.sheet.pen.rectangle((right - side, y - side, right, y), outline=shade, width=2)
        y += step
        if press.chance(0.08) and y < bottom:
            words = press.words(press.whole(12, 40), face.font)
            y = press.paragraph(words, face, left, y, right - left, 1.2 * face.size, bottom) + step

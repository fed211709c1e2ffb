"""Things on a page that are not text to be found: rules, stamps, pens, pictures, bars.

They teach the detector silence. Every function draws on the press's sheet and labels nothing.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw

from readapt.synth.noise import smooth_noise
from readapt.synth.press import Press
from readapt.synth.sheet import load


def rule(
    press: Press, x0: float, x1: float, y: float, thickness: float, shade: int | None = None
) -> None:
    """Draw a horizontal rule: solid, double, dashed, dotted, or swelling in the middle."""
    shade = press.whole(150, 255) if shade is None else shade
    pen = press.sheet.pen
    line = max(1, round(thickness))
    kind = press.rng.random()
    if kind < 0.55:
        pen.line((x0, y, x1, y), fill=shade, width=line)
    elif kind < 0.65:
        pen.line((x0, y, x1, y), fill=shade, width=line)
        pen.line((x0, y + 2 * line + 1, x1, y + 2 * line + 1), fill=shade, width=line)
    elif kind < 0.9:
        dash = press.between(2, 14) * line
        gap = dash * press.between(0.4, 1.2)
        x = x0
        while x < x1:
            pen.line((x, y, min(x + dash, x1), y), fill=shade, width=line)
            x += dash + gap
    else:
        swell = press.between(2, 5) * line
        middle = (x0 + x1) / 2
        pen.polygon([(x0, y), (middle, y - swell / 2), (x1, y), (middle, y + swell / 2)], shade)


def typed_rule(press: Press, x0: float, x1: float, y: float, size: float) -> None:
    """Set a separator struck from characters, as tills and typewriters do: no text to read."""
    family = press.family("mono", "typewriter")
    face = family.face(size)
    mark = str(press.rng.choice(list("----==*_.~#")))
    count = int((x1 - x0) / max(face.width(mark), 1.0))
    press.sheet.line(
        [mark * max(count, 1)], face, x0, y, shade=press.whole(150, 255), labelled=False
    )


def ornament(press: Press, middle: float, y: float, wide: float) -> float:
    """Draw a printer's ornament: a swelling rule with beads, or a block of scrolls below ``y``.

    Returns the y where it ends.
    """
    pen = press.sheet.pen
    shade = press.whole(170, 255)
    if press.chance(0.6):
        bead = max(2.0, wide * 0.02)
        pen.line((middle - wide / 2, y, middle + wide / 2, y), fill=shade, width=1)
        for step in range(-press.whole(0, 2), press.whole(1, 3)):
            x = middle + 2.2 * bead * step
            radius = bead / (1 + abs(step))
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=shade)
        swell = bead * 0.8
        for side in (-1, 1):
            pen.polygon(
                [
                    (middle + side * wide * 0.1, y),
                    (middle + side * wide * 0.2, y - swell),
                    (middle + side * wide * 0.35, y),
                    (middle + side * wide * 0.2, y + swell),
                ],
                fill=shade,
            )
        return y + swell
    picture(press, middle - wide / 4, y, wide / 2, wide / 4, engraved=True)
    return y + wide / 4


def stroke(
    press: Press, x: float, y: float, wide: float, high: float, *, second_ink: bool = False
) -> None:
    """Write something by hand: loops that move to the right, thick and thin as a pen."""
    count = max(5, int(wide / max(high, 1.0) * press.between(3, 7)))
    # Turning points by turns above and below, some far up or down as l and g are; a smooth curve
    # through them overshoots into the loops of a cursive hand.
    rest = np.abs(press.rng.normal(0.25, 0.15, count)) + (press.rng.random(count) < 0.2) * 0.5
    side = np.where(np.arange(count) % 2 == 0, -1.0, 1.0)
    across = np.linspace(0, wide, count) + press.rng.normal(0, 0.9 * wide / count, count)
    lean = press.between(-0.1, 0.6)
    turning = np.stack([across - lean * high * rest * side, high * rest * side], axis=-1)
    smooth = cv2.resize(turning.astype(np.float32), (2, count * 12), interpolation=cv2.INTER_CUBIC)
    points = np.asarray(cv2.blur(smooth, (1, 9)), dtype=np.float64)
    points[:, 1] += press.between(-0.12, 0.12) * points[:, 0]
    points += (x, y)
    pen = press.sheet.colour_pen if second_ink else press.sheet.pen
    shade = press.whole(110, 255)
    thick = max(1, round(press.between(0.8, 4) * press.width / 1000))
    # Lifted now and then, as between words.
    for part in np.array_split(points, max(1, int(wide / max(press.between(1.5, 5) * high, 1)))):
        pen.line(
            [tuple(point) for point in part[: -press.whole(2, 10)].tolist()],
            fill=shade,
            width=thick,
            joint="curve",
        )


def handwriting(press: Press, x: float, y: float, wide: float, size: float) -> None:
    """Write a note of one to three handwritten lines in the second ink, sometimes only a tick."""
    second = press.chance(0.7)
    for number in range(press.whole(1, 3)):
        stroke(
            press,
            x + press.between(0, 0.2) * wide,
            y + number * size * press.between(1.1, 1.8),
            wide * press.between(0.2, 0.9),
            size * press.between(0.6, 1.2),
            second_ink=second,
        )


def tick(press: Press, x: float, y: float, size: float) -> None:
    """Draw a tick, cross or short stroke of a pen."""
    pen = press.sheet.colour_pen if press.chance(0.6) else press.sheet.pen
    points = press.rng.uniform(-0.7, 0.7, (press.whole(2, 4), 2)) * size + (x, y)
    pen.line(
        [tuple(point) for point in points],
        fill=press.whole(120, 255),
        width=press.whole(1, 4),
        joint="curve",
    )


def stamp(press: Press, x: float, y: float, size: float) -> None:
    """Press a rubber stamp in the second ink: ring or frame, turned letters, worn."""
    side = max(24, int(size))
    image = PillowImage.new("L", (side, side), 0)
    pen = ImageDraw.Draw(image)
    thick = max(1, side // 40)
    family = press.family("sans", "serif", "display")
    word = " ".join(press.title(2, family.regular)).upper()[:14] or "OK"
    font = load(family.regular, max(8, int(side * press.between(0.08, 0.16))))
    middle = side / 2
    if press.chance(0.6):
        low = side * press.between(0.02, 0.3) if press.chance(0.4) else thick
        pen.ellipse((thick, low, side - thick, side - low), outline=255, width=thick)
        inner = side * 0.2
        pen.ellipse((inner, max(inner, low), side - inner, side - max(inner, low)), outline=200)
        for number, character in enumerate(word * 2):
            angle = 2 * np.pi * number / max(len(word) * 2, 1)
            place = (middle + 0.39 * side * np.cos(angle), middle + 0.39 * side * np.sin(angle))
            pen.text(place, character, fill=255, font=font, anchor="mm")
    else:
        low = side * press.between(0.25, 0.38)
        pen.rectangle((thick, low, side - thick, side - low), outline=255, width=thick)
    pen.text((middle, middle), word, fill=255, font=font, anchor="mm")
    turned = image.rotate(press.between(-40, 40), resample=PillowImage.Resampling.BILINEAR)
    worn = np.asarray(turned, dtype=np.float32)
    worn *= np.clip(0.8 + 0.5 * smooth_noise(press.rng, side, side, 6), 0, 1)
    press.sheet.paste(worn.astype(np.uint8), int(x), int(y), second_ink=press.chance(0.8))


def side_text(press: Press, x: float, y: float, size: float) -> None:
    """Set letters running down the margin: turned by 90 degrees, not to be found."""
    family = press.family("sans", "mono", "serif")
    words = " ".join(press.title(4, family.regular)).upper()
    if not words:
        return
    font = load(family.regular, max(8, int(size)))
    left, top, right, bottom = font.getbbox(words)
    image = PillowImage.new("L", (int(right - left) + 4, int(bottom - top) + 4), 0)
    ImageDraw.Draw(image).text((2 - left, 2 - top), words, fill=press.whole(150, 255), font=font)
    turned = np.asarray(image.rotate(90 if press.chance(0.5) else 270, expand=True))
    press.sheet.paste(turned, int(x), int(y), second_ink=press.chance(0.3))


def barcode(press: Press, x: float, y: float, wide: float, high: float) -> None:
    """Draw black bars, or the squares of a matrix code."""
    width, height = max(8, int(wide)), max(8, int(high))
    if press.chance(0.7):
        module = max(1, round(wide / press.whole(70, 110)))
        bars = press.rng.random(width // module + 1) < 0.5
        row = np.repeat(bars, module)[:width].astype(np.uint8) * np.uint8(255)
        code = np.broadcast_to(row, (height, width))
    else:
        count = press.whole(21, 33)
        squares = (press.rng.random((count, count)) < 0.5).astype(np.uint8) * np.uint8(255)
        code = cv2.resize(squares, (height, height), interpolation=cv2.INTER_NEAREST)
    press.sheet.paste(np.ascontiguousarray(code, dtype=np.uint8), int(x), int(y))


def logo(press: Press, x: float, y: float, wide: float, high: float) -> None:
    """Draw a mark of a few simple shapes, some of them cut out of others."""
    pen = press.sheet.pen
    for _ in range(press.whole(1, 5)):
        shade = press.whole(90, 255) if press.chance(0.75) else 0
        a, b = sorted(press.rng.uniform(x, x + wide, 2))
        c, d = sorted(press.rng.uniform(y, y + high, 2))
        if b - a < 3 or d - c < 3:
            continue
        kind = press.rng.random()
        if kind < 0.35:
            pen.ellipse((a, c, b, d), fill=shade)
        elif kind < 0.5:
            pen.ellipse((a, c, b, d), outline=shade, width=press.whole(1, 6))
        elif kind < 0.7:
            pen.rectangle((a, c, b, d), fill=shade)
        else:
            corners = press.rng.uniform(0, 1, (press.whole(3, 7), 2)) * (b - a, d - c) + (a, c)
            pen.polygon([tuple(corner) for corner in corners], fill=shade)


def picture(
    press: Press, x: float, y: float, wide: float, high: float, *, engraved: bool = False
) -> None:
    """Draw a picture: clouds of grey, plain, as halftone dots, or hatched as an engraving."""
    width, height = max(8, int(wide)), max(8, int(high))
    cell = max(4.0, min(wide, high) * press.between(0.05, 0.4))
    tone = 0.5 + 0.35 * smooth_noise(press.rng, height, width, cell)
    tone += 0.15 * smooth_noise(press.rng, height, width, max(2.0, cell / 6))
    kind = press.rng.random()
    if engraved or kind < 0.35:
        shown = _hatched(press, tone)
    elif kind < 0.6:
        shown = _halftone(press, tone)
    else:
        shown = np.clip(tone, 0, 1) * press.between(0.5, 1.0)
    coverage = (np.clip(shown, 0, 1) * 255).astype(np.uint8)
    press.sheet.paste(coverage, int(x), int(y))
    if press.chance(0.4):
        box = (int(x), int(y), int(x) + width, int(y) + height)
        press.sheet.pen.rectangle(box, outline=press.whole(150, 255), width=press.whole(1, 4))


def _hatched(press: Press, tone: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lines whose thickness follows the tone."""
    height, width = tone.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    angle, pitch = press.between(0, np.pi), press.between(3, 8)
    bend = tone * np.float32(press.between(0, 3))
    phase = (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) / np.float32(pitch)
    lines = 0.5 + 0.5 * np.sin(np.float32(2 * np.pi) * (phase + bend))
    return np.asarray(np.clip((tone - lines) * 4 + 0.5, 0, 1), dtype=np.float32)


def _halftone(press: Press, tone: NDArray[np.float32]) -> NDArray[np.float32]:
    """Dots on a turned grid whose size follows the tone."""
    height, width = tone.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    pitch = np.float32(2 * np.pi / press.between(4, 9))
    dots = 0.5 + 0.25 * (np.cos((x + y) * pitch * 0.7) + np.cos((x - y) * pitch * 0.7))
    return np.asarray(np.clip((tone - dots) * 3 + 0.5, 0, 1), dtype=np.float32)


def ruled(press: Press) -> None:
    """Rule or square the paper over the whole sheet."""
    pitch = press.between(0.02, 0.05) * press.width
    shade = press.whole(20, 110)
    pen = press.sheet.colour_pen if press.chance(0.5) else press.sheet.pen
    for y in np.arange(press.between(0, pitch), press.height, pitch):
        pen.line((0, y, press.width, y), fill=shade, width=1)
    if press.chance(0.4):
        for x in np.arange(press.between(0, pitch), press.width, pitch):
            pen.line((x, 0, x, press.height), fill=shade, width=1)


def punch_holes(press: Press) -> None:
    """Punch two to four holes along the left edge: dark ones, or rings."""
    count = press.whole(2, 4)
    radius = press.width * press.between(0.008, 0.016)
    x = press.width * press.between(0.02, 0.05)
    shade = press.whole(60, 255)
    for number in range(count):
        y = press.height * (number + 1) / (count + 1)
        box = (x - radius, y - radius, x + radius, y + radius)
        if press.chance(0.7):
            press.sheet.pen.ellipse(box, fill=shade)
        else:
            press.sheet.pen.ellipse(box, outline=shade, width=1)


def staple(press: Press) -> None:
    """Draw a staple or the rust of a clip in an upper corner."""
    length = press.width * press.between(0.015, 0.03)
    x = press.width * (press.between(0.02, 0.07) if press.chance(0.7) else 0.94)
    y = press.height * press.between(0.01, 0.05)
    angle = press.between(0, np.pi)
    step = (length * np.cos(angle), length * np.sin(angle))
    press.sheet.pen.line(
        (x, y, x + step[0], y + step[1]), fill=press.whole(80, 220), width=press.whole(2, 4)
    )

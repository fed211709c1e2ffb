"""Kinds of pages, how common each is, and the shape of sheet each is set on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from readapt.synth.genres import Genre
from readapt.synth.layouts import book, catalogue, columns, letter, receipt, scattered, table
from readapt.synth.press import Press


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of page."""

    name: str
    compose: Callable[[Press], None]
    """Sets text and other things on the press's sheet."""
    weight: float
    """How common it is, against the others."""
    aspect: tuple[float, float]
    """Height over width of the sheet, least and most."""
    width: tuple[float, float] = (1.0, 1.0)
    """Share of the configured width, least and most."""


LAYOUTS: tuple[Layout, ...] = (
    Layout("receipt", receipt.compose, 0.25, (1.3, 2.8), (0.6, 0.95)),
    Layout("letter", letter.compose, 0.22, (0.8, 1.5)),
    Layout("book", book.compose, 0.17, (1.2, 1.75)),
    Layout("title page", book.title_page, 0.05, (1.2, 1.75)),
    Layout("catalogue", catalogue.compose, 0.09, (1.3, 1.75)),
    Layout("columns", columns.compose, 0.05, (1.1, 1.6)),
    Layout("table", table.compose, 0.05, (0.7, 1.5)),
    Layout("form", table.form, 0.03, (0.7, 1.5)),
    Layout("scattered", scattered.compose, 0.05, (0.5, 1.6)),
    Layout("textless", scattered.textless, 0.04, (0.6, 1.8)),
)
"""The mix that suits a detector of documents of many kinds."""

LAYOUTS_OF: Final[Mapping[Genre, tuple[str, ...]]] = {
    "receipt": ("receipt", "table"),
    "typescript": ("letter", "form", "table"),
    "print": ("book", "title page", "catalogue", "columns", "letter"),
    "old": ("book", "title page"),
    "blackletter": ("book", "title page", "columns"),
    "scattered": ("scattered",),
}
"""Kinds of pages that lines of a kind come from."""
TEXTLESS: Final = 0.04
"""Share of pages with nothing to find."""


def layouts_of(
    genres: Mapping[str, float], all_layouts: Sequence[Layout] = LAYOUTS
) -> tuple[Layout, ...]:
    """Weigh the kinds of pages by the shares of kinds of lines."""
    weights: dict[str, float] = {"textless": TEXTLESS * (sum(genres.values()) or 1.0)}
    for genre, names in LAYOUTS_OF.items():
        own = [layout for layout in all_layouts if layout.name in names]
        total = sum(layout.weight for layout in own)
        for layout in own:
            share = genres.get(genre, 0.0) * layout.weight / total
            weights[layout.name] = weights.get(layout.name, 0.0) + share
    chosen = [replace(one, weight=weights.get(one.name, 0.0)) for one in all_layouts]
    return tuple(layout for layout in chosen if layout.weight > 0)

"""``$...$`` and ``$$...$$`` in Markdown become MathML, which browsers show without any script."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

DISPLAYED = r"\$\$(.+?)\$\$"
INLINE = r"\$(?![\s$])([^$]+?)(?<!\s)\$"


class FormulaError(ValueError):
    """A formula that cannot be converted whole."""


def mathml(latex: str, *, displayed: bool) -> str:
    """Convert one formula. Raises :class:`FormulaError` where something of it is left as LaTeX."""
    made = convert(latex.strip(), display="block" if displayed else "inline")
    if "\\" in made:
        raise FormulaError(f"not all of the formula {latex!r} is known: {made}")
    return made


class Formulas(Extension):
    """Formulas are looked for after code spans, and before backslashes mean anything else."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  as Markdown names it
        """Add both kinds of formulas."""
        md.inlinePatterns.register(_Formula(DISPLAYED, md, displayed=True), "displayed", 187)
        md.inlinePatterns.register(_Formula(INLINE, md, displayed=False), "formula", 186)


class _Formula(InlineProcessor):
    def __init__(self, pattern: str, md: Markdown, *, displayed: bool) -> None:
        super().__init__(pattern, md)
        self._displayed = displayed

    def handleMatch(  # noqa: N802
        self, m: re.Match[str], data: str
    ) -> tuple[Element | str, int, int]:
        found = mathml(m.group(1), displayed=self._displayed)
        return self.md.htmlStash.store(found), m.start(0), m.end(0)

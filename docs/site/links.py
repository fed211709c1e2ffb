"""Links of the pages into the code: ``[`def name`](../../src/file.py#L12)``.

    python docs/site/links.py            # put line numbers right, where the named thing has moved

In backticks, or with an underscore and no space, a link's text is what stands in its line. The
line of any other link has to begin a definition at least.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEFINITION = re.compile(r"\s*(async def|def|class|void|static|@|[A-Za-z_]\w*(:.*)? = )")
LINK = re.compile(r"(!?)\[((?:[^\]`]|`[^`]*`)*)\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Link:
    """A link of a page to something in the repository."""

    page: Path
    text: str
    path: Path
    """What it leads to, absolute."""
    anchor: str
    """What stands behind the ``#``, or ""."""
    written: str
    """The target as it is written."""

    @property
    def line(self) -> int | None:
        """The line it leads to, from 1."""
        found = re.fullmatch(r"L(\d+)", self.anchor)
        return int(found[1]) if found else None

    @property
    def name(self) -> str | None:
        """What stands in its line, by the link's text; None where that is prose."""
        text = self.text.strip("`")
        named = text != self.text or ("_" in text and " " not in text)
        return text if named and self.line else None

    @property
    def shows(self) -> bool:
        """Whether its line is there, and holds the name, or at least begins a definition."""
        if self.line is None:
            return True
        lines = self.path.read_text("utf-8").splitlines()
        line = lines[self.line - 1] if self.line <= len(lines) else ""
        return self.name in line if self.name else bool(DEFINITION.match(line))


def pages() -> list[Path]:
    """All pages under docs/."""
    return sorted((ROOT / "docs").rglob("*.md"))


def links(page: Path) -> Iterator[Link]:
    """Yield the links of a page that lead into the repository."""
    for found in LINK.finditer(page.read_text("utf-8")):
        target, _, anchor = found[3].partition("#")
        if target and "://" not in target:
            yield Link(page, found[2], (page.parent / target).resolve(), anchor, found[3])


def main() -> None:
    """Look for what each link names, and write its line."""
    for page in pages():
        text = page.read_text("utf-8")
        for link in links(page):
            if link.line is None or not link.path.is_file() or link.shows:
                continue
            name = link.name
            if name is None:
                print(f"{page.relative_to(ROOT)}: look after {link.text!r}: {link.written}")
                continue
            lines = link.path.read_text("utf-8").splitlines()
            places = [n for n, line in enumerate(lines, start=1) if name in line]
            if not places:
                print(f"{page.relative_to(ROOT)}: {name} is not in {link.path.relative_to(ROOT)}")
                continue
            defined = [n for n in places if DEFINITION.match(lines[n - 1])]
            best = (defined or places)[0]
            target = link.written.partition("#")[0]
            text = text.replace(
                f"[{link.text}]({link.written})", f"[{link.text}]({target}#L{best})"
            )
        page.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

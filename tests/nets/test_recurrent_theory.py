"""The theory's page points at the lines it names."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "theory" / "recurrence.md"


def test_links_point_at_what_they_name() -> None:
    links = re.findall(r"\[`?([^\]`]+)`?\]\(([^)#]+)(?:#L(\d+))?\)", PAGE.read_text("utf-8"))
    assert len(links) > 10
    for name, path, line in links:
        target = PAGE.parent / path
        assert target.exists(), path
        if line:
            assert name in target.read_text("utf-8").splitlines()[int(line) - 1], (name, path)

"""The model card: what a bundle is, how it was made and how well it reads, for people and tools.

Markdown with YAML front matter, as model hubs expect it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from readapt.models.manifest import Manifest

CARD_NAME = "README.md"


def model_card(
    manifest: Manifest, how: str, results: Sequence[Mapping[str, str]], measured_by: str
) -> str:
    """Write the card of a bundle.

    `how` says in Markdown how it was trained; `results` is a table, one mapping of column to text
    a row, each with the same columns; `measured_by` is the command that printed it.
    """
    front = {
        "summary": manifest.summary,
        "license": manifest.license,
        "language": manifest.language,
        "script": manifest.script,
        "tags": ["ocr", "ctc", "text-detection", "onnx", "readapt"],
        "metrics": manifest.metrics,
    }
    # JSON is YAML: no writer of our own, no dependency.
    lines = [
        "---",
        *(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in front.items()),
        "---",
        "",
        f"# {manifest.name} {manifest.version}",
        "",
        manifest.summary,
        "",
        "## How it was trained",
        "",
        how.strip(),
        "",
        "## How well it reads",
        "",
    ]
    if results:
        columns = list(results[0])
        lines += ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        lines += ["| " + " | ".join(row[c] for c in columns) + " |" for row in results]
        lines += ["", f"Measured by `{measured_by}`."]
    else:
        lines.append("Not measured yet.")
    return "\n".join(lines) + "\n"


def write_card(folder: Path, card: str) -> None:
    """Put the card beside the bundle's files."""
    (folder / CARD_NAME).write_text(card, encoding="utf-8")

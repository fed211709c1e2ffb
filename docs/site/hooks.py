"""What MkDocs does not do by itself: formulas, pages from elsewhere, and code with its lines.

Links lead to files of the repository, as they do where it is browsed. In the site a linked file of
code is a page of its own, with an anchor for each line.
"""

from __future__ import annotations

import html
import os
import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))

from formulas import Formulas
from links import LINK, ROOT

ELSEWHERE = {
    "README.md": "index.md",
    "benchmarks/README.md": "benchmarks.md",
    "src/readapt/models/latin/README.md": "model-card.md",
    "examples/README.md": "examples.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "LOG.md": "log.md",
}
"""Pages that do not live in docs/, and where they stand in the site."""

RESULTS = "benchmarks/results"
FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
CODE_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{path}</title><style>
pre {{ line-height: 1.3 }} span {{ display: block; min-height: 1.3em }}
span::before {{ content: attr(id); color: #999; display: inline-block; width: 5em }}
span:target {{ background: #ffc }}
</style></head><body><p><a href="{home}">readapt</a> / {path}</p><pre>{lines}</pre></body></html>
"""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Let formulas be known."""
    config.markdown_extensions.append(Formulas())
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from elsewhere, the results, and everything that is linked."""
    sources = {}  # where a page's text lies in the repository: in the site
    for file in files.documentation_pages():
        sources[f"docs/{file.src_uri}"] = file.src_uri
    for source, target in (ELSEWHERE | _results()).items():
        if (ROOT / source).is_file():
            text = (ROOT / source).read_text("utf-8")
            text = FRONT_MATTER.sub(lambda m: f"```\n{m[1]}\n```\n", text)
            files.append(File.generated(config, target, content=text))
            sources[source] = target
    index = "# Results\n\n" + "".join(
        f"- [{path.name}](../../{RESULTS}/{path.name})\n"
        for path in sorted((ROOT / RESULTS).glob("*.*"))
    )
    files.append(File.generated(config, "results/index.md", content=index))
    sources[f"{RESULTS}/index.md"] = "results/index.md"
    config.extra["sources"] = {target: source for source, target in sources.items()}
    config.extra["targets"] = sources
    for file in list(files.documentation_pages()):
        for linked in _linked(file.content_string, sources_of(config, file.src_uri)):
            target = _target(linked, config)
            if files.get_file_from_path(target) is None and (ROOT / linked).is_file():
                files.append(_of_the_repository(linked, target, config))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to where their files are in the site."""
    here = sources_of(config, page.file.src_uri)

    def moved(found: re.Match[str]) -> str:
        path, anchor = _parted(found[3], here)
        if path is None or not (path in config.extra["targets"] or (ROOT / path).exists()):
            return found[0]
        target = os.path.relpath(_target(path, config), os.path.dirname(page.file.src_uri) or ".")
        return f"{found[1]}[{found[2]}]({target}{anchor})"

    return LINK.sub(moved, markdown)


def sources_of(config: MkDocsConfig, page: str) -> str:
    """Return the file of the repository that a page of the site is made from."""
    return str(config.extra["sources"][page])


def _results() -> dict[str, str]:
    return {
        f"{RESULTS}/{path.name}": f"results/{path.name}"
        for path in sorted((ROOT / RESULTS).glob("*.md"))
    }


def _parted(written: str, source: str) -> tuple[str | None, str]:
    """Path in the repository that a link leads to, None if to elsewhere; and its anchor."""
    target, mark, anchor = written.partition("#")
    if not target or "://" in target or target.startswith("mailto:"):
        return None, ""
    path = os.path.normpath(os.path.join(os.path.dirname(source), target))
    return (f"{path}/index.md" if path == RESULTS else path), mark + anchor


def _linked(markdown: str, source: str) -> list[str]:
    paths = [_parted(found[3], source)[0] for found in LINK.finditer(markdown)]
    return [path for path in paths if path is not None]


def _target(path: str, config: MkDocsConfig) -> str:
    """Where a file of the repository stands in the site."""
    if path in config.extra["targets"]:
        return str(config.extra["targets"][path])
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return f"code/{path}" if _is_picture(path) else f"code/{path}.html"


def _is_picture(path: str) -> bool:
    return path.endswith((".png", ".jpg", ".jpeg", ".svg"))


def _of_the_repository(path: str, target: str, config: MkDocsConfig) -> File:
    if _is_picture(path):
        return File.generated(config, target, content=(ROOT / path).read_bytes())
    lines = (ROOT / path).read_text("utf-8").splitlines()
    numbered = "".join(
        f'<span id="L{n}">{html.escape(line)}</span>' for n, line in enumerate(lines, start=1)
    )
    home = "../" * target.count("/") + "index.html"
    return File.generated(
        config, target, content=CODE_PAGE.format(path=path, home=home, lines=numbered)
    )

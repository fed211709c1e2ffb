"""The site of `make docs`: complete, readable without a network, and its links lead somewhere."""

import re
import sys
import warnings
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docs" / "site"
FORMULA = re.compile(r"\$\$.+?\$\$|\$(?![\s$])[^$]+?(?<!\s)\$", re.DOTALL)
LOADS = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that MkDocs loads
        build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder), strict=True))
    return folder


@pytest.fixture(scope="module", autouse=True)
def _beside_the_hooks() -> Iterator[None]:
    sys.path.insert(0, str(SITE))
    yield
    sys.path.remove(str(SITE))


class Tags(HTMLParser):
    """All tags of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_every_page_is_there_and_every_formula_converted(site: Path) -> None:
    sources = sorted((ROOT / "docs").rglob("*.md"))
    assert {"ctc.md", "nms.md", "recurrence.md", "wgan.md"} <= {path.name for path in sources}
    for source in sources:
        text = source.read_text("utf-8")
        text = re.sub(r"```.*?```|`[^`\n]*`|^(?: {4}|\t).*\$\n", "", text, flags=re.DOTALL)
        built = site / source.relative_to(ROOT / "docs").with_suffix(".html")
        html = built.read_text("utf-8")
        assert html.count("<math ") == len(FORMULA.findall(text)), source
        assert "\\frac" not in re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL), source
    for page in ("index", "benchmarks", "model-card", "log", "architecture"):
        assert (site / f"{page}.html").is_file()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for tag, attributes in Tags(page).found:
            loaded = attributes.get(LOADS.get(tag, ""), "") or ""
            assert not re.match(r"(https?:)?//", loaded), (page, loaded)
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", sheet.read_text("utf-8")), sheet


def test_every_link_leads_somewhere(site: Path) -> None:
    ids: dict[Path, set[str | None]] = {}
    for page in site.rglob("*.html"):
        ids[page] = {value.get(key) for _, value in Tags(page).found for key in ("id", "name")}
    for page in ids:
        if page.name in ("404.html", "search.html"):
            continue
        for tag, attributes in Tags(page).found:
            link = attributes.get("href") if tag == "a" else attributes.get(LOADS.get(tag, ""))
            if not link or re.match(r"https?:|mailto:|data:|#$", link):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / path.split("?")[0]).resolve() if path else page
            assert target.is_file(), f"{page.relative_to(site)} links to {link}"
            if anchor and target.suffix == ".html":
                assert anchor in ids[target], f"{page.relative_to(site)} links to {link}"


def test_links_into_the_code_show_what_they_name() -> None:
    from links import links, pages

    every = [link for page in pages() for link in links(page)]
    assert len(every) > 40
    wrong = [f"{link.page.name}: {link.written}" for link in every if not link.path.exists()]
    wrong += [
        f"{link.page.name}: {link.text} is not at {link.written}"
        for link in every
        if link.path.is_file() and not link.shows
    ]
    assert not wrong, "python docs/site/links.py puts moved names right: " + "; ".join(wrong)


@pytest.mark.parametrize(
    ("latex", "elements"),
    [
        (r"\frac{a}{b}", ["<mfrac>"]),
        (r"\sum_i x_i^2", ["&#x02211;", "<msubsup>"]),
        (r"a \le b", ["&#x02264;"]),
    ],
)
def test_a_formula_is_mathml(latex: str, elements: list[str]) -> None:
    from formulas import mathml

    made = mathml(latex, displayed=True)
    assert made.startswith("<math ")
    assert all(element in made for element in elements)


def test_a_formula_that_is_not_known_is_refused() -> None:
    from formulas import FormulaError, mathml

    with pytest.raises(FormulaError, match="nosuchthing"):
        mathml(r"\nosuchthing{a}", displayed=False)


def test_formulas_and_code_keep_apart() -> None:
    from formulas import Formulas
    from markdown import markdown

    html = markdown("`$a$` is $x_1 * y_2 * z$ and\n\n$$a\n+ b$$", extensions=[Formulas()])
    assert "<code>$a$</code>" in html
    assert html.count("<math ") == 2
    assert "<em>" not in html
    assert 'display="block"' in html

"""Fetch openly licensed fonts that no small Debian package carries.

`apt-packages.txt` lists most training fonts. Two more places have types that old documents are set
in:

- the `@fontsource` packages (SIL Open Font License each), through `npm pack`: worn typewriters,
  eighteenth-century types, blackletter. They come as WOFF files cut by Unicode range; the cuts of
  one style are joined to one TrueType file, so that a line with both `a` and `ſ` can be drawn;
- Debian's `texlive-fonts-extra` (500 MB), of which a few folders are taken without installing it:
  Fraktur, Schwabacher and Gothic after the types of Leipzig and Mainz (yfonts, LaTeX Project
  Public License), Didot, Baskerville, Courier and OCR-B.

    pip install skia-pathops; python recipes/fonts.py [FOLDER]

They go to ~/.local/share/fonts/readapt where no folder is named. Needs npm beside Debian's apt.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path

from fontTools.merge import Merger
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, TTLibError, newTable

from readapt.synth.ligatures import CODES

PACKAGES = """
anonymous-pro b612-mono bigelow-rules bodoni-moda caudex cormorant-garamond courier-prime cousine
cutive cutive-mono dotgothic16 fragment-mono fruktur germania-one grenze-gotisch ibm-plex-mono
im-fell-double-pica im-fell-dw-pica im-fell-english im-fell-french-canon im-fell-great-primer
jacquard-24 kings kode-mono libre-baskerville libre-bodoni libre-caslon-text major-mono-display
manufacturing-consent
martian-mono metamorphous new-rocker nova-mono old-standard-tt overpass-mono pirata-one
red-hat-mono rokkitt rubik-dirt rubik-distressed share-tech-mono sometype-mono sorts-mill-goudy
space-mono special-elite special-gothic syne-mono texturina uncial-antiqua unifrakturcook
unifrakturmaguntia vt323 xanh-mono zilla-slab
""".split()
BLACKLETTER = (
    "unifrakturcook",
    "unifrakturmaguntia",
    "pirata-one",
    "jacquard-24",
    "new-rocker",
    "fruktur",
    "manufacturing-consent",
)
"""Blackletter families; those without a long s are given one (needs the package skia-pathops)."""
TEX_FOLDERS = """
opentype/public/yfonts-otf opentype/public/courierten opentype/public/umtypewriter
opentype/public/ocr-b-outline opentype/public/gfsdidotclassic opentype/public/baskervillef
opentype/public/ibarra opentype/public/fbb truetype/public/theanodidot
truetype/public/theanomodern truetype/public/theanooldstyle
""".split()
TEX_BLACKLETTER = ("opentype/public/qualitype/QTFraktur.otf",)
"""Blackletter without a long s, which is given one."""
SUBSETS = ("latin", "latin-ext")
WEIGHTS = ("400", "700")


def join_cuts(cuts: list[Path], target: Path) -> None:
    """Write one TrueType file with the glyphs of all `cuts` of a style."""
    plain = []
    for cut in cuts:
        font = TTFont(cut)
        font.flavor = None
        # Layout tables of different cuts disagree.
        for table in ("GSUB", "GPOS", "GDEF", "kern", "DSIG", "STAT", "FFTM", "MATH", "BASE"):
            if table in font:
                del font[table]
        path = cut.with_suffix(".ttf")
        font.save(path)
        plain.append(str(path))
    joined = Merger().merge(plain) if len(plain) > 1 else TTFont(plain[0])
    keep_ligatures(joined)
    if target.name.startswith(BLACKLETTER) and 0x17F not in joined.getBestCmap():
        add_long_s(joined)
    joined.save(target)


def keep_ligatures(font: TTFont) -> None:
    """Give the ligatures that a font has, but no layout table leads to any more, code points."""
    glyphs = set(font.getGlyphOrder())
    for letters, code in CODES.items():
        name = "_".join("longs" if c == "ſ" else c for c in letters)
        if code and name in glyphs:
            for table in font["cmap"].tables:
                if table.isUnicode():
                    table.cmap.setdefault(ord(code), name)


def add_long_s(font: TTFont) -> None:
    """Give a blackletter font the long s its web cut lost: an f without the right of its bar.

    In blackletter the two letters share every other stroke. The bar stands at the height of the x;
    what lies right of the stem there is cut away.
    """
    import pathops
    from fontTools.pens.boundsPen import BoundsPen

    glyphs = font.getGlyphSet()
    letter = pathops.Path()
    glyphs["f"].draw(letter.getPen(glyphSet=glyphs))
    bounds = BoundsPen(glyphs)
    glyphs["x"].draw(bounds)
    x_height = bounds.bounds[3]

    def rectangle(left: float, bottom: float, right: float, top: float) -> pathops.Path:
        path = pathops.Path()
        pen = path.getPen()
        pen.moveTo((left, bottom))
        pen.lineTo((right, bottom))
        pen.lineTo((right, top))
        pen.lineTo((left, top))
        pen.closePath()
        return path

    band = rectangle(-2000, 0.35 * x_height, 4000, 0.6 * x_height)
    stem = pathops.op(letter, band, pathops.PathOp.INTERSECTION).bounds[2]
    bar = rectangle(stem + 2, 0.72 * x_height, 4000, 1.22 * x_height)
    long_s = pathops.op(letter, bar, pathops.PathOp.DIFFERENCE)
    pen = TTGlyphPen(None)
    long_s.draw(pen)
    font["glyf"]["longs"] = pen.glyph()
    font["hmtx"]["longs"] = font["hmtx"]["f"]
    font.setGlyphOrder(list(font["glyf"].glyphOrder))
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap[0x17F] = "longs"


def quadratic(font: TTFont) -> None:
    """Turn the cubic outlines of an OpenType font to TrueType's, within a thousandth of an em."""
    outlines = font.getGlyphSet()
    drawn = {}
    for name in font.getGlyphOrder():
        pen = TTGlyphPen(outlines)
        outlines[name].draw(Cu2QuPen(pen, font["head"].unitsPerEm / 1000, reverse_direction=True))
        drawn[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = table = newTable("glyf")
    table.glyphOrder = font.getGlyphOrder()
    table.glyphs = drawn
    for old in ("CFF ", "VORG", "GSUB", "GPOS", "kern"):
        if old in font:
            del font[old]
    profile = font["maxp"]
    profile.tableVersion = 0x00010000
    for field in (
        "maxZones maxTwilightPoints maxStorage maxFunctionDefs maxInstructionDefs "
        "maxStackElements maxSizeOfInstructions"
    ).split():
        setattr(profile, field, 0)
    profile.maxZones = 1
    profile.maxComponentElements = max(len(getattr(g, "components", [])) for g in drawn.values())
    font["post"].formatType = 3.0
    font.sfntVersion = "\x00\x01\x00\x00"


def without_hints(path: Path) -> None:
    """Take a TrueType font's hints away: some of Theano's throw accents across their letters."""
    with TTFont(path) as font:
        for table in ("fpgm", "prep", "cvt "):
            if table in font:
                del font[table]
        for name in font.getGlyphOrder():
            font["glyf"][name].removeHinting()
        font.save(path)


def from_npm(folder: Path) -> None:
    """Fetch every package of `PACKAGES` and write its styles to `folder`."""
    for name in PACKAGES:
        with tempfile.TemporaryDirectory() as scratch:
            command = ["npm", "pack", "--silent", f"@fontsource/{name}"]
            fetched = subprocess.run(command, cwd=scratch, capture_output=True, text=True)
            if fetched.returncode:
                print(f"{name}: not fetched: {fetched.stderr.strip()[:200]}", file=sys.stderr)
                continue
            archive = next(Path(scratch).glob("*.tgz"))
            with tarfile.open(archive) as tar:
                tar.extractall(scratch, filter="data")
            styles: dict[str, list[Path]] = defaultdict(list)
            for subset in SUBSETS:
                for weight in WEIGHTS:
                    for slant in ("normal", "italic"):
                        file = f"package/files/{name}-{subset}-{weight}-{slant}.woff"
                        if (Path(scratch) / file).exists():
                            styles[f"{name}-{weight}-{slant}"].append(Path(scratch) / file)
            for style, cuts in styles.items():
                try:
                    join_cuts(cuts, folder / f"{style}.ttf")
                except (TTLibError, AssertionError, KeyError, AttributeError, ValueError) as error:
                    print(f"{style}: left out: {error!r}", file=sys.stderr)


def from_tex(folder: Path) -> None:
    """Fetch Debian's package of TeX fonts and copy those of `TEX_FOLDERS` to `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        command = ["apt-get", "download", "texlive-fonts-extra"]
        fetched = subprocess.run(command, cwd=scratch, capture_output=True, text=True)
        archives = list(Path(scratch).glob("*.deb"))
        if fetched.returncode or not archives:
            print(f"TeX fonts: not fetched: {fetched.stderr.strip()[:200]}", file=sys.stderr)
            return
        subprocess.run(["dpkg-deb", "-x", archives[0].name, "."], cwd=scratch, check=True)
        fonts = Path(scratch, "usr/share/texlive/texmf-dist/fonts")
        for name in TEX_FOLDERS:
            for file in sorted((fonts / name).glob("*.[ot]tf")):
                shutil.copy(file, folder)
                if file.suffix == ".ttf":
                    without_hints(folder / file.name)
        for name in TEX_BLACKLETTER:
            with TTFont(fonts / name) as font:
                quadratic(font)
                add_long_s(font)
                font.save(folder / Path(name).with_suffix(".ttf").name)


def main(folder: Path) -> None:
    """Fetch all fonts to `folder`; what one place does not give is said, and the other is asked."""
    lacking = [name for name in ("npm", "apt-get", "dpkg-deb") if not shutil.which(name)]
    if find_spec("pathops") is None:
        lacking.append("the Python package skia-pathops")
    if lacking:
        raise SystemExit(f"{', '.join(lacking)}: not found, and needed; install it first.")
    folder.mkdir(parents=True, exist_ok=True)
    from_npm(folder)
    from_tex(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path.home() / ".local/share/fonts/readapt")

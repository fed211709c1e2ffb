"""readapt against Tesseract 5 and RapidOCR: same cuts, same pages, same cores, one run.

    python benchmarks/peers.py [NAME] [-m MODEL] [--data PATH] [--collections A,B] [--limit N]

Writes ``results/<date>-peers[-NAME].json`` and a table as ``.md`` beside it. Every engine is a
process that reads a list of image files, confined to the same cores. Time per line is that process
from start to end, less the same process reading a single line, over the lines left; start-up is
the latter.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from documents import COLLECTIONS, Documents, prepare
from engines import Engine, PageText, all_engines
from hardware import RESULTS, ROOT, head, write_result

from readapt.document.elements import Line, Page
from readapt.evaluate.boxes import Detection
from readapt.evaluate.normalise import fold, strict
from readapt.evaluate.rates import cer, total
from readapt.evaluate.run import compare_page
from readapt.evaluate.truth import TruthPage
from readapt.evaluate.words import WordScore

IDLE = 0.5
"""Load above which somebody else was computing, too."""
MEASURE = Path(__file__).resolve().with_name("measure.py")


def main() -> None:
    arguments = parse()
    engines = all_engines(arguments.threads, arguments.model, arguments.rapidocr)
    chosen = [engines[name] for name in arguments.engines]
    earlier = json.loads(arguments.reuse.read_text("utf-8")) if arguments.reuse else None
    result: dict[str, Any] = {
        "name": arguments.name,
        **head(),
        "threads": arguments.threads,
        "limit": arguments.limit,
        "engines": {engine.name: {"version": engine.version()} for engine in chosen},
        "collections": {},
    }
    readings: dict[str, Any] = {"date": result["date"], "readings": {}}
    with tempfile.TemporaryDirectory() as folder:
        for collection in COLLECTIONS:
            if collection.name not in arguments.collections:
                continue
            where = Path(folder) / collection.name
            documents = prepare(collection, arguments.data, where, arguments.limit)
            scores: dict[str, Any] = {
                "lines": len(documents.lines),
                "pages": len(documents.pages),
                "complete": collection.complete,
                "boxes": collection.boxes,
                "ignore_case": collection.ignore_case,
                "engines": {},
            }
            for engine in chosen:
                print(f"{collection.name}: {engine.name}", file=sys.stderr, flush=True)
                read = take(earlier, engine, documents) or run(engine, documents, where, arguments)
                readings["readings"].setdefault(collection.name, {})[engine.name] = read
                scores["engines"][engine.name] = score(read, documents)
            result["collections"][collection.name] = scores
            shutil.rmtree(where)
    for engine in chosen:
        costs = summary(engine.name, result["collections"].values())
        result["engines"][engine.name] |= costs | {"install_bytes": engine.install_bytes()}
    write(result, arguments)
    if arguments.keep_readings:
        arguments.keep_readings.write_text(json.dumps(readings, ensure_ascii=False), "utf-8")


def parse() -> argparse.Namespace:
    names = [collection.name for collection in COLLECTIONS]

    def some(allowed: list[str]) -> Any:
        def pick(text: str) -> list[str]:
            picked = [name for name in text.split(",") if name]
            if unknown := set(picked) - set(allowed):
                raise argparse.ArgumentTypeError(f"{sorted(unknown)} not in {allowed}")
            return picked

        return pick

    peers = ["readapt", "tesseract", "rapidocr"]
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("name", nargs="?", default="", help="told apart from other runs by it")
    parser.add_argument("-m", "--model", help="readapt model bundle; default: the one in the tree")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--collections", type=some(names), default=names)
    parser.add_argument("--engines", type=some(peers), default=peers)
    parser.add_argument("--limit", type=int, help="lines and pages per collection")
    parser.add_argument(
        "--pages",
        type=some(names),
        default=[collection.name for collection in COLLECTIONS if collection.complete],
        help='collections whose pages are read whole; "" for none',
    )
    parser.add_argument("--threads", type=int, default=2, help="cores for every engine")
    parser.add_argument("--rapidocr", type=Path, default=Path("/opt/peers/bin/python"))
    parser.add_argument("--reuse", type=Path, help="readings of peers kept by an earlier run")
    parser.add_argument("--keep-readings", type=Path, help="write all readings here")
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args()


def take(earlier: Any, engine: Engine, documents: Documents) -> Any:
    """Return a peer's earlier reading of exactly these files, marked as such; else None."""
    if earlier is None or engine.name == "readapt":
        return None
    read = earlier["readings"].get(documents.collection.name, {}).get(engine.name)
    if read is None or read["version"] != engine.version():
        return None
    if any(part["digest"] != documents.digest(kind) for kind, part in read["parts"].items()):
        return None
    return read | {"reused_from": earlier["date"]}


def run(
    engine: Engine, documents: Documents, folder: Path, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Read lines, and pages where wanted, each in a process of its own."""
    parts: dict[str, Any] = {}
    work = {"lines": [str(path) for path in documents.lines]}
    if documents.collection.name in arguments.pages and documents.pages:
        work["pages"] = [str(page.image.resolve()) for page in documents.pages]
    for kind, paths in work.items():
        languages = documents.collection.languages
        first, _ = process(engine, kind, paths[:1], folder, languages, arguments.threads)
        cost, out = process(engine, kind, paths, folder, languages, arguments.threads)
        read = engine.lines if kind == "lines" else engine.pages
        parts[kind] = {
            "digest": documents.digest(kind),
            "found": read(out, len(paths)),
            "count": len(paths),
            "startup_s": first["wall_s"],
            "wall_s": cost["wall_s"],
            "cpu_s": cost["cpu_s"],
            "peak_mib": cost["peak_mib"],
        }
    return {"version": engine.version(), "parts": parts}


def process(
    engine: Engine, kind: str, paths: list[str], folder: Path, languages: str, threads: int
) -> tuple[dict[str, float], Path]:
    """Run an engine over a list of files; return what it cost and where it wrote."""
    listed, cost = folder / "list.txt", folder / "cost.json"
    out = folder / f"{engine.name}-{kind}"
    listed.write_text("\n".join(paths) + "\n")
    command = engine.command(kind, listed, out, languages)
    launcher = [sys.executable, "-I", "-S", str(MEASURE), str(cost), str(threads), *command]
    done = subprocess.run(launcher, env=engine.environment(), stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(
            f"{engine.name} failed; is it installed? (--engines leaves it out)\n"
            + "\n".join(done.stderr.splitlines()[-15:])
        )
    return json.loads(cost.read_text()), out


def score(read: dict[str, Any], documents: Documents) -> dict[str, Any]:
    """Compare what was read with the truth."""
    case = documents.collection.ignore_case
    lines = read["parts"]["lines"]
    pairs = list(zip(documents.texts, lines["found"], strict=True))
    result: dict[str, Any] = {
        "cer_folded": total(
            cer(fold(a, ignore_case=case), fold(b, ignore_case=case)) for a, b in pairs
        ).rate,
        "cer": total(cer(strict(a), strict(b)) for a, b in pairs).rate,
        "costs": {kind: costs(part) for kind, part in read["parts"].items()},
    }
    if pages := read["parts"].get("pages"):
        compared = [
            compare_page(truth, as_page(truth, found), ignore_case=case)
            for truth, found in zip(documents.pages, pages["found"], strict=True)
        ]
        detection = sum((page.detection for page in compared), Detection())
        words = sum((page.words for page in compared), WordScore())
        result["detection"] = {
            "precision": detection.precision,
            "recall": detection.recall,
            "hmean": detection.hmean,
        }
        result["words"] = {
            "precision": words.precision,
            "recall": words.recall,
            "f1": words.f1,
        }
    if "reused_from" in read:
        result["reused_from"] = read["reused_from"]
    return result


def as_page(truth: TruthPage, found: PageText) -> Page:
    lines = tuple(Line(tuple((x, y) for x, y in polygon), text, 1.0) for polygon, text in found)
    return Page(truth.width, truth.height, lines)


def costs(part: dict[str, Any]) -> dict[str, float | None]:
    rest = part["count"] - 1
    each = max(0.0, part["wall_s"] - part["startup_s"]) / rest if rest else None
    kept = ("count", "startup_s", "wall_s", "cpu_s", "peak_mib")
    return {"each_s": each, **{key: part[key] for key in kept}}


def summary(engine: str, collections: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return an engine's cost over all collections: time per line and page, memory, start-up."""
    found: dict[str, Any] = {}
    scores = [collection["engines"][engine] for collection in collections]
    for kind in ("lines", "pages"):
        parts = [s["costs"][kind] for s in scores if kind in s["costs"]]
        rest = sum(part["count"] - 1 for part in parts)
        spent = sum(max(0.0, part["wall_s"] - part["startup_s"]) for part in parts)
        found[f"{kind}_each_s"] = spent / rest if rest else None
        found[f"{kind}_peak_mib"] = max((part["peak_mib"] for part in parts), default=None)
        found[f"{kind}_startup_s"] = (
            statistics.median(part["startup_s"] for part in parts) if parts else None
        )
    found["mean_cer_folded"] = statistics.fmean(s["cer_folded"] for s in scores)
    found["mean_cer"] = statistics.fmean(s["cer"] for s in scores)
    return found


def write(result: dict[str, Any], arguments: argparse.Namespace) -> None:
    path = write_result(result, "peers", arguments.name, arguments.out)
    text = "\n".join(tables(result)) + "\n"
    path.with_suffix(".md").write_text(text, "utf-8")
    print(text)
    print(f"wrote {path} and {path.with_suffix('.md').name}", file=sys.stderr)


def tables(result: dict[str, Any]) -> list[str]:
    """Return the result as Markdown."""
    names = list(result["engines"])
    collections = result["collections"]
    out = [
        f"# readapt and its peers, {result['date']}",
        "",
        f"Commit {result['commit']}; {result['processor']}, {result['threads']} of "
        f"{result['cores']} cores for every engine, {result['memory_gib']} GiB, load "
        f"{result['load_before']} before the run."
        + (f" At most {result['limit']} lines and pages each." if result["limit"] else ""),
        "",
    ]
    if result["load_before"] > IDLE:
        out += ["**The machine was busy: the times below mean little.**", ""]
    out += [f"- {name}: {result['engines'][name]['version']}" for name in names]
    out += [
        f"- {name}: readings of {', '.join(dates)} reused, not run again"
        for name in names
        if (
            dates := sorted(
                {
                    scores["engines"][name]["reused_from"]
                    for scores in collections.values()
                    if "reused_from" in scores["engines"][name]
                }
            )
        )
    ]
    out += ["", "## Characters wrong on cut lines (CER), folded / strict", ""]
    rows = [
        [key, str(scores["lines"])]
        + [_pair(scores["engines"][n], "cer_folded", "cer") for n in names]
        for key, scores in collections.items()
    ]
    rows.append(
        ["mean of collections", ""]
        + [_pair(result["engines"][n], "mean_cer_folded", "mean_cer") for n in names]
    )
    out += _markdown(["collection", "lines", *names], rows)
    rows = []
    for key, scores in collections.items():
        for label, group, figures in (
            ("detection", "detection", ("precision", "recall", "hmean")),
            ("words", "words", ("precision", "recall", "f1")),
        ):
            if not any(group in scores["engines"][n] for n in names):
                continue
            if group == "detection" and not scores["boxes"]:
                continue
            shown = figures if scores["complete"] else ("recall",)
            for figure in shown:
                cells = [_figure(scores["engines"][n].get(group, {}).get(figure)) for n in names]
                rows.append([key, str(scores["pages"]), f"{label} {figure}", *cells])
    if rows:
        out += ["", "## Pages read whole", ""]
        out += _markdown(["collection", "pages", "figure", *names], rows)
    out += ["", "## Cost", ""]
    out += _markdown(
        ["", *names],
        [
            [label] + [_cost(result["engines"][n][key], factor) for n in names]
            for label, key, factor in (
                ("ms per line", "lines_each_s", 1e3),
                ("s per page", "pages_each_s", 1),
                ("start-up and first line, s", "lines_startup_s", 1),
                ("peak memory, lines, MiB", "lines_peak_mib", 1),
                ("peak memory, pages, MiB", "pages_peak_mib", 1),
                ("installed, MB", "install_bytes", 1e-6),
            )
        ],
    )
    return out


def _markdown(heads: list[str], rows: list[list[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(row) + " |" for row in lines]


def _pair(scores: dict[str, float], first: str, second: str) -> str:
    return f"{scores[first]:.4f} / {scores[second]:.4f}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _cost(value: float | None, factor: float) -> str:
    return "–" if value is None else f"{value * factor:.3g}"


if __name__ == "__main__":
    main()

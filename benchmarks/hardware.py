"""What a result was measured on, and with which commit: the head of every result file."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


def head() -> dict[str, Any]:
    """Return date, commit (``+`` after it: uncommitted changes), processor, memory and load."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("+" if _dirty() else ""),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def write_result(result: dict[str, Any], script: str, name: str, folder: Path) -> Path:
    """Write ``<date>-<script>[-<name>].json``: no script overwrites another's result."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "-".join(filter(None, (result["date"][:10], script, name)))
    path = path.with_suffix(".json")
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path


def _git(*command: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *command], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def _dirty() -> bool:
    """Say whether the code differs from the commit; new results do not count."""
    return bool(
        _git("status", "--porcelain", "--untracked-files=no", "--", "src", "benchmarks/*.py")
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or "unknown"

"""How much disk Python packages take with all they need: ``install_size.py PACKAGE...``.

Prints bytes: the recorded files of each package and, again and again, of what it requires. The
interpreter itself does not count. Runs in whichever environment is to be measured.
"""

import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


def main() -> None:
    print(closure_size(sys.argv[1:]))


def closure_size(names: list[str]) -> int:
    waiting, seen, size = list(names), set[str](), 0
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        package = metadata.distribution(name)
        for entry in package.files or ():
            path = Path(str(entry.locate()))
            size += path.stat().st_size if path.is_file() else 0
        for line in package.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return size


if __name__ == "__main__":
    main()

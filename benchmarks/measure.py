"""Run one command and write what it cost: ``measure.py OUT.json THREADS COMMAND...``.

A process of its own, without imports beyond the standard library: the peak memory the kernel
reports for a child includes what its parent held when it was forked, so the parent must be small.
The command, with all its threads, is confined to ``THREADS`` processor cores.
"""

import json
import os
import subprocess
import sys
import time


def main() -> None:
    out, threads, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    with open(out, "w") as file:
        json.dump(
            {
                "wall_s": wall,
                "cpu_s": usage.ru_utime + usage.ru_stime,
                "peak_mib": usage.ru_maxrss / 1024,
            },
            file,
        )
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()

"""How many processor cores there are for this process."""

import os


def cores() -> int:
    """Count the processor cores that this process may use; a container's may be fewer than all."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not everywhere
        return os.cpu_count() or 1

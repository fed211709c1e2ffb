"""The ICDAR 2015 matching rule, pair by pair in file order, on shapely's polygons."""

from collections.abc import Sequence

from shapely.geometry import Polygon


def icdar_counts(
    truth: Sequence[Sequence[tuple[float, float]]],
    found: Sequence[Sequence[tuple[float, float]]],
    ignore: Sequence[bool],
) -> tuple[int, int, int]:
    """Return hits, true regions and found regions that count."""
    skip_truth = {i for i, flag in enumerate(ignore) if flag}
    skip_found = set()
    for j, polygon in enumerate(found):
        area = Polygon(polygon).area
        for i in skip_truth:
            if area and Polygon(truth[i]).intersection(Polygon(polygon)).area / area > 0.5:
                skip_found.add(j)
    used_truth, used_found, hits = set(), set(), 0
    for i, true_polygon in enumerate(truth):
        for j, polygon in enumerate(found):
            if i in used_truth | skip_truth or j in used_found | skip_found:
                continue
            a, b = Polygon(true_polygon), Polygon(polygon)
            shared = a.intersection(b).area
            if shared / (a.area + b.area - shared) > 0.5:
                hits += 1
                used_truth.add(i)
                used_found.add(j)
    return hits, len(truth) - len(skip_truth), len(found) - len(skip_found)

"""Read listed images with RapidOCR: ``read_with_rapidocr.py lines|pages LIST OUT.json THREADS``.

Runs in RapidOCR's own environment and imports nothing of readapt. Lines go one by one through the
call its documentation gives for them: on processors its own batching (padded to the widest line)
was measured to be slower. Everything else stays at its defaults.
"""

import json
import sys
from pathlib import Path

from rapidocr import RapidOCR


def main() -> None:
    kind, listed, out, threads = sys.argv[1:]
    engine = RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": int(threads),
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.log_level": "critical",
        }
    )
    found: list[object] = []
    for path in Path(listed).read_text().splitlines():
        if kind == "lines":
            result = engine(path, use_det=False, use_cls=False, use_rec=True)
            found.append(" ".join(result.txts or ()))
        else:
            result = engine(path, use_det=True, use_cls=True, use_rec=True)
            boxes = [] if result.boxes is None else result.boxes.tolist()
            found.append([list(pair) for pair in zip(boxes, result.txts or (), strict=True)])
    Path(out).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()

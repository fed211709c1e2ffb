"""Reads line images with RapidOCR in a process of its own; imports nothing of readapt.

One image path a line on stdin, one JSON array ``[text, confidence]`` a line on stdout.
"""

import json
import sys

from rapidocr import RapidOCR  # type: ignore[import-not-found,unused-ignore]


def main() -> None:
    """Read until stdin ends."""
    engine = RapidOCR(
        params={
            "EngineConfig.onnxruntime.intra_op_num_threads": int(sys.argv[1]),
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Global.log_level": "critical",
        }
    )
    for line in sys.stdin:
        result = engine(line.rstrip("\n"), use_det=False, use_cls=False, use_rec=True)
        texts, scores = tuple(result.txts or ()), tuple(result.scores or ())
        sure = sum(scores) / len(scores) if scores else 0.0
        print(json.dumps([" ".join(texts), float(sure)]), flush=True)


if __name__ == "__main__":
    main()

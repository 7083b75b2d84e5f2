"""Average precision by COCO's own code: reads {pictures, truth, found} from standard input, writes the scores.

pictures: [{id, width, height}]; truth: [{image_id, bbox}]; found: {model: [{image_id, bbox, score}]}
"""

import contextlib
import json
import sys

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

SCORES = ["ap", "ap50", "ap75", "small", "medium", "large"]


def score(truth, found):
    if not found:
        return dict.fromkeys(SCORES, 0.0)
    evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    # -1 where there is nobody of a size.
    return {name: float(value) if value >= 0 else None for name, value in zip(SCORES, evaluation.stats)}


def main():
    given = json.load(sys.stdin)
    # It reports to standard output, which is ours.
    with contextlib.redirect_stdout(sys.stderr):
        truth = COCO()
        boxes = [
            {"id": at, "category_id": 1, "iscrowd": 0, "area": box["bbox"][2] * box["bbox"][3], **box}
            for at, box in enumerate(given["truth"], 1)
        ]
        truth.dataset = {"info": {}, "images": given["pictures"], "annotations": boxes, "categories": [{"id": 1}]}
        truth.createIndex()
        scores = {
            model: score(truth, [{"category_id": 1, **box} for box in found]) for model, found in given["found"].items()
        }
    json.dump(scores, sys.stdout)


main()

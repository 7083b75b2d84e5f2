"""A detector that somebody else trained, as a source of targets; no weight of it enters ours.

RTMDet as MMDeploy exports it: BGR, mean and deviation taken off, the picture at the top left. Suppression is inside the
graph, so the graph is cut before it, where every cell still has its score and box. Its cells are the student's: strides
8, 16 and 32 in this order, row by row. It measures boxes from a cell's corner, the student from its middle; as both are
compared as boxes in pixels, nothing follows from that.
"""

import numpy as np
import onnx
import onnxruntime

from letterbox import Size
from overlap import ious, suppress

PERSON = 0
MEAN = np.array([103.53, 116.28, 123.675], np.float32)
DEVIATION = np.array([57.375, 57.12, 58.395], np.float32)
# From here the teacher is sure enough to silence labels that know of nobody.
SURE = 0.35


class Teacher:
    def __init__(self, path: str, size: Size, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        model = cut_before_suppression(onnx.load(path))
        self.session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self.input = self.session.get_inputs()[0].name
        self.cells = sum((size.width // s) * (size.height // s) for s in (8, 16, 32))

    def look(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """BGR uint8 [n, H, W, 3] -> scores [n, N] and corners [n, N, 4]."""
        boxes, scores = self.session.run(None, {self.input: normalised(images)})
        if scores.shape[1] != self.cells:
            raise ValueError(f"the teacher has {scores.shape[1]} cells, the network {self.cells}")
        return scores[..., PERSON], boxes


def normalised(images: np.ndarray) -> np.ndarray:
    # One channel at a time: numpy is slow where the innermost side is only three long.
    out = np.empty((images.shape[0], 3, *images.shape[1:3]), np.float32)
    for channel in range(3):
        np.subtract(images[..., channel], MEAN[channel], out=out[:, channel])
        out[:, channel] /= DEVIATION[channel]
    return out


def cut_before_suppression(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph up to every cell's boxes and scores, as its two outputs, in this order."""
    graph = model.graph
    makers = {name: node for node in graph.node for name in node.output}
    suppression = next(node for node in graph.node if node.op_type == "NonMaxSuppression")
    boxes = origin(makers, suppression.input[0], "Concat")
    scores = origin(makers, suppression.input[1], "Sigmoid")
    needed, open_names = set(), [boxes, scores]
    while open_names:
        name = open_names.pop()
        if name in makers and name not in needed:
            needed.update(makers[name].output)
            open_names.extend(makers[name].input)
    kept = [node for node in graph.node if needed.intersection(node.output)]
    del graph.node[:], graph.output[:]
    graph.node.extend(kept)
    for name in (boxes, scores):
        graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return model


def origin(makers: dict[str, onnx.NodeProto], name: str, operation: str) -> str:
    """Up along first inputs, past the choice of the best and its reshaping, to what such an operation made."""
    while makers[name].op_type != operation:
        name = makers[name].input[0]
    return name


def overlooked_by_labels(scores: np.ndarray, boxes: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Boxes of whom the teacher is sure and no label covers: labels are not to be trusted there."""
    sure = scores > SURE
    boxes, scores = boxes[sure], scores[sure]
    boxes = boxes[suppress(boxes, scores)]
    return boxes[~(ious(boxes, people) > 0.4).any(1)]

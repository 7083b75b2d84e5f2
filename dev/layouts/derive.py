"""Our own model's outputs in other layouts, for want of small public models of each: derive.py OURS.onnx FOLDER."""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def derive(path, folder, name, nodes, constants, outputs):
    model = onnx.load(path)
    graph = model.graph
    graph.node.extend(nodes)
    graph.initializer.extend(numpy_helper.from_array(np.array(value), key) for key, value in constants.items())
    del graph.output[:]
    graph.output.extend(helper.make_tensor_value_info(key, TensorProto.FLOAT, shape) for key, shape in outputs.items())
    onnx.checker.check_model(model)
    onnx.save(model, Path(folder) / f"{name}.onnx")


def main(path, folder):
    graph = onnx.load(path).graph
    _, height, width, _ = (side.dim_value for side in graph.input[0].type.tensor_type.shape.dim)
    cells = graph.output[0].type.tensor_type.shape.dim[1].dim_value
    columns = {"begin": [0], "four": [4], "five": [5], "last": [2]}
    derive(
        path, folder, "as-yolov8",
        [helper.make_node("Transpose", ["boxes"], ["columns"], perm=[0, 2, 1])],
        {}, {"columns": [None, 5, cells]},
    )
    derive(
        path, folder, "as-ssd",
        [
            helper.make_node("Slice", ["boxes", "begin", "four", "last"], ["centred"]),
            helper.make_node("Slice", ["boxes", "four", "five", "last"], ["sure"]),
            helper.make_node("MatMul", ["centred", "to_corners"], ["corners"]),
            helper.make_node("Sub", ["one", "sure"], ["nothing"]),
            helper.make_node("Concat", ["nothing", "sure"], ["scores"], axis=2),
        ],
        {
            **columns,
            "one": np.float32(1),
            # Centre and sides in pixels, to corners in shares.
            "to_corners": np.array([[1, 0, 1, 0], [0, 1, 0, 1], [-0.5, 0, 0.5, 0], [0, -0.5, 0, 0.5]], np.float32)
            / np.array([width, height, width, height], np.float32),
        },
        {"corners": [None, cells, 4], "scores": [None, cells, 2]},
    )


main(*sys.argv[1:])

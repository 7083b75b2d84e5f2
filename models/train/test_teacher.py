from pathlib import Path

import numpy as np
import onnxruntime

from letterbox import Size, letterbox
from network import grid_of
from overlap import suppress
from pack import boxes_of, read_pack
from teacher import PERSON, Teacher, normalised, overlooked_by_labels

SIZE = Size(320, 256)


def test_its_cells_are_ours(teacher_path: str) -> None:
    for size in (SIZE, Size(416, 320)):
        teacher = Teacher(teacher_path, size)
        grid = grid_of(size)
        images = np.random.default_rng(0).integers(0, 256, (2, size.height, size.width, 3), np.uint8)
        scores, boxes = teacher.look(images)
        assert scores.shape == (2, len(grid.centre)) and boxes.shape == (2, len(grid.centre), 4)
        assert scores.min() >= 0 and scores.max() <= 1


def test_cut_graph_says_what_the_whole_one_does(teacher_path: str) -> None:
    picture = read_pack(str(Path(teacher_path).parents[1] / "train-person.tar"), "val")[1]
    image, _ = letterbox(picture.image, SIZE)
    scores, boxes = Teacher(teacher_path, SIZE).look(image[None])
    whole = onnxruntime.InferenceSession(teacher_path)
    found, labels = whole.run(None, {"input": normalised(image[None])})
    people = found[0][(labels[0] == PERSON) & (found[0][:, 4] > 0.3)]
    assert len(people) > 0
    keep = suppress(boxes[0], scores[0], 0.6)
    keep = keep[scores[0, keep] > 0.3]
    np.testing.assert_allclose(np.sort(scores[0, keep]), np.sort(people[:, 4]), atol=1e-3)
    grid = grid_of(SIZE)
    for *box, score in people:
        cell = np.abs(scores[0] - score).argmin()
        np.testing.assert_allclose(boxes[0, cell], box, atol=0.1)
        # The cell whose box this is lies where the student's cell of this number does.
        centre = grid.centre[cell].numpy()
        assert (centre > box[:2]).all() and (centre < box[2:]).all()


def test_pictures_of_a_batch_do_not_mix(teacher_path: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, SIZE.height, SIZE.width, 3), np.uint8)
    images[1] = 114
    teacher = Teacher(teacher_path, SIZE)
    together, boxes = teacher.look(images)
    for k in range(3):
        alone, own = teacher.look(images[k : k + 1])
        np.testing.assert_allclose(alone[0], together[k], atol=1e-4)
        np.testing.assert_allclose(own[0], boxes[k], atol=0.05)


def test_what_labels_overlook() -> None:
    boxes = boxes_of([[10, 10, 50, 100], [12, 10, 50, 102], [200, 10, 240, 100], [100, 10, 140, 100]])
    scores = np.array([0.6, 0.5, 0.7, 0.2], np.float32)
    assert overlooked_by_labels(scores, boxes, boxes_of([[202, 12, 238, 98]])).tolist() == [[10, 10, 50, 100]]
    assert len(overlooked_by_labels(scores, boxes, boxes_of([]))) == 2

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

import train
from export import export, load_weights
from figures import Figures
from letterbox import Size
from pack import Picture, read_pack
from quantise import quantise
from score import ap50, held_out_ap50, onnx_detector
from stream import Batch, Batches, stream

SIZE = Size(160, 128)


def batches_of(pictures: list[Picture]) -> Batches:
    return Batches(pictures, Figures(4, 1, pictures), SIZE, batch=3, steps=6, seed=5)


def same(a: Batch, b: Batch) -> bool:
    boxes = zip(a.people + a.unsure, b.people + b.unsure, strict=True)
    return np.array_equal(a.images, b.images) and all(np.array_equal(left, right) for left, right in boxes)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_follows_from_seed_and_step_alone(pictures: list[Picture], workers: int) -> None:
    whole = list(stream(batches_of(pictures), 0, 0))
    rest = list(stream(batches_of(pictures), 4, workers))
    assert len(whole) == 6 and len(rest) == 2
    assert all(same(a, b) for a, b in zip(whole[4:], rest, strict=True))
    assert not same(whole[0], whole[1])


def arguments(tiny_pack: str, out: Path, *more: str) -> list[str]:
    fixed = "--size 160x128 --steps 6 --batch 4 --rendered 4 --workers 0 --device cpu --eval-every 0.0001"
    return ["--data", tiny_pack, "--out", str(out), *fixed.split(), *more]


def test_a_stopped_training_goes_on_as_if_it_had_not(tiny_pack: str, tmp_path: Path, monkeypatch) -> None:
    train.main(arguments(tiny_pack, tmp_path / "whole"))
    learn = train.Training.learn

    def learn_and_stop(self: train.Training, batch: Batch) -> None:
        learn(self, batch)
        self.stop()

    with monkeypatch.context() as patch:
        patch.setattr(train.Training, "learn", learn_and_stop)
        for _ in range(3):
            train.main(arguments(tiny_pack, tmp_path / "pieces"))
    assert torch.load(tmp_path / "pieces" / "checkpoint.pt")["progress"]["step"] == 3
    train.main(arguments(tiny_pack, tmp_path / "pieces"))
    whole, pieces = (torch.load(tmp_path / name / "checkpoint.pt") for name in ("whole", "pieces"))
    assert pieces["progress"]["step"] == 6
    for name, weights in whole["ema"].items():
        torch.testing.assert_close(pieces["ema"][name], weights, rtol=1e-3, atol=1e-4)
    with (tmp_path / "pieces" / "curve.csv").open() as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == [1, 2, 3, 4, 5, 6]
    assert (tmp_path / "pieces" / "curve.svg").read_text().startswith("<svg")


def test_other_settings_are_refused(tiny_pack: str, tmp_path: Path) -> None:
    train.main(arguments(tiny_pack, tmp_path, "--minutes", "0"))
    with pytest.raises(SystemExit, match=r"lr 0\.0015 \(now 0\.002\)"):
        train.main(arguments(tiny_pack, tmp_path, "--lr", "2e-3"))


def test_int8_is_the_same_detector(tiny_pack: str, tmp_path: Path) -> None:
    train.main(arguments(tiny_pack, tmp_path))
    network, _ = load_weights(str(tmp_path / "checkpoint.pt"))
    source, out = str(tmp_path / "a.onnx"), str(tmp_path / "b.onnx")
    export(network, SIZE, source)
    pictures = read_pack(tiny_pack, "train")
    quantise(source, out, pictures, SIZE, reduce_range=True)
    images = np.stack([picture.image[:128, :160] for picture in pictures])
    exact, coarse = (onnx_detector(path)[0](images) for path in (source, out))
    assert np.abs(exact - coarse).mean() < 1


def test_ap50(pictures: list[Picture]) -> None:
    people = [np.array([[0, 0, 10, 20], [50, 0, 60, 20]], np.float32), np.zeros((0, 4), np.float32)]
    assert ap50([(people[0], np.array([0.9, 0.8])), (people[1], np.zeros(0))], people) == 1
    # The same person found twice, somebody found where nobody is, one of two missed.
    twice = people[0][[0, 0]]
    nowhere = (people[0][:1], np.array([0.95]))
    assert ap50([(twice, np.array([0.9, 0.8])), nowhere], people) == pytest.approx(0.25)
    blind = held_out_ap50(lambda images: np.zeros((len(images), 3, 5), np.float32), pictures, Size(320, 256))
    assert blind == 0

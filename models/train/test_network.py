from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from agreement import difference
from export import export
from letterbox import Size
from network import Deployed, Network, decode, grid_of
from warm_start import warm_start


@pytest.fixture(scope="module")
def trained() -> Network:
    """Random, but with batch norms that do something."""
    torch.manual_seed(0)
    network = Network()
    network.train()
    with torch.no_grad():
        for _ in range(20):
            network(torch.rand(4, 3, 128, 160))
    return network.eval()


@pytest.mark.parametrize("size", [Size(320, 256), Size(416, 320), Size(96, 64)])
def test_there_is_a_cell_for_every_row(size: Size) -> None:
    grid = grid_of(size)
    assert len(grid.centre) == size.width * size.height * 21 // 1024
    assert Network().eval()(torch.zeros(1, 3, size.height, size.width)).shape == (1, len(grid.centre), 5)
    assert grid.centre[0].tolist() == [4, 4] and grid.centre[1].tolist() == [12, 4]
    assert grid.centre[-1].tolist() == [size.width - 16, size.height - 16]


def test_decoding() -> None:
    grid = grid_of(Size(320, 256))
    raw = torch.zeros(1, 1680, 5)
    raw[0, 41, :4] = torch.log(torch.tensor([1.0, 2, 3, 4]))
    # The second cell of the second row: its centre is at 12, 12, its stride is 8.
    assert decode(raw, grid)[0, 41].tolist() == pytest.approx([4, -4, 36, 44], abs=1e-4)
    corners = decode(raw, grid)[0, -1].tolist()
    assert corners == pytest.approx([304 - 32, 240 - 32, 304 + 32, 240 + 32], abs=1e-4)


def test_export_equals_torch_at_any_size_and_batch(trained: Network, tmp_path: Path) -> None:
    for size in (Size(320, 256), Size(160, 128)):
        path = str(tmp_path / f"{size}.onnx")
        assert export(trained, size, path) < 1e-3
        session = onnxruntime.InferenceSession(path)
        rows = session.run(None, {"image": np.zeros((1, size.height, size.width, 3), np.uint8)})[0]
        assert rows.shape == (1, len(grid_of(size).centre), 5)


def test_warm_start_takes_an_export_over(trained: Network, tmp_path: Path) -> None:
    path = str(tmp_path / "model.onnx")
    export(trained, Size(160, 128), path)
    torch.manual_seed(1)
    other = Network()
    pictures = [torch.rand(8, 3, 128, 160) for _ in range(4)]
    assert difference(other, path) > 0.1
    assert warm_start(other, path, pictures) < 1e-3
    # In training, too, it is about the same network: its norms know what comes in.
    deployed, size = Deployed(other, Size(160, 128)), Size(160, 128)
    other.eval()
    with torch.no_grad():
        calm = decode(other(pictures[0]), grid_of(size))
        busy = decode(other.train()(pictures[0]), grid_of(size))
    assert (calm - busy).abs().median() < 2
    deployed.eval()

import io
import json
import os
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from figures import Figures
from pack import Picture


@pytest.fixture(scope="session")
def pictures() -> list[Picture]:
    figures = Figures(12, 7, [])
    return [figures[k] for k in range(12)]


@pytest.fixture(scope="session")
def tiny_pack(pictures: list[Picture], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eight rendered pictures to train on, four held out, as the real pack has them."""
    path = tmp_path_factory.mktemp("pack") / "tiny.tar"
    labels = {}
    with tarfile.open(path, "w") as tar:

        def add(name: str, content: bytes) -> None:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))

        for k, picture in enumerate(pictures):
            fractions = (picture.people / np.array([320, 240, 320, 240])).tolist()
            boxes = [[*box, "gt", 1.0] for box in fractions]
            labels[f"{k}.jpg"] = {"split": "train" if k < 8 else "val", "boxes": boxes}
            add(f"{k}.jpg", cv2.imencode(".jpg", picture.image)[1].tobytes())
        add("labels.json", json.dumps({"images": labels}).encode())
    return str(path)


@pytest.fixture(scope="session")
def teacher_path() -> str:
    """Real material is not in the repository: ../shared/data from its root, or SHARED_DATA."""
    folder = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = folder / "models" / "rtmdet_nano.onnx"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return str(path)

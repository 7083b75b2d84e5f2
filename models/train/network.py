"""The detector: a small residual backbone, a feature pyramid both ways, and a box with a score per cell of three grids.

Only 3x3 and 1x1 convolutions, batch norm (folded away in the export), ReLU and max pooling, so that it is quick on a
CPU and survives int8. It is fully convolutional: cells and their centres follow from the size of the input.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from letterbox import Size

STRIDES = (8, 16, 32)
# A score starts near 0.01, so that thousands of empty cells do not drown the first steps.
SCORE_BIAS = -4.6
DISTANCE_BIAS = 0.7


class Grid(NamedTuple):
    """All cells, the finest grid first, row by row: centre [N, 2] (x, y) and stride [N, 1], in pixels."""

    centre: Tensor
    stride: Tensor


@lru_cache(maxsize=8)
def grid_of(size: Size, device: torch.device | None = None) -> Grid:
    centres, strides = [], []
    for stride in STRIDES:
        rows, columns = size.height // stride, size.width // stride
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        centres.append((torch.stack([x, y], -1).reshape(-1, 2).float() + 0.5) * stride)
        strides.append(torch.full((rows * columns, 1), float(stride)))
    return Grid(torch.cat(centres).to(device), torch.cat(strides).to(device))


def decode(raw: Tensor, grid: Grid) -> Tensor:
    """Raw [..., N, 5] -> corners [..., N, 4] in pixels; the four are logarithms of distances in strides."""
    distances = raw[..., :4].clamp(-6, 6).exp() * grid.stride
    return torch.cat([grid.centre - distances[..., :2], grid.centre + distances[..., 2:]], -1)


class Convolution(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)), inplace=True)


class Residual(nn.Module):
    """Half as wide inside."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(Convolution(channels, channels // 2), Convolution(channels // 2, channels, 3))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Pool(nn.Module):
    """Three 5x5 max pools in a row give the coarsest map a view of the whole picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.enter = Convolution(channels, channels // 2)
        self.leave = Convolution(channels * 2, channels)

    def forward(self, x: Tensor) -> Tensor:
        views = [self.enter(x)]
        for _ in range(3):
            views.append(F.max_pool2d(views[-1], 5, 1, 2))
        return self.leave(torch.cat(views, 1))


def stage(inputs: int, outputs: int, depth: int) -> nn.Sequential:
    return nn.Sequential(Convolution(inputs, outputs, 3, 2), *[Residual(outputs) for _ in range(depth)])


def twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class Network(nn.Module):
    """[B, 3, H, W] RGB in 0..1 -> raw [B, N, 5]. The order of the calls in `forward` is what warm_start.py goes by."""

    def __init__(self, fine: int = 48, coarse: int = 64) -> None:
        super().__init__()
        self.stem = nn.Sequential(Convolution(3, 16, 3, 2), stage(16, 24, 1))
        self.stage8, self.stage16 = stage(24, 48, 2), stage(48, 96, 3)
        self.stage32 = nn.Sequential(stage(96, 160, 2), Pool(160))
        self.enter8, self.enter16, self.enter32 = (
            Convolution(48, fine),
            Convolution(96, coarse),
            Convolution(160, coarse),
        )
        self.narrow = Convolution(coarse, fine)
        self.merge8, self.merge16 = Convolution(fine, fine, 3), Convolution(coarse, coarse, 3)
        self.down16, self.down32 = Convolution(fine, coarse, 3, 2), Convolution(coarse, coarse, 3, 2)
        widths = (fine, coarse, coarse)
        self.heads = nn.ModuleList([Convolution(width, width, 3) for width in widths])
        self.predictions = nn.ModuleList([nn.Conv2d(width, 5, 1) for width in widths])
        self.initialise()

    def initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for prediction in self.predictions:
            nn.init.normal_(prediction.weight, 0, 0.01)
            prediction.bias.data = torch.tensor([DISTANCE_BIAS] * 4 + [SCORE_BIAS])

    def forward(self, x: Tensor) -> Tensor:
        c8 = self.stage8(self.stem(x))
        c16 = self.stage16(c8)
        p32 = self.enter32(self.stage32(c16))
        p16 = self.merge16(self.enter16(c16) + twice(p32))
        p8 = self.merge8(self.enter8(c8) + twice(self.narrow(p16)))
        p16 = p16 + self.down16(p8)
        p32 = p32 + self.down32(p16)
        levels = zip(self.heads, self.predictions, (p8, p16, p32), strict=True)
        return torch.cat([predict(head(p)).flatten(2) for head, predict, p in levels], 2).transpose(1, 2)


class Deployed(nn.Module):
    """What ships: uint8 [n, H, W, 3] RGB in; [n, N, 5] out: centre x, centre y, width, height in pixels, score."""

    def __init__(self, network: Network, size: Size) -> None:
        super().__init__()
        self.network = network
        grid = grid_of(size)
        self.register_buffer("centre", grid.centre, persistent=False)
        self.register_buffer("stride", grid.stride, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        raw = self.network(image.permute(0, 3, 1, 2).float() * (1 / 255))
        corners = decode(raw, Grid(self.centre, self.stride))
        low, high = corners[..., :2], corners[..., 2:]
        return torch.cat([(low + high) * 0.5, high - low, raw[..., 4:].sigmoid()], -1)

"""What a training needs to go on where it was, in one file that is always whole."""

import copy
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from network import Network


@dataclass
class Progress:
    step: int = 0
    seconds: float = 0.0
    """Trained so far, in all pieces."""
    evaluated_at_s: float = 0.0
    best: float = 0.0


@dataclass
class State:
    network: Network
    ema: Network
    optimiser: torch.optim.Optimizer
    progress: Progress


def optimiser_of(network: nn.Module, rate: float, decay: float) -> torch.optim.Optimizer:
    """Weights of convolutions decay; scales, shifts and biases do not."""
    weights = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    others = [parameter for parameter in network.parameters() if parameter.ndim < 2]
    groups = [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0}]
    return torch.optim.AdamW(groups, lr=rate, fused=True)


def follow(ema: nn.Module, network: nn.Module, step: int, slowest: float = 0.9993) -> None:
    """The moving average of the weights, which is what ships; quick at first, while the network still changes much."""
    keep = min(slowest, 1 - 1 / (10 + step / 4))
    with torch.no_grad():
        target, source = ema.state_dict(), network.state_dict()
        names = [name for name in target if target[name].dtype.is_floating_point]
        torch._foreach_lerp_([target[name] for name in names], [source[name] for name in names], 1 - keep)


def save(path: Path, state: State, settings: dict) -> None:
    write_whole(
        path,
        {
            "settings": settings,
            "progress": asdict(state.progress),
            "network": state.network.state_dict(),
            "ema": state.ema.state_dict(),
            "optimiser": state.optimiser.state_dict(),
        },
    )


def save_best(path: Path, state: State, settings: dict) -> None:
    write_whole(path, {"settings": settings, "progress": asdict(state.progress), "ema": state.ema.state_dict()})


def write_whole(path: Path, content: dict) -> None:
    aside = path.with_suffix(".tmp")
    torch.save(content, aside)
    os.replace(aside, path)


def resume(path: Path, state: State, settings: dict) -> None:
    """Fills the state; refuses a checkpoint of a training with other settings, as its schedule would be another."""
    content = torch.load(path, map_location="cpu", weights_only=True)
    before = content["settings"]
    changed = {name: (old, settings.get(name)) for name, old in before.items() if old != settings.get(name)}
    if changed:
        told = ", ".join(f"{name} {old} (now {new})" for name, (old, new) in changed.items())
        raise SystemExit(f"{path} is of a training with {told}: go on with the same, or give another --out")
    state.network.load_state_dict(content["network"])
    state.ema.load_state_dict(content["ema"])
    state.optimiser.load_state_dict(content["optimiser"])
    state.progress = Progress(**content["progress"])


def copy_for_average(network: Network) -> Network:
    return copy.deepcopy(network).eval()

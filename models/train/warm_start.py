"""Starts a training from an exported model of the same network, whose batch norms are folded into its convolutions."""

from collections.abc import Iterable

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from agreement import DIFFERENCE_MAX, difference
from network import Convolution, Network


def warm_start(network: Network, path: str, pictures: Iterable[Tensor]) -> float:
    """Takes the weights over; returns the largest difference to what the file itself answers (pixels or score)."""
    model = onnx.load(path)
    load_folded(network, model)
    spread_statistics(network, pictures)
    apart = difference(network, path)
    if apart > DIFFERENCE_MAX:
        raise ValueError(f"{path} answers otherwise than the network that took over its weights: {apart}")
    return apart


def load_folded(network: Network, model: onnx.ModelProto) -> None:
    """Both run the same convolutions in the same order; every batch norm becomes one that only adds the folded bias."""
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    # The exporter keeps equal tensors once and names the others after it.
    for node in model.graph.node:
        if node.op_type == "Identity" and node.input[0] in tensors:
            tensors[node.output[0]] = tensors[node.input[0]]
    nodes = [node for node in model.graph.node if node.op_type == "Conv"]
    layers = convolutions_as_run(network)
    if len(nodes) != len(layers):
        raise ValueError(f"the model has {len(nodes)} convolutions, the network {len(layers)}")
    with torch.no_grad():
        for node, (conv, norm) in zip(nodes, layers, strict=True):
            weight, bias = (torch.tensor(tensors[name]) for name in node.input[1:3])
            if weight.shape != conv.weight.shape:
                raise ValueError(f"{node.name}: {tuple(weight.shape)} where the network has {tuple(conv.weight.shape)}")
            conv.weight.copy_(weight)
            if norm is None:
                conv.bias.copy_(bias)
            else:
                norm.running_mean.zero_()
                norm.running_var.fill_(1)
                norm.weight.fill_((1 + norm.eps) ** 0.5)
                norm.bias.copy_(bias)


def convolutions_as_run(network: Network) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    norms = {module.conv: module.norm for module in network.modules() if isinstance(module, Convolution)}
    order: list[nn.Conv2d] = []
    convs = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    hooks = [conv.register_forward_pre_hook(lambda module, _: order.append(module)) for conv in convs]
    network.eval()
    with torch.inference_mode():
        network(torch.zeros(1, 3, 64, 64))
    for hook in hooks:
        hook.remove()
    return [(conv, norms.get(conv)) for conv in order]


def spread_statistics(network: Network, pictures: Iterable[Tensor]) -> None:
    """Gives every batch norm the mean and variance that really come in, and the scale and shift that undo them.

    A folded norm does nothing at inference, but training normalises with the statistics of its batch: without this the
    network would be another one at the first step. The function of the network stays the same.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    sums = {norm: [0.0, 0.0, 0] for norm in norms}

    def take(norm: nn.BatchNorm2d, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].double()
        total = sums[norm]
        total[0] = total[0] + x.sum((0, 2, 3))
        total[1] = total[1] + x.pow(2).sum((0, 2, 3))
        total[2] += x.numel() // x.shape[1]

    hooks = [norm.register_forward_pre_hook(take) for norm in norms]
    network.eval()
    with torch.inference_mode():
        for batch in pictures:
            network(batch)
    for hook in hooks:
        hook.remove()
    with torch.no_grad():
        for norm in norms:
            total, squares, count = sums[norm]
            mean = total / count
            variance = (squares / count - mean.pow(2)).clamp(0)
            slope = norm.weight / (norm.running_var + norm.eps).sqrt()
            norm.bias.add_((mean.float() - norm.running_mean) * slope)
            norm.weight.copy_(slope * (variance.float() + norm.eps).sqrt())
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)

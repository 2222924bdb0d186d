"""Files as the first face-swap programs left them, and what they drew from them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np

SIZE, LATENT = 16, 4  # 64 and 1024 in those programs
Weights = list[np.ndarray]


def encoder_layers(low_memory: bool = False) -> list[tuple[str, tuple[int, ...]]]:
    """The layers of the published encoder with their kernels' shapes."""
    widths = (3, 128, 256, 512) if low_memory else (3, 128, 256, 512, 1024)
    side = SIZE // 2 ** (len(widths) - 1)
    layers = [("conv2d", (5, 5, a, b)) for a, b in pairwise(widths)]
    layers.append(("dense", (side * side * widths[-1], LATENT)))
    layers.append(("dense", (LATENT, (SIZE // 16) ** 2 * 1024)))
    return [*layers, ("conv2d", (3, 3, 1024, 4 * 512))]


def decoder_layers() -> list[tuple[str, tuple[int, ...]]]:
    ups = [("conv2d", (3, 3, a, 4 * b)) for a, b in ((512, 256), (256, 128), (128, 64))]
    return [*ups, ("conv2d", (5, 5, 64, 3))]


def drawn_weights(layers: list[tuple[str, tuple[int, ...]]], seed: int) -> Weights:
    """Kernel and bias of each layer, such that images are neither black nor white."""
    rng = np.random.default_rng(seed)
    weights = []
    for _, shape in layers:
        spread = np.float32(1.6 / np.sqrt(np.prod(shape[:-1])))
        weights.append(rng.standard_normal(shape, np.float32) * spread)
        weights.append(rng.standard_normal(shape[-1], np.float32) * np.float32(0.2))
    return weights


def write(
    path: Path,
    layers: list[tuple[str, tuple[int, ...]]],
    weights: Weights,
    whole_model: bool = False,
) -> None:
    """Writes what Keras 2.1 left: layers in order, those without weights too."""
    kinds = {"conv2d": "leaky_re_lu", "dense": "flatten"}
    with h5py.File(path, "w") as file:
        group = file.create_group("model_weights") if whole_model else file
        if whole_model:
            file.attrs["model_config"] = b'{"class_name": "Model"}'
            file.create_group("optimizer_weights")
        names = [b"input_1"]
        group.create_group("input_1").attrs["weight_names"] = np.zeros(0, "S1")
        pairs = iter(weights)
        for number, (kind, _) in enumerate(layers, 1):
            layer = group.create_group(f"{kind}_{number}")
            inner = layer.create_group(f"{kind}_{number}")
            inner["kernel:0"], inner["bias:0"] = next(pairs), next(pairs)
            layer.attrs["weight_names"] = [
                f"{kind}_{number}/{part}:0".encode() for part in ("kernel", "bias")
            ]
            after = f"{kinds[kind]}_{number}"
            group.create_group(after).attrs["weight_names"] = np.zeros(0, "S1")
            names += [layer.name.rpartition("/")[2].encode(), after.encode()]
        group.attrs["layer_names"] = names
        group.attrs["backend"] = b"tensorflow"
        group.attrs["keras_version"] = b"2.1.2"


def conv(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, stride: int = 1):
    """TensorFlow's "same" convolution of one image (H, W, C)."""
    size, out = len(kernel), -(-len(x) // stride)
    pad = max((out - 1) * stride + size - len(x), 0)
    around = (pad // 2, pad - pad // 2)
    x = np.pad(x, (around, around, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (0, 1))
    return (
        np.einsum("ywcij,ijco->ywo", windows[::stride, ::stride], kernel, optimize=True)
        + bias
    )


def leaky(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, x * np.float32(0.1))


def shuffled(x: np.ndarray) -> np.ndarray:
    """Channel (2 i + j) n + c of a pixel goes to row i, column j of four, channel c."""
    count = x.shape[-1] // 4
    large = np.zeros((2 * len(x), 2 * len(x), count), x.dtype)
    for i in range(2):
        for j in range(2):
            start = (2 * i + j) * count
            large[i::2, j::2] = x[..., start : start + count]
    return large


def draw(image: np.ndarray, encoder: Weights, decoder: Weights) -> np.ndarray:
    """One image (H, W, 3), blue green red in [0, 1], through both networks."""

    def pairs(weights: Weights) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return iter(list(zip(weights[::2], weights[1::2], strict=True)))

    x, rest = image, pairs(encoder)
    for _ in range(len(encoder) // 2 - 3):
        x = leaky(conv(x, *next(rest), stride=2))
    for kernel, bias in (next(rest), next(rest)):
        x = x.reshape(-1) @ kernel + bias
    x = x.reshape(SIZE // 16, SIZE // 16, 1024)
    x, rest = shuffled(leaky(conv(x, *next(rest)))), pairs(decoder)
    for _ in range(3):
        x = shuffled(leaky(conv(x, *next(rest))))
    return 1.0 / (1.0 + np.exp(-conv(x, *next(rest))))

"""dlib's face recognition network as an ONNX file, which OpenCV runs.

Structure and weights are those of dlib's `face_recognition_model_v1` (public domain),
a ResNet of 29 convolutions. OpenCV takes a fifth of dlib's time for the same numbers,
and lets other threads run meanwhile.

Reference: King, "High Quality Face Recognition with Deep Metric Learning", 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces._onnx import Graph

INPUT, OUTPUT, SIZE = "image", "embedding", 150
# What dlib subtracts from red, green and blue, and divides by.
_MEANS, _SCALE = np.array([122.782, 117.001, 104.298], np.float32), 256
# Channels of each residual block; an added 0.5 means that it halves the image.
_BLOCKS = (32, 32, 32, 64.5, 64, 64, 64, 128.5, 128, 128, 256.5, 256, 256, 256.5)


def to_onnx(weights: bytes) -> bytes:
    """Returns the network as an ONNX file.

    Args:
        weights: dlib's model file.

    Returns:
        The file. Its input is (1, 3, 150, 150), what `normalized` returns; its output
        (1, 128).
    """
    made = _Network(_Weights(weights))
    return made.graph.file(INPUT, (1, 3, SIZE, SIZE), {made.last: (1, 128)})


def normalized(image: Array) -> Array:
    """Returns an RGB uint8 image (H, W, 3) as the network takes it, float32."""
    return (image.astype(np.float32) - _MEANS) / np.float32(_SCALE)


class _Network:
    """The graph of the network."""

    def __init__(self, weights: _Weights) -> None:
        self.graph, self._weights, self._count = Graph(), weights, 0
        x, side = self._relu(self._convolution(INPUT, 3, 32, 7, 2)), 72
        x = self._add("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])
        channels, side = 32, 35
        for width in _BLOCKS:
            x, side = self._block(x, channels, int(width), side, width % 1 > 0)
            channels = int(width)
        x = self._add("Flatten", [self._add("GlobalAveragePool", [x])])
        kernel = weights.next(b"fc_2", 2).reshape(channels, 128)
        self.last = self._add("Gemm", [x], [kernel, np.zeros(128, np.float32)])

    def _add(
        self,
        operator: str,
        inputs: list[str],
        constants: Sequence[Array] = (),
        **options: Any,
    ) -> str:
        self._count += 1
        name = f"{operator}{self._count}"
        return self.graph.add(name, operator, inputs, constants, **options)

    def _relu(self, x: str) -> str:
        return self._add("Relu", [x])

    def _convolution(
        self, x: str, channels: int, filters: int, size: int, stride: int
    ) -> str:
        """Adds a convolution; the scale and shift after it are part of its kernel."""
        values = self._weights.next(b"con_4")
        scale, shift = self._weights.next(b"affine_").reshape(2, -1)
        kernel, bias = values[:-filters], values[-filters:]
        kernel = kernel.reshape(filters, channels, size, size)
        constants = [kernel * scale[:, None, None, None], bias * scale + shift]
        around = size // 2 if stride == 1 else 0
        return self._add(
            "Conv",
            [x],
            constants,
            kernel_shape=[size, size],
            strides=[stride, stride],
            pads=[around] * 4,
        )

    def _block(
        self, x: str, channels: int, filters: int, side: int, halves: bool
    ) -> tuple[str, int]:
        """Adds a residual block; returns its result and the side of that."""
        inner = self._relu(
            self._convolution(x, channels, filters, 3, 2 if halves else 1)
        )
        inner = self._convolution(inner, filters, filters, 3, 1)
        if halves:
            x = self._add("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
            missing = side // 2 - (side - 1) // 2
            side //= 2
            x = self._padded(x, filters - channels, 0)
            inner = self._padded(inner, 0, missing)
        return self._relu(self._add("Add", [inner, x])), side

    def _padded(self, x: str, channels: int, pixels: int) -> str:
        """Fills up with zeros at the end of channels, rows and columns."""
        if not channels and not pixels:
            return x
        pads = np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)
        return self._add("Pad", [x], [pads], mode="constant")


class _Weights:
    """Reads the parameters of one layer after another from dlib's file."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def next(self, layer: bytes, numbers: int = 0) -> Array:
        """Returns the parameters of the next layer of a kind, flat.

        Args:
            layer: The name that precedes them.
            numbers: How many whole numbers stand between.
        """
        self._place = self._data.index(layer, self._place) + len(layer)
        for _ in range(numbers + 1):  # also the version of the format
            self._number()
        count = int(np.prod([self._number() for _ in range(4)]))
        values = np.frombuffer(self._data, "<f4", count, self._place)
        self._place += values.nbytes
        return values

    def _number(self) -> int:
        begin = self._place + 1
        self._place = begin + self._data[self._place]
        return int.from_bytes(self._data[begin : self._place], "little")

"""Networks as ONNX files, which OpenCV runs: Keras models of a few kinds of layers.

On a CPU, OpenCV takes a fifth of the time that TensorFlow takes for a small network and
one image. The files are written directly, in the format of Protocol Buffers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array

_OPSET, _VERSION = 13, 8
_FLOAT, _INT64 = 1, 7  # types of tensors


def to_onnx(model: Any) -> bytes:
    """Returns a model as an ONNX file.

    Args:
        model: A functional Keras model of one image, channels last, with convolutions,
            PReLU, Add, max pooling, padding of channels, Reshape and Flatten.

    Returns:
        The file. Its input is (1, 3, H, W); its outputs have the names and shapes of
        the model's output layers, with a batch of 1.
    """
    graph, moved = Graph(), dict[str, str]()  # layers that only move axes
    for layer in model.layers:
        _add_layer(graph, layer, moved)
    outputs = [tensor._keras_history.operation for tensor in model.outputs]
    first = model.layers[0]
    height, width, channels = first.output.shape[1:]
    shapes = {layer.name: (1, *layer.output.shape[1:]) for layer in outputs}
    return graph.file(first.name, (1, channels, height, width), shapes)


class Graph:
    """The nodes and constants of an ONNX file that is being written."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def add(
        self,
        name: str,
        operator: str,
        inputs: Sequence[str],
        constants: Sequence[Array] = (),
        **options: Any,
    ) -> str:
        """Adds a node.

        Args:
            name: Name of the node and of its result.
            operator: ONNX's name of the operator.
            inputs: Names of the results that it takes.
            constants: Further inputs.
            **options: The operator's attributes.

        Returns:
            The name.
        """
        inputs = list(inputs)
        for number, array in enumerate(constants):
            inputs.append(f"{name}/{number}")
            self._constants.append(_tensor(inputs[-1], array))
        fields = [_field(1, one) for one in inputs] + [_field(2, name)]
        fields += [_field(4, operator)]
        fields += [_field(5, _option(*one)) for one in options.items()]
        self._nodes.append(b"".join(fields))
        return name

    def file(
        self, name: str, shape: tuple[int, ...], outputs: dict[str, tuple[int, ...]]
    ) -> bytes:
        """Returns the file.

        Args:
            name: Name of the input.
            shape: Its shape.
            outputs: The shapes of the outputs, by name.
        """
        parts = [_field(1, node) for node in self._nodes] + [_field(2, "graph")]
        parts += [_field(5, one) for one in self._constants]
        parts += [_field(11, _value(name, shape))]
        parts += [_field(12, _value(*one)) for one in outputs.items()]
        opset = _field(1, "") + _field(2, _OPSET)
        return _field(1, _VERSION) + _field(7, b"".join(parts)) + _field(8, opset)


def _add_layer(graph: Graph, layer: Any, moved: dict[str, str]) -> None:
    """Adds a Keras layer; its result has its name."""
    kind = type(layer).__name__
    if kind == "InputLayer":
        return
    node = layer._inbound_nodes[0]
    inputs = [one._keras_history.operation.name for one in node.input_tensors]
    inputs = [moved.get(name, name) for name in inputs]
    if kind == "Permute":  # ONNX has the channels first already
        moved[layer.name] = inputs[0]
        return
    operator, constants, options = _LAYERS[kind](layer)
    graph.add(layer.name, operator, inputs, constants, **options)


# An operator's name, its constants and its options.
_Operator = tuple[str, list[Array], dict[str, Any]]


def _convolution(layer: Any) -> _Operator:
    kernel, bias = layer.get_weights()
    groups = kernel.shape[2] if "Depthwise" in type(layer).__name__ else 1
    axes = (3, 2, 0, 1) if groups == 1 else (2, 3, 0, 1)
    sides = [
        _padding(layer, *one)
        for one in zip(
            layer.input.shape[1:3], layer.kernel_size, layer.strides, strict=True
        )
    ]
    options = {
        "kernel_shape": list(layer.kernel_size),
        "strides": list(layer.strides),
        "pads": [before for before, _ in sides] + [after for _, after in sides],
        "group": groups,
    }
    return "Conv", [kernel.transpose(axes), bias], options


def _padding(layer: Any, size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Returns how many zeros Keras adds before and after an axis."""
    if layer.padding == "valid":
        return 0, 0
    missing = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return missing // 2, missing - missing // 2


def _prelu(layer: Any) -> _Operator:
    return "PRelu", [layer.get_weights()[0].reshape(-1, 1, 1)], {}


def _pooling(layer: Any) -> _Operator:
    sides = {"kernel_shape": list(layer.pool_size), "strides": list(layer.strides)}
    return "MaxPool", [], sides


def _more_channels(layer: Any) -> _Operator:
    """Is a padding of the columns of a layer whose axes were moved."""
    begin, end = layer.padding[1]
    pads = np.array([0, begin, 0, 0, 0, end, 0, 0], np.int64)
    return "Pad", [pads], {"mode": "constant"}


def _reshape(layer: Any) -> _Operator:
    return "Reshape", [np.array([0, *layer.output.shape[1:]], np.int64)], {}


_LAYERS: dict[str, Callable[[Any], _Operator]] = {
    "Conv2D": _convolution,
    "DepthwiseConv2D": _convolution,
    "PReLU": _prelu,
    "Add": lambda layer: ("Add", [], {}),
    "MaxPooling2D": _pooling,
    "ZeroPadding2D": _more_channels,
    "Reshape": _reshape,
    "Flatten": lambda layer: ("Flatten", [], {}),
}


def _tensor(name: str, array: Array) -> bytes:
    whole = array.dtype == np.int64
    data = np.ascontiguousarray(array, "<i8" if whole else "<f4").tobytes()
    shape = b"".join(_field(1, size) for size in array.shape)
    kind = _field(2, _INT64 if whole else _FLOAT)
    return shape + kind + _field(8, name) + _field(9, data)


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    sizes = b"".join(_field(1, _field(1, size)) for size in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, sizes)))


def _option(name: str, value: Any) -> bytes:
    """Returns an operator's attribute: a whole number, a text, or a list of numbers."""
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, 2)
    if isinstance(value, str):
        return _field(1, name) + _field(4, value) + _field(20, 3)
    numbers = b"".join(_field(8, number) for number in value)
    return _field(1, name) + numbers + _field(20, 7)


def _field(number: int, value: int | str | bytes) -> bytes:
    """Returns one field of a message of Protocol Buffers."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    """Returns a whole number, seven bits in a byte, the lowest ones first."""
    groups = []
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return struct.pack(f"{len(groups) + 1}B", *groups, value)

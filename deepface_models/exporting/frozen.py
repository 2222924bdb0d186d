"""A network as one TensorFlow function, with its weights as constants."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from deepface_models.core.extras import need
from deepface_models.exporting.networks import Network

_OPSET = 17


def check_backend() -> None:
    """Refuses backends other than TensorFlow's.

    Raises:
        ValueError: Keras uses another one.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise ValueError(
            f"export was called with the backend {backend}. Expected tensorflow, whose "
            "graphs the formats are made from. Save the model with save_parts, and "
            "export it in a process with KERAS_BACKEND=tensorflow."
        )


def freeze(network: Network, batch_size: int | None) -> Any:
    """Returns a `tf.Module` with the function `serve`, from tensors to a dictionary.

    Args:
        network: What to freeze.
        batch_size: Size of the batch axis; None for any.
    """
    import tensorflow
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    names = list(network.inputs)
    specs = [
        tensorflow.TensorSpec((batch_size, *shape), "float32", name)
        for name, shape in network.inputs.items()
    ]
    made: list[str] = []

    @tensorflow.function(input_signature=specs, autograph=False)
    def call(*tensors: Any) -> list[Any]:
        found = network.call(dict(zip(names, tensors, strict=True)))
        made[:] = sorted(found)
        return [tensorflow.cast(found[name], "float32") for name in made]

    concrete = call.get_concrete_function()
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=False)

    @tensorflow.function(input_signature=specs, autograph=False)
    def serve(*tensors: Any) -> dict[str, Any]:
        return dict(zip(made, frozen(*tensors), strict=True))

    module = tensorflow.Module()
    module.serve = serve
    return module


def to_onnx(module: Any) -> Any:
    """Returns the function of `freeze` as an ONNX model."""
    from keras.src.export.tf2onnx_lib import patch_tf2onnx

    need("onnx", "onnx", "export", "ONNX")
    tf2onnx = need("tf2onnx", "tf2onnx", "export", "ONNX")
    patch_tf2onnx()  # for NumPy 2, as Keras does
    signature = list(module.serve.input_signature)
    own = {"opset": _OPSET, "custom_op_handlers": {"Erfc": (_erfc, [])}}
    return tf2onnx.convert.from_function(module.serve, signature, **own)[0]


def _erfc(graph: Any, node: Any, name: str, args: Any) -> Any:
    """Writes the operation Erfc of GELU, which tf2onnx does not know, as 1 - Erf."""
    shapes = [graph.get_shape(one) for one in node.output]
    kinds = [graph.get_dtype(one) for one in node.output]
    erf = graph.make_node("Erf", [node.input[0]])
    one = graph.make_const(f"{name}/one", np.array(1, np.float32))
    graph.remove_node(name)
    found = [one.output[0], erf.output[0]]
    own = {"name": name, "outputs": node.output, "shapes": shapes, "dtypes": kinds}
    return graph.make_node("Sub", found, **own)

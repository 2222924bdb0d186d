"""Networks used inside losses: calling, loading and storing them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops


def as_model(model: Any) -> Any:
    """Returns a Keras model, given a model, a `.keras` file or a stored model.

    Raises:
        TypeError: `model` is none of these.
    """
    if isinstance(model, keras.Model):
        return model
    if isinstance(model, (str, Path)):
        return keras.saving.load_model(str(model), compile=False)
    if isinstance(model, dict):
        return _unpacked(model)
    raise TypeError(
        f"A {type(model).__name__} was given as a loss's network. Expected a "
        "keras.Model or the path of a .keras file. Load or build the model first."
    )


def as_config(source: Any, model: Any) -> Any:
    """Returns a config from which `as_model` restores the network.

    It is the path, if the network came from a file, else the whole network.
    """
    if isinstance(source, (str, Path)):
        return str(source)
    arrays = [np.asarray(array) for array in model.get_weights()]
    joined = b"".join(array.astype("<f4").tobytes() for array in arrays)
    return {
        "architecture": keras.saving.serialize_keras_object(model),
        "weights": base64.b64encode(joined).decode("ascii"),
    }


def _unpacked(stored: dict[str, Any]) -> Any:
    model = keras.saving.deserialize_keras_object(stored["architecture"])
    values = np.frombuffer(base64.b64decode(stored["weights"]), "<f4")
    shapes = [variable.shape for variable in model.weights]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    parts = np.split(values, ends)
    model.set_weights([p.reshape(s) for p, s in zip(parts, shapes, strict=True)])
    return model


def layer_outputs(model: Any, layers: tuple[str, ...]) -> Any:
    """Returns a network whose outputs are those of the named layers."""
    outputs = [model.get_layer(name).output for name in layers]
    return keras.Model(model.inputs[0], outputs, name="features")


def outputs_of(model: Any, images: Any) -> list[Any]:
    """Returns a network's outputs for images (B, H, W, 3), resized to its input."""
    expected = _input_of(model)
    single = expected[0] if isinstance(expected, list) else expected
    height, width = (None, None) if single is None else single.shape[1:3]
    if height and width and (height, width) != tuple(images.shape[1:3]):
        images = ops.image.resize(images, (height, width), data_format="channels_last")
    inputs = [images] if isinstance(expected, list) else images
    outputs = as_list(model(inputs, training=False))
    return [ops.cast(output, "float32") for output in outputs]


def _input_of(model: Any) -> Any:
    """The symbolic input: a list in some models, None for a subclassed one."""
    found = getattr(model, "input", None)
    if found is None:  # a Sequential has only a list, though it takes no list
        found = (getattr(model, "inputs", None) or [None])[0]
    return found


def outputs_of_both(model: Any, true: Any, pred: Any) -> tuple[list[Any], list[Any]]:
    """Returns the outputs for targets, without gradient, and for predictions."""
    expected = [ops.stop_gradient(output) for output in outputs_of(model, true)]
    return expected, outputs_of(model, pred)


def frozen_outputs(model: Any, x: Any, training: bool) -> list[Any]:
    """Returns a network's outputs without gradients for the network's weights."""
    weights = [ops.stop_gradient(v.value) for v in model.trainable_variables]
    rest = [v.value for v in model.non_trainable_variables]
    outputs, _ = model.stateless_call(weights, rest, x, training=training)
    return as_list(outputs)


def as_list(logits: Any) -> list[Any]:
    """Returns a network's outputs as a list, also if there is only one."""
    return list(logits) if isinstance(logits, (list, tuple)) else [logits]

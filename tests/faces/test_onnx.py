"""Keras networks as ONNX files give what they give in Keras."""

from __future__ import annotations

import cv2
import numpy as np
import pytest


@pytest.mark.parametrize("size", [(12, 12), (13, 11)])
def test_each_kind_of_layer_gives_what_keras_gives(size):
    import keras
    from keras import layers

    from deepface_models.faces._onnx import to_onnx

    keras.utils.set_random_seed(0)
    image = keras.Input((*size, 3))
    x = layers.Conv2D(8, 3, 2, "same", bias_initializer="normal")(image)
    x = layers.PReLU(shared_axes=[1, 2], alpha_initializer="normal")(x)
    inner = layers.DepthwiseConv2D(3, padding="same")(x)
    x = layers.Add()([x, layers.Conv2D(8, 1)(inner)])
    x = layers.MaxPooling2D(2)(x)
    x = layers.Permute((1, 3, 2))(x)
    x = layers.ZeroPadding2D(((0, 0), (1, 3)))(x)
    x = layers.Permute((1, 3, 2))(x)
    x = layers.DepthwiseConv2D(2, 2, "same")(x)
    flat = layers.Flatten()(layers.Conv2D(2, 2, name="two")(x))
    wide = layers.Reshape((2, 3))(layers.Conv2D(6, 2)(x))
    model = keras.Model(image, [wide, flat])
    given = np.random.default_rng(0).random((1, *size, 3), np.float32)
    network = cv2.dnn.readNetFromONNX(np.frombuffer(to_onnx(model), np.uint8))
    network.setInput(np.ascontiguousarray(given.transpose(0, 3, 1, 2)))
    names = [tensor._keras_history.operation.name for tensor in model.outputs]
    ours = network.forward(names)
    for one, other in zip(ours, model.predict_on_batch(given), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)

"""A face swap of one's own needs no more than its parts."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from deepface_models.models.swap import FaceSwap


class Own(FaceSwap):
    """One encoder, a decoder for each person, and no `compile` of its own."""

    _arguments = ("identities",)

    def __init__(self, identities=("ana", "ben"), **kwargs):
        face = keras.Input((8, 8, 3))
        encoder = keras.Model(face, layers.Dense(4)(layers.Flatten()(face)))
        super().__init__(
            identities=identities,
            image_size=8,
            encoder=encoder,
            decoders={name: _decoder() for name in identities},
            **kwargs,
        )


def _decoder():
    code = keras.Input((4,))
    pixels = layers.Dense(8 * 8 * 3, "sigmoid")(code)
    return keras.Model(code, layers.Reshape((8, 8, 3))(pixels))


@pytest.mark.usefixtures("eager")
def test_a_face_swap_without_a_loss_of_its_own_learns():
    model = Own()
    model.compile(optimizer=keras.optimizers.Adam(0.01))
    faces = {name: np.full((8, 8, 8, 3), 0.8, "float32") for name in ("ana", "ben")}
    losses = model.fit(faces, faces, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_a_given_loss_replaces_the_default():
    model = Own()
    model.compile()
    assert set(model.loss) == {"ana", "ben"}
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-4)
    model.compile(loss="mse")
    assert model.loss == "mse"

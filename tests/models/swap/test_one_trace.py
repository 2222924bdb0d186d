"""TensorFlow traces the step of a swap model once, which takes seconds each time."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models.data import SwapPairs
from deepface_models.models.swap import Swift

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="only TensorFlow traces steps"
)


@pytest.mark.parametrize("form", ["pairs", "dictionaries"])
def test_the_first_step_is_traced_once(people, monkeypatch, form):
    model = Swift(("ana", "ben"), image_size=64, latent_size=16, basis_size=4)
    model.compile()
    step, traced = type(model).train_step, []

    def counted(self, batch):
        traced.append(None)
        return step(self, batch)

    monkeypatch.setattr(type(model), "train_step", counted)
    if form == "pairs":
        model.fit(SwapPairs(people, 2, steps=3), verbose=0)
    else:
        faces = {name: people[name].images[:4] for name in model.identities}
        targets = {n: model.predict(faces[n], identity=n) for n in faces}
        model.fit(faces, targets, batch_size=2, verbose=0)
    assert len(traced) == 1


def test_a_strategy_creates_the_state_in_its_scope(people):
    import tensorflow as tf

    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = Swift(("ana", "ben"), image_size=64, latent_size=16, basis_size=4)
        model.compile()
    history = model.fit(SwapPairs(people, 2, steps=1), verbose=0).history
    assert np.isfinite(history["loss"]).all()

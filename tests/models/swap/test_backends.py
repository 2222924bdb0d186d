"""The same results on every Keras backend: KERAS_BACKEND=jax pytest -m backend."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import load
from deepface_models.data import SwapPairs
from deepface_models.losses import ImageLoss
from deepface_models.models.swap import FaceSwap, Swift

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
def trained(people):
    """A model, and its weights before one step of training."""
    keras.utils.set_random_seed(0)
    model = Swift(("ana", "ben"), image_size=64, latent_size=16, basis_size=4)
    model.compile()
    data = SwapPairs(people, 2, steps=1)
    model.adapt(data)
    before = {name: part.get_weights() for name, part in model.parts.items()}
    history = model.fit(data, verbose=0).history
    return model, before, history


def test_one_step_trains_every_part(trained):
    model, before, history = trained
    assert set(history) == {"loss", "ana_loss", "ben_loss"}
    assert np.isfinite([history[key] for key in history]).all()
    for name, part in model.parts.items():
        after = part.get_weights()
        assert all(np.isfinite(w).all() for w in after), name
        assert any(map(np.not_equal, map(np.sum, before[name]), map(np.sum, after)))


@pytest.mark.parametrize("target", ["model.keras", "model"])
def test_saved_and_loaded_decodes_the_same_to_the_bit(
    trained, people, tmp_path, target
):
    model, faces = trained[0], people["ben"].images[:3]
    save = model.save if target.endswith(".keras") else model.save_parts
    save(tmp_path / target)
    loaded = load(tmp_path / target)
    assert isinstance(loaded, FaceSwap)
    assert loaded.identities == ("ana", "ben")
    for name in model.identities:
        decoded = model.predict(faces, identity=name)
        assert decoded.shape == (3, 64, 64, 4)
        assert decoded.dtype == np.float32
        np.testing.assert_array_equal(loaded.predict(faces, identity=name), decoded)


def test_encode_then_decode_is_predict(trained, people):
    model, face = trained[0], people["ana"].images[0]
    np.testing.assert_allclose(
        model.decode(model.encode(face), identity="ben"),
        model.predict(face, identity="ben"),
        atol=1e-6,
    )


def test_image_loss_runs(trained, people):
    x, y = SwapPairs(people, 2)[0]
    decoded = trained[0].predict(x, verbose=0)
    expected = np.abs(y["ana"][..., :3] - decoded["ana"][..., :3]).mean()
    assert float(ImageLoss()(y["ana"], decoded["ana"])) == pytest.approx(expected, 1e-4)

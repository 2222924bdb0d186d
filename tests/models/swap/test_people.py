"""Every architecture takes more than two people, also after training."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest
from test_contract import SMALL

from deepface_models.models import swap

pytestmark = pytest.mark.usefixtures("eager")

EXPORTED = sorted(
    name
    for name, value in vars(swap).items()
    if inspect.isclass(value) and issubclass(value, keras.Model) and name != "FaceSwap"
)
THREE = ("ben", "ana", "mia")


@pytest.mark.parametrize("name", EXPORTED)
@pytest.mark.slow
def test_a_new_person_changes_nobody(name):
    """Three people, then four."""
    keras.utils.set_random_seed(0)
    model = getattr(swap, name)(**{**SMALL[name], "identities": THREE})
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:  # as after training
        noise = rng.standard_normal(variable.shape, "float32") * 0.05
        variable.assign(keras.ops.convert_to_numpy(variable) + noise)
    # Everybody's face at once: a graph for each of four would take its time.
    faces = rng.random((2, model.image_size, model.image_size, 3), "float32")
    before = forward(model, faces)
    assert set(before) == set(THREE)
    assert np.abs(before["ana"] - before["mia"]).mean() > 1e-4

    larger = model.add_identity("zoe", like="mia")
    assert type(larger) is type(model)
    assert larger.identities == (*THREE, "zoe")
    after = forward(larger, faces)
    for person in THREE:
        np.testing.assert_array_equal(after[person], before[person])
    np.testing.assert_array_equal(after["zoe"], before["mia"])
    np.testing.assert_array_equal(forward(model, faces)["ana"], before["ana"])
    fresh = forward(model.add_identity("zoe"), faces)
    np.testing.assert_array_equal(fresh["ben"], before["ben"])
    assert np.abs(fresh["zoe"] - before["mia"]).mean() > 1e-4


def forward(model, faces) -> dict[str, np.ndarray]:
    decoded = model(dict.fromkeys(model.identities, faces), training=False)
    return {name: keras.ops.convert_to_numpy(value) for name, value in decoded.items()}

from __future__ import annotations

from itertools import pairwise

import keras
import numpy as np
import pytest

from deepface_models.data import SwapPairs
from deepface_models.models.swap import Original


@pytest.fixture(scope="module")
def model():
    """The published network, 330 MB; not to be changed."""
    return Original(identities=("ana", "ben"))


def conv(kernel: int, inputs: int, outputs: int) -> int:
    return (kernel * kernel * inputs + 1) * outputs


def test_parameters_of_the_published_network(model):
    assert model.encoder.count_params() == 69_662_976
    assert model.decoders["ana"].count_params() == 6_199_747
    assert model.decoders["ben"].count_params() == 6_199_747
    assert model.count_params() == 82_062_470
    assert model.shared_decoder is None


def test_parameters_follow_from_the_description():
    """The table of the published layers, added up by hand."""
    widths = (3, 128, 256, 512, 1024)
    down = sum(conv(5, a, b) for a, b in pairwise(widths))
    flat = 4 * 4 * 1024
    dense = (flat + 1) * 1024 + (1024 + 1) * flat
    assert down + dense + conv(3, 1024, 4 * 512) == 69_662_976
    up = conv(3, 512, 4 * 256) + conv(3, 256, 4 * 128) + conv(3, 128, 4 * 64)
    assert up + conv(5, 64, 3) == 6_199_747


def test_shapes_of_the_published_network(model):
    assert model.encoder.output.shape == (None, 8, 8, 512)
    for name in ("ana", "ben"):
        assert model.output[name].shape == (None, 64, 64, 3)
    assert model.image_size == model.output_size == 64
    assert not model.has_mask
    strides = [x.strides for x in model.encoder.layers if hasattr(x, "strides")]
    assert strides == [(2, 2)] * 4 + [(1, 1)]
    slopes = [x.negative_slope for x in model.encoder.layers if "leaky" in x.name]
    assert slopes == pytest.approx([0.1] * 5)


def test_compile_gives_the_published_settings():
    model = Original(("ana", "ben"), image_size=16, latent_size=2)
    model.compile()
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(5e-5)
    assert (model.optimizer.beta_1, model.optimizer.beta_2) == (0.5, 0.999)
    model.compile(optimizer="sgd", loss={"ana": "mse", "ben": "mse"})
    assert isinstance(model.optimizer, keras.optimizers.SGD)


@pytest.mark.slow
def test_every_weight_learns_from_one_step(people):
    model = Original(("ana", "ben"), image_size=32, latent_size=8)
    # A step of plain gradient descent is the gradient.
    model.compile(optimizer=keras.optimizers.SGD(1.0), run_eagerly=True)
    before = [w.copy() for w in model.get_weights()]
    x, y = SwapPairs(people, 4, image_size=32)[0]
    losses = model.train_on_batch(x, y, return_dict=True)
    assert losses["loss"] == pytest.approx(losses["ana_loss"] + losses["ben_loss"])
    for variable, old in zip(model.weights, before, strict=True):
        gradient = old - keras.ops.convert_to_numpy(variable)
        assert np.isfinite(gradient).all(), variable.path
        assert np.abs(gradient).max() > 0, variable.path


def test_images_are_red_green_blue_in_unit_range(people):
    model = Original(("ana", "ben"), image_size=16, latent_size=2)
    faces = people["ana"].images[:3, :16, :16]
    decoded = model.predict(faces, identity="ben")
    assert decoded.shape == (3, 16, 16, 3)
    assert decoded.dtype == np.float32
    assert 0 <= decoded.min() < decoded.max() <= 1


@pytest.mark.parametrize("size", [0, 8, 65, 72])
def test_wrong_size_is_named(size):
    with pytest.raises(
        ValueError, match=f"image_size={size} was given.*multiple of 16"
    ):
        Original(("ana", "ben"), image_size=size)

"""Principal components of codes: orthogonal, ordered, as long as a deviation."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from drawn_digits import digits

from deepface_models.models.autoencoders import (
    ConvolutionalAutoencoder,
    VariationalAutoencoder,
    principal_components,
)

pytestmark = pytest.mark.backend


def test_components_span_the_codes():
    keras.utils.set_random_seed(0)
    model, images = ConvolutionalAutoencoder(widths=(2, 2)), digits(20)
    mean, components = principal_components(model, images, count=4)
    codes = model.encode(images)
    assert mean.shape == codes.shape[1:] and components.shape == (4, *mean.shape)
    assert np.allclose(mean, codes.mean(axis=0), atol=1e-5)
    rows = components.reshape(4, -1)
    lengths = np.linalg.norm(rows, axis=1)
    assert (np.diff(lengths) <= 0).all()
    units = rows / lengths[:, None]
    assert np.allclose(units @ units.T, np.eye(4), atol=1e-4)
    along = (codes.reshape(20, -1) - mean.ravel()) @ units.T
    assert np.allclose(along.std(axis=0, ddof=1), lengths, rtol=1e-3)


def test_samples_are_used_where_a_model_draws_them():
    model = VariationalAutoencoder(latent_size=3)
    mean, components = principal_components(model)
    assert mean.shape == (3,) and components.shape == (3, 3)


def test_images_are_needed_where_it_cannot():
    model = ConvolutionalAutoencoder(widths=(2, 2))
    with pytest.raises(ValueError, match="images=None was given"):
        principal_components(model)
    with pytest.raises(ValueError, match=r"1 image was given. Expected two or more"):
        principal_components(model, digits(1))

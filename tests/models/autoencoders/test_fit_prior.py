from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import load
from deepface_models.models.autoencoders.variational import VariationalAutoencoder

pytestmark = pytest.mark.backend

SHAPE = (8, 8, 3)


def images(count: int = 200) -> np.ndarray:
    """Few causes of many pixels, so that codes are correlated."""
    rng = np.random.default_rng(0)
    causes = rng.normal(0, 1, (count, 3))
    values = causes @ rng.normal(0, 1, (3, np.prod(SHAPE)))
    values += rng.normal(0, 0.5, values.shape)
    return (1 / (1 + np.exp(-values))).astype("float32").reshape(-1, *SHAPE)


def made(architecture: str = "dense", seed: int = 1) -> VariationalAutoencoder:
    keras.utils.set_random_seed(seed)
    model = VariationalAutoencoder(SHAPE, 4, architecture, widths=(6,))
    rng = np.random.default_rng(seed)
    for part in (model.encoder, model.decoder):
        part.set_weights([rng.normal(0.1, 0.4, w.shape) for w in part.get_weights()])
    return model


@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
def test_codes_follow_the_prior_and_images_stay(architecture):
    model, x = made(architecture), images()
    before, codes = model.reconstruct(x), model.encode(x)
    assert np.abs(np.cov(codes.T) - np.eye(4)).max() > 0.5
    model.fit_prior(x)
    codes = model.encode(x)
    np.testing.assert_allclose(codes.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(codes.T), np.eye(4), atol=1e-2)
    np.testing.assert_allclose(model.reconstruct(x), before, atol=1e-4)


def test_noise_of_each_number_is_what_the_old_noise_becomes():
    model, x = made(), images()
    layer = model.encoder.get_layer("log_var")
    # Away from where log-variances are clipped.
    layer.set_weights([0.1 * w for w in layer.get_weights()])
    old, log_var = model.encoder.predict(x, verbose=0)
    noise = np.exp(log_var).mean(0)
    model.fit_prior(x)
    new, log_var = model.encoder.predict(x, verbose=0)
    # The affine map of the codes, found from their means alone.
    matrix = np.linalg.lstsq(np.c_[old, np.ones(len(x))], new, rcond=None)[0][:4]
    np.testing.assert_allclose(np.exp(log_var).mean(0), noise @ matrix**2, rtol=0.01)


def test_samples_are_like_the_examples():
    model, x = made(), images()

    def gap() -> float:
        """Of the covariances of draws and of reconstructions."""
        pixels = [p.reshape(len(p), -1) for p in (model.sample(500, 0), expected)]
        return float(np.linalg.norm(np.subtract(*(np.cov(p.T) for p in pixels))))

    expected = model.reconstruct(x)
    before = gap()
    model.fit_prior(x)
    assert gap() < 0.6 * before


def test_a_number_that_nothing_uses_stays_small():
    model, x = made(), images()
    layer = model.encoder.get_layer("mean")
    kernel, bias = layer.get_weights()
    kernel[:, 2] = 0
    layer.set_weights([kernel, bias])
    before = model.reconstruct(x)
    model.fit_prior(x)
    assert np.isfinite(model.encode(x, sample=True, seed=0)).all()
    np.testing.assert_allclose(model.reconstruct(x), before, atol=1e-4)


def test_it_is_saved(tmp_path):
    model, x = made(), images()
    model.fit_prior(x)
    model.save_parts(tmp_path / "model")
    again = load(tmp_path / "model")
    np.testing.assert_array_equal(again.sample(3, seed=0), model.sample(3, seed=0))


def test_too_few_or_equal_examples():
    model, x = made(), images()
    with pytest.raises(ValueError, match=r"4 examples .* more than the 4 dimensions"):
        model.fit_prior(x[:4])
    with pytest.raises(ValueError, match="1 examples"):
        model.fit_prior(x[0])
    with pytest.raises(ValueError, match="with the same code"):
        model.fit_prior(np.repeat(x[:1], 20, 0))

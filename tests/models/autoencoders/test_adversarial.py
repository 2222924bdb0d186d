from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from deepface_models import load
from deepface_models.models.autoencoders.adversarial import AdversarialAutoencoder

SMALL = {"image_shape": (4, 4, 1), "latent_size": 2, "widths": (8,)}
TERMS = {"loss", "reconstruction_loss", "generator_loss", "discriminator_loss"}


def images(count: int = 10) -> np.ndarray:
    """Two bars whose brightness varies: two numbers say it all."""
    bright = np.random.default_rng(0).random((count, 2), dtype="float32")
    x = np.zeros((count, 4, 4, 1), "float32")
    x[:, :2, :, 0] = bright[:, 0, None, None]
    x[:, 2:, :, 0] = bright[:, 1, None, None]
    return x


def small(graph: bool = True, **kwargs) -> AdversarialAutoencoder:
    keras.utils.set_random_seed(0)
    model = AdversarialAutoencoder(
        **{**SMALL, "discriminator_widths": (16, 16), **kwargs}
    )
    # TensorFlow traces for longer than it trains here.
    model.compile(keras.optimizers.Adam(0.01), run_eagerly=not graph)
    return model


def softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0.0, x.astype("float64"))


def values(variables) -> list[np.ndarray]:
    return [np.array(ops.convert_to_numpy(v)) for v in variables]


def changed(model, before: dict[str, list[np.ndarray]]) -> dict[str, list[bool]]:
    return {
        name: [not np.array_equal(*p) for p in zip(before[name], after, strict=True)]
        for name, after in ((n, values(p.weights)) for n, p in model.parts.items())
    }


def test_parts_and_sizes():
    model = AdversarialAutoencoder()
    assert list(model.parts) == ["encoder", "decoder", "discriminator"]
    counts = {name: part.count_params() for name, part in model.parts.items()}
    assert counts == {
        "encoder": 784 * 64 + 64 + 64 * 8 + 8,
        "decoder": 8 * 64 + 64 + 64 * 784 + 784,
        "discriminator": 8 * 128 + 128 + 128 * 128 + 128 + 128 + 1,
    }
    assert model.count_params() == sum(counts.values())


@pytest.mark.backend
@pytest.mark.slow_on_tensorflow
def test_every_trainable_variable_gets_a_gradient():
    model = small()
    before = {name: values(part.weights) for name, part in model.parts.items()}
    history = model.fit(
        images(), batch_size=4, validation_data=images(), verbose=0
    ).history
    assert set(history) == TERMS | {f"val_{name}" for name in TERMS}
    assert all(map(all, changed(model, before).values()))
    logs = {name: values[0] for name, values in history.items()}
    assert logs["loss"] == pytest.approx(
        logs["reconstruction_loss"]
        + model.adversarial_weight * logs["generator_loss"]
        + logs["discriminator_loss"],
        rel=1e-5,
    )


@pytest.mark.backend
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_each_term_moves_its_own_player_only(player, monkeypatch):
    model = small()
    zero = "_generator_loss" if player == "discriminator" else "_discriminator_loss"
    term = getattr(AdversarialAutoencoder, zero)
    monkeypatch.setattr(AdversarialAutoencoder, zero, lambda *args: 0.0 * term(*args))
    monkeypatch.setattr(
        AdversarialAutoencoder,
        "_reconstruction",
        lambda self, x, y, image, *rest: 0.0 * ops.mean(image),
    )
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    before = {name: values(part.weights) for name, part in model.parts.items()}
    model.fit(images(), verbose=0)
    moved = {name: any(found) for name, found in changed(model, before).items()}
    assert moved == {
        "encoder": player == "generator",
        "decoder": False,
        "discriminator": player == "discriminator",
    }


def test_terms_agree_with_a_float64_reference():
    model = small()
    x = images()
    logs = model.evaluate(x, batch_size=10, verbose=0, return_dict=True)
    p, wide = model.predict(x, verbose=0).astype("float64"), x.astype("float64")
    entropy = -(wide * np.log(p) + (1 - wide) * np.log(1 - p)).sum((1, 2, 3)).mean()
    coded = model.discriminator.predict(model.encode(x), verbose=0)
    prior = ops.convert_to_numpy(keras.random.normal((10, 2), seed=0))
    real = model.discriminator.predict(np.asarray(prior), verbose=0)
    assert logs["reconstruction_loss"] == pytest.approx(entropy, rel=1e-5)
    assert logs["generator_loss"] == pytest.approx(softplus(-coded).mean(), rel=1e-5)
    assert logs["discriminator_loss"] == pytest.approx(
        softplus(-real).mean() + softplus(coded).mean(), rel=1e-5
    )
    again = model.evaluate(x, batch_size=10, verbose=0, return_dict=True)
    assert again == logs  # evaluation draws the same noise each time


@pytest.mark.by_hand
@pytest.mark.slow
def test_codes_come_to_the_prior():
    """Moments are those of the standard normal, and are not without the adversary."""
    x = images(3000)
    gaps, errors = {}, {}
    for weight in (0.0, 1.0):
        model = small(adversarial_weight=weight, discriminator_widths=(32, 32))
        model.compile(keras.optimizers.Adam(0.005, beta_1=0.5))
        model.fit(x, epochs=8, batch_size=64, verbose=0)
        codes = model.encode(x)
        gaps[weight] = max(
            np.abs(codes.mean(0)).max(), np.abs(np.cov(codes.T) - np.eye(2)).max()
        )
        errors[weight] = np.abs(model.predict(x, verbose=0) - x).mean()
    assert gaps[1.0] < 0.5 < 0.9 < gaps[0.0]
    assert errors[1.0] < 0.1


@pytest.mark.backend
def test_predict_and_encode_do_not_sample():
    model, x = small(), images()
    drawn = model.predict(x, verbose=0)
    assert drawn.shape == x.shape
    assert np.array_equal(drawn, model.predict(x, verbose=0))
    np.testing.assert_allclose(model.decode(model.encode(x)), drawn, atol=1e-6)
    found = model(x, training=True)
    np.testing.assert_allclose(ops.convert_to_numpy(found["image"]), drawn, atol=1e-6)
    assert np.array_equal(model.sample(3, seed=1), model.sample(3, seed=1))
    assert model.interpolate(x[0], x[1], 4).shape == (4, 4, 4, 1)


@pytest.mark.parametrize("shape", [(28, 28, 1), (64, 64, 3), (128, 128, 3), (9, 7, 2)])
def test_any_image_comes_back(shape):
    model = AdversarialAutoencoder(
        shape, 4, "convolutional", widths=(4, 4), discriminator_widths=(8,)
    )
    bytes_ = np.random.default_rng(0).integers(0, 256, (2, *shape), "uint8")
    assert model.predict(bytes_, verbose=0).shape == (2, *shape)
    model.compile(run_eagerly=True)
    assert np.isfinite(model.fit(bytes_, verbose=0).history["loss"]).all()


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_ends_in_float32(policy):
    model = small(graph=False, dtype=policy)
    assert model.predict(images(), verbose=0).dtype == np.float32
    assert model.encode(images()).dtype == np.float32
    assert model.discriminator.output.dtype == "float32"
    assert model.discriminator.layers[1].compute_dtype == policy.removeprefix("mixed_")
    assert np.isfinite(model.fit(images(), verbose=0).history["loss"]).all()


@pytest.mark.backend
@pytest.mark.parametrize("name", ["model", "model.keras"])
def test_a_saved_model_loads_with_equal_outputs(name, tmp_path):
    model = small(adversarial_weight=0.5)
    rng = np.random.default_rng(0)
    for part in model.parts.values():
        part.set_weights([rng.normal(0, 0.3, w.shape) for w in part.get_weights()])
    save = model.save if name.endswith(".keras") else model.save_parts
    save(tmp_path / name)
    loaded = load(tmp_path / name)
    assert type(loaded) is AdversarialAutoencoder
    assert loaded.get_config() == model.get_config()
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(
        loaded.predict(images(), verbose=0), model.predict(images(), verbose=0)
    )


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match=r"adversarial_weight=-1\.0 .* 0"):
        AdversarialAutoencoder(adversarial_weight=-1.0)
    with pytest.raises(ValueError, match="one or more whole numbers"):
        AdversarialAutoencoder(discriminator_widths=())

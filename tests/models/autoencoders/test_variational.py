from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from deepface_models import load
from deepface_models.models.autoencoders.beta import BetaVAE
from deepface_models.models.autoencoders.variational import (
    VariationalAutoencoder,
    bounded_log_var,
    gaussian_kl,
)

SMALL = {"image_shape": (6, 5, 1), "latent_size": 3, "widths": (8,)}


def digits(count: int = 10, shape: tuple[int, ...] = (6, 5, 1)) -> np.ndarray:
    return np.random.default_rng(0).random((count, *shape), dtype="float32")


def small(seed: int = 0, graph: bool = True, **kwargs) -> VariationalAutoencoder:
    """A model whose codes are far from the prior, so that each term counts."""
    keras.utils.set_random_seed(seed)
    model = VariationalAutoencoder(**{**SMALL, **kwargs})
    rng = np.random.default_rng(seed)
    for part in model.parts.values():
        part.set_weights([rng.normal(0, 0.3, w.shape) for w in part.get_weights()])
    model.compile(run_eagerly=not graph)  # TensorFlow traces for longer than it trains
    return model


def reference(model, x: np.ndarray) -> tuple[float, float]:
    """Binary cross-entropy and KL in float64, summed per example, averaged."""
    mean, log_var = (v.astype("float64") for v in model.encoder.predict(x, verbose=0))
    p, x = model.decode(mean).astype("float64"), x.astype("float64")
    entropy = -(x * np.log(p) + (1 - x) * np.log(1 - p))
    kl = -0.5 * (1 + log_var - mean**2 - np.exp(log_var))
    return entropy.sum((1, 2, 3)).mean(), kl.sum(1).mean()


@pytest.fixture(scope="module")
def model():
    """Not to be changed."""
    return small(beta=3.0)


# Size and shapes


def test_published_parameter_count():
    model = VariationalAutoencoder((28, 28, 1))
    assert model.count_params() == 101_652
    assert sum(w.size for w in model.get_weights()) == 101_652
    assert VariationalAutoencoder(784).count_params() == 101_652
    hidden, out = model.encoder.layers[2], model.decoder.layers[2]
    assert (hidden.units, out.units) == (64, 784)
    assert model.latent_size == 2


@pytest.mark.parametrize(
    "shape, widths",
    [
        ((28, 28, 1), (32, 64)),
        ((64, 64, 3), (32, 64, 128)),
        ((128, 128, 3), (32, 64, 128, 256)),
    ],
)
def test_default_widths_suit_the_size(shape, widths):
    model = VariationalAutoencoder(shape, architecture="convolutional")
    convolutions = [n for n in model.encoder.layers if "conv" in n.name]
    assert tuple(n.filters for n in convolutions) == widths
    assert convolutions[-1].output.shape[1] in (7, 8)
    assert model.output.shape == (None, *shape)
    assert model.widths is None


@pytest.mark.parametrize(
    "shape, kwargs",
    [
        ((28, 28, 1), {}),
        ((64, 64, 3), {"widths": (4, 4, 4)}),
        ((128, 128, 3), {"widths": (2, 4, 4)}),
        ((27, 38, 3), {"widths": (4, 4, 4)}),
        ((5, 3, 2), {"widths": (4, 4, 4)}),
    ],
)
def test_any_image_comes_back(shape, kwargs):
    model = VariationalAutoencoder(shape, 4, "convolutional", **kwargs)
    bytes_ = np.random.default_rng(0).integers(0, 256, (2, *shape), "uint8")
    drawn = model.predict(bytes_, verbose=0)
    assert drawn.shape == (2, *shape)
    assert drawn.dtype == np.float32
    assert 0 <= drawn.min() <= drawn.max() <= 1
    assert model.encode(bytes_).shape == (2, 4)


def test_data_may_be_rows_of_numbers():
    model = VariationalAutoencoder(7, widths=(4, 3))
    assert model.reconstruct(np.zeros(7, "uint8")).shape == (7,)


# The loss


@pytest.mark.backend
def test_terms_agree_with_a_float64_reference(model):
    x = digits()
    logs = model.evaluate(x, batch_size=4, verbose=0, return_dict=True)
    reconstruction, kl = reference(model, x)
    assert logs["reconstruction_loss"] == pytest.approx(reconstruction, rel=1e-5)
    assert logs["kl_loss"] == pytest.approx(kl, rel=1e-5)
    assert logs["loss"] == pytest.approx(reconstruction + 3 * kl, rel=1e-5)
    assert kl > 0.1  # it could be wrong


def test_training_and_evaluation_take_the_same_loss(model):
    x = ops.convert_to_tensor(digits())
    found = model(x, training=True)
    mean, log_var = model.encoder(x)
    np.testing.assert_allclose(found["mean"], mean, rtol=1e-6)
    np.testing.assert_allclose(found["log_var"], log_var, rtol=1e-6)
    drawn = {**found, "image": model(x, training=False)}
    loss = model.compute_loss(x, None, drawn, training=True)
    again = model.compute_loss(x, None, drawn["image"], training=False)
    assert float(loss) == pytest.approx(float(again), rel=1e-6)


def test_kl_is_zero_at_the_standard_normal_only():
    zeros = np.zeros((2, 5), "float32")
    assert np.array_equal(gaussian_kl(zeros, zeros), [0, 0])
    # KL of N(0, e) from N(0, 1); with e as the deviation it would be 2.69.
    assert float(gaussian_kl(zeros[:1, :1], zeros[:1, :1] + 1)[0]) == pytest.approx(
        0.5 * (np.e - 2)
    )


def test_codes_are_sampled_with_the_deviation_that_kl_counts(model):
    mean = np.full((4000, 3), 0.5, "float32")
    log_var = np.full((4000, 3), np.log(4.0), "float32")
    code = ops.convert_to_numpy(model.sampler([mean, log_var], training=True))
    code = np.asarray(code)
    assert code.std() == pytest.approx(2.0, rel=0.05)  # 4.0 were it the deviation
    assert code.mean() == pytest.approx(0.5, abs=0.1)
    assert np.array_equal(model.sampler([mean, log_var]), mean)


@pytest.mark.parametrize("shape", [(6, 5, 1), (30,)])
def test_weights_of_examples_weigh_both_terms(shape):
    model = small(image_shape=shape, graph=False)
    x = digits(4, shape)
    weights = np.array([1, 0, 1, 0], "float32")
    weighted = model.evaluate(x, x, sample_weight=weights, verbose=0, return_dict=True)
    alone = model.evaluate(x[::2], verbose=0, return_dict=True)
    for name, value in alone.items():
        assert weighted[name] == pytest.approx(value / 2, rel=1e-5), name


def test_another_loss_is_summed_per_example(model):
    other = VariationalAutoencoder.from_config(model.get_config())
    other.set_weights(model.get_weights())
    other.compile(loss="mse", metrics=["mae"])
    x = digits()
    logs = other.evaluate(x, verbose=0, return_dict=True)
    error = other.predict(x, verbose=0) - x
    assert logs["reconstruction_loss"] == pytest.approx(
        np.square(error).sum((1, 2, 3)).mean(), rel=1e-5
    )
    assert logs["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)


def test_log_variance_out_of_bounds_stays_finite_and_finds_back():
    model = small()
    weights = model.encoder.get_weights()
    weights[-1][:] = 1e4
    model.encoder.set_weights(weights)
    assert float(np.max(bounded_log_var(np.float32([-1e4, 1e4])))) == 10
    model.compile(keras.optimizers.SGD(1e-3))
    history = model.fit(digits(), verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert (model.encoder.get_weights()[-1] < 1e4).all()


# Training


@pytest.mark.backend
def test_every_trainable_variable_gets_a_gradient():
    model = small()
    model.compile(keras.optimizers.SGD(1e-2))
    assert len(model.trainable_variables) == 10
    before = [np.array(w) for w in model.get_weights()]
    history = model.fit(digits(), batch_size=4, validation_data=digits(), verbose=0)
    for old, new, variable in zip(
        before, model.get_weights(), model.weights, strict=True
    ):
        assert not np.array_equal(old, new), variable.path
    names = {"loss", "reconstruction_loss", "kl_loss"}
    assert set(history.history) == names | {f"val_{name}" for name in names}


@pytest.mark.backend
def test_assigning_beta_changes_the_compiled_step():
    model = small(beta=0.0)
    model.compile(keras.optimizers.SGD(0.0))  # weights stay
    fit = {"batch_size": 10, "verbose": 0}
    for beta in (0.0, 2.0, 5.0):
        model.beta.assign(beta)
        logs = {k: v[0] for k, v in model.fit(digits(), **fit).history.items()}
        assert logs["loss"] == pytest.approx(
            logs["reconstruction_loss"] + beta * logs["kl_loss"], rel=1e-5
        )


def test_training_samples_codes_and_is_repeatable():
    losses = []
    for seed in (1, 1, 2):
        model = small(graph=False)
        noise = model.sampler.get_layer("code").noise
        noise.state.assign(keras.random.SeedGenerator(seed).state)
        history = model.fit(digits(), shuffle=False, verbose=0).history
        losses.append(history["reconstruction_loss"])
        assert not np.array_equal(noise.state, keras.random.SeedGenerator(seed).state)
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]


@pytest.mark.slow
def test_training_reduces_the_loss_and_reconstructs():
    x = np.zeros((640, 6, 5, 1), "float32")
    x[::2, :3], x[1::2, 3:] = 1, 1
    learned = small()
    learned.compile(keras.optimizers.Adam(0.03))
    history = learned.fit(x, epochs=6, batch_size=32, verbose=0).history
    assert history["loss"][-1] < 5  # of about 25; log(2) were it to tell halves only
    assert 0.5 < history["kl_loss"][-1] < 4
    assert np.abs(learned.predict(x, verbose=0) - x).mean() < 0.1


# Codes and draws


@pytest.mark.backend
def test_predict_and_encode_do_not_sample(model):
    x = digits()
    drawn = model.predict(x, verbose=0)
    assert np.array_equal(drawn, model.predict(x, verbose=0))
    assert np.array_equal(drawn, model.reconstruct(x))
    assert np.array_equal(model.encode(x), model.encode(x))
    np.testing.assert_allclose(model.decode(model.encode(x)), drawn, atol=1e-6)
    np.testing.assert_allclose(
        ops.convert_to_numpy(model(x)), drawn, atol=1e-6
    )  # an image, as the graph announces
    assert model.encode(x[0]).shape == (3,)


def test_encode_can_sample(model):
    x = np.repeat(digits(1), 3000, 0)
    drawn = model.encode(x, sample=True, seed=3)
    mean, log_var = model.encoder.predict(x[:1], verbose=0)
    np.testing.assert_allclose(drawn.mean(0), mean[0], atol=0.1)
    np.testing.assert_allclose(drawn.std(0), np.exp(0.5 * log_var[0]), rtol=0.1)
    assert np.array_equal(drawn, model.encode(x, sample=True, seed=3))
    assert not np.array_equal(drawn, model.encode(x, sample=True, seed=4))
    assert drawn.dtype == np.float32


def test_samples_are_seeded_and_leave_training_alone(model):
    before = np.array(model.sampler.get_layer("code").noise.state)
    drawn = model.sample(4, seed=1)
    assert drawn.shape == (4, 6, 5, 1)
    assert np.array_equal(drawn, model.sample(4, seed=1))
    assert not np.array_equal(drawn, model.sample(4, seed=2))
    assert not np.array_equal(model.sample(4), model.sample(4))
    assert np.array_equal(before, model.sampler.get_layer("code").noise.state)


def test_interpolation_ends_at_both(model):
    a, b = digits(2)
    line = model.interpolate(a, b, steps=5)
    assert line.shape == (5, 6, 5, 1)
    np.testing.assert_allclose(line[0], model.reconstruct(a), atol=1e-6)
    np.testing.assert_allclose(line[-1], model.reconstruct(b), atol=1e-6)
    middle = model.decode((model.encode(a) + model.encode(b)) / 2)
    np.testing.assert_allclose(line[2], middle, atol=1e-6)


# Precision and files


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("architecture", ["dense", "convolutional"])
def test_mixed_precision_ends_in_float32(policy, architecture):
    model = small(graph=False, dtype=policy, architecture=architecture)
    assert model.predict(digits(), verbose=0).dtype == np.float32
    assert model.encode(digits()).dtype == np.float32
    found = model(digits(), training=True)
    assert {keras.backend.standardize_dtype(v.dtype) for v in found.values()} == {
        "float32"
    }
    assert model.encoder.layers[-3].compute_dtype == policy.removeprefix("mixed_")
    assert model.beta.dtype == "float32"
    assert np.isfinite(model.fit(digits(), verbose=0).history["loss"]).all()


@pytest.mark.backend
@pytest.mark.parametrize("name", ["model", "model.keras"])
def test_a_saved_model_loads_with_equal_outputs(name, tmp_path):
    model = small(beta=2.0)
    model.beta.assign(0.25)  # saved while it grows
    save = model.save if name.endswith(".keras") else model.save_parts
    save(tmp_path / name)
    loaded = load(tmp_path / name)
    assert type(loaded) is VariationalAutoencoder
    assert loaded.get_config() == model.get_config()
    assert loaded.get_config()["beta"] == 2.0
    assert float(loaded.beta) == 0.25
    assert np.array_equal(
        loaded.predict(digits(), verbose=0), model.predict(digits(), verbose=0)
    )


def test_parts_own_every_weight_and_variable(model):
    assert list(model.parts) == ["encoder", "sampler", "decoder"]
    owned = {id(v) for part in model.parts.values() for v in part.variables}
    assert owned == {id(v) for v in model.variables}
    assert id(model.beta) in owned
    assert id(model.beta) not in {id(w) for w in model.weights}


def test_beta_vae_is_one_with_a_larger_beta():
    model = BetaVAE()
    assert float(model.beta) == 4.0
    assert model.data_shape == (64, 64, 3)
    assert model.latent_size == 10
    again = BetaVAE.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert float(BetaVAE(beta=0.5, widths=(4,)).beta) == 0.5


# Errors


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"architecture": "conv"}, "Expected one of 'dense', 'convolutional'"),
        ({"architecture": "convolutional", "image_shape": 784}, "architecture='dense'"),
        ({"widths": ()}, "one or more whole numbers"),
        ({"widths": (8, 0)}, "one or more whole numbers"),
        ({"beta": -1.0}, "0 or more, the weight of the KL"),
        ({"beta": float("nan")}, "a finite number"),
        ({"image_shape": (0, 3)}, "Expected whole numbers"),
    ],
)
def test_wrong_arguments_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        VariationalAutoencoder(**kwargs)


def test_wrong_samples_and_interpolations_are_refused(model):
    with pytest.raises(ValueError, match=r"n=0 was given\. Expected a whole"):
        model.sample(0)
    with pytest.raises(ValueError, match="Expected 2 or more, because both ends"):
        model.interpolate(*digits(2), steps=1)
    with pytest.raises(ValueError, match="Expected two single examples"):
        model.interpolate(digits(2), digits(2))
    with pytest.raises(TypeError, match="latent_sise"):
        VariationalAutoencoder(latent_sise=3)

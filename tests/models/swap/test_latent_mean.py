"""The means of people's latents, and `source_identity`, which uses them."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models.data import Augmentation, SwapPairs
from deepface_models.models.swap import IAE, Swift
from deepface_models.models.swap.latent_mean import LatentMean

pytestmark = pytest.mark.usefixtures("eager")

SMALL = {"image_size": 64, "latent_size": 16, "basis_size": 4}


@pytest.fixture
def model() -> Swift:
    keras.utils.set_random_seed(0)
    model = Swift(("ana", "ben", "zoe"), **SMALL)
    for name in model.identities:  # bases begin at zero: everybody would look alike
        basis = model.decoders[name].get_layer("basis")
        shape = basis.kernel.shape
        kernel = np.random.default_rng(len(name) + ord(name[0])).normal(size=shape)
        basis.kernel.assign(kernel)
    return model


def set_latent_means(model: Swift, **means: float) -> None:
    for name, mean in means.items():
        latent_mean = model.decoders[name].get_layer("latent_mean")
        latent_mean.set_weights([np.full(16, mean, "float32"), np.float32(5.0)])


@pytest.mark.backend
def test_a_center_is_the_running_mean_of_what_trains_it():
    layer = LatentMean()
    batches = np.random.default_rng(0).normal(3.0, 1.0, (4, 6, 5)).astype("float32")
    for batch in batches:
        out = layer(batch, training=True)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(out), batch)
    layer(np.full((2, 5), 99.0, "float32"))
    mean, seen = layer.get_weights()
    np.testing.assert_allclose(mean, batches.mean((0, 1)), rtol=1e-5)
    assert seen == 4


@pytest.mark.backend
def test_a_compiled_training_finds_the_mean():
    latents = np.random.default_rng(0).normal(3.0, 1.0, (12, 5)).astype("float32")
    latent_mean = LatentMean()
    net = keras.Sequential([keras.Input((5,)), latent_mean, keras.layers.Dense(1)])
    net.compile("sgd", "mse")
    net.fit(latents, latents[:, :1], batch_size=4, epochs=2, verbose=0)
    mean, seen = latent_mean.get_weights()
    np.testing.assert_allclose(mean, latents.mean(0), rtol=1e-5)
    assert seen == 6


def test_a_center_forgets_and_a_frozen_one_stands():
    layer = LatentMean()
    for value in [5.0] * 150 + [7.0] * 300:
        layer(np.full((1, 2), value, "float32"), training=True)
    mean = layer.get_weights()[0]
    np.testing.assert_allclose(mean, 7.0 - 2.0 * 0.99**300, rtol=1e-3)
    layer.trainable = False
    layer(np.zeros((1, 2), "float32"), training=True)
    np.testing.assert_array_equal(layer.get_weights()[0], mean)


def test_of_moves_latents_from_one_mean_to_the_other(model, people):
    faces = people["ana"].images[:3]
    set_latent_means(model, ana=1.0, ben=-2.0, zoe=0.5)
    moved = model.predict(faces, identity="ben", source_identity="ana")
    latent = model.encode(faces)
    expected = model.decode(latent - 3.0, identity="ben")
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    np.testing.assert_allclose(
        model.decode(latent, identity="ben", source_identity="ana"), expected, atol=1e-5
    )
    assert np.abs(moved - model.predict(faces, identity="ben")).max() > 0.01
    # Means that training moves on are taken as they are by then.
    set_latent_means(model, ana=-2.0)
    np.testing.assert_allclose(
        model.predict(faces, identity="ben", source_identity="ana"),
        model.predict(faces, identity="ben"),
        atol=1e-6,
    )


def test_ones_own_faces_and_unknown_means_move_nothing(model, people):
    faces = people["ana"].images[:3]
    set_latent_means(model, ana=1.0)
    for identity, source_identity in (("ana", "ana"), ("ben", "ana"), ("ana", "zoe")):
        np.testing.assert_array_equal(
            model.predict(faces, identity=identity, source_identity=source_identity),
            model.predict(faces, identity=identity),
        )


def test_a_morph_moves_to_each_persons_own_mean(model, people):
    faces = people["ana"].images[:2]
    set_latent_means(model, ana=1.0, ben=-2.0, zoe=0.5)
    for share, identity in ((1.0, "ben"), (0.0, "zoe")):
        morph = model.predict(
            faces, identity="ben", other="zoe", morph=share, source_identity="ana"
        )
        alone = model.predict(faces, identity=identity, source_identity="ana")
        np.testing.assert_allclose(morph, alone, atol=1e-5)


@pytest.mark.backend
def test_a_mean_latent_does_what_the_persons_name_does(model, people):
    faces = people["ana"].images[:3]
    set_latent_means(model, ana=1.0, ben=-2.0, zoe=0.5)
    mean = np.full(16, 1.0, "float32")
    latent = model.encode(faces)
    for options in ({}, {"other": "zoe", "morph": 0.3}):
        named = model.predict(faces, identity="ben", source_identity="ana", **options)
        decoded = model.predict(faces, identity="ben", source_identity=mean, **options)
        np.testing.assert_allclose(decoded, named, atol=1e-5)
        decoded = model.decode(
            latent, identity="ben", source_identity=mean.tolist(), **options
        )
        np.testing.assert_allclose(decoded, named, atol=1e-5)
    one = model.predict(faces[0], identity="ben", source_identity=mean)
    expected = model.predict(faces, identity="ben", source_identity="ana")[0]
    np.testing.assert_allclose(one, expected, atol=1e-5)
    slowly = model.predict(faces, 2, verbose=2, identity="ben", source_identity=mean)
    np.testing.assert_allclose(
        slowly, model.predict(faces, identity="ben", source_identity=mean), atol=1e-5
    )


@pytest.mark.backend
def test_somebody_unknown_is_moved_from_their_own_mean(model, people):
    faces = people["ben"].images
    set_latent_means(model, ana=1.0)
    latents = model.encode(faces)
    mean = latents.mean(0)
    np.testing.assert_allclose(
        model.predict(faces, identity="ana", source_identity=mean),
        model.decode(latents - mean + 1.0, identity="ana"),
        atol=1e-5,
    )
    # The mean of the target person is not known: nothing to move to.
    np.testing.assert_allclose(
        model.predict(faces, identity="zoe", source_identity=mean),
        model.predict(faces, identity="zoe"),
        atol=1e-6,
    )


def test_no_model_is_built_for_another_mean(model, people):
    for mean in (0.0, 1.0, 2.0):
        model.predict(
            people["ana"].images[:1], identity="ben", source_identity=np.full(16, mean)
        )
    assert len(model._renderer._models) == 1


@pytest.mark.parametrize(
    "source_identity, message",
    [
        (
            np.zeros((3, 16)),
            r"shape \(3, 16\) was given as .*of shape \(16,\).*mean\(0\)",
        ),
        (np.zeros(15), r"shape \(15,\)"),
        (("ana",), r"A tuple was given as source_identity.*name of a person"),
        (np.full(16, np.nan), "not finite"),
    ],
)
def test_a_mean_latent_of_another_shape_is_explained(
    model, people, source_identity, message
):
    with pytest.raises(ValueError, match=message):
        model.predict(
            people["ana"].images[:1], identity="ben", source_identity=source_identity
        )
    with pytest.raises(ValueError, match=message):
        model.decode(np.zeros(16), identity="ben", source_identity=source_identity)


@pytest.mark.slow
def test_training_ends_with_the_means_of_faces_as_they_are(people):
    keras.utils.set_random_seed(0)
    model = Swift(("ana", "ben"), **SMALL)
    model.compile(run_eagerly=True)
    still = Augmentation(rotation=0, zoom=0, shift=0, flip=0, warp=0, color=0.2)
    model.fit(SwapPairs(people, 6, steps=4, augmentation=still), epochs=1, verbose=0)
    for name in ("ana", "ben"):
        mean, seen = model.decoders[name].get_layer("latent_mean").get_weights()
        latents = model.encode(people[name].images)
        assert seen == 1
        # Some faces are drawn more often than others.
        assert np.abs(mean - latents.mean(0)).max() < np.abs(latents).max() / 4
    model.freeze("decoder.ben")
    before = model.decoders["ben"].get_layer("latent_mean").get_weights()[0]
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    model.fit(SwapPairs(people, 6, steps=1), epochs=1, verbose=0)
    after = [
        model.decoders[n].get_layer("latent_mean").get_weights()[0] for n in people
    ]
    np.testing.assert_array_equal(after[1], before)


def test_an_unknown_person_is_named(model, people):
    with pytest.raises(ValueError, match=r"source_identity='bem' was given.*'ben'"):
        model.predict(people["ana"].images[:1], identity="ana", source_identity="bem")


def test_models_without_means_take_of_and_decode_the_same(people):
    model = IAE(("ana", "ben"), image_size=32, width=0.02)
    faces = people["ana"].images[:2, ::2, ::2]
    assert not model.shifts_latents
    np.testing.assert_array_equal(
        model.predict(faces, identity="ben", source_identity="ana"),
        model.predict(faces, identity="ben"),
    )
    mean = model.encode(faces).mean(0)
    np.testing.assert_array_equal(
        model.predict(faces, identity="ben", source_identity=mean),
        model.predict(faces, identity="ben"),
    )
    with pytest.raises(ValueError, match="as source_identity"):
        model.predict(faces, identity="ben", source_identity=mean[:-1])

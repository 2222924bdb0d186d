"""AMP: channels of codes are mixed at random in training, in order afterwards."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models import load
from deepface_models.core.parts import (
    restore_parts,
)
from deepface_models.models.swap import AMP
from deepface_models.models.swap._mixing import ChannelMix

pytestmark = pytest.mark.usefixtures("eager")

NAMES = ("ben", "ana", "zoe")
SIZES = {
    "image_size": 32,
    "latent_size": 6,
    "inter_size": 8,
    "encoder_width": 3,
    "decoder_width": 2,
    "mask_width": 2,
}


def amp(names=NAMES, target="ana", seed=0, **kwargs) -> AMP:
    """A model whose weights are all of its own."""
    model = AMP(names, target=target, **SIZES, **kwargs)
    rng = np.random.default_rng(seed)
    for _, part in sorted(model.parts.items()):
        part.set_weights([rng.normal(0, 0.2, w.shape) for w in part.get_weights()])
    return model


@pytest.fixture(scope="module")
def model():
    """Not to be changed."""
    return amp()


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, 32, 32, 3), dtype="uint8")


def assert_same(one, other, faces, names=NAMES):
    for name in names:
        np.testing.assert_array_equal(
            one.predict(faces, identity=name),
            other.predict(faces, identity=name),
            err_msg=name,
        )


@pytest.mark.backend
def test_channels_are_mixed_while_training():
    codes = [np.full((64, 3, 3, 10), float(n), "float32") for n in range(3)]
    mix = ChannelMix(0.35, seed=1)
    mixed = keras.ops.convert_to_numpy(mix(codes, training=True))
    assert np.ptp(mixed, axis=(1, 2)).max() == 0  # whole channels
    rows = mixed[:, 0, 0]
    np.testing.assert_array_equal((rows == 0).sum(axis=1), 3)  # of ten
    others = rows.max(axis=1)
    assert set(others) == {1, 2}
    assert all(set(row) == {0, other} for row, other in zip(rows, others, strict=True))
    kept = (rows == 0).mean(axis=0)  # each channel as often as any other
    assert kept.min() > 0.1
    assert kept.max() < 0.55
    again = keras.ops.convert_to_numpy(mix(codes, training=True))
    assert not np.array_equal(again, mixed)
    other = ChannelMix.from_config(mix.get_config())
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(other(codes, training=True)), mixed
    )


@pytest.mark.parametrize("training", [False, None])
def test_channels_are_the_own_ones_when_decoding(training):
    codes = [np.full((4, 3, 3, 10), float(n), "float32") for n in range(3)]
    np.testing.assert_array_equal(ChannelMix(0.3)(codes, training=training), codes[0])


def test_one_channel_is_kept_at_the_least():
    codes = [np.full((4, 3, 3, 10), float(n), "float32") for n in range(2)]
    mixed = np.array(ChannelMix(0.01)(codes, training=True))
    np.testing.assert_array_equal((mixed[:, 0, 0] == 0).sum(axis=1), 1)


def test_only_the_target_person_is_mixed(model, faces):
    x = dict.fromkeys(NAMES, faces / np.float32(255))
    still, one, two = (
        {n: np.array(v) for n, v in model(x, training=t).items()}
        for t in (False, True, True)
    )
    for name in NAMES:
        # Keras computes a whole graph here, `predict` a part of it.
        np.testing.assert_allclose(
            still[name], model.predict(faces, identity=name), atol=1e-5
        )
        assert np.allclose(one[name], still[name], atol=1e-6) == (name != "ana")
        assert np.allclose(one[name], two[name], atol=1e-6) == (name != "ana")


def test_a_morph_takes_the_first_channels(model, faces):
    latent = model.encode(faces)
    ana, zoe = (
        model.parts[f"inter.{name}"].predict(latent, verbose=0)
        for name in ("ana", "zoe")
    )
    for morph, count in ((0.0, 0), (0.3, 2), (0.5, 4), (0.7, 6), (1.0, 8)):
        code = np.concatenate([ana[..., :count], zoe[..., count:]], axis=-1)
        expected = model.parts["decoder"].predict(code, verbose=0)
        found = model.predict(faces, identity="ana", morph=morph, other="zoe")
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_every_part_learns():
    keras.utils.set_random_seed(0)
    model = amp(morph_factor=0.25)
    model.compile(optimizer=keras.optimizers.SGD(0.5), run_eagerly=True)
    before = {name: part.get_weights() for name, part in model.parts.items()}
    rng = np.random.default_rng(0)
    x = {n: rng.random((4, 32, 32, 3), "float32") for n in NAMES}
    y = {n: rng.random((4, 32, 32, 5), "float32") for n in NAMES}
    loss = model.train_on_batch(x, y)
    assert np.isfinite(loss).all()
    for name, part in model.parts.items():
        for old, new in zip(before[name], part.get_weights(), strict=True):
            assert np.isfinite(new).all()
            assert not np.array_equal(old, new), name


@pytest.mark.slow
def test_another_order_keeps_each_face(model, faces, tmp_path):
    model.save_parts(tmp_path / "model")
    model.save_weights(tmp_path / "model.weights.h5")
    order = ("zoe", "ana", "ben")
    assert_same(load(tmp_path / "model", identities=order), model, faces)
    # Without the target person, too.
    some = load(tmp_path / "model", identities=("zoe", "ben"))
    assert_same(some, model, faces, ("zoe", "ben"))
    other = amp(order, seed=5)
    other.load_weights(tmp_path / "model.weights.h5")
    assert_same(other, model, faces)
    with pytest.raises(ValueError, match=r"ana \(ana \+ ben \+ zoe\)"):
        amp(target="ben").load_weights(tmp_path / "model.weights.h5")
    restored = amp(target="ben", seed=3)  # the parts are the same people's
    restore_parts(restored, tmp_path / "model")
    assert_same(restored, model, faces)


@pytest.mark.parametrize("like", ["ana", "ben"])
@pytest.mark.slow
def test_a_new_person_starts_like_anybody(faces, like):
    model = amp(("ana", "ben"))
    larger = model.add_identity("zoe", like=like)
    assert larger.target == "ana"
    assert_same(larger, model, faces, ("ana", "ben"))
    np.testing.assert_array_equal(
        larger.predict(faces, identity="zoe"), model.predict(faces, identity=like)
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: AMP(image_size=48),
            "image_size=48 was given. Expected a multiple of 32",
        ),
        (
            lambda: AMP(morph_factor=0.0),
            "morph_factor=0.0 was given. Expected a number",
        ),
        (lambda: AMP(morph_factor=1.5), "morph_factor=1.5 was given"),
    ],
)
def test_wrong_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()

"""FaceSwapGAN: published sizes, losses, and the paths of its images."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from keras import ops

from deepface_models.layers import PixelShuffle
from deepface_models.models.swap import FaceSwapGAN, _gan_blocks
from deepface_models.models.swap.face_swap_gan import _errors, _eye_weight, _scale_error

pytestmark = pytest.mark.usefixtures("eager")

NAMES = ("ana", "ben")
TINY = {"attention": False, "norm": "none", "width": 0.02}
# Two people, from the published layers: encoder, one decoder, one discriminator.
COUNTS = [
    (64, False, 59_130_506, 6_300_924, 747_845),
    (128, False, 68_567_692, 6_490_305, 1_878_664),
    (256, False, 78_004_878, 6_679_686, 3_009_483),
    (64, True, 10_065_994, 415_460, 747_845),
    (128, True, 19_045_452, 436_329, 1_878_664),
    (256, True, 19_635_278, 457_198, 3_009_483),
]


def count(model: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in model.weights)


@pytest.mark.parametrize(("size", "lite", "encoder", "decoder", "judge"), COUNTS)
def test_parameters_are_those_that_were_published(size, lite, encoder, decoder, judge):
    with keras.StatelessScope(initialize_variables=False):
        model = FaceSwapGAN(NAMES, size, lite=lite)
        found = {name: count(part) for name, part in model.parts.items()}
        total = count(model)
    assert found["encoder"] == encoder
    assert found["decoder.ana"] == found["decoder.ben"] == decoder
    assert found["discriminator.ana"] == found["discriminator.ben"] == judge
    assert total == encoder + 2 * (decoder + judge)
    assert model.output["ana"].shape == (None, size, size, 4)


@pytest.mark.parametrize("norm", _gan_blocks.NORMS)
def test_every_normalization_reaches_both_players(norm):
    with keras.StatelessScope(initialize_variables=False):
        model = FaceSwapGAN(NAMES, norm=norm, width=0.05)
    kinds = {
        "instance": "ImageNormalization",
        "group": "GroupNormalization",
        "batch": "BatchNormalization",
    }
    for part in (model.encoder, model.discriminators["ana"]):
        found = {type(layer).__name__ for layer in part.layers}
        assert {n for n in found if n.endswith("Normalization")} == (
            {kinds[norm]} if norm in kinds else set()
        )
        assert "SelfAttention2D" in found


def test_a_shuffled_icnr_kernel_decodes_no_pattern():
    kernel = _gan_blocks.ICNR(2)((3, 3, 5, 8), dtype="float32")
    x = np.random.default_rng(0).normal(size=(1, 6, 6, 5)).astype("float32")
    decoded = PixelShuffle(2)(ops.conv(x, kernel, padding="same"))
    decoded = ops.convert_to_numpy(decoded)
    assert decoded.shape == (1, 12, 12, 2)
    assert decoded.std() > 0.1
    np.testing.assert_allclose(
        decoded, decoded[:, ::2, ::2].repeat(2, 1).repeat(2, 2), atol=1e-5
    )


def data(model, count=3, channels=5, seed=0):
    rng = np.random.default_rng(seed)
    size, people = model.image_size, model.identities
    x = {n: rng.random((count, size, size, 3), "float32") for n in people}
    y = {n: rng.random((count, size, size, channels), "float32") for n in people}
    for target in y.values():
        target[..., 4:] *= 3.0
    return x, y


@pytest.fixture(scope="module")
def model():
    """Compiled; of every term but the cycle; not to be trained."""
    keras.utils.set_random_seed(0)
    weights = {"hinge": 0.2, "margin": 0.9, "variation": 3.0}
    made = FaceSwapGAN(NAMES, 128, loss_terms=weights, **TINY)
    made.compile()
    return made


@pytest.mark.backend
def test_the_loss_is_the_weighted_sum_of_what_history_shows(model):
    logs = model.evaluate(*data(model), batch_size=3, verbose=0, return_dict=True)
    weights = {
        "reconstruction": 1.0,
        "scales": 1.0,
        "edge": 0.1,
        "eyes": 30.0,
        "alpha": 0.01,
        "hinge": 0.2,
        "variation": 3.0,
        "adversarial": 0.1,
        "discriminator": 1.0,
    }
    assert set(logs) == {"loss", *(f"{name}_loss" for name in weights)}
    assert all(value > 0 for value in logs.values())
    decay = sum(float(ops.convert_to_numpy(loss)) for loss in model.losses)
    expected = sum(w * logs[f"{name}_loss"] for name, w in weights.items())
    assert logs["loss"] == pytest.approx(decay + expected, rel=1e-4)


def test_terms_are_their_formulas(model):
    x, y = data(model)
    logs = model.evaluate(x, y, batch_size=3, verbose=0, return_dict=True)
    decoded = model.predict(x, verbose=0)
    expected = dict.fromkeys(("reconstruction", "alpha", "hinge", "variation"), 0.0)
    for name in NAMES:
        error = np.abs(decoded[name][..., :3] - y[name][..., :3])
        alpha = decoded[name][..., 3]
        expected["reconstruction"] += 2 * error.mean()
        expected["alpha"] += alpha.mean()
        expected["hinge"] += np.maximum(0, 0.9 - alpha).mean()
        for step in (alpha[:, 1:] - alpha[:, :-1], alpha[..., 1:] - alpha[..., :-1]):
            expected["variation"] += np.abs(step).mean()
    for name, value in expected.items():
        # Steps at the last row and column are left out, as published.
        assert logs[f"{name}_loss"] == pytest.approx(value, rel=0.02), name


def test_errors_of_pixels_edges_and_eyes():
    rng = np.random.default_rng(1)
    real, decoded = (rng.uniform(-1, 1, (2, 6, 6, 3)).astype("float32") for _ in "ab")
    y = rng.uniform(0, 5, (2, 6, 6, 5)).astype("float32")
    heed = np.maximum(y[..., 4:] - 1, 0) / 2
    np.testing.assert_allclose(_eye_weight(ops.convert_to_tensor(y)), heed, rtol=1e-5)
    assert not np.any(ops.convert_to_numpy(_eye_weight(ops.convert_to_tensor(real))))
    pixels = np.abs(decoded - real)
    edges = [
        np.abs(np.abs(b(decoded) - a(decoded)) - np.abs(b(real) - a(real)))
        for a, b in (
            (lambda m: m[:, :-1, :-1], lambda m: m[:, 1:, :-1]),
            (lambda m: m[:, :-1, :-1], lambda m: m[:, :-1, 1:]),
        )
    ]
    found = _errors(*map(ops.convert_to_tensor, (real, decoded, heed)))
    expected = {
        "reconstruction": pixels.mean(),
        "edge": sum(e.mean() for e in edges),
        "eyes": (heed * pixels).mean()
        + sum((heed[:, :-1, :-1] * e).mean() for e in edges),
    }
    assert set(found) == set(expected)
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-4), name


def test_smaller_images_are_compared_with_single_pixels():
    """The program sub-samples what smaller images are compared with."""
    real = np.random.default_rng(0).random((2, 8, 8, 3), "float32")
    both = ops.convert_to_tensor(real), ops.convert_to_tensor(real[:, ::2, ::2])
    assert float(_scale_error(*both)) == pytest.approx(0, abs=1e-6)
    assert float(_scale_error(both[0], both[1] + 0.25)) == pytest.approx(0.5, 1e-4)


def test_weights_of_terms_change_a_compiled_step():
    model = FaceSwapGAN(NAMES, **TINY)
    model.compile()
    x, y = data(model)
    first = model.evaluate(x, y, batch_size=3, verbose=0, return_dict=True)
    model.adversarial_weight = 2.1
    model.terms["edge"].assign(1.1)
    after = model.evaluate(x, y, batch_size=3, verbose=0, return_dict=True)
    added = 2.0 * first["adversarial_loss"] + first["edge_loss"]
    assert after["loss"] == pytest.approx(first["loss"] + added, rel=1e-4)
    assert model.get_config()["loss_terms"] == {}
    assert float(ops.convert_to_numpy(model.adversarial_weight)) == pytest.approx(2.1)


@pytest.mark.backend
@pytest.mark.parametrize("gan_loss", ["mixup", "relativistic"])
@pytest.mark.slow_on_tensorflow
def test_a_step_trains_everybody_and_everything(gan_loss):
    keras.utils.set_random_seed(0)
    terms = {"cycle": 1.0}
    model = FaceSwapGAN((*NAMES, "zoe"), gan_loss=gan_loss, loss_terms=terms, **TINY)
    model.compile()
    before = {name: part.get_weights() for name, part in model.parts.items()}
    history = model.fit(*data(model, 2), batch_size=2, verbose=0).history
    assert {"cycle_loss", "adversarial_loss", "discriminator_loss"} <= set(history)
    assert "scales_loss" not in history
    for values in history.values():
        assert np.isfinite(values).all()
    for name, part in model.parts.items():
        after = part.get_weights()
        assert all(np.isfinite(w).all() for w in after), name
        assert any(map(np.any, map(np.not_equal, before[name], after))), name


@pytest.mark.parametrize("gan_loss", ["mixup", "relativistic"])
@pytest.mark.slow
def test_discriminators_only_judge_where_deceiving_has_no_weight(gan_loss):
    keras.utils.set_random_seed(0)
    model = FaceSwapGAN(
        NAMES, gan_loss=gan_loss, loss_terms={"adversarial": 0.0}, **TINY
    )
    start, ends = model.get_weights(), []
    for scale in (1.0, 3.0):
        model.set_weights(start)
        for judge in model.discriminators.values():
            judge.set_weights([scale * w for w in judge.get_weights()])
        eager = keras.backend.backend() == "tensorflow"
        model.compile(keras.optimizers.SGD(0.1), run_eagerly=eager)
        model.fit(*data(model, 2), batch_size=2, verbose=0)
        ends.append((model.encoder.get_weights(), model.decoders["ana"].get_weights()))
    for one, other in zip(*ends, strict=True):
        for mine, theirs in zip(one, other, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_the_result_is_decoded_where_alpha_says(model):
    faces = data(model)[0]["ana"]
    decoded = model.predict(faces, identity="ben")
    assert model.has_mask and decoded.shape == (3, 128, 128, 4)
    alpha = decoded[..., 3:]
    expected = alpha * decoded[..., :3] + (1 - alpha) * faces
    np.testing.assert_allclose(model.mixed(faces, identity="ben"), expected, atol=1e-6)
    assert model.mixed(faces[0], identity="ben").shape == (128, 128, 3)
    np.testing.assert_allclose(
        model.decode(model.encode(faces), identity="ben"), decoded, atol=1e-5
    )


def test_training_decodes_what_prediction_decodes(model):
    x = {n: ops.convert_to_tensor(v) for n, v in data(model)[0].items()}
    plain, training = model(x), model(x, training=True)
    for name in NAMES:
        assert [p.shape[1] for p in training[name]] == [64, 128]
        np.testing.assert_allclose(
            ops.convert_to_numpy(training[name][-1]),
            ops.convert_to_numpy(plain[name]),
            atol=1e-5,
        )


@pytest.mark.slow
def test_a_new_person_gets_a_discriminator():
    model = FaceSwapGAN(NAMES, **TINY)
    more = model.add_identity("zoe", like="ana")
    assert set(more.discriminators) == {"ana", "ben", "zoe"}
    faces = data(model)[0]["ana"]
    for identity, like in (("ana", "ana"), ("ben", "ben"), ("zoe", "ana")):
        np.testing.assert_allclose(
            more.predict(faces, identity=identity),
            model.predict(faces, identity=like),
            atol=1e-5,
        )
    for mine, theirs in zip(
        more.parts["discriminator.ben"].get_weights(),
        model.parts["discriminator.ben"].get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_size": 96}, r"image_size=96 was given\..*\(64, 128, 256\)"),
        ({"norm": "layer"}, "norm='layer' was given.*instance"),
        ({"gan_loss": "chess"}, "gan_loss='chess'.*relativistic"),
        ({"loss_terms": {"edges": 1.0}}, "'edges'.*Did you mean 'edge'"),
        ({"loss_terms": {"edge": -1.0}}, r"loss_terms\['edge'\]=-1\.0.*0\.1"),
        ({"width": 0}, "width=0 was given"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        FaceSwapGAN(NAMES, **arguments)

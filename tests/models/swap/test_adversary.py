"""Training against discriminators: losses, learning rates, files, and Swift."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

from deepface_models import load
from deepface_models.callbacks import ResumableCheckpoint
from deepface_models.losses import FaceLoss, ImageLoss
from deepface_models.models.swap import IAE, FaceSwap, Swift, with_adversary
from deepface_models.models.swap._gan_rules import RULES, gan_loss, mixed_gan_loss
from deepface_models.models.swap.adversarial import AdversarialFaceSwap
from deepface_models.models.swap.discriminators import patch_strides, unet_discriminator
from deepface_models.optimizers import TwoTimeScaleAdam

EAGER = keras.backend.backend() == "tensorflow"
NAMES = ("ana", "ben")


def randomized(model: FaceSwap, seed: int = 0) -> FaceSwap:
    rng = np.random.default_rng(seed)
    for _, part in sorted(model.parts.items()):
        part.set_weights([w + rng.normal(0, 0.1, w.shape) for w in part.get_weights()])
    return model


def small(seed: int = 0) -> FaceSwap:
    keras.utils.set_random_seed(seed)
    return randomized(IAE(NAMES, image_size=16, width=0.02), seed)


def against(model, **kwargs) -> AdversarialFaceSwap:
    keras.utils.set_random_seed(1)
    return with_adversary(model, discriminator_width=2, **kwargs)


def faces_of(size: int):
    rng = np.random.default_rng(0)
    x = {n: rng.random((2, size, size, 3), "float32") for n in NAMES}
    return x, {n: rng.random((2, size, size, 5), "float32") for n in NAMES}


@pytest.fixture(scope="module")
def pairs():
    return faces_of(16)


def step(model, pairs, optimizer=None) -> dict[str, float]:
    if not model.compiled:
        model.compile(optimizer=optimizer, run_eagerly=EAGER)
    logs = model.fit(*pairs, batch_size=2, shuffle=False, verbose=0).history
    return {name: values[0] for name, values in logs.items()}


def assert_same(one, other, **tolerance):
    for mine, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, **tolerance)


def moved(before, model) -> float:
    """How far the weight went that went farthest."""
    pairs = zip(before, model.get_weights(), strict=True)
    return max(float(np.abs(new - old).max()) for old, new in pairs)


def formulas(real, decoded):
    """Losses of (discriminator, generator), in NumPy."""
    plus = lambda v: np.log1p(np.exp(v))  # noqa: E731
    least = ((real - 1) ** 2).mean() / 2 + (decoded**2).mean() / 2
    above, below = real - decoded.mean(0), decoded - real.mean(0)
    return {
        "logistic": (
            (plus(-real).mean() + plus(decoded).mean()) / 2,
            plus(-decoded).mean(),
        ),
        "lsgan": (least, ((decoded - 1) ** 2).mean() / 2),
        "whole_lsgan": (least, ((decoded - 1) ** 2).mean()),
        "relativistic_lsgan": (
            ((above - 1) ** 2).mean() / 2 + (below**2).mean() / 2,
            (above**2).mean() / 2 + ((below - 1) ** 2).mean() / 2,
        ),
        "hinge": (
            np.maximum(0, 1 - real).mean() + np.maximum(0, 1 + decoded).mean(),
            -decoded.mean(),
        ),
        "relativistic": (
            plus(-above).mean() + plus(below).mean(),
            plus(above).mean() + plus(-below).mean(),
        ),
    }


@pytest.mark.parametrize("rules", RULES)
def test_rules_are_their_formulas(rules):
    rng = np.random.default_rng(0)
    real, decoded = (rng.normal(0, 2, (3, 4, 4, 1)).astype("float32") for _ in "ab")
    expected = formulas(real, decoded)[rules]
    found = [
        float(rule(*map(ops.convert_to_tensor, (real, decoded))))
        for rule in RULES[rules]
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def judge() -> keras.Model:
    """Twice the image, and its mean, as logits."""
    image = keras.Input((4, 4, 1))
    twice = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")(image)
    return keras.Model(image, [2.0 * twice, ops.mean(twice, axis=(1, 2))])


def test_every_head_counts_in_the_gan_loss():
    rng = np.random.default_rng(0)
    real, decoded = (rng.normal(size=(3, 4, 4, 1)).astype("float32") for _ in "ab")
    heads = [(2 * p, p.mean((1, 2))) for p in (real, decoded)]
    tensors = list(map(ops.convert_to_tensor, (real, decoded)))
    expected = sum(
        np.array(formulas(r, d)["logistic"]) for r, d in zip(*heads, strict=True)
    )
    deceit, guess = gan_loss(judge(), tensors[0], {"logistic": tensors[1]}, True)
    np.testing.assert_allclose([float(guess), float(deceit)], expected, rtol=1e-4)
    share = 0.3
    mixture = share * real + (1 - share) * decoded
    deceit, guess = mixed_gan_loss(judge(), *tensors, share, True)
    target = sum(
        ((f(mixture) - share) ** 2).mean()
        for f in (lambda p: 2 * p, lambda p: p.mean((1, 2)))
    )
    assert float(guess) == pytest.approx(target, rel=1e-4)
    target = sum(((logits - 1) ** 2).mean() for logits in heads[1])
    assert float(deceit) == pytest.approx(target, rel=1e-4)


@pytest.mark.backend
@pytest.mark.slow
def test_neither_players_loss_reaches_the_other(pairs):
    descent = lambda: keras.optimizers.SGD(0.1)  # noqa: E731
    alone = small()
    alone.compile(descent(), run_eagerly=EAGER)
    step(alone, pairs)
    off, on = (
        against(small(), weight=w, loss_terms={"variation": 0, "background": 0})
        for w in (0.0, 5.0)
    )
    for model in (off, on):
        step(model, pairs, descent())
    assert_same(off.model, alone, atol=1e-6)
    start = against(small())
    for name in NAMES:
        assert_same(off.discriminators[name], on.discriminators[name], atol=1e-6)
        assert moved(start.discriminators[name].get_weights(), on.discriminators[name])
    assert moved(alone.get_weights(), on.model) > 1e-5


@pytest.mark.backend
@pytest.mark.slow
def test_discriminators_take_longer_steps(pairs):
    model = against(small())
    optimizer = TwoTimeScaleAdam(1e-3, discriminator_rate=3.0)
    before = {name: part.get_weights() for name, part in model.parts.items()}
    step(model, pairs, optimizer)
    for name, part in model.parts.items():  # Adam's first step is the learning rate
        rate = 3e-3 if name.startswith("discriminator") else 1e-3
        assert moved(before[name], part) == pytest.approx(rate, rel=0.01), name


@pytest.mark.backend
@pytest.mark.slow
def test_a_keras_file_goes_on_as_if_there_had_been_none(pairs, tmp_path):
    model = against(small(), weight=0.3)
    step(model, pairs)
    model.adversarial_weight = 0.7
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is AdversarialFaceSwap
    assert type(loaded.model) is IAE
    assert loaded.get_config() == model.get_config()
    assert float(ops.convert_to_numpy(loaded.adversarial_weight)) == pytest.approx(0.7)
    assert type(loaded.optimizer) is TwoTimeScaleAdam
    assert int(loaded.optimizer.iterations) == 1
    loaded.run_eagerly = EAGER
    assert step(loaded, pairs) == pytest.approx(step(model, pairs), rel=1e-5)
    assert_same(loaded, model, atol=1e-5)


@pytest.mark.slow
def test_a_resumed_training_is_an_uninterrupted_one(pairs, tmp_path):
    def train(model, epochs):
        model.compile(run_eagerly=EAGER)
        keep = ResumableCheckpoint(tmp_path / model.name)
        settings = {"batch_size": 2, "shuffle": False, "verbose": 0}
        model.fit(*pairs, epochs=epochs, callbacks=[keep], **settings)
        return model

    whole = train(against(small(), name="whole"), 2)
    train(against(small(), name="parted"), 1)
    resumed = train(against(small(3), name="parted"), 2)
    assert_same(resumed, whole, atol=1e-6)


def test_in_half_precision(pairs):
    model = AdversarialFaceSwap(
        IAE(NAMES, image_size=16, width=0.02, dtype="mixed_float16"),
        discriminator_width=2,
        dtype="mixed_float16",
    )
    logs = step(model, pairs)
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert np.isfinite(list(logs.values())).all()
    inner = model.optimizer.inner_optimizer
    faster = sum(len(d.weights) for d in model.discriminators.values())
    assert sum("discriminators" in groups for groups in inner._members) == faster


@pytest.mark.slow
@pytest.mark.parametrize("gan_loss", ["hinge", "relativistic_lsgan"])
def test_history_shows_each_term(pairs, gan_loss):
    model = against(small(), gan_loss=gan_loss, weight=0.5)
    logs = step(model, pairs)
    terms = {"adversarial": 0.5, "variation": 1e-6, "background": 0.02}
    people = {f"{name}_loss" for name in NAMES}
    assert set(logs) == {"loss", "discriminator_loss", *people} | {
        f"{term}_loss" for term in terms
    }
    total = sum(logs[name] for name in (*people, "discriminator_loss"))
    total += sum(weight * logs[f"{term}_loss"] for term, weight in terms.items())
    assert logs["loss"] == pytest.approx(total, rel=1e-4)
    decoded, y = small().predict(pairs[0], verbose=0), pairs[1]
    expected = dict.fromkeys(("variation", "background"), 0.0)
    for name in NAMES:
        image = decoded[name][..., :3]
        steps = np.diff(image, axis=1), np.diff(image, axis=2)
        expected["variation"] += sum((s**2).sum((1, 2, 3)).mean() for s in steps)
        outside = (1 - y[name][..., 3:4]) * (image - y[name][..., :3])
        expected["background"] += (outside**2).mean()
    for term, value in expected.items():
        assert logs[f"{term}_loss"] == pytest.approx(value, rel=1e-3), term


@pytest.mark.slow
@pytest.mark.backend
def test_the_face_swap_is_saved_as_what_it_is(tmp_path):
    model, pairs = randomized(Swift(NAMES, 64, 4, 2)), faces_of(64)
    training = against(model)
    before = model.get_weights()
    step(training, pairs)
    assert moved(before, model) > 0
    model.save_parts(tmp_path / "plain")
    loaded = load(tmp_path / "plain")
    assert type(loaded) is Swift
    faces = pairs[0]["ana"]
    np.testing.assert_array_equal(
        loaded.predict(faces, identity="ben"), training.predict(faces, identity="ben")
    )
    training.save_parts(tmp_path / "both")
    assert_same(load(tmp_path / "both"), training)
    one = load(tmp_path / "both", identities=("ben", "ana"))
    assert one.identities == ("ben", "ana")
    for name in NAMES:
        assert_same(one.discriminators[name], training.discriminators[name])


def test_the_loss_is_the_face_swaps_own_unless_one_is_given():
    model = small()
    training = against(model)
    training.compile()
    assert training.loss is model.loss
    assert isinstance(training.optimizer, TwoTimeScaleAdam)
    training.compile(loss={name: "mae" for name in NAMES})
    assert training.loss["ana"] == "mae"
    more = training.add_identity("zoe", like="ben")
    assert more.model.identities == more.identities == (*NAMES, "zoe")
    assert_same(more.discriminators["ana"], training.discriminators["ana"])


@pytest.mark.parametrize(
    ("patch", "strides", "view"),
    [
        (3, (2,), 3),
        (8, (2, 2), 7),
        (12, (2, 1, 2), 11),
        (16, (2, 2, 2), 15),
        (28, (2, 1, 2, 1, 2), 27),
        (32, (2, 2, 2, 2), 31),
    ],
)
def test_patches_are_seen_by_the_fewest_layers(patch, strides, view):
    assert patch_strides(patch) == strides
    steps = np.cumprod((1, *patch_strides(patch)))[:-1]
    assert 1 + 2 * steps.sum() == view


@pytest.mark.parametrize(("size", "patch"), [(64, None), (96, 12), (32, 5)])
def test_a_unet_judges_patches_and_pixels(size, patch):
    with keras.StatelessScope(initialize_variables=False):
        model = unet_discriminator("judge", size, patch, width=4)
    low = size // np.prod(patch_strides(patch or size // 8))
    shapes = [tuple(logits.shape) for logits in model.outputs]
    assert shapes == [(None, low, low, 1), (None, size, size, 1)]


def test_published_unet_has_the_published_size():
    with keras.StatelessScope(initialize_variables=False):
        model = unet_discriminator("judge", 128)
    # 1x1 in, 3 convolutions, center and its logit, 3 transposed, 1x1 out; biases.
    down = 9 * (16 * 32 + 32 * 64 + 64 * 128) + 32 + 64 + 128
    up = 9 * (128 * 64 + 2 * 64 * 32 + 2 * 32 * 16) + 64 + 32 + 16
    middle = 128 * 128 + 128 + 128 + 1
    expected = (3 * 16 + 16) + down + middle + up + (2 * 16 + 1)
    assert sum(int(np.prod(w.shape)) for w in model.weights) == expected


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: with_adversary(against(small())), TypeError, "without discrim"),
        (lambda: with_adversary(keras.Sequential()), TypeError, "Sequential was giv"),
        (lambda: against(small(), gan_loss="go"), ValueError, "'go' was.*logistic"),
        (lambda: against(small(), weight=-1), ValueError, r"adversarial'\]=-1"),
        (lambda: against(small(), widht=1), TypeError, "widht was given"),
        (
            lambda: TwoTimeScaleAdam(discriminator_rate=0),
            ValueError,
            "discriminator_rate=0 was given.*above 0",
        ),
    ],
)
def test_wrong_arguments_are_named(make, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        make()


def test_a_face_swap_without_a_loss_of_its_own_has_the_default():
    model = small()
    parts = {"encoder": model.encoder, "decoders": model.decoders}
    parts |= {"inters": model.inters, "routes": model._paths.routes}
    bare = FaceSwap(identities=NAMES, image_size=16, **parts)
    training = with_adversary(bare)
    training.compile()
    assert {type(loss) for loss in training.loss.values()} == {ImageLoss}
    training.compile(loss={name: FaceLoss() for name in NAMES})
    assert {type(loss) for loss in training.loss.values()} == {FaceLoss}


@pytest.mark.slow
def test_a_training_ends_with_the_exact_mean_latents():
    model, pairs = randomized(Swift(NAMES, 64, 4, 2)), faces_of(64)
    training = against(model)
    training.compile()
    training.fit(*pairs, epochs=1, verbose=0)
    for name in NAMES:
        mean, _ = model.decoders[name].get_layer("latent_mean").get_weights()
        latents = model.encode(pairs[1][name][..., :3])
        np.testing.assert_allclose(mean, latents.mean(axis=0), atol=1e-5)

"""Features of the published architectures beyond the contract."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from deepface_models.data import SwapPairs
from deepface_models.models import architectures, swap
from deepface_models.models.swap import (
    AMP,
    DFLSAE,
    SAEHD,
    DLight,
    Original,
    PhazeA,
    Quick96,
    RealFace,
)
from deepface_models.models.swap._dfl_loss import DeepFaceLabLoss
from deepface_models.models.swap._published import SquaredFaceLoss
from deepface_models.models.swap.blocks import ImageNormalization, pixel_norm
from deepface_models.optimizers import AdaBelief

NAMES = ("ana", "ben")
PHAZE = {
    "preset": "original",
    "learn_mask": True,
    "image_size": 32,
    "encoder_arguments": {"depth": 2, "min_filters": 2},
    "bottleneck_size": 4,
    "fc_min_filters": 4,
    "fc_max_filters": 4,
    "fc_upscale_filters": 4,
    "max_filters": 4,
    "min_filters": 4,
}
PUBLISHED_SIZES = {
    "AMP": (224, 224),
    "DFLH128": (128, 128),
    "DFLSAE": (128, 128),
    "DFaker": (64, 128),
    "DLight": (128, 256),
    "FaceSwapGAN": (64, 64),
    "IAE": (64, 64),
    "Lightweight": (64, 64),
    "Original": (64, 64),
    "PhazeA": (64, 128),
    "Quick96": (96, 96),
    "RealFace": (64, 128),
    "SAEHD": (128, 128),
    "Unbalanced": (128, 128),
    "Villain": (128, 128),
}


def test_every_architecture_can_be_trained_by_name():
    models = {getattr(swap, name) for name in swap.__all__}
    models = {m for m in models if isinstance(m, type)} - {swap.FaceSwap}
    known = {name: one.model for name, one in architectures("swap").items()}
    assert set(known.values()) == models
    for name, model in known.items():
        lower = model.__name__.lower()
        assert name == lower, f"register {model.__name__} as {lower!r}, not {name!r}"
    assert {*PUBLISHED_SIZES, "Swift"} <= {m.__name__ for m in models}


@pytest.mark.parametrize(("name", "sizes"), PUBLISHED_SIZES.items())
def test_three_people_at_the_published_size(name, sizes):
    fixed = name in ("AMP", "Original", "PhazeA", "SAEHD")
    width = {} if fixed else {"width": 0.02}
    with keras.StatelessScope(initialize_variables=False):
        model = getattr(swap, name)(("ana", "ben", "zoe"), **width)
    assert (model.image_size, model.output_size) == sizes
    channels = 4 if model.has_mask else 3
    for person in ("ana", "ben", "zoe"):
        assert model.output[person].shape == (None, sizes[1], sizes[1], channels)


@pytest.mark.slow
def test_targets_have_the_size_of_what_is_decoded(people):
    model = RealFace(("ana", "ben"), image_size=16, output_size=64, width=0.02)
    data = SwapPairs(people, 2, image_size=16, output_size=model.output_size, steps=1)
    model.compile(run_eagerly=True)
    history = model.fit(data, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert model.predict(data[0][0]["ana"], identity="ben").shape == (2, 64, 64, 3)


@pytest.mark.parametrize("letters", ["", "u", "d", "t", "c", "udtc"])
@pytest.mark.parametrize("kind", ["df", "liae"])
def test_letters_keep_the_size(kind, letters):
    with keras.StatelessScope(initialize_variables=False):
        model = SAEHD(("ana", "ben"), 64, f"{kind}-{letters}", 8, 4, 4, 2)
    assert model.output["ana"].shape == (None, 64, 64, 4)
    assert ("inter.ben" in model.parts) == (kind == "liae")


def test_settings_that_were_published():
    """Today's faceswap counts 1 - SSIM, not half of it."""
    sizes = {"image_size": 32, "width": 0.02}
    adam, rms = keras.optimizers.Adam, keras.optimizers.RMSprop
    for model, optimizer, rate, loss in (
        # 1 - SSIM, which is twice the dissimilarity, and the squared error.
        (DFLSAE(NAMES, **sizes), adam, 5e-5, SquaredFaceLoss(2.0, 1.0, 0.0)),
        (PhazeA(NAMES, **PHAZE), adam, 5e-5, SquaredFaceLoss(2.0, 1.0, 1.0)),
        (Quick96(NAMES, **sizes), rms, 2e-4, DeepFaceLabLoss(10.0, 10.0, 10.0)),
        (SAEHD(NAMES, 32, "df", 8, 4, 4, 2), AdaBelief, 5e-5, DeepFaceLabLoss()),
        (AMP(NAMES, 32, 8, 8, 4, 4, 2), AdaBelief, 5e-5, DeepFaceLabLoss(regions=300)),
    ):
        model.compile()
        assert type(model.optimizer) is optimizer
        assert float(model.optimizer.learning_rate) == pytest.approx(rate)
        assert type(model.loss["ana"]) is type(loss)
        assert model.loss["ana"].get_config() == loss.get_config()


def test_squared_face_loss():
    rng = np.random.default_rng(0)
    true = rng.random((2, 16, 16, 5)).astype("float32")
    pred = rng.random((2, 16, 16, 4)).astype("float32")
    weight = true[..., 3:4] * true[..., 4:5]
    error = (true[..., :3] - pred[..., :3]) ** 2
    expected = np.mean(weight * error, (1, 2, 3)) / weight.mean((1, 2, 3))
    loss = SquaredFaceLoss(structure=0.0, squared=2.0)
    assert float(loss(true, pred)) == pytest.approx(2 * expected.mean(), rel=1e-4)
    mask = SquaredFaceLoss(structure=0.0, squared=0.0, mask=3.0)
    expected = np.mean((true[..., 3] - pred[..., 3]) ** 2)
    assert float(mask(true, pred)) == pytest.approx(3 * expected, rel=1e-4)
    again = SquaredFaceLoss.from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    assert float(SquaredFaceLoss()(true[..., :3], true[..., :3])) < 1e-6


def test_normalizations_give_unit_variance_and_power():
    maps = np.random.default_rng(0).normal(3, 5, (4, 6, 6, 2)).astype("float32")
    flat = np.array(ImageNormalization()(maps)).reshape(4, -1)
    np.testing.assert_allclose(flat.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(flat.std(1), 1, atol=1e-3)
    rows = np.array(pixel_norm(maps.reshape(4, -1)))
    np.testing.assert_allclose((rows**2).mean(1), 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: swap.IAE(image_size=40), "image_size=40 was given. Expected a mult"),
        (lambda: swap.DFaker(image_size=96), "Expected 64 or 128"),
        (lambda: swap.Villain(width=0), "width=0 was given. Expected a positive"),
        (
            lambda: DFLSAE(architecture="fd"),
            r"'fd' was given. Expected one of 'df', 'liae'",
        ),
        (lambda: SAEHD(architecture="df-x"), "'df-x' was given.*letters u, d, t, c"),
        (lambda: SAEHD(architecture="df-uu"), "'df-uu' was given"),
        (lambda: SAEHD(image_size=48), "image_size=48.*multiple of 32"),
        (lambda: DLight(output_size=512), r"=512 was.*\(128, 256, 384\)"),
        (lambda: DLight(quality="fast"), "quality='fast'.*low"),
        (lambda: RealFace(output_size=100), "output_size=100.*multiple of 32"),
        (lambda: Original(low_memory=True, image_size=40), "image_size=40"),
    ],
)
def test_wrong_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        make()

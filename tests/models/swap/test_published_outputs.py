"""Outputs of the published architectures, compared with networks in NumPy.

The published architectures, exactly. Parameters are counted elsewhere;
slopes, paddings, norms and the order of layers only show in the outputs.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
from plain_networks import (
    amp,
    arithmetic,
    dfaker,
    dfl_loss,
    dflsae,
    dlight,
    iae,
    original,
    phaze_a,
    realface,
    saehd,
    unbalanced,
    villain,
)

from deepface_models.models import swap
from deepface_models.models.swap._dfl_loss import DeepFaceLabLoss
from deepface_models.models.swap._phaze_decoder import _styled as styled_maps
from deepface_models.models.swap.blocks import ImageNormalization, standardize

pytestmark = [pytest.mark.backend, pytest.mark.usefixtures("eager")]

NAMES = ("ana", "ben")
LIGHT = {"width": 0.05, "light": ("ana",)}
WIDTHS = {
    "latent_size": 12,
    "encoder_width": 6,
    "decoder_width": 5,
    "mask_width": 3,
}
QUICK = (10, 5, 5, 2)  # Quick96's 128, 64, 64, 16 with a width of 0.08, rounded
CHAIN = {"max_filters": 16, "min_filters": 8, "fc_upscale_filters": 6}


def sae(architecture, slope):
    given = {"architecture": architecture, "width": 0.05, "residual_slope": slope}
    extra = (architecture, 0.05, slope)
    return "DFLSAE", {"image_size": 32, **given}, dflsae.render, extra


def hd(architecture):
    given = {"image_size": 64, "architecture": architecture, **WIDTHS}
    return "SAEHD", given, saehd.render, (architecture, (12, 6, 5, 3))


def faker(size, slope):
    given = {"image_size": size, "width": 0.05, "residual_slope": slope}
    return "DFaker", given, dfaker.render, (0.05, slope)


# Class, its arguments; the plain network and its arguments.
TINY = {"image_size": 16, "latent_size": 8}
CASES = {
    "Original": ("Original", TINY, original.render, (original.ORIGINAL, 1.0, 8)),
    "Original, low memory": (
        *("Original", {**TINY, "low_memory": True}),
        *(original.render, (original.LOW_MEMORY, 1.0, 8)),
    ),
    "Lightweight": (
        *("Lightweight", {"width": 0.05}),
        *(original.render, (original.LIGHTWEIGHT, 0.05)),
    ),
    "DFLH128": (
        *("DFLH128", {"width": 0.03, "latent_size": 9}),
        *(original.render, (original.DFLH128, 0.03, 9)),
    ),
    "IAE": ("IAE", {"width": 0.05}, iae.render, (0.05,)),
    "DFaker": faker(64, 0.2),
    "DFaker, 128 to 256": faker(128, 0.2),
    "DFaker, the first program": faker(64, 0.1),
    "DFLSAE, df": sae("df", 0.2),
    "DFLSAE, liae": sae("liae", 0.2),
    "DFLSAE, df, the first program": sae("df", 0.1),
    "DLight": ("DLight", LIGHT, dlight.render, (0.05, ("ana",))),
    "RealFace": ("RealFace", LIGHT, realface.render, (0.05, ("ana",))),
    "Unbalanced": ("Unbalanced", LIGHT, unbalanced.render, (0.05, ("ana",))),
    "Villain": (
        *("Villain", {"width": 0.05, "residual_blocks": 3}),
        *(villain.render, (0.05, 3)),
    ),
    "SAEHD, df": hd("df"),
    "SAEHD, df-u": hd("df-u"),
    "SAEHD, df-ud": hd("df-ud"),
    "SAEHD, df-t": hd("df-t"),
    "SAEHD, df-udt": hd("df-udt"),
    "SAEHD, liae": hd("liae"),
    "SAEHD, liae-ud": hd("liae-ud"),
    "SAEHD, liae-udtc": hd("liae-udtc"),
    "Quick96": ("Quick96", {"width": 0.08}, saehd.render, ("df-ud", QUICK)),
    "PhazeA, G-block": (
        "PhazeA",
        {
            **CHAIN,
            "image_size": 32,
            "output_size": 32,
            "encoder_arguments": {"depth": 3, "min_filters": 5},
            "bottleneck_size": 9,
            "fc_min_filters": 10,
            "fc_max_filters": 10,
            "gblock_min_units": 7,
            "gblock_max_units": 7,
            "style_size": 8,
        },
        phaze_a.decode_styled,
        ((5, 10, 20), 9, (4, 10), (7, 8), (16, 8)),
    ),
    "PhazeA, dfl-saehd-liae": (
        "PhazeA",
        {
            **CHAIN,
            "preset": "dfl-saehd-liae",
            "image_size": 32,
            "output_size": 64,
            "encoder_arguments": {"depth": 3, "min_filters": 5},
            "bottleneck_size": 9,
            "fc_min_filters": 6,
            "fc_max_filters": 6,
        },
        phaze_a.decode_liae,
        ((5, 10, 20), 9, (8, 6), (16, 8)),
    ),
    "PhazeA, dny256": (
        "PhazeA",
        {
            "preset": "dny256",
            "image_size": 32,
            "output_size": 32,
            "encoder_arguments": {
                **{"depth": 4, "min_filters": 3, "max_filters": 12},
                "alternative": True,
            },
            "bottleneck_size": 12,
            "fc_min_filters": 12,
            "fc_max_filters": 12,
            "max_filters": 12,
            "min_filters": 5,
        },
        phaze_a.decode_dny,
        (4, 3, 12, (12, 12, 5)),
    ),
}
# Mean and standard deviation of what the plain networks return.
GOLDEN = {
    "Original: ana": (0.55262, 0.08281),
    "Original: ben": (0.60020, 0.07536),
    "Original, low memory: ana": (0.55279, 0.08321),
    "Original, low memory: ben": (0.59952, 0.07696),
    "Lightweight: ana": (0.58634, 0.09522),
    "Lightweight: ben": (0.51945, 0.11937),
    "DFLH128: ana": (0.65037, 0.14593),
    "DFLH128: ben": (0.52891, 0.09908),
    "IAE: ana": (0.59689, 0.07066),
    "IAE: ben": (0.59681, 0.06993),
    "DFaker: ana": (0.52118, 0.19311),
    "DFaker: ben": (0.51743, 0.24506),
    "DFaker, 128 to 256: ana": (0.51883, 0.19797),
    "DFaker, 128 to 256: ben": (0.51409, 0.26025),
    "DFaker, the first program: ana": (0.52046, 0.19318),
    "DFaker, the first program: ben": (0.51723, 0.24698),
    "DFLSAE, df: ana": (0.62066, 0.22312),
    "DFLSAE, df: ben": (0.32027, 0.28175),
    "DFLSAE, liae: ana": (0.66791, 0.20900),
    "DFLSAE, liae: ben": (0.66675, 0.20872),
    "DFLSAE, df, the first program: ana": (0.62393, 0.21617),
    "DFLSAE, df, the first program: ben": (0.31338, 0.28177),
    "DLight: ana": (0.54172, 0.14803),
    "DLight: ben": (0.56659, 0.08313),
    "RealFace: ana": (0.58407, 0.08692),
    "RealFace: ben": (0.51807, 0.24507),
    "Unbalanced: ana": (0.56617, 0.07089),
    "Unbalanced: ben": (0.44877, 0.23345),
    "Villain: ana": (0.56613, 0.14111),
    "Villain: ben": (0.34441, 0.21712),
    "SAEHD, df: ana": (0.46721, 0.20197),
    "SAEHD, df: ben": (0.61829, 0.14457),
    "SAEHD, df-u: ana": (0.46523, 0.20813),
    "SAEHD, df-u: ben": (0.61904, 0.15122),
    "SAEHD, df-ud: ana": (0.48051, 0.22772),
    "SAEHD, df-ud: ben": (0.57542, 0.21029),
    "SAEHD, df-t: ana": (0.46021, 0.21624),
    "SAEHD, df-t: ben": (0.62044, 0.16616),
    "SAEHD, df-udt: ana": (0.48021, 0.23428),
    "SAEHD, df-udt: ben": (0.57301, 0.21845),
    "SAEHD, liae: ana": (0.58399, 0.16249),
    "SAEHD, liae: ben": (0.58411, 0.16320),
    "SAEHD, liae-ud: ana": (0.56965, 0.14243),
    "SAEHD, liae-ud: ben": (0.56990, 0.14214),
    "SAEHD, liae-udtc: ana": (0.57773, 0.07369),
    "SAEHD, liae-udtc: ben": (0.57778, 0.07351),
    "Quick96: ana": (0.50218, 0.21542),
    "Quick96: ben": (0.54195, 0.19675),
    "PhazeA, G-block: ana": (0.46555, 0.15404),
    "PhazeA, G-block: ben": (0.46017, 0.16132),
    "PhazeA, dfl-saehd-liae: ana": (0.66801, 0.18415),
    "PhazeA, dfl-saehd-liae: ben": (0.66602, 0.17838),
    "PhazeA, dny256: ana": (0.52013, 0.02578),
    "PhazeA, dny256: ben": (0.60568, 0.05391),
    "AMP: 1.0": (0.56623, 0.14671),
    "AMP: 0.6": (0.56541, 0.14973),
}


def layers_of(model):
    """A model's layers that have weights, of each kind in the order they were built.

    Those of models inside it are among them. Keras numbers layers as it makes them.
    """
    layers = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            layers += layers_of(layer)
        elif layer.weights:
            layers.append(layer)
    return sorted(layers, key=number)


def number(layer):
    """The 12 of "conv2d_12"."""
    tail = layer.name.rpartition("_")[2]
    return int(tail) if tail.isdigit() else 0


def fill(model):
    """Gives every part the weights of the fixed recipe, and returns them."""
    filled = {}
    for name, part in model.parts.items():
        layers = list(layers_of(part))
        shapes = [[tuple(w.shape) for w in layer.weights] for layer in layers]
        filled[name] = arithmetic.fixed_weights(name, shapes)
        for layer, arrays in zip(layers, filled[name], strict=True):
            layer.set_weights(arrays)
    return filled


def images(size):
    """Two fixed images, float32 in [0, 1]."""
    return np.random.default_rng(17).random((2, size, size, 3), "float32")


def plain(filled, decode, *args):
    """The plain network's image, and the layers that it never asked for."""
    parts = {name: arithmetic.Weights(layers) for name, layers in filled.items()}
    decoded = decode(parts, *args)
    return decoded, {name: w.left() for name, w in parts.items() if w.left()}


def check(title, expected, found):
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=5e-6)
    golden = pytest.approx(GOLDEN[title], abs=1e-5)
    assert (expected.mean(), expected.std()) == golden


@pytest.mark.slow
@pytest.mark.parametrize("title", CASES)
def test_decodes_what_was_published(title):
    """Weights of a fixed recipe give the published network's image."""
    name, arguments, decode, extra = CASES[title]
    model = getattr(swap, name)(NAMES, **arguments)
    filled = fill(model)
    faces = images(model.image_size)
    for person, other in (NAMES, NAMES[::-1]):
        expected, left = plain(filled, decode, faces, person, *extra)
        assert set(left) <= {f"decoder.{other}", f"inter.{other}"}, left
        check(f"{title}: {person}", expected, model.predict(faces, identity=person))


@pytest.mark.parametrize("morph", [1.0, 0.6])
def test_amp_decodes_what_was_published(morph):
    """AMP, too, and its morph of channels."""
    model = swap.AMP(NAMES, 64, inter_size=10, **WIDTHS)
    filled = fill(model)
    faces = images(64)
    expected, left = plain(filled, amp.render, faces, *NAMES, morph, (12, 10, 6, 5, 3))
    assert not left
    found = model.predict(faces, identity="ana", other="ben", morph=morph)
    check(f"AMP: {morph}", expected, found)


def test_norms_add_to_the_standard_deviation():
    """Std + 1e-3, which shows where maps hardly vary."""
    maps = np.random.default_rng(0).normal(3, 2e-3, (2, 6, 6, 4)).astype("float32")
    one = keras.ops.convert_to_numpy(ImageNormalization()(maps))
    expected = arithmetic.standardized(maps.astype(float), (1, 2, 3))
    np.testing.assert_allclose(one, expected, atol=1e-3)
    assert one.std() == pytest.approx(2 / 3, rel=0.05)
    code, style = keras.Input((6, 6, 4)), keras.Input((3,))
    styled = keras.Model([code, style], styled_maps(code, style))
    ones = [np.zeros((3, 4)), np.ones(4)]  # shift, then gain
    styled.set_weights(ones * 2)
    each = keras.ops.convert_to_numpy(styled([maps, np.zeros((2, 3), "float32")]))
    expected = arithmetic.standardized(maps.astype(float), (1, 2)) + 1.0
    np.testing.assert_allclose(each, expected, atol=1e-3)


def test_maps_of_one_pixel_have_a_gradient():
    """A standard deviation of 0 has none of its own."""
    maps = keras.Input((1, 1, 4))
    model = keras.Model(maps, standardize(keras.layers.Dense(4)(maps), (1, 2)))
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss="mse")
    ones = np.ones((2, 1, 1, 4), "float32")
    assert model.train_on_batch(ones, ones) == pytest.approx(1.0)
    assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.parametrize("size", [16, 32, 128, 256])
@pytest.mark.parametrize("regions", [0.0, 300.0])
def test_the_loss_of_deepfacelab_equals_a_computation_by_numpy(size, regions):
    """Masked, in windows of int(S / 11.6), two scales from 256 px."""
    rng = np.random.default_rng(size)
    true = rng.random((2, size, size, 5), "float32")
    at = np.hypot(*(np.mgrid[:size, :size] - size / 2)) / size
    true[..., 3] = at < 0.3
    true[..., 4] = 1.0 + 2.0 * (at < 0.1)
    pred = 0.5 * true[..., :4] + 0.5 * rng.random((2, size, size, 4), "float32")
    loss = DeepFaceLabLoss(regions=regions, reduction=None)
    found = keras.ops.convert_to_numpy(loss(true, pred))
    expected = dfl_loss.loss(true, pred, regions=regions)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    hidden = pred.copy()
    hidden[:, 0, 0, :3] = 0.5  # far from the mask
    again = keras.ops.convert_to_numpy(loss(true, hidden))
    np.testing.assert_allclose(again, found, rtol=1e-6)
    assert float(DeepFaceLabLoss()(true, true[..., :4])) == pytest.approx(0, abs=1e-5)

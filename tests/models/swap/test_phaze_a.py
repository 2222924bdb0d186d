"""PhazeA: each kind of part, and to which person a part belongs."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from deepface_models import load
from deepface_models.data import SwapPairs
from deepface_models.models.swap import FaceSwap, PhazeA
from deepface_models.models.swap._phaze_decoder import unpack
from deepface_models.models.swap._phaze_encoders import build_encoder, expected_range
from deepface_models.models.swap._phaze_settings import UPSCALERS, resolve
from deepface_models.models.swap._phaze_upscales import enlarge, normalize

pytestmark = pytest.mark.usefixtures("eager")

NAMES = ("ben", "ana")
TINY = {
    "image_size": 32,
    "output_size": 16,
    "encoder_arguments": {"depth": 2, "min_filters": 3},
    "bottleneck_size": 6,
    "fc_min_filters": 4,
    "fc_max_filters": 4,
    "fc_upscales": 0,
    "gblock": False,
    "gblock_depth": 1,
    "gblock_max_units": 5,
    "style_size": 6,
    "max_filters": 8,
    "min_filters": 4,
}
MASKED = {"learn_mask": True, "upscales_in_fc": 1}
APPLICATION = {
    **{n: v for n, v in TINY.items() if n != "encoder_arguments"},
    "encoder": "MobileNetV3Small",
    "encoder_arguments": {"alpha": 0.25, "minimalistic": True},
}


def randomize(model: FaceSwap) -> FaceSwap:
    rng = np.random.default_rng(0)
    for _, part in sorted(model.parts.items()):
        part.set_weights([rng.normal(0, 0.3, w.shape) for w in part.get_weights()])
    return model


def eager(model: FaceSwap, faces: np.ndarray) -> dict[str, np.ndarray]:
    decoded = model(dict.fromkeys(model.identities, faces), training=False)
    return {name: ops.convert_to_numpy(image) for name, image in decoded.items()}


def unbuilt(**settings) -> PhazeA:
    with keras.StatelessScope(initialize_variables=False):
        return PhazeA(NAMES, **{**TINY, **settings})


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, 32, 32, 3), dtype="uint8")


@pytest.mark.parametrize("upscaler", UPSCALERS)
def test_each_upscaler_doubles_the_size(upscaler):
    maps = keras.Input((5, 5, 6))
    filters = 6 if upscaler == "upsample2d" else 7
    assert enlarge(maps, 7, upscaler).shape == (None, 10, 10, filters)
    for residuals in (0, 1):
        model = unbuilt(
            upscaler=upscaler,
            fc_upscaler=upscaler,
            fc_upscales=1,
            residual_blocks=residuals,
            skip_last_residual=False,
        )
        assert model.output["ana"].shape == (None, 16, 16, 3)


@pytest.mark.parametrize("bottleneck", ["dense", "average", "max", "flatten"])
@pytest.mark.parametrize("norm", ["none", "instance", "layer", "rms"])
def test_each_bottleneck_has_its_shape(bottleneck, norm):
    sizes = {"dense": 6, "average": 6, "max": 6, "flatten": 8 * 8 * 6}
    inside = unbuilt(bottleneck=bottleneck, bottleneck_norm=norm)
    assert inside.encoder.output.shape == (None, sizes[bottleneck])
    outside = unbuilt(
        bottleneck=bottleneck, bottleneck_norm=norm, bottleneck_in_encoder=False
    )
    assert outside.encoder.output.shape == (None, 8, 8, 6)
    assert outside.output["ana"].shape == (None, 16, 16, 3)


@pytest.mark.parametrize("norm", ["batch", "group", "instance", "layer", "rms"])
def test_normalized_maps_have_unit_power(norm):
    maps = np.random.default_rng(0).normal(3, 2, (4, 6, 6, 8)).astype("float32")
    decoded = np.array(normalize(ops.convert_to_tensor(maps), norm))
    axes = {"batch": (1, 2), "instance": (1, 2, 3), "group": (1, 2)}.get(norm, -1)
    if norm == "batch":  # not training: the running statistics are 0 and 1
        np.testing.assert_allclose(decoded, maps, rtol=1e-3)
    else:
        power = (decoded**2).mean(axes)
        np.testing.assert_allclose(power, 1, atol=1e-2)
    assert (abs(decoded.mean(axes)).max() < 1e-3) == (norm not in ("batch", "rms"))


@pytest.mark.slow
def test_every_way_to_share_parts():
    ways = itertools.product(
        (True, False), ("none", "full", "half"), (None, False, True), (True, False)
    )
    for number, (split_fc, shared_fc, gblock, split_decoders) in enumerate(ways):
        choice = {
            "split_fc": split_fc,
            "shared_fc": shared_fc,
            "gblock": gblock is not None,
            "split_gblock": bool(gblock),
            "split_decoders": split_decoders,
            "learn_mask": number % 2 == 0,
            "upscales_in_fc": number // 2 % 2,
        }
        if not (split_fc or gblock or split_decoders):
            with pytest.raises(ValueError, match="no part would be a person's own"):
                unbuilt(**choice)
            continue
        model = unbuilt(**choice)
        channels = 4 if choice["learn_mask"] else 3
        assert model.output["ana"].shape == (None, 16, 16, channels), choice
        parts = {"encoder"} | inters(split_fc, shared_fc, gblock)
        own_ends = split_decoders or gblock
        parts |= {"decoder.ana", "decoder.ben"} if own_ends else {"decoder"}
        parts |= {"shared_decoder"} if own_ends and not split_decoders else set()
        assert set(model.parts) == parts, choice


def inters(split_fc: bool, shared_fc: str, gblock: bool | None) -> set[str]:
    style = set() if gblock is None else {"inter.+style"}
    if not split_fc:
        return style | {"inter"} | ({"inter.+shared"} if shared_fc == "full" else set())
    if shared_fc == "half":
        return style | {"inter", "inter.ana"}
    own = {"inter.ana", "inter.ben"}
    return style | own | ({"inter"} if shared_fc == "full" else set())


@pytest.mark.slow
@pytest.mark.parametrize(
    "choice",
    [
        {"shared_fc": "half", "target": "ana"},
        {**MASKED, "split_fc": False, "gblock": True, "split_gblock": True},
        {"gblock": True, "split_decoders": True, "shared_fc": "full"},
    ],
    ids=["inters", "gblocks", "decoders"],
)
def test_people_are_told_apart_and_kept(choice, faces, tmp_path):
    three = ("zoe", "ana", "ben")
    model = randomize(PhazeA(three, **{**TINY, **choice}))
    decoded = eager(model, faces)
    for one, two in itertools.combinations(three, 2):
        assert np.abs(decoded[one] - decoded[two]).max() > 1e-3
    np.testing.assert_allclose(
        model.predict(faces, identity="ana"), decoded["ana"], atol=1e-4
    )
    code = model.encode(faces)
    np.testing.assert_allclose(
        model.decode(code, identity="zoe"), decoded["zoe"], atol=1e-4
    )
    model.save_parts(tmp_path / "model")
    model.save(tmp_path / "model.keras")
    some = load(tmp_path / "model", identities=("ben", "zoe"))
    larger = model.add_identity("new", like="ben")
    for copy in (load(tmp_path / "model.keras"), some, larger):
        for name, image in eager(copy, faces).items():
            expected = decoded["ben" if name == "new" else name]
            np.testing.assert_array_equal(image, expected)


def test_codes_come_apart_as_they_were_put_together():
    rng = np.random.default_rng(0)
    one, two = (
        [rng.random((2, 3, 3, n)).astype("float32") for n in (4, 2)] for _ in range(2)
    )
    flat = [maps.reshape(2, -1) for maps in (*one, *two)]
    code = ops.convert_to_tensor(np.concatenate([*flat, np.ones((2, 5), "f")], 1))
    found = unpack(code, [(3, 3, 4), (3, 3, 2)], 2)
    for maps, *both in zip(found, one, two, strict=True):
        expected = np.concatenate(both, -1)
        np.testing.assert_array_equal(ops.convert_to_numpy(maps), expected)
    alone = unpack(ops.convert_to_tensor(flat[0]), [(3, 3, 4)], 1)
    np.testing.assert_array_equal(ops.convert_to_numpy(alone[0]), one[0])


def test_a_shared_gblock_is_one_in_all_decoders():
    model = PhazeA(NAMES, **{**TINY, "gblock": True, "split_decoders": True})
    blocks = [model.parts[f"decoder.{n}"].get_layer("gblock") for n in NAMES]
    assert blocks[0] is blocks[1]
    split = {**TINY, "gblock": True, "split_gblock": True, "split_decoders": True}
    parts = PhazeA(NAMES, **split).parts
    assert parts["decoder.ana"].get_layer("gblock_ana")
    assert model._owners() == {
        **{f"inter.{n}": n for n in NAMES},
        **{f"decoder.{n}": n for n in NAMES},
    }


def test_the_style_steers_the_image(faces):
    model = randomize(PhazeA(NAMES, **{**TINY, "gblock": True}))
    before = model.predict(faces, identity="ana")
    style = model.parts["inter.+style"]
    style.set_weights([2 * w for w in style.get_weights()])
    assert np.abs(model.predict(faces, identity="ana") - before).max() > 1e-3


def test_noise_only_while_training(faces):
    model = PhazeA(NAMES, **TINY)
    x = {name: faces / np.float32(255) for name in NAMES}
    quiet = [np.array(model(x, training=False)["ana"]) for _ in range(2)]
    noisy = [np.array(model(x, training=True)["ana"]) for _ in range(2)]
    np.testing.assert_array_equal(*quiet)
    assert np.abs(noisy[0] - noisy[1]).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize(
    "choice",
    [
        pytest.param(
            {**TINY, "gblock": True, "norm": "batch"}, marks=pytest.mark.backend
        ),
        APPLICATION,
    ],
    ids=["decoder", "application"],
)
def test_batch_normalization_trains_and_is_kept(choice, people, tmp_path):
    keras.utils.set_random_seed(0)
    model = PhazeA(NAMES, **choice)
    data = SwapPairs(people, 2, image_size=32, output_size=16, steps=1)
    statistics = [w for w in model.weights if "moving" in w.path]
    before = [np.array(ops.convert_to_numpy(w)) for w in statistics]
    # TensorFlow traces for longer than it trains here.
    model.compile()
    history = model.fit(data, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    after = [ops.convert_to_numpy(w) for w in statistics]
    assert statistics
    assert not any(map(np.array_equal, before, after))
    faces = people["ana"].images[:2, ::2, ::2]
    decoded = eager(model, faces)
    assert decoded["ben"].shape == (2, 16, 16, 3)
    model.save_parts(tmp_path / "model")
    model.save(tmp_path / "model.keras")
    for path in ("model", "model.keras"):
        loaded = load(tmp_path / path)
        assert loaded.get_config() == model.get_config()
        np.testing.assert_array_equal(eager(loaded, faces)["ben"], decoded["ben"])


def test_config_has_every_setting():
    given = {**TINY, "norm": "rms", "slope_mode": "cap_min", "learn_mask": True}
    model = PhazeA(NAMES, preset="iae", **given)
    config = model.get_config()
    assert given.items() <= config.items()
    assert config["preset"] == "iae"
    assert config["shared_fc"] == "full"
    assert PhazeA.from_config(config).get_config() == config


def test_a_learned_mask_is_trained():
    model = PhazeA(NAMES, **TINY, learn_mask=True)
    model.compile()
    assert model.has_mask
    assert model.loss["ana"].get_config()["mask"] == 1.0


@pytest.mark.parametrize(
    ("name", "black", "red"),
    [
        ("MobileNetV2", (-1, -1, -1), (1, -1, -1)),
        ("EfficientNetV2S", (0, 0, 0), (255, 0, 0)),
        ("VGG16", (-103.939, -116.779, -123.68), (-103.939, -116.779, 131.32)),
        ("DenseNet121", (-2.1179, -2.0357, -1.8044), (2.2489, -2.0357, -1.8044)),
    ],
)
def test_images_come_as_the_application_expects(name, black, red):
    faces = np.zeros((1, 1, 2, 3), "float32")
    faces[0, 0, 1, 0] = 1.0
    image = ops.convert_to_tensor(faces)
    found = np.array(expected_range(getattr(keras.applications, name), image))
    np.testing.assert_allclose(found[0, 0], [black, red], atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "channels"),
    [
        *(("DenseNet121", 1024), ("EfficientNetB0", 1280), ("EfficientNetV2B0", 1280)),
        *(("ConvNeXtTiny", 768), ("NASNetMobile", 1056), ("ResNet50V2", 2048)),
        *(("InceptionV3", 2048), ("Xception", 2048), ("VGG19", 512)),
    ],
)
def test_encoders_of_keras_applications_have_their_channels(name, channels):
    settings = resolve(None, {"encoder": name, "bottleneck": "average"})
    with keras.StatelessScope(initialize_variables=False):
        assert build_encoder(96, settings).output.shape == (None, channels)


def test_clip_encoders_have_their_shape_and_normalization():
    arguments = {"width": 64, "depth": 1, "units": 5}
    model = unbuilt(
        encoder="ViT-B-16", encoder_arguments=arguments, bottleneck="flatten"
    )
    assert model.encoder.output.shape == (None, 5)
    encoder = PhazeA(
        NAMES,
        **{**TINY, "encoder": "ViT-B-32", "encoder_arguments": arguments},
    ).encoder
    faces = np.random.default_rng(0).random((3, 32, 32, 3)).astype("float32")
    codes = encoder.predict(faces, verbose=0)
    assert np.isfinite(codes).all()
    assert np.abs(codes[0] - codes[1]).max() > 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "sym-384"}, "preset='sym-384' was.*Did you mean 'sym384'"),
        ({"encoder": "efficientnet_b4"}, "Did you mean 'EfficientNetB4'"),
        ({"encoder": "clipv_vit-b-16"}, "Did you mean 'ViT-B-16'"),
        ({"upscaler": "sub_pixels"}, "upscaler='sub_pixels'.*mean 'subpixel'"),
        ({"bottleneck": "pool"}, "bottleneck='pool' was given.*'average', 'max'"),
        ({"norm": "spectral"}, "norm='spectral' was given. Expected one of 'none'"),
        ({"output_size": 100}, "output_size=100.*multiple of 16"),
        ({"fc_depth": -1}, "fc_depth=-1 was given. Expected a whole number of 0"),
        ({"fc_depth": True}, "fc_depth=True was given"),
        ({"slope": 1.5}, "slope=1.5 was.*more than -1 and less than 1"),
        ({"encoder_scale": 0}, "encoder_scale=0 was given. Expected more than 0"),
        ({"gblock": 1}, "gblock=1 was given. Expected True or False"),
        ({"encoder_arguments": 3}, "encoder_arguments=3 was given"),
        ({"encoder_arguments": {"dept": 3}}, "fs_original, depth.*mean 'depth'"),
        ({"encoder_arguments": {"depth": 5, "alternative": True}}, "ends in 4 x 4"),
        ({"image_size": 16}, "image_size=16.*'fs_original'. Expected 32 pixels"),
        ({"fc_depth": 0}, "bottleneck of 6 values.*= 64"),
        ({"upscales_in_fc": 2}, "4 pixels are upscaled 2 time"),
        ({"output_size": 144, "fc_dimensions": 8}, "81 filters or more"),
        (
            {
                "encoder": "ViT-B-32",
                "encoder_arguments": {"width": 64, "depth": 1},
                "bottleneck": "max",
            },
            'returns a vector.*bottleneck="flatten"',
        ),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        unbuilt(**settings)


def test_an_unknown_setting_is_named():
    with pytest.raises(
        TypeError, match=r"argument upscale was given\. .*Did you mean 'upscaler'"
    ):
        PhazeA(NAMES, upscale="subpixel")


def test_sizes_that_do_not_double_to_the_image_are_reshaped():
    model = unbuilt(output_size=144, fc_dimensions=8, fc_max_filters=81)
    assert model.output["ana"].shape == (None, 144, 144, 3)

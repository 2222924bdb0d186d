"""PhazeA's presets: what was published, counted by hand."""

from __future__ import annotations

import itertools
import math

import keras
import pytest

from deepface_models.models.swap import PhazeA
from deepface_models.models.swap._phaze_fc import chain, curve
from deepface_models.models.swap._phaze_settings import resolve

# Pixels in and out, filters of the enlargements, parameters for two people. Where
# two classes of the package are the same network, their count is the same too.
PUBLISHED = {
    "original": (64, 64, [256, 128, 64], 82_062_470),  # Original
    "lightweight": (64, 64, [512, 256, 128], 51_066_374),  # Lightweight
    "iae": (64, 64, [512, 256, 128, 64], 117_816_003),  # IAE
    "dfaker": (64, 128, [512, 256, 128, 64], 113_330_822),  # DFaker
    "dfl-h128": (128, 128, [512, 256, 128], 107_716_102),  # DFLH128
    "dfl-sae-df": (128, 128, [504, 248, 128], 129_755_834),
    "dfl-sae-liae": (128, 128, [504, 248, 128], 121_620_151),
    "dfl-saehd-df": (128, 128, [512, 256, 128], 52_897_926),
    "dfl-saehd-liae": (128, 128, [512, 256, 128], 87_777_027),
    "dny256": (256, 256, [512, 256, 128, 64, 32, 16], 29_885_750),
    "dny512": (512, 512, [512, 512, 256, 128, 64, 32, 16], 39_324_982),
    "dny1024": (1024, 1024, [512, 512, 512, 256, 128, 64, 32, 16], 53_483_830),
    "stojo": (224, 256, [640, 400, 256, 160], 217_493_762),
    "sym384": (384, 384, [1536, 768, 384, 192, 96, 48, 24], 215_556_822),
    "clipfaker128": (64, 128, [512, 256, 128, 64], 157_003_654),
    "clipfaker256": (128, 256, [1024, 512, 256, 128, 64], 251_424_646),
    "clipfaker448": (224, 448, [1024, 512, 256, 128, 64], 285_805_830),
}


def conv(before: int, after: int, kernel: int = 3) -> int:
    return kernel**2 * before * after + after


def dense(before: int, after: int) -> int:
    return before * after + after


def halvings(widths: list[int]) -> int:
    return sum(conv(a, b, 5) for a, b in zip([3, *widths], widths, strict=False))


def shuffles(widths: list[int], residuals: int, kernel: int) -> int:
    """A decoder: enlargements, each but perhaps the last with residual blocks."""
    steps = itertools.pairwise(widths)
    total = sum(conv(a, 4 * b) + 2 * residuals * conv(b, b) for a, b in steps)
    return total + conv(widths[-1], 3, kernel)


def doubled(widths: list[int], residuals: int = 0) -> int:
    """Enlargements of two convolutions; the last one has no residual block."""
    steps = itertools.pairwise(widths)
    total = sum(conv(a, b) + (1 + 2 * residuals) * conv(b, b) for a, b in steps)
    return total - 2 * residuals * conv(widths[-1], widths[-1])


def parts_of_sae(form: str) -> dict[str, int]:
    encoder = halvings([126, 252, 504, 1008])
    if form == "df":
        code = dense(512, 64 * 512) + conv(512, 2048)
        decoder = shuffles([512, 504, 248, 128], 2, 5)
        own = {"decoder.ana": decoder, "decoder.ben": decoder}
        return {"encoder": encoder + dense(64 * 1008, 512), "inter": code, **own}
    code = dense(64 * 1008, 256) + dense(256, 64 * 512) + conv(512, 2048)
    decoder = shuffles([1024, 504, 248, 128], 2, 5)
    return {"encoder": encoder, "inter": code, "inter.ben": code, "decoder": decoder}


def parts_of_saehd(form: str) -> dict[str, int]:
    encoder = halvings([64, 128, 256, 512])
    wide = 256 if form == "df" else 512
    code = dense(64 * 512, 256) + dense(256, 64 * wide) + conv(wide, 4 * wide)
    if form == "df":
        decoder = shuffles([256, 512, 256, 128], 1, 1)
        own = {"decoder.ana": decoder, "decoder.ben": decoder}
        return {"encoder": encoder, "inter": code, **own}
    decoder = shuffles([1024, 512, 256, 128], 1, 1)
    return {"encoder": encoder, "inter": code, "inter.ben": code, "decoder": decoder}


def parts_of_disney(
    halved: list[int], in_fc: int, decoded: list[int]
) -> dict[str, int]:
    steps = zip(halved, [*halved[1:], 512], strict=True)
    encoder = conv(3, 16, 1) + sum(conv(a, a) + conv(a, b) for a, b in steps)
    encoder += conv(512, 512) + conv(512, 512, 4) + dense(512, 512)
    inter = conv(512, 512, 4) + conv(512, 512) + in_fc * 2 * conv(512, 512)
    decoder = doubled([512, *decoded]) + conv(decoded[-1], 3, 1)
    own = {"decoder.ana": decoder, "decoder.ben": decoder}
    return {"encoder": encoder, "inter": inter, **own}


def parts_of_stojo() -> dict[str, int]:
    # The convolution before the last normalization has no bias here: that takes it
    # off again.
    gblock = 3 * dense(512, 512) + conv(1280, 1280) + 9 * 1280**2
    gblock += 2 * (2 * dense(512, 1280) + conv(1280, 1280, 1))
    widths = [1280, 640, 400, 256, 160]
    steps = itertools.pairwise(widths)
    decoded = sum(2 * conv(a, b) + 2 * conv(b, b) for a, b in steps) + conv(160, 3)
    code = dense(512, 64 * 1280)
    return {
        "encoder": 17_673_823 + dense(7 * 7 * 1792, 512),  # EfficientNetB4 without top
        "inter.ana": code,
        "inter.ben": code,
        "inter.+style": 3 * dense(512, 512),
        "decoder": gblock + decoded,
    }


def parts_of_sym() -> dict[str, int]:
    wide = 1536
    inter = dense(1280, 9 * wide) + conv(wide, wide, 4) + conv(wide, wide)
    inter += doubled([wide, wide, 768], 1)
    decoder = doubled([768, 384, 192, 96, 48, 24], 1) + conv(24, 3)
    own = {"decoder.ana": decoder, "decoder.ben": decoder}
    return {"encoder": 20_331_360, "inter": inter, **own}  # EfficientNetV2S


def parts_of_clip(pixels: int) -> dict[str, int]:
    # CLIP's ViT-B/16 has 86,192,640 for 14 x 14 patches and the token.
    vit = 86_192_640 - (14**2 - (pixels // 16) ** 2) * 768
    high = 512 if pixels == 64 else 1024
    widths = [n for n in (1024, 512, 256, 128, 64) if n <= high]
    code = dense(512, 16 * 1024) + conv(1024, 2048)
    decoded = [512, *widths]
    if pixels == 224:
        code, decoded = dense(512, 49 * 384) + conv(384, 4096), [1024, *widths]
    decoder = shuffles(decoded, 1, 5) - 2 * conv(64, 64)
    own = {"decoder.ana": decoder, "decoder.ben": decoder}
    return {"encoder": vit, "inter": code, **own}


BY_HAND = {
    "dfl-sae-df": parts_of_sae("df"),
    "dfl-sae-liae": parts_of_sae("liae"),
    "dfl-saehd-df": parts_of_saehd("df"),
    "dfl-saehd-liae": parts_of_saehd("liae"),
    "dny256": parts_of_disney([16, 32, 64, 128, 256, 512], 1, [256, 128, 64, 32, 16]),
    "dny512": parts_of_disney(
        [16, 32, 64, 128, 256, 512, 512], 2, [256, 128, 64, 32, 16]
    ),
    "dny1024": parts_of_disney(
        [16, 32, 64, 128, 256, 512, 512, 512], 2, [512, 256, 128, 64, 32, 16]
    ),
    "stojo": parts_of_stojo(),
    "sym384": parts_of_sym(),
    "clipfaker128": parts_of_clip(64),
    "clipfaker256": parts_of_clip(128),
    "clipfaker448": parts_of_clip(224),
}


def count(model: keras.Model) -> int:
    return sum(math.prod(weight.shape) for weight in model.weights)


def test_all_presets_are_known():
    assert PhazeA.presets == tuple(PUBLISHED)


@pytest.mark.parametrize(("preset", "published"), PUBLISHED.items())
def test_sizes_and_parameters(preset, published):
    before, after, widths, total = published
    assert chain(resolve(preset, {})) == widths
    with keras.StatelessScope(initialize_variables=False):
        model = PhazeA(("ana", "ben"), preset=preset)
        parts = {name: count(part) for name, part in model.parts.items()}
        assert count(model) == total
    assert (model.image_size, model.output_size) == (before, after)
    assert sum(parts.values()) == total
    if preset in BY_HAND:
        assert parts == BY_HAND[preset]


def test_defaults_are_faceswaps():
    with keras.StatelessScope(initialize_variables=False):
        model = PhazeA(("ana", "ben"))
    assert (model.image_size, model.output_size) == (64, 128)
    assert set(model.parts) == {
        *("encoder", "inter.ana", "inter.ben", "inter.+style", "decoder")
    }
    assert chain(model.settings) == [512, 256, 128, 64]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((64, 512, 3, 0.0), [64, 288, 512]),
        ((512, 64, 4, -0.45), [512, 256, 128, 64]),
        ((512, 64, 4, 0.45), [512, 440, 312, 64]),
        ((512, 64, 6, 0.5, "cap_max"), [512, 512, 512, 256, 128, 64]),
        ((512, 64, 6, -0.5, "cap_min"), [512, 256, 128, 64, 64, 64]),
        ((512, 64, 3, 0.5, "cap_min"), [512, 256, 128]),
        ((6, 2, 3, 0.0), [6, 2, 2]),
        ((128, 512, 1, -0.5), [512]),
        ((128, 512, 0, -0.5), []),
    ],
)
def test_widths_of_a_chain(arguments, expected):
    assert curve(*arguments) == expected


def test_another_encoder_takes_images_of_its_own_size():
    settings = resolve("dfl-sae-df", {"encoder": "MobileNetV2"})
    assert (settings.encoder_scale, settings.encoder_arguments) == (1.0, {})
    assert settings.output_size == 128
    kept = resolve("dfl-sae-df", {"encoder": "fs_original"})
    assert kept.encoder_scale == 0.13
    assert kept.encoder_arguments["min_filters"] == 126

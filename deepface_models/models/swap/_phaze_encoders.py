"""PhazeA's encoders: `keras.applications`, CLIP's transformers and faceswap's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from deepface_models.core.choices import suggestion
from deepface_models.models.swap import blocks
from deepface_models.models.swap._phaze_fc import bottleneck
from deepface_models.models.swap._phaze_settings import Settings
from deepface_models.models.swap._phaze_vit import VITS, clip_vit

ORIGINAL = "fs_original"
APPLICATIONS = tuple(n for n in dir(keras.applications) if n[0].isupper())
# Published input sizes in pixels, if not 224.
_NATIVE = {
    ORIGINAL: 1024,
    **{f"EfficientNetB{n}": s for n, s in enumerate((224, 240, 260, 300, 380, 456))},
    **{"EfficientNetB6": 528, "EfficientNetB7": 600, "EfficientNetV2S": 384},
    **{"EfficientNetV2B1": 240, "EfficientNetV2B2": 260, "EfficientNetV2B3": 300},
    **{"EfficientNetV2M": 480, "EfficientNetV2L": 480, "NASNetLarge": 331},
    **dict.fromkeys(("InceptionResNetV2", "InceptionV3", "Xception"), 299),
    **{name: sizes[-1] for name, sizes in VITS.items()},
}
_LEAST = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
# Arguments that are set here and not by `encoder_arguments`.
_OURS = (
    *("include_top", "weights", "input_tensor", "input_shape", "pooling", "classes"),
    *("classifier_activation", "name", "include_preprocessing", "size", "image"),
)


def input_size(settings: Settings, image_size: int | None = None) -> int:
    """Returns the input size: the one given, or a fraction of the native size.

    Raises:
        ValueError: There is no such encoder, or the size is too small for it.
    """
    name = settings.encoder
    _builder(name)
    least = _LEAST.get(name, 32)
    if image_size is None:
        native = _NATIVE.get(name, 224) * settings.encoder_scale
        # Rounded first, because 0.7 * 480 in binary may be just below 336.
        return max(least, int(round(native, 6) // 16 * 16))
    if image_size < least:
        raise ValueError(
            f"image_size={image_size!r} was given with encoder={name!r}. Expected "
            f"{least} pixels or more. Leave it out for the published size."
        )
    return image_size


def build_encoder(size: int, settings: Settings) -> keras.Model:
    """Builds the encoder, (B, size, size, 3) in [0, 1] -> latent.

    The latent is the bottleneck's output, or its input if it is not in the encoder.

    Raises:
        ValueError: There is no such encoder, or it does not accept the size or one of
            `encoder_arguments`.
    """
    name, arguments = settings.encoder, settings.encoder_arguments
    build = _builder(name)
    known = [n for n in inspect.signature(build).parameters if n not in _OURS]
    for key in arguments:
        if key not in known:
            raise ValueError(
                f"encoder_arguments={dict(arguments)!r} was given. Expected, for "
                f"{name}, {', '.join(known) or 'none'}.{suggestion(key, known)}"
            )
    image = keras.Input((size, size, 3))
    if name in APPLICATIONS:
        shape = (size, size, 3)
        network = build(include_top=False, weights=None, input_shape=shape, **arguments)
        x = network(expected_range(build, image))
    elif name == ORIGINAL:
        x = _original(image, **arguments)
    else:
        x = clip_vit(size, **{"name": name, **arguments})(image)
    if settings.bottleneck_in_encoder:
        x = bottleneck(x, settings)
    return keras.Model(image, x, name="encoder")


def _builder(name: str) -> Callable[..., Any]:
    if name == ORIGINAL:
        return _original
    if name in VITS:
        return clip_vit
    if name in APPLICATIONS:
        return getattr(keras.applications, name)
    names = (ORIGINAL, *VITS, *APPLICATIONS)
    raise ValueError(
        f"encoder={name!r} was given. Expected {ORIGINAL!r}, one of {tuple(VITS)} or "
        f"the name of a keras.applications network.{suggestion(name, names)}"
    )


def expected_range(build: Callable[..., Any], image: Any) -> Any:
    """Returns images in the value range and channel order that a network expects."""
    module = getattr(keras.applications, build.__module__.rsplit(".", 1)[-1])
    return module.preprocess_input(image * 255.0)


def _original(
    image: Any,
    depth: int = 4,
    min_filters: int = 128,
    max_filters: int = 1024,
    alternative: bool = False,
) -> Any:
    """Halves the size `depth` times and doubles the filters each time.

    The alternative form halves the size by two convolutions and max pooling, except at
    the end, which is a 4 x 4 convolution without padding.
    """
    x, filters = image, min_filters
    if not alternative:
        for step in range(depth):
            x = blocks.down(x, min(max_filters, filters * 2**step))
        return x
    _check_alternative(image.shape[1], depth)
    x = _convolve(x, filters, 1)
    for _ in range(depth - 1):
        x = _convolve(x, filters, 3)
        filters = min(max_filters, 2 * filters)
        x = layers.MaxPooling2D(2)(_convolve(x, filters, 3))
    x = _convolve(x, filters, 3)
    x = layers.Conv2D(min(max_filters, 2 * filters), 4)(x)
    return blocks.activate(x, 0.2)


def _convolve(x: Any, filters: int, kernel: int) -> Any:
    return blocks.activate(blocks.conv(x, filters, kernel), 0.2)


def _check_alternative(size: int, depth: int) -> None:
    if size >> (depth - 1) < 4:
        raise ValueError(
            f"image_size={size!r} was given with depth={depth!r} of the alternative "
            f"encoder, which ends in 4 x 4 pixels. Expected {4 << (depth - 1)} pixels "
            "or more. Use fewer steps: encoder_arguments={'depth': "
            f"{max(1, size.bit_length() - 2)}, 'alternative': True}}."
        )

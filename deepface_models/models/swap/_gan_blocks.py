"""Building blocks of faceswap-GAN's networks, as functions on Keras tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers, ops

from deepface_models.core.version import PACKAGE
from deepface_models.layers import (
    PixelShuffle,
    SelfAttention2D,
)
from deepface_models.models.swap import blocks

NORMS = ("instance", "group", "batch", "none")
LOW = 8  # side of the latent maps in pixels
_DECAY = 1e-4


@keras.saving.register_keras_serializable(PACKAGE)
class ICNR(keras.initializers.Initializer):
    """Initializer of convolutions before a pixel shuffle, without checkerboards.

    At first the shuffled output equals a nearest-neighbor enlargement.

    Reference: Aitken et al., "Checkerboard artifact free sub-pixel convolution", 2017.

    Args:
        factor: The pixel shuffle's factor.
    """

    def __init__(self, factor: int = 2) -> None:
        self.factor = factor
        self._inner = keras.initializers.HeNormal()

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Returns the kernel: the same maps for each of the factor^2 pixels."""
        times = self.factor**2
        small = self._inner((*shape[:-1], shape[-1] // times), dtype=dtype)
        return ops.tile(small, (1,) * (len(shape) - 1) + (times,))

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {"factor": self.factor}


def conv(x: Any, filters: int, kernel: int = 3, **kwargs: Any) -> Any:
    """Convolves with weight decay; without a bias by default."""
    defaults: dict[str, Any] = {"use_bias": False, "kernel_initializer": "he_normal"}
    defaults["kernel_regularizer"] = keras.regularizers.L2(_DECAY)
    return blocks.conv(x, filters, kernel, **{**defaults, **kwargs})


def normalize(x: Any, norm: str) -> Any:
    """Applies one of the normalizations in `NORMS`."""
    if norm == "instance":
        return blocks.ImageNormalization()(x)
    if norm == "group":
        groups = math.gcd(16, x.shape[-1])
        return layers.GroupNormalization(groups, epsilon=1e-6)(x)
    return layers.BatchNormalization()(x) if norm == "batch" else x


def attend(x: Any) -> Any:
    """Self-attention with weight decay."""
    return SelfAttention2D(kernel_regularizer=keras.regularizers.L2(_DECAY))(x)


def down(x: Any, filters: int, norm: str, kernel: int = 3, slope: float = 0.0) -> Any:
    """Halves the size: convolution, (leaky) ReLU, normalization."""
    return normalize(activate(conv(x, filters, kernel, strides=2), slope), norm)


def activate(x: Any, slope: float = 0.0) -> Any:
    """Applies a ReLU, leaky where `slope` is not 0."""
    return layers.LeakyReLU(negative_slope=slope)(x) if slope else layers.ReLU()(x)


def up(x: Any, filters: int, norm: str, lite: bool = False) -> Any:
    """Doubles the size by pixel shuffle, or by nearest neighbors and convolution."""
    if lite:
        x = layers.UpSampling2D(2)(x)
        x = ops.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
        x = layers.Conv2D(
            filters,
            3,
            kernel_initializer="he_normal",
            kernel_regularizer=keras.regularizers.L2(_DECAY),
        )(x)
        return normalize(x, norm)
    x = conv(x, 4 * filters, use_bias=True, kernel_initializer=ICNR())
    return PixelShuffle(2)(normalize(activate(x, 0.2), norm))


def residual(x: Any) -> Any:
    """Adds two convolutions to `x`; leaky ReLU between and after."""
    y = activate(conv(x, x.shape[-1]), 0.2)
    return activate(layers.Add()([x, conv(y, x.shape[-1])]), 0.2)


def build_encoder(
    size: int, norm: str, attention: bool, lite: bool, scale: Callable[[int], int]
) -> keras.Model:
    """Builds the encoder: images (B, size, size, 3) -> maps (B, 8, 8, C).

    Args:
        size: Width and height in pixels: 64, 128 or 256.
        norm: One of `NORMS`.
        attention: Whether there is self-attention.
        lite: Whether widths are halved.
        scale: Function that scales widths.
    """
    divisor = 2 if lite else 1
    top = scale(1024 // divisor**2)
    image = keras.Input((size, size, 3))
    x = layers.Rescaling(2.0, -1.0)(image)
    x = blocks.conv(x, scale(64 // divisor), 5, use_bias=False)
    x = down(x, scale(128 // divisor), "none")
    for filters in (256, 512):
        x = down(x, scale(filters // divisor), norm)
        x = attend(x) if attention else x
    while x.shape[1] > LOW // 2:
        x = down(x, top, norm)
    units = scale(2048 if lite and size > 64 else 1024)
    x = blocks.dense_maps(x, units, LOW // 2, top)
    return keras.Model(image, up(x, scale(512 // divisor), norm, lite), name="encoder")


def build_decoder(
    name: str,
    shape: Sequence[int],
    size: int,
    norm: str,
    attention: bool,
    lite: bool,
    scale: Callable[[int], int],
) -> keras.Model:
    """Builds the decoder: maps of `shape` -> image and alpha (B, size, size, 4).

    Values are in [0, 1]. From 128 pixels on, its layer "scales" returns a list: the
    smaller images decoded at 64 pixels and each doubling, then the decoder's output.
    """
    divisor = 2 if lite else 1
    narrow = scale(64 // divisor)
    code = x = keras.Input(shape)
    for filters in (256, 128):
        x = up(x, scale(filters // divisor), norm, lite)
    x = attend(x) if attention else x
    x = residual(up(x, narrow, norm, lite))
    x = attend(x) if attention else activate(conv(x, narrow))
    scales = []
    while x.shape[1] < size:
        scales.append(_colors(x))
        x = activate(conv(up(x, narrow, norm, lite), narrow))
    alpha = blocks.out(x, 1)
    scales.append(layers.Concatenate(dtype="float32")([_colors(x), alpha]))
    several = len(scales) > 1
    # Keras does not always accept a list of one output in place of the output.
    multiscale = keras.Model(code, scales if several else scales[0], name="scales")
    maps = keras.Input(shape)
    images = multiscale(maps)
    return keras.Model(maps, images[-1] if several else images, name=name)


def _colors(x: Any) -> Any:
    x = blocks.conv(x, 3, 5, activation="tanh", dtype="float32")
    return layers.Rescaling(0.5, 0.5, dtype="float32")(x)

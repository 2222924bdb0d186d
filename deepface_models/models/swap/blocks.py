"""Building blocks of the published architectures, as functions on Keras tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import layers, ops

from deepface_models.core.version import PACKAGE
from deepface_models.layers import (
    PixelShuffle,
)


def scaled(width: float) -> Callable[[int], int]:
    """Returns a function that scales a published width; the result is 2 or more.

    Raises:
        ValueError: `width` is not positive.
    """
    if not width > 0:
        raise ValueError(
            f"width={width!r} was given. Expected a positive multiple of the published "
            "widths. Use width=1.0 for the published network."
        )
    return lambda channels: max(2, round(channels * width))


def check_size(name: str, size: int, multiple: int, published: int) -> None:
    """Checks that an image size is a multiple of a number.

    Raises:
        ValueError: It is not.
    """
    if size < multiple or size % multiple:
        raise ValueError(
            f"image_size={size!r} was given. Expected a multiple of {multiple} for "
            f"{name}. Use image_size={published}, as published."
        )


def conv(
    x: Any, filters: int, kernel: int = 3, stddev: float | None = None, **kwargs: Any
) -> Any:
    """Convolves; with `stddev`, kernels are initialized from N(0, stddev)."""
    if stddev is not None:
        kwargs["kernel_initializer"] = keras.initializers.RandomNormal(0.0, stddev)
    return layers.Conv2D(filters, kernel, padding="same", **kwargs)(x)


def activate(x: Any, slope: float, cosine: bool = False) -> Any:
    """Applies a leaky ReLU, or x * cos(x)."""
    return x * ops.cos(x) if cosine else layers.LeakyReLU(negative_slope=slope)(x)


def down(
    x: Any,
    filters: int,
    slope: float = 0.1,
    cosine: bool = False,
    stddev: float | None = None,
) -> Any:
    """Halves the size: 5 x 5 convolution with stride 2, leaky ReLU."""
    return activate(conv(x, filters, 5, stddev, strides=2), slope, cosine)


def separable_down(x: Any, filters: int) -> Any:
    """Halves the size: depthwise and pointwise convolution, ReLU."""
    x = layers.SeparableConv2D(filters, 5, strides=2, padding="same")(x)
    return layers.ReLU()(x)


def up(
    x: Any,
    filters: int,
    kernel: int = 3,
    factor: int = 2,
    slope: float | None = 0.1,
    cosine: bool = False,
    stddev: float | None = None,
) -> Any:
    """Upscales by convolution, leaky ReLU (unless slope is None) and pixel shuffle."""
    x = conv(x, filters * factor**2, kernel, stddev)
    x = x if slope is None else activate(x, slope, cosine)
    return PixelShuffle(factor)(x)


def hybrid_up(x: Any, filters: int, factor: int = 2, slope: float | None = 0.1) -> Any:
    """Upscales half of the channels by pixel shuffle and half bilinearly.

    The shuffled half has a leaky ReLU, unless slope is None; the other half has none.
    """
    shuffled = up(x, filters // 2, factor=factor, slope=slope)
    smooth = conv(x, filters - filters // 2)
    smooth = layers.UpSampling2D(factor, interpolation="bilinear")(smooth)
    return layers.Concatenate()([shuffled, smooth])


def residual(
    x: Any,
    slope: float = 0.2,
    use_bias: bool = True,
    cosine: bool = False,
    stddev: float | None = None,
) -> Any:
    """Adds two 3 x 3 convolutions to `x`; leaky ReLU between and after."""
    filters = x.shape[-1]
    y = conv(x, filters, 3, stddev, use_bias=use_bias)
    y = activate(y, slope, cosine)
    y = conv(y, filters, 3, stddev, use_bias=use_bias)
    return activate(layers.Add()([x, y]), slope, cosine)


def out(x: Any, channels: int = 3, kernel: int = 5, stddev: float | None = None) -> Any:
    """Applies the last convolution: an image of float32 in [0, 1]."""
    return conv(x, channels, kernel, stddev, activation="sigmoid", dtype="float32")


def up_decoder(
    name: str,
    shape: Sequence[int],
    widths: Sequence[int],
    residuals: int = 0,
    stddev: float | None = None,
    residual_slope: float = 0.2,
) -> keras.Model:
    """Builds a decoder with one upscaling layer per width, code -> image.

    Args:
        name: The decoder's name.
        shape: (height, width, channels) of the code.
        widths: Channels after each upscaling layer.
        residuals: Residual blocks after each upscaling layer.
        stddev: As in `conv`.
        residual_slope: Slope of the leaky ReLU before residual blocks; 0.1 if there
            are none.
    """
    code = x = keras.Input(shape)
    slope = residual_slope if residuals else 0.1
    for filters in widths:
        x = up(x, filters, slope=slope, stddev=stddev)
        for _ in range(residuals):
            x = residual(x, stddev=stddev)
    return keras.Model(code, out(x, stddev=stddev), name=name)


def dense_maps(x: Any, units: int, size: int, channels: int) -> Any:
    """Maps `x` to a vector of `units`, and that to (B, size, size, channels)."""
    x = layers.Dense(units)(layers.Flatten()(x))
    x = layers.Dense(size * size * channels)(x)
    return layers.Reshape((size, size, channels))(x)


def pixel_norm(x: Any) -> Any:
    """Divides vectors by their root mean square, in float32.

    Reference: Karras et al., "Progressive Growing of GANs", 2018.
    """
    x = ops.cast(x, "float32")
    return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + 1e-6)


def standardize(x: Any, axes: Sequence[int], epsilon: float = 1e-3) -> Any:
    """Subtracts the mean and divides by standard deviation + epsilon, in float32.

    Args:
        x: Any tensor.
        axes: The axes over which mean and standard deviation are computed.
        epsilon: Added to the standard deviation, as in keras-contrib; Keras' own
            layers add it to the variance.
    """
    x = ops.cast(x, "float32")
    mean = ops.mean(x, axis=tuple(axes), keepdims=True)
    variance = ops.var(x, axis=tuple(axes), keepdims=True)
    # The square root has no gradient at 0, the variance of a single pixel.
    return (x - mean) / (ops.sqrt(ops.maximum(variance, 1e-12)) + epsilon)


@keras.saving.register_keras_serializable(PACKAGE)
class ImageNormalization(layers.Layer):
    """Normalizes each example over all its pixels and channels.

    One learned gain and one learned shift serve all channels, as in the instance
    normalization of keras-contrib with its default `axis=None`.

    Args:
        epsilon: Added to the standard deviation.
    """

    def __init__(self, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Creates the gain and the shift."""
        self.gain = self.add_weight(shape=(1,), initializer="ones", name="gain")
        self.shift = self.add_weight(shape=(1,), initializer="zeros", name="shift")

    def call(self, inputs: Any) -> Any:
        """Normalizes in float32, where squares do not overflow."""
        x = standardize(inputs, range(1, len(inputs.shape)), self.epsilon)
        gain, shift = (ops.cast(v, "float32") for v in (self.gain, self.shift))
        return ops.cast(x * gain + shift, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Returns the shape of the input."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        return {**super().get_config(), "epsilon": self.epsilon}

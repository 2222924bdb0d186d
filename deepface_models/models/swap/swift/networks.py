"""The networks of `Swift`: encoder, decoders and decoder initializer."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from deepface_models.layers import ConstantVector, Modulate, PixelShuffle
from deepface_models.models.swap.expressions import Expressions
from deepface_models.models.swap.latent_mean import LatentMean

# Channels at 1/4, 1/8 and 1/16 of the image's width. On two CPU cores these train ten
# times as fast as the original network or faster (benchmarks/training.py).
ENCODER_WIDTHS = (32, 64, 128)
DECODER_WIDTHS = (32, 96, 128)
INITIALIZER_WIDTHS = (64, 128, 192)
FINE_WIDTH = 24  # channels of the stage that enlarges, at half the input's width
FINE_BASIS = 16  # components of a person's fine detail
FINE = "fine_"  # names of the layers that a larger output adds begin with it


def conv(x: Any, filters: int, kernel: int = 3, **kwargs: Any) -> Any:
    """Convolves with padding "same"."""
    kwargs.setdefault("kernel_initializer", "he_normal")
    return layers.Conv2D(filters, kernel, padding="same", **kwargs)(x)


def residual(x: Any, vector: Any = None, name: str | None = None) -> Any:
    """Adds two convolutions to `x`, zero at first; a vector may modulate them."""
    filters = x.shape[-1]
    names = [name and f"{name}_{i}" for i in (1, 2)]
    y = conv(layers.ReLU()(x), filters, name=names[0])
    if vector is not None:
        y = Modulate()([y, vector])
    y = conv(layers.ReLU()(y), filters, kernel_initializer="zeros", name=names[1])
    return layers.Add()([x, y])


def up(x: Any, filters: int) -> Any:
    """Doubles the size."""
    return PixelShuffle(2)(conv(layers.ReLU()(x), 4 * filters, kernel=1))


def build_encoder(size: int, latent_size: int, adapted_latent_size: int) -> keras.Model:
    """Builds (B, S, S, 3) -> (B, L + A); the last A latents are 0 until adapted."""
    image = keras.Input((size, size, 3))
    low, middle, high = ENCODER_WIDTHS
    x = conv(image, low, 4, strides=4)  # (B, S/4, S/4, 32)
    x = residual(conv(layers.ReLU()(x), middle, strides=2))
    x = residual(conv(layers.ReLU()(x), high, strides=2))  # (B, S/16, S/16, 128)
    x = layers.Flatten()(layers.ReLU()(x))
    latent = layers.Dense(latent_size, name="latent")(x)
    if adapted_latent_size:
        adapted = layers.Dense(
            adapted_latent_size, kernel_initializer="zeros", name="detail"
        )(x)
        latent = layers.Concatenate()([latent, adapted])
    return keras.Model(image, latent, name="encoder")


def build_decoder(
    name: str,
    size: int,
    latent_size: int,
    basis_size: int,
    output_size: int,
    examples: int,
) -> keras.Model:
    """Builds (B, L) -> one person's coarse maps, vector, appearance, fine detail.

    Fine detail is added to the enlarged image of a larger `output_size` only: a mean
    of all channels and components of brightness.
    """
    inputs = keras.Input((latent_size,))
    latent = LatentMean(name="latent_mean")(inputs)
    latent = Expressions(examples, output_size, name="expressions")(latent)
    low, middle, high = DECODER_WIDTHS
    coarse = size // 16
    x = layers.Dense(coarse * coarse * high, name="coarse")(latent)
    x = residual(layers.Reshape((coarse, coarse, high))(x))
    maps = up(x, middle)  # (B, S/8, S/8, 96)
    vector = ConstantVector(2 * (middle + low), name="vector")(latent)
    codes = layers.Dense(basis_size, kernel_initializer="he_normal", name="codes")(
        latent
    )
    basis = layers.Dense(size * size * 4, kernel_initializer="zeros", name="basis")
    appearance = layers.Reshape((size, size, 4))(basis(codes))
    outputs = [maps, vector, appearance]
    if output_size > size:
        outputs.append(_fine_detail(latent, output_size))
    return keras.Model(inputs, outputs, name=f"decoder_{name}")


def build_shared_decoder(size: int, output_size: int) -> keras.Model:
    """Builds maps, vector and appearance -> (B, S, S, 4).

    With a larger `output_size` T, fine detail (B, T, T, 4) is a fourth input. The image
    is enlarged before the sigmoid, and fine detail and the output of a last stage are
    added, which is zero at first.
    """
    low, middle, _ = DECODER_WIDTHS
    maps = keras.Input((size // 8, size // 8, middle))
    vector = keras.Input((2 * (middle + low),))
    appearance = keras.Input((size, size, 4))
    x = residual(maps, vector[:, : 2 * middle])
    features = residual(up(x, low), vector[:, 2 * middle :])  # (B, S/4, S/4, 32)
    x = conv(layers.ReLU()(features), 4 * 16, kernel_initializer="zeros")
    x = layers.Add()([PixelShuffle(4)(x), appearance])
    inputs = [maps, vector, appearance]
    if output_size > size:
        inputs.append(keras.Input((output_size, output_size, 4)))
        x = _enlarge(x, features, inputs[-1], output_size // size)
    image = layers.Activation("sigmoid", dtype="float32")(x)
    return keras.Model(inputs, image, name="shared_decoder")


def _enlarge(x: Any, features: Any, detail: Any, times: int) -> Any:
    """Enlarges logits (B, S, S, 4) and adds a person's and the shared fine detail."""
    large = layers.UpSampling2D(times, interpolation="bilinear")(x)
    fine = conv(layers.ReLU()(features), times**2 * FINE_WIDTH, 1, name=f"{FINE}up")
    fine = residual(PixelShuffle(times)(fine), name=f"{FINE}residual")
    fine = conv(
        layers.ReLU()(fine), 4 * 16, kernel_initializer="zeros", name=f"{FINE}image"
    )
    return layers.Add()([large, PixelShuffle(4)(fine), detail])


def _fine_detail(latent: Any, size: int) -> Any:
    """Returns a person's mean of fine detail plus components of brightness."""
    codes = layers.Dense(
        FINE_BASIS, kernel_initializer="he_normal", name=f"{FINE}codes"
    )(latent)
    basis = layers.Dense(
        size * size, kernel_initializer="zeros", use_bias=False, name=f"{FINE}basis"
    )
    brightness = layers.Reshape((size, size, 1))(basis(codes))
    brightness = ops.pad(ops.repeat(brightness, 3, axis=-1), [(0, 0)] * 3 + [(0, 1)])
    mean = ConstantVector(size * size * 4, name=f"{FINE}mean")(latent)
    return layers.Add()([layers.Reshape((size, size, 4))(mean), brightness])


def build_initializer(size: int, latent_size: int) -> keras.Model:
    """Builds a decoder for anybody: latent, mean face -> coarse maps and vector.

    The person's mean is subtracted from the latent. The face is (B, S, S, 4) in [0, 1]
    with its mask. From the layer "coarse" on, the layers are those of a decoder. The
    layer "face" adds features of the face to the output of "coarse"; the vector is
    computed from the face, too.
    """
    low, middle, high = DECODER_WIDTHS
    coarse = size // 16
    code, face = keras.Input((latent_size,)), keras.Input((size, size, 4))
    x = layers.Conv2D(INITIALIZER_WIDTHS[0], 4, strides=4, padding="same")(logits(face))
    x = residual(_down(x, INITIALIZER_WIDTHS[1]))
    x = residual(residual(_down(x, INITIALIZER_WIDTHS[2])))
    pooled = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    vector = layers.Dense(2 * (middle + low), kernel_initializer="zeros")(pooled)
    from_code = layers.Dense(coarse * coarse * high, name="coarse")(code)
    from_code = layers.Reshape((coarse, coarse, high))(from_code)
    from_face = conv(layers.ReLU()(x), high, 1, name="face")
    x = residual(layers.Add()([from_code, from_face]))
    return keras.Model(
        [code, face], [up(x, middle), vector], name="decoder_initializer"
    )


def logits(images: Any) -> Any:
    """Returns the logits of images: their values before the sigmoid."""
    clipped = ops.clip(images, 0.02, 0.98)
    return ops.log(clipped / (1.0 - clipped))


def _down(x: Any, filters: int) -> Any:
    return conv(layers.ReLU()(x), filters, strides=2)

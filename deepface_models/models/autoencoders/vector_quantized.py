"""The vector-quantized autoencoder (VQ-VAE)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from deepface_models.core.arrays import Array
from deepface_models.core.inputs import precision
from deepface_models.core.whole import whole_number, whole_numbers
from deepface_models.models.autoencoders.base import (
    Autoencoder,
    check_images,
    check_widths,
)
from deepface_models.models.autoencoders.quantizer import Perplexity, VectorQuantizer
from deepface_models.models.registry import register_architecture


@register_architecture(
    "vector_quantized_autoencoder",
    smallest={
        "image_shape": (8, 12, 1),
        "codebook_size": 6,
        "code_size": 4,
        "widths": (6, 5),
        "residual_blocks": 1,
        "commitment": 0.5,
    },
)
class VectorQuantizedAutoencoder(Autoencoder):
    """A VQ-VAE: compresses an image to a small grid of codebook indices.

    Convolutions halve the image once per width, each position of the map is replaced
    by the nearest of `codebook_size` vectors, and transposed convolutions double the
    size back. A 28 x 28 digit becomes 7 x 7 codes of 7 bits: 43 bytes. It has 198,289
    trainable parameters, and 2,304 other numbers to reset unused codes. Images may have
    any size: odd sizes are rounded up, and the output is cropped.

    `encode` returns quantized vectors for `decode`; `codes` returns integers for
    `decode_codes`. `fit` and `evaluate` report `perplexity`, the effective number of
    codes in use. Unused codes are reset; see `VectorQuantizer`.

    `compile()` uses Adam with a learning rate of 1e-3 and binary cross-entropy, to
    which the codebook and commitment losses are added. `compile(loss="mse")` is the
    paper's squared error; on mostly black images it can get stuck at black outputs.

    Reference: van den Oord et al., "Neural Discrete Representation Learning", 2017.

    Args:
        image_shape: (height, width, channels) or (height, width).
        codebook_size: Number of codes.
        code_size: Length of each code's vector.
        widths: Filters of the convolutions with stride 2.
        residual_blocks: Residual blocks in encoder and decoder, at the lowest
            resolution.
        commitment: Weight of the commitment loss.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Raises:
        ValueError: `image_shape` is not an image's, `widths` are not whole numbers of
            1 or more, or `codebook_size` is not one of 2 or more.

    Example:
        >>> model = VectorQuantizedAutoencoder(image_shape=(28, 28, 1))
        >>> model.codes(np.zeros((2, 28, 28, 1))).shape
        (2, 7, 7)
    """

    _arguments = (
        "image_shape",
        "codebook_size",
        "code_size",
        "widths",
        "residual_blocks",
        "commitment",
    )

    def __init__(
        self,
        image_shape: Sequence[int] = (28, 28, 1),
        codebook_size: int = 128,
        code_size: int = 16,
        widths: Sequence[int] = (32, 64),
        residual_blocks: int = 2,
        commitment: float = 0.25,
        **kwargs: Any,
    ) -> None:
        shape, widths = check_images(image_shape), check_widths(widths)
        codebook_size = whole_number("codebook_size", codebook_size, 2)
        with precision(kwargs.get("dtype")):
            encoder = _encoder(shape, widths, code_size, residual_blocks)
            decoder = _decoder(shape, widths, code_size, residual_blocks)
            quantizer = VectorQuantizer(codebook_size, commitment, dtype="float32")
            vectors = keras.Input(encoder.output.shape[1:])
            codebook = keras.Model(vectors, quantizer(vectors), name="codebook")
            inputs = keras.Input(shape)
            super().__init__(
                encoder=encoder,
                decoder=decoder,
                inputs=inputs,
                outputs=decoder(codebook(encoder(inputs))),
                **kwargs,
            )
        self.codebook = codebook
        self.quantizer = quantizer
        self.perplexity = Perplexity(codebook_size)
        self.image_shape = shape
        self.codebook_size = codebook_size
        self.code_size = code_size
        self.widths = widths
        self.residual_blocks = residual_blocks
        self.commitment = commitment

    @property
    def parts(self) -> dict[str, keras.Model]:
        """Encoder, codebook and decoder."""
        parts = {"encoder": self.encoder, "codebook": self.codebook}
        return {**parts, "decoder": self.decoder}

    @whole_numbers(batch_size=1)
    def encode(self, images: Any, batch_size: int = 32) -> Array:
        """Returns quantized vectors, float32 (N, rows, columns, code_size)."""
        batch, single = self._batch(images)
        vectors = self._apply(self.encoder, batch, False, batch_size)
        return self._apply(self.codebook, vectors, single, batch_size)

    @whole_numbers(batch_size=1)
    def codes(self, images: Any, batch_size: int = 32) -> Array:
        """Encodes images to codebook indices.

        Args:
            images: As in `fit`, or one image without the batch axis.
            batch_size: Examples per batch.

        Returns:
            int32 (N, rows, columns), or without the batch axis.
        """
        batch, single = self._batch(images)
        vectors = self._apply(self.encoder, batch, False, batch_size)
        steps = range(0, len(vectors), batch_size)
        found = [self.quantizer.nearest(vectors[i : i + batch_size]) for i in steps]
        codes = np.concatenate([ops.convert_to_numpy(one) for one in found])
        return codes[0] if single else codes

    @whole_numbers(batch_size=1)
    def decode_codes(self, codes: Any, batch_size: int = 32) -> Array:
        """Decodes codebook indices, such as those of `codes`, to images.

        Raises:
            ValueError: They are not whole numbers from 0 to below `codebook_size`.
        """
        codes = np.asarray(codes)
        last = self.codebook_size - 1
        whole = np.issubdtype(codes.dtype, np.integer) and codes.size
        if not (whole and codes.min() >= 0 and codes.max() <= last):
            span = f", {codes.min()} to {codes.max()}" if codes.size else ""
            raise ValueError(
                f"Codes of type {codes.dtype}{span} were given. Expected whole numbers "
                f"from 0 to {last}. Use what model.codes(images) returns."
            )
        book = ops.convert_to_numpy(self.quantizer.codebook)
        return self.decode(book[codes], batch_size)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Adds the codebook's losses and updates the perplexity."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        shares = self.quantizer.taken
        if not training:  # the layer updates its statistics only while training
            vectors = self.encoder(self._as_unit(x), training=False)
            shares = self.quantizer.shares(self.quantizer.nearest(vectors))
        self.perplexity.update_state(shares)
        return loss


def _encoder(
    shape: tuple[int, ...], widths: Sequence[int], code_size: int, blocks: int
) -> keras.Model:
    image = x = keras.Input(shape)
    for width in widths:
        x = layers.Conv2D(width, 4, 2, padding="same", activation="relu")(x)
    x = layers.Conv2D(widths[-1], 3, padding="same")(x)
    x = _residual(x, blocks)
    x = layers.Conv2D(code_size, 1)(x)
    # float32: distances to the codes are compared.
    x = layers.Activation("linear", dtype="float32")(x)
    return keras.Model(image, x, name="encoder")


def _decoder(
    shape: tuple[int, ...], widths: Sequence[int], code_size: int, blocks: int
) -> keras.Model:
    sizes = [shape[:2]]
    for _ in widths:
        sizes.append(tuple(-(-side // 2) for side in sizes[-1]))
    code = keras.Input((*sizes[-1], code_size))
    x = layers.Conv2D(widths[-1], 3, padding="same")(code)
    x = _residual(x, blocks)
    channels = (*reversed(widths[:-1]), shape[-1])
    for width, size in zip(channels, reversed(sizes[:-1]), strict=True):
        x = layers.Activation("relu")(x)
        x = layers.Conv2DTranspose(width, 4, 2, padding="same")(x)
        surplus = tuple(
            (0, side - expected)
            for side, expected in zip(x.shape[1:3], size, strict=True)
        )
        x = layers.Cropping2D(surplus)(x) if any(map(any, surplus)) else x
    x = layers.Activation("sigmoid", dtype="float32")(x)
    return keras.Model(code, x, name="decoder")


def _residual(x: Any, blocks: int) -> Any:
    width = x.shape[-1]
    for _ in range(blocks):
        inner = layers.Activation("relu")(x)
        inner = layers.Conv2D(width // 2, 3, padding="same", activation="relu")(inner)
        x = layers.Add()([x, layers.Conv2D(width, 1)(inner)])
    return layers.Activation("relu")(x)

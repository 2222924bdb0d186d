"""The masked autoencoder: it predicts the hidden patches of an image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers

from deepface_models.core.arrays import Array
from deepface_models.core.inputs import precision
from deepface_models.core.whole import whole_numbers
from deepface_models.models.autoencoders.base import Autoencoder, check_images
from deepface_models.models.autoencoders.patches import (
    AddPositions,
    FillHidden,
    JoinPatches,
    KeepSeen,
    PatchOrder,
    SeenPatches,
    SplitPatches,
    patch_order,
    transformer,
)
from deepface_models.models.registry import register_architecture

GRAY = 0.5


@register_architecture(
    "masked_autoencoder",
    smallest={
        "image_shape": (8, 12, 1),
        "patch_size": 2,
        "mask_ratio": 0.5,
        "width": 12,
        "depth": 1,
        "heads": 2,
        "decoder_width": 8,
        "decoder_depth": 1,
        "seed": 3,
    },
)
class MaskedAutoencoder(Autoencoder):
    """A small vision transformer that learns by predicting hidden image patches.

    The image is split into patches, of which the fraction `mask_ratio` is hidden. The
    encoder, a transformer, gets only the visible ones. A smaller decoder gets their
    latents and a learned token for each hidden patch, with position embeddings.
    556,624 parameters by default.

    While training, the hidden patches are sampled for each image in each step.
    `predict`, `reconstruct` and `evaluate` always hide the same patches, those of
    `seed`, so they are repeatable; `masked` returns images without them. The output has
    the visible patches of the input. The mean squared or absolute error is therefore
    zero there, and it is divided by the fraction of hidden patches, so that it is their
    mean. Other metrics are means over the whole image.

    `encode` hides no patches: it returns the latent of each patch; `encode(x).mean(1)`
    is one vector per image. `decode(encode(x))` does not resemble the image, because
    the loss does not train visible patches: use `reconstruct`.

    `compile()` uses Adam with a learning rate of 1e-3 and the mean squared error; use
    1e-4 to 5e-4 for wider and deeper models.

    Reference: He et al., "Masked Autoencoders Are Scalable Vision Learners", 2021.

    Args:
        image_shape: (height, width, channels) or (height, width).
        patch_size: Side of a patch in pixels; both sides are multiples of it.
        mask_ratio: Fraction of hidden patches, between 0 and 1; at least one patch is
            hidden and one visible.
        width: Length of a patch's latent, a multiple of 4 and of `heads`.
        depth: Transformer blocks of the encoder.
        heads: Attention heads in each block.
        decoder_width: As `width`, in the decoder.
        decoder_depth: Transformer blocks of the decoder.
        seed: Seed that selects the hidden patches.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Raises:
        ValueError: `image_shape` is not an image's or not a multiple of `patch_size`,
            or another argument is out of range.

    Example:
        >>> model = MaskedAutoencoder(image_shape=(28, 28, 1), patch_size=4)
        >>> model.encode(np.zeros((2, 28, 28, 1))).shape
        (2, 49, 96)
    """

    _arguments = (
        "image_shape",
        "patch_size",
        "mask_ratio",
        "width",
        "depth",
        "heads",
        "decoder_width",
        "decoder_depth",
        "seed",
    )
    _loss = "mse"

    def __init__(
        self,
        image_shape: Sequence[int] = (28, 28, 1),
        patch_size: int = 4,
        mask_ratio: float = 0.75,
        width: int = 96,
        depth: int = 4,
        heads: int = 4,
        decoder_width: int = 64,
        decoder_depth: int = 2,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        shape = check_images(image_shape)
        rows, columns = _check_patches(shape, patch_size)
        patches = rows * columns
        seen = _seen(patches, mask_ratio)
        _check_widths(heads, width=width, decoder_width=decoder_width)
        with precision(kwargs.get("dtype")):
            embed = _embed(shape, patch_size, width)
            some = keras.Input((None, width))
            blocks = keras.Model(some, transformer(some, depth, heads), name="blocks")
            image = keras.Input(shape)
            encoder = keras.Model(image, blocks(embed(image)), name="encoder")
            decoder = _decoder(
                shape, (rows, columns), width, decoder_width, decoder_depth, heads
            )
            seen_latents = keras.Input((seen, width))
            order = keras.Input((patches,), dtype="int32")
            filled = FillHidden()([seen_latents, order])
            token = keras.Model([seen_latents, order], filled, name="token")
            # The order is an input, so that `reconstruct` can choose it.
            x = blocks(SeenPatches(seen)([embed(image), order]))
            x = decoder(token([x, order]))
            keep = KeepSeen(seen, patch_size, dtype="float32")
            painter = keras.Model([image, order], keep([image, x, order]))
            inputs = keras.Input(shape)
            chosen = PatchOrder(patches, seed)(inputs)
            super().__init__(
                encoder=encoder,
                decoder=decoder,
                inputs=inputs,
                outputs=painter([inputs, chosen]),
                **kwargs,
            )
        self.token = token
        self._painter = painter
        self._patches = patches
        self._seen = seen
        self.image_shape = shape
        self.patch_size = patch_size
        self.mask_ratio = mask_ratio
        self.width = width
        self.depth = depth
        self.heads = heads
        self.decoder_width = decoder_width
        self.decoder_depth = decoder_depth
        self.seed = seed

    @property
    def parts(self) -> dict[str, keras.Model]:
        """Encoder, the token of hidden patches, and decoder."""
        parts = {"encoder": self.encoder, "token": self.token}
        return {**parts, "decoder": self.decoder}

    @property
    def hidden_share(self) -> float:
        """The fraction of hidden patches: `mask_ratio` rounded to whole patches."""
        return 1.0 - self._seen / self._patches

    @whole_numbers(seed=0)
    def hidden(self, seed: int | None = None) -> Array:
        """Returns the mask of hidden pixels for a seed, (height, width, 1) bool.

        Args:
            seed: Another seed than the model's.
        """
        order = patch_order(self._patches, self.seed if seed is None else seed)
        mask = np.ones(self._patches, bool)
        mask[order[: self._seen]] = False
        height, width, _ = self.image_shape
        grid = mask.reshape(height // self.patch_size, width // self.patch_size)
        pixels = grid.repeat(self.patch_size, 0).repeat(self.patch_size, 1)
        return pixels[..., None]

    @whole_numbers(seed=0)
    def masked(self, images: Any, seed: int | None = None) -> Array:
        """Returns images with their hidden patches in gray.

        Args:
            images: As in `fit`, or one image without the batch axis.
            seed: Another seed than the model's; pass the same to `reconstruct`.

        Returns:
            float32 in [0, 1], of the shape of `images`.
        """
        batch, single = self._batch(images)
        shown = np.where(self.hidden(seed), np.float32(GRAY), batch)
        return shown[0] if single else shown

    @whole_numbers(batch_size=1, seed=0)
    def reconstruct(
        self, images: Any, batch_size: int = 32, seed: int | None = None
    ) -> Array:
        """Predicts the hidden patches of images; with the model's seed as `predict`.

        Args:
            images: As in `fit`, or one image without the batch axis.
            batch_size: Examples per batch.
            seed: Another seed than the model's, to hide other patches.

        Returns:
            float32 in [0, 1], with the visible patches unchanged.
        """
        batch, single = self._batch(images)
        order = patch_order(self._patches, self.seed if seed is None else seed)
        orders = np.broadcast_to(order, (len(batch), self._patches))
        inputs: Any = [batch, orders]
        return self._apply(self._painter, inputs, single, batch_size)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Computes the loss of the hidden patches; visible ones have no error."""
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        return loss / self.hidden_share


def _embed(shape: tuple[int, ...], patch_size: int, width: int) -> keras.Model:
    image = keras.Input(shape)
    x = layers.Dense(width)(SplitPatches(patch_size)(image))
    x = AddPositions(shape[0] // patch_size, shape[1] // patch_size)(x)
    return keras.Model(image, x, name="embed")


def _decoder(
    shape: tuple[int, ...],
    grid: tuple[int, int],
    width: int,
    decoder_width: int,
    depth: int,
    heads: int,
) -> keras.Model:
    patches = grid[0] * grid[1]
    latents = keras.Input((patches, width))
    x = layers.Dense(decoder_width)(latents)
    x = transformer(AddPositions(*grid)(x), depth, heads)
    x = layers.Dense(math.prod(shape) // patches)(x)
    x = layers.Activation("sigmoid", dtype="float32")(x)
    x = JoinPatches(shape, dtype="float32")(x)
    return keras.Model(latents, x, name="decoder")


def _check_patches(shape: tuple[int, ...], patch_size: int) -> tuple[int, int]:
    height, width, _ = shape
    whole = isinstance(patch_size, int) and patch_size > 0
    if not whole or height % patch_size or width % patch_size:
        side = math.gcd(height, width)
        good = [n for n in range(1, side + 1) if side % n == 0]
        raise ValueError(
            f"patch_size={patch_size!r} was given for images of {height} x {width}. "
            f"Expected one that divides both sides: {', '.join(map(str, good))}. Use "
            "one of them, or resize the images."
        )
    return height // patch_size, width // patch_size


def _seen(patches: int, mask_ratio: float) -> int:
    """Returns the number of visible patches, at least one and not all."""
    if not 0 < mask_ratio < 1 or patches < 2:
        raise ValueError(
            f"mask_ratio={mask_ratio!r} of {patches} patches was given. Expected a "
            "fraction between 0 and 1 of two patches or more. Use mask_ratio=0.75, and "
            "a patch_size of about an eighth of the image."
        )
    return min(max(patches - round(patches * mask_ratio), 1), patches - 1)


def _check_widths(heads: int, **widths: int) -> None:
    for name, width in widths.items():
        if heads < 1 or width < 1 or width % 4 or width % heads:
            raise ValueError(
                f"{name}={width!r} was given with heads={heads!r}. Expected a multiple "
                f"of 4 (for position embeddings) and of heads. Use {name}=64 and "
                "heads=4."
            )

"""Building blocks of DeepFaceLab's networks; letters select their variants.

Letters: "u" normalizes the latent, "d" computes at half size and doubles it at the
end, "t" is deeper, "c" uses x * cos(x) as activation.

DeepFaceLab flattens feature maps with channels first. Weights of its dense layers next
to feature maps therefore need their rows or columns permuted here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from deepface_models.layers import PixelShuffle
from deepface_models.models.swap import blocks
from deepface_models.models.swap._dfl_loss import DeepFaceLabLoss
from deepface_models.models.swap._graph import SHARED
from deepface_models.models.swap.base import FaceSwap
from deepface_models.models.swap.dflsae import liae_routes

LETTERS = "udtc"


class DeepFaceLab(FaceSwap):
    """Base of DeepFaceLab's architectures, trained with its loss."""

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles; the published optimizer and loss are the defaults."""
        super().compile(
            optimizer=optimizer or self._optimizer(),
            loss=loss or {name: self._loss() for name in self.identities},
            **kwargs,
        )

    def _loss(self) -> keras.losses.Loss:
        return DeepFaceLabLoss()

    def _optimizer(self) -> keras.optimizers.Optimizer:
        return keras.optimizers.RMSprop(2e-4)


def check_letters(architecture: str) -> tuple[str, str]:
    """Returns kind and letters of names such as "df" or "liae-ud"."""
    kind, _, letters = str(architecture).partition("-")
    wrong = set(letters) - set(LETTERS)
    if kind not in ("df", "liae") or wrong or len(set(letters)) < len(letters):
        raise ValueError(
            f'architecture={architecture!r} was given. Expected "df" or "liae", and '
            f'after a hyphen any of the letters {", ".join(LETTERS)}. Use "liae-ud".'
        )
    return kind, letters


def networks(
    identities: Sequence[str],
    size: int,
    architecture: str,
    widths: tuple[int, int, int, int],
    target: str,
) -> dict[str, Any]:
    """Builds the parts of a face-swap model.

    Args:
        identities: The people's names.
        size: Side of input and output images in pixels.
        architecture: "df" or "liae", with letters after a hyphen.
        widths: Widths of the bottleneck, encoder, decoder and decoder's mask branch.
        target: For "liae": the person whose code comes from the shared inter only.

    Returns:
        Arguments of `FaceSwap`.
    """
    kind, letters = check_letters(architecture)
    bottleneck, encoder_width, width, mask_width = widths
    options = (width, mask_width, letters)
    encoder = build_encoder(size, encoder_width, letters)
    routes: dict[str, tuple[str, ...]] = dict.fromkeys(identities, (SHARED,))
    if kind == "liae":
        routes = dict(liae_routes(identities, target))
    channels = bottleneck * len(next(iter(routes.values())))
    inters = {
        name: _inter(name, encoder, size, (bottleneck, channels), letters)
        for name in dict.fromkeys(n for route in routes.values() for n in route)
    }
    *pixels, filters = inters[SHARED].output.shape[1:]
    shape = (*pixels, filters * len(next(iter(routes.values()))))
    if kind == "liae":
        decoder = build_decoder("decoder", shape, *options)
        decoders = dict.fromkeys(identities, decoder)
    else:
        decoders = {
            n: build_decoder(f"decoder_{n}", shape, *options) for n in identities
        }
    return {
        "encoder": encoder,
        "inters": inters,
        "routes": routes,
        "decoders": decoders,
        "has_mask": True,
    }


def build_encoder(size: int, width: int, letters: str) -> keras.Model:
    """Builds the encoder, (B, size, size, 3) -> (B, units)."""
    cosine = "c" in letters
    image = keras.Input((size, size, 3))
    x = _down(image, width, cosine)
    if "t" in letters:
        x = blocks.residual(x, cosine=cosine)
    for multiple in (2, 4, 8):
        x = _down(x, width * multiple, cosine)
    if "t" in letters:
        x = blocks.residual(_down(x, width * 8, cosine), cosine=cosine)
    x = layers.Flatten()(x)
    x = blocks.pixel_norm(x) if "u" in letters else x
    return keras.Model(image, x, name="encoder")


def _down(x: Any, filters: int, cosine: bool) -> Any:
    """Halves the size with zero padding of 2 on all sides; "same" pads 1 and 2."""
    x = layers.Conv2D(filters, 5, strides=2)(layers.ZeroPadding2D(2)(x))
    return blocks.activate(x, 0.1, cosine)


def _inter(
    name: str, encoder: keras.Model, size: int, widths: tuple[int, int], letters: str
) -> keras.Model:
    units, channels = widths
    low = size // (32 if "d" in letters else 16)
    latent = keras.Input(encoder.output.shape[1:])
    x = blocks.dense_maps(latent, units, low, channels)
    if "t" not in letters:
        x = blocks.up(x, channels, cosine="c" in letters)
    return keras.Model(latent, x, name=f"inter_{name}" if name else "inter")


def build_decoder(
    name: str, shape: Sequence[int], width: int, mask_width: int, letters: str
) -> keras.Model:
    """Builds the decoder: codes of `shape` -> image and mask, (B, S, S, 4)."""
    cosine = "c" in letters
    steps = (8, 8, 4, 2) if "t" in letters else (8, 4, 2)
    code = keras.Input(shape)
    x = mask = code
    for multiple in steps:
        x = blocks.up(x, width * multiple, cosine=cosine)
        x = blocks.residual(x, cosine=cosine)
    for multiple in (*steps, 1) if "d" in letters else steps:
        mask = blocks.up(mask, mask_width * multiple, cosine=cosine)
    image = blocks.out(x, kernel=1)
    if "d" in letters:  # each convolution predicts one of four pixels
        four = [image, *(blocks.out(x, kernel=3) for _ in range(3))]
        image = PixelShuffle(2, dtype="float32")(
            layers.Concatenate(dtype="float32")(four)
        )
    both = [image, blocks.out(mask, 1, 1)]
    return keras.Model(code, layers.Concatenate(dtype="float32")(both), name=name)

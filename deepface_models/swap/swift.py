"""Swift: a face-swap autoencoder for CPUs and small data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from deepface_models._inputs import precision
from deepface_models.layers import PACKAGE, ConstantVector, Modulate, PixelShuffle
from deepface_models.losses import FaceLoss
from deepface_models.swap._appearance import linear_map, principal_components
from deepface_models.swap._centre import LatentCentre
from deepface_models.swap.base import FaceSwap

Array = NDArray[Any]

SIZES = (64, 96, 128, 192)
# Channels at 1/4, 1/8 and 1/16 of the picture's width: what two CPU cores train at
# ten times the pace of the original network or more (benchmarks/training.py).
ENCODER_WIDTHS = (32, 64, 128)
DECODER_WIDTHS = (32, 96, 128)
_ADAPT_FACES = 192


@keras.saving.register_keras_serializable(PACKAGE)
class Swift(FaceSwap):
    """Learns a swap of two short clips in minutes on two CPU cores.

    What makes it fast: a 4 x 4 patch stem, plain 3 x 3 convolutions and ReLU without
    normalisation, most of the work at 1/8 and 1/16 of the picture's width, 1 x 1
    convolutions before each pixel shuffle. What makes it learn from little data: a
    person's picture is the sum of a linear appearance basis (mean face and
    principal components, as in active appearance models, set with the codes from the
    person's first batches by `adapt` and trained on) and of what a convolutional trunk
    draws. All people share encoder and trunk; a person owns the basis, the coarse
    maps and a vector that modulates the trunk. A decoder also keeps the mean of its
    person's latents: `predict(faces, to="ben", of="ana")` moves ana's to ben's mean,
    which draws expressions more exactly than without `of`; so it does with the mean
    of anybody's latents, `of=model.encode(faces).mean(0)`.

    `compile()` gives Adam 1e-3 and `FaceLoss`; pictures come out with a learned mask
    as fourth channel.

    References: Cootes et al., "Active Appearance Models", 1998 (the basis); Perez et
    al., "FiLM", 2018 (the modulation); Shi et al., 2016 (the pixel shuffle).

    Args:
        identities: The people's names.
        image_size: Pixels in and out: 64, 96, 128 or 192.
        latent_size: Width of the bottleneck.
        basis_size: Components of each person's appearance basis.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = Swift(identities=("ana", "ben"), image_size=64)
        >>> model.compile()
        >>> model.output["ben"].shape
        (None, 64, 64, 4)
    """

    _arguments = ("identities", "image_size", "latent_size", "basis_size")

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 128,
        latent_size: int = 256,
        basis_size: int = 32,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        if image_size not in SIZES:
            raise ValueError(
                f"image_size={image_size!r} was given. Swift comes in {SIZES} pixels. "
                "Use image_size=128 unless faces are small (64, 96) or large (192)."
            )
        own = (image_size, latent_size, basis_size)
        with precision(kwargs.pop("dtype", None)):
            decoders = {name: _build_decoder(name, *own) for name in identities}
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=_build_encoder(image_size, latent_size),
                decoders=decoders,
                centres={n: d.get_layer("centre") for n, d in decoders.items()},
                trunk=_build_trunk(image_size),
                has_mask=True,
                **kwargs,
            )
        self.latent_size = latent_size
        self.basis_size = basis_size

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles with Adam 1e-3 and `FaceLoss` where none are given."""
        super().compile(
            optimizer=optimizer or keras.optimizers.Adam(1e-3, beta_2=0.99),
            loss=loss or {name: FaceLoss() for name in self.identities},
            **kwargs,
        )

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Trains as `FaceSwap.fit` does; adapts people who are new to the model."""
        if isinstance(x, keras.utils.PyDataset) or isinstance(y, dict):
            self.adapt(x, y)
        return super().fit(x, y, **kwargs)

    def adapt(self, x: Any, y: Any = None) -> None:
        """Gives people who have no appearance basis yet a linear one from their faces.

        Mean face and principal components come from the faces, the codes of the
        components from their latents by ridge regression, whatever the encoder: so
        the model swaps, softly, before the first step of training.

        Args:
            x: A data set of (x, y) batches such as `SwapPairs`; beside `y` the faces
                to encode, keyed by identity, or None for those of `y`.
            y: Faces keyed by identity, (N, S, S, 3..5), uint8 or float in [0, 1].
        """
        bases = {n: self.decoders[n].get_layer("basis") for n in self.identities}
        new = [n for n, basis in bases.items() if not np.any(basis.get_weights()[0])]
        if y is None:
            given, drawn = _first_faces(x, new)
        else:
            drawn = {name: y[name][:_ADAPT_FACES] for name in new}
            seen = x if isinstance(x, dict) else y
            given = {name: seen[name][:_ADAPT_FACES, ..., :3] for name in new}
        for name in new:
            start = principal_components(drawn[name], self.basis_size)
            bases[name].set_weights([start.components, start.mean])
            latents = self.encode(given[name])
            codes = self.decoders[name].get_layer("codes")
            codes.set_weights(linear_map(latents, start.codes))
            centre = self.decoders[name].get_layer("centre")
            centre.set_weights([latents.mean(axis=0), np.ones((), "float32")])


def _first_faces(data: Any, names: Sequence[str]) -> tuple[dict[str, Array], ...]:
    """Reads batches, each once for everybody, until all have faces enough."""
    batches: list[Any] = []
    for index in range(len(data) if names else 0):
        batches.append(data[index])
        counts = [sum(len(y[name]) for _, y in batches) for name in names]
        if min(counts) >= _ADAPT_FACES:
            break
    return tuple(
        {name: np.concatenate([batch[i][name] for batch in batches]) for name in names}
        for i in range(2)
    )


def _conv(x: Any, filters: int, kernel: int = 3, **kwargs: Any) -> Any:
    kwargs.setdefault("kernel_initializer", "he_normal")
    return layers.Conv2D(filters, kernel, padding="same", **kwargs)(x)


def _residual(x: Any, vector: Any = None) -> Any:
    filters = x.shape[-1]
    y = _conv(layers.ReLU()(x), filters)
    if vector is not None:
        y = Modulate()([y, vector])
    y = _conv(layers.ReLU()(y), filters, kernel_initializer="zeros")
    return layers.Add()([x, y])


def _up(x: Any, filters: int) -> Any:
    return PixelShuffle(2)(_conv(layers.ReLU()(x), 4 * filters, kernel=1))


def _build_encoder(size: int, latent_size: int) -> keras.Model:
    image = keras.Input((size, size, 3))
    low, middle, high = ENCODER_WIDTHS
    x = _conv(image, low, 4, strides=4)  # (B, S/4, S/4, 32)
    x = _residual(_conv(layers.ReLU()(x), middle, strides=2))
    x = _residual(_conv(layers.ReLU()(x), high, strides=2))  # (B, S/16, S/16, 128)
    x = layers.Dense(latent_size)(layers.Flatten()(layers.ReLU()(x)))
    return keras.Model(image, x, name="encoder")


def _build_decoder(
    name: str, size: int, latent_size: int, basis_size: int
) -> keras.Model:
    given = keras.Input((latent_size,))
    latent = LatentCentre(name="centre")(given)
    low, middle, high = DECODER_WIDTHS
    coarse = size // 16
    x = layers.Dense(coarse * coarse * high)(latent)
    x = _residual(layers.Reshape((coarse, coarse, high))(x))
    maps = _up(x, middle)  # (B, S/8, S/8, 96)
    vector = ConstantVector(2 * (middle + low))(latent)
    codes = layers.Dense(basis_size, kernel_initializer="he_normal", name="codes")(
        latent
    )
    basis = layers.Dense(size * size * 4, kernel_initializer="zeros", name="basis")
    appearance = layers.Reshape((size, size, 4))(basis(codes))
    return keras.Model(given, [maps, vector, appearance], name=f"decoder_{name}")


def _build_trunk(size: int) -> keras.Model:
    low, middle, _ = DECODER_WIDTHS
    maps = keras.Input((size // 8, size // 8, middle))
    vector = keras.Input((2 * (middle + low),))
    appearance = keras.Input((size, size, 4))
    x = _residual(maps, vector[:, : 2 * middle])
    x = _residual(_up(x, low), vector[:, 2 * middle :])  # (B, S/4, S/4, 32)
    x = _conv(layers.ReLU()(x), 4 * 16, kernel_initializer="zeros")
    x = layers.Add()([PixelShuffle(4)(x), appearance])
    picture = layers.Activation("sigmoid", dtype="float32")(x)
    return keras.Model([maps, vector, appearance], picture, name="trunk")

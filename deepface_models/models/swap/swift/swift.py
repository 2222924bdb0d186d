"""Swift: a face-swap autoencoder for CPUs and small data sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.inputs import precision
from deepface_models.losses import FaceLoss
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap._graph import check_identities
from deepface_models.models.swap.base import FaceSwap
from deepface_models.models.swap.swift.adaptation import adapt_encoder
from deepface_models.models.swap.swift.appearance import (
    DETAILED_RIDGE,
    PLAIN_RIDGE,
    linear_map,
    principal_components,
)
from deepface_models.models.swap.swift.initializer import DecoderInitializer
from deepface_models.models.swap.swift.networks import (
    build_decoder,
    build_encoder,
    build_shared_decoder,
)

SIZES = (64, 96, 128, 192)
_ADAPT_FACES = 192


@register_architecture(
    "swift",
    image_size=128,
    smallest={
        "image_size": 64,
        "latent_size": 8,
        "basis_size": 3,
        "adapted_latent_size": 4,
    },
)
class Swift(FaceSwap):
    """Learns a swap of two short clips in minutes on two CPU cores.

    What makes it fast: a 4 x 4 patch stem, plain 3 x 3 convolutions and ReLU without
    normalization, most of the work at 1/8 and 1/16 of the image's width, 1 x 1
    convolutions before each pixel shuffle. What makes it learn from little data: a
    person's image is the sum of a linear appearance basis (mean face and
    principal components, as in active appearance models, set with the codes from the
    person's first batches by `adapt` and trained on) and of what a convolutional
    shared decoder
    draws. All people share encoder and shared decoder; a person owns the basis, the
    coarse
    maps and a vector that modulates the shared decoder. A decoder also keeps the mean
    of its
    person's latents: `predict(faces, identity="ben", source_identity="ana")` moves
    ana's to ben's mean,
    which draws expressions more exactly than without `source_identity`; so it does
    with the mean of anybody's latents, `source_identity=model.encode(faces).mean(0)`.

    `compile()` gives Adam 1e-3 and `FaceLoss`; images come out with a learned mask
    as fourth channel.

    References: Cootes et al., "Active Appearance Models", 1998 (the basis); Perez et
    al., "FiLM", 2018 (the modulation); Shi et al., 2016 (the pixel shuffle).

    Args:
        identities: The people's names. One alone will do to draw that person from
            anybody's faces, as `swap_demo` does; training takes two or more.
        image_size: Pixels in and out: 64, 96, 128 or 192.
        latent_size: Width of the bottleneck.
        basis_size: Components of each person's appearance basis.
        adapted_latent_size: Latents beside those, which `adapt` sets to principal
            components
            of what people's faces vary by. Of use to a pretrained encoder, which says
            of anybody the same: SSIM 0.949 in place of 0.941 after a minute. A fresh
            one gains nothing.
        **kwargs: `face_type` of `FaceSwap`; `name`, `dtype`, `trainable` of Keras.

    Example:
        >>> model = Swift(identities=("ana", "ben"), image_size=64)
        >>> model.compile()
        >>> model.output["ben"].shape
        (None, 64, 64, 4)
    """

    _arguments = (
        "identities",
        "image_size",
        "latent_size",
        "basis_size",
        "adapted_latent_size",
    )

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 128,
        latent_size: int = 256,
        basis_size: int = 32,
        adapted_latent_size: int = 0,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        if image_size not in SIZES:
            raise ValueError(
                f"image_size={image_size!r} was given. Swift comes in {SIZES} pixels. "
                "Use image_size=128 unless faces are small (64, 96) or large (192)."
            )
        own = (image_size, latent_size + adapted_latent_size, basis_size)
        with precision(kwargs.pop("dtype", None)):
            decoders = {name: build_decoder(name, *own) for name in identities}
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=build_encoder(image_size, latent_size, adapted_latent_size),
                decoders=decoders,
                latent_means={
                    n: d.get_layer("latent_mean") for n, d in decoders.items()
                },
                shared_decoder=build_shared_decoder(image_size),
                has_mask=True,
                **kwargs,
            )
        self.latent_size = latent_size
        self.basis_size = basis_size
        self.adapted_latent_size = adapted_latent_size
        self._initializer = DecoderInitializer(image_size, latent_size)

    @staticmethod
    def check_identities(identities: Sequence[str]) -> tuple[str, ...]:
        """Returns the names as a tuple, or says what is wrong with them."""
        return check_identities(identities, fewest=1)

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles with Adam 1e-3 and `FaceLoss` where none are given."""
        super().compile(
            optimizer=optimizer or keras.optimizers.Adam(1e-3, beta_2=0.99),
            loss=loss or {name: FaceLoss() for name in self.identities},
            **kwargs,
        )

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Trains as `FaceSwap.fit` does; adapts people who are new to the model.

        Afterwards each person's mean latent is that of their faces as targets show
        them, as inputs are warped and in other colors. Of other data than `SwapPairs`
        and dictionaries, such as `tf.data`, neither is done: call `adapt` before.
        """
        return super().fit(x, y, **kwargs)

    def _begin(self, x: Any, y: Any) -> None:
        if _has_images(x, y):
            self.adapt(x, y)

    def adapt(self, x: Any, y: Any = None) -> None:
        """Gives people who have no appearance basis yet a linear one from their faces.

        Mean face and principal components come from the faces, the codes of the
        components from their latents by ridge regression, whatever the encoder: so
        the model swaps, softly, before the first step of training. A model whose
        shared parts were pretrained starts the rest of a decoder too, and the
        components are of what that does not draw. Before, an encoder that has no
        detail yet learns it from the faces.

        Args:
            x: A data set of (x, y) batches such as `SwapPairs`; beside `y` the faces
                to encode, keyed by identity, or None for those of `y`.
            y: Faces keyed by identity, (N, S, S, 3..5), uint8 or float in [0, 1].
        """
        bases = {n: self.decoders[n].get_layer("basis") for n in self.identities}
        new = [n for n, basis in bases.items() if not np.any(basis.get_weights()[0])]
        given, drawn = _faces_of(x, y, new)
        adapt_encoder(self.encoder, given.values())
        detailed = self.decoder_initializers and self.adapted_latent_size
        ridge = DETAILED_RIDGE if detailed else PLAIN_RIDGE
        for name in drawn:
            latents, decoder = self.encode(given[name]), self.decoders[name]
            left = self._initializer.begin(
                decoder, self.shared_decoder, latents, drawn[name]
            )
            start = principal_components(left, self.basis_size, drawn[name])
            bases[name].set_weights([start.components, start.mean])
            codes = linear_map(latents, start.codes, ridge)
            decoder.get_layer("codes").set_weights(codes)
        self._set_latent_means(drawn)

    def update_latent_means(self, x: Any, y: Any = None) -> None:
        """Sets the mean latents of people whose decoders learn; `fit` ends with it.

        Args:
            x: As in `adapt`. Of other data, such as `tf.data`, nothing is set.
            y: As in `adapt`; who is missing keeps the mean that training found.
        """
        learnt = [n for n in self.identities if self.decoders[n].trainable]
        if _has_images(x, y):
            self._set_latent_means(_faces_of(x, y, learnt)[1])

    @property
    def decoder_initializers(self) -> dict[str, keras.Model]:
        """What new people's decoders start from, where a preset has it."""
        network = self._initializer.network
        return {} if network is None else {"decoder_initializer": network}

    def build_decoder_initializers(self, names: Collection[str]) -> None:
        """Makes the initializer if it is asked for, with fresh weights."""
        if set(names) == {"decoder_initializer"}:
            self._initializer.build()
        else:
            super().build_decoder_initializers(names)

    def _set_latent_means(self, faces: dict[str, Array]) -> None:
        """Sets people's mean latents to those of their faces."""
        for name, images in faces.items():
            mean = self.encode(images[..., :3]).mean(axis=0)
            latent_mean = self.decoders[name].get_layer("latent_mean")
            latent_mean.set_weights([mean, np.ones((), "float32")])


def _has_images(x: Any, y: Any) -> bool:
    return isinstance(x, keras.utils.PyDataset) or isinstance(y, dict)


def _faces_of(x: Any, y: Any, names: Sequence[str]) -> tuple[dict[str, Array], ...]:
    """Returns people's first faces, as they go in and as they are to come out.

    Those of whom there are none are left out.
    """
    if y is None:
        return _first_faces(x, names)
    drawn = {name: y[name][:_ADAPT_FACES] for name in names if name in y}
    seen = x if isinstance(x, dict) else y
    return {name: seen[name][:_ADAPT_FACES, ..., :3] for name in drawn}, drawn


def _first_faces(data: Any, names: Sequence[str]) -> tuple[dict[str, Array], ...]:
    """Reads batches, each once for everybody, until all have faces enough."""
    batches: list[Any] = []
    for index in range(len(data) if names else 0):
        batches.append(data[index])
        names = [name for name in names if name in batches[0][1]]
        counts = [sum(len(batch[1][name]) for batch in batches) for name in names]
        if min(counts, default=_ADAPT_FACES) >= _ADAPT_FACES:
            break
    return tuple(
        {name: np.concatenate([batch[i][name] for batch in batches]) for name in names}
        for i in range(2)
    )

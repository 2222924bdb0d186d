"""Swift: a face-swap autoencoder for CPUs and small data sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.inputs import precision
from deepface_models.core.latents import as_expressions
from deepface_models.core.whole import whole_numbers
from deepface_models.losses import FaceLoss
from deepface_models.models.registry import register_architecture
from deepface_models.models.swap._graph import check_identities
from deepface_models.models.swap._rendering import known
from deepface_models.models.swap.base import FaceSwap
from deepface_models.models.swap.linear import linear_map
from deepface_models.models.swap.swift.adaptation import adapt_encoder
from deepface_models.models.swap.swift.appearance import (
    ADAPTED_RIDGE,
    PLAIN_RIDGE,
    principal_components,
    reduce_faces,
)
from deepface_models.models.swap.swift.enlarging import (
    check_output_size,
    copy_weights,
    set_fine_detail,
)
from deepface_models.models.swap.swift.examples import learn_examples
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
        "output_size": 128,
        "examples": 5,
    },
)
class Swift(FaceSwap):
    """Learns a swap from two short clips within minutes on two CPU cores.

    It is fast because of a 4 x 4 patch stem, plain 3 x 3 convolutions and ReLU without
    normalization, 1 x 1 convolutions before each pixel shuffle, and because most
    layers work at 1/8 and 1/16 of the image's width.

    It learns from little data because a person's image is the sum of a linear
    appearance model (mean face and principal components, as in active appearance
    models) and the output of a convolutional shared decoder. `adapt` sets the linear
    model from the person's first batches; then it is trained. People share the encoder
    and the shared decoder. Each person has an appearance basis, coarse maps, and a
    vector that modulates the shared decoder.

    A decoder also stores the mean of its person's latents.
    `predict(faces, identity="ben", source_identity="ana")` shifts ana's latents to
    ben's mean, which renders expressions more accurately. For a person that the model
    does not know, use `source_identity=model.encode(faces).mean(0)`.

    With a larger `output_size`, the encoder still takes faces of `image_size`, so that
    pretrained parts fit. The images are enlarged, and fine detail is added: a mean of
    each person's and components of its brightness, which `adapt` sets, and the output
    of one more stage of the shared decoder. `with_output_size` enlarges a model.

    `compile()` uses Adam with a learning rate of 1e-3 and `FaceLoss`. Output images
    have a learned mask as fourth channel.

    References: Cootes et al., "Active Appearance Models", 1998 (the basis); Perez et
    al., "FiLM", 2018 (the modulation); Shi et al., 2016 (the pixel shuffle).

    Args:
        identities: The people's names. A model of one person can swap that person into
            anybody's faces, as `swap_demo` does; training needs two or more.
        image_size: Side of the images in pixels: 64, 96, 128 or 192.
        latent_size: Width of the bottleneck.
        basis_size: Number of components of each person's appearance basis.
        adapted_latent_size: Number of further latents, which `adapt` sets to principal
            components of these people's features. They help with a pretrained encoder
            (SSIM 0.949 instead of 0.941 after one minute), not with a new one.
        output_size: Side of the output images in pixels: `image_size`, the default, or
            two or three times as much.
        examples: Most faces of each person that the decoder keeps for their expression
            and detail; see `learn_expressions`.
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
        "output_size",
        "examples",
    )

    def __init__(
        self,
        identities: Sequence[str] = ("a", "b"),
        image_size: int = 128,
        latent_size: int = 256,
        basis_size: int = 32,
        adapted_latent_size: int = 0,
        output_size: int | None = None,
        examples: int = 96,
        **kwargs: Any,
    ) -> None:
        identities = self.check_identities(identities)
        if image_size not in SIZES:
            raise ValueError(
                f"image_size={image_size!r} was given. Expected one of {SIZES}. Use "
                "image_size=128 unless faces are small (64, 96) or large (192)."
            )
        output_size = check_output_size(output_size, image_size)
        sizes = (image_size, latent_size + adapted_latent_size, basis_size)
        own = (*sizes, output_size, examples)
        with precision(kwargs.pop("dtype", None)):
            decoders = {name: build_decoder(name, *own) for name in identities}
            super().__init__(
                identities=identities,
                image_size=image_size,
                encoder=build_encoder(image_size, latent_size, adapted_latent_size),
                decoders=decoders,
                latent_means=_layers(decoders, "latent_mean"),
                expressions=_layers(decoders, "expressions"),
                shared_decoder=build_shared_decoder(image_size, output_size),
                has_mask=True,
                **kwargs,
            )
        self.latent_size = latent_size
        self.basis_size = basis_size
        self.adapted_latent_size = adapted_latent_size
        self.examples = examples
        self._initializer = DecoderInitializer(image_size, latent_size)

    @staticmethod
    def check_identities(identities: Sequence[str]) -> tuple[str, ...]:
        """Returns the names as a tuple after checking them."""
        return check_identities(identities, fewest=1)

    def compile(self, optimizer: Any = None, loss: Any = None, **kwargs: Any) -> None:
        """Compiles; the defaults are Adam with 1e-3 and `FaceLoss`."""
        super().compile(
            optimizer=optimizer or keras.optimizers.Adam(1e-3, beta_2=0.99),
            loss=loss or {name: FaceLoss() for name in self.identities},
            **kwargs,
        )

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Trains as `FaceSwap.fit` does; first adapts people who are new to the model.

        Afterwards each person's latent mean is set from their target images, because
        inputs are warped and have changed colors. Both need `SwapPairs` or
        dictionaries; for other data, such as `tf.data`, call `adapt` before.
        """
        return super().fit(x, y, **kwargs)

    def _begin(self, x: Any, y: Any) -> None:
        if _has_images(x, y):
            self.adapt(x, y)
        super()._begin(x, y)

    def adapt(self, x: Any, y: Any = None) -> None:
        """Sets the appearance basis of people who have none yet, from their faces.

        The basis is the mean and the principal components of the faces. A ridge
        regression predicts its codes from latents, with any encoder. So the model
        swaps, with blurred results, before the first training step. A model with a
        decoder initializer also initializes the other weights of a decoder; the basis
        is then that of the residual. An encoder whose adapted latents are not set yet
        is adapted first.

        Args:
            x: A data set of (x, y) batches such as `SwapPairs`. If `y` is given: the
                faces to encode, keyed by identity, or None to encode those of `y`.
            y: Faces keyed by identity, (N, S, S, 3..5), uint8 or float in [0, 1].
        """
        bases = {n: self.decoders[n].get_layer("basis") for n in self.identities}
        new = [n for n, basis in bases.items() if not np.any(basis.get_weights()[0])]
        if new and self.output_size > self.image_size and hasattr(x, "unchanged"):
            # A warped input does not tell where fine detail is: with the warp of
            # `Augmentation.light`, 0.12 of a face's detail were left, without it 0.64.
            x, y = x.unchanged(_ADAPT_FACES)
        inputs, targets = _faces_of(x, y, new)
        inputs = {n: reduce_faces(one, self.image_size) for n, one in inputs.items()}
        adapt_encoder(self.encoder, inputs.values())
        adapted = self.decoder_initializers and self.adapted_latent_size
        ridge = ADAPTED_RIDGE if adapted else PLAIN_RIDGE
        for name, faces in targets.items():
            latents, decoder = self.encode(inputs[name]), self.decoders[name]
            residual = self._initializer.begin(
                decoder, self.shared_decoder, latents, faces
            )
            small, like = (
                reduce_faces(one, self.image_size) for one in (residual, faces)
            )
            found = principal_components(small, self.basis_size, like)
            bases[name].set_weights([found.components, found.mean])
            codes = linear_map(latents, found.codes, ridge)
            decoder.get_layer("codes").set_weights(codes)
            set_fine_detail(decoder, residual, self.image_size, faces, latents, ridge)
        self._set_latent_means(targets)

    @whole_numbers(output_size=1)
    def with_output_size(self, output_size: int) -> Swift:
        """Returns a copy of the model whose images have another size.

        The images are those of this model, enlarged, until it is trained; detail that
        only a larger image has is lost in a smaller one.

        Args:
            output_size: As in the constructor.

        Returns:
            A new, uncompiled model with the same people and weights.
        """
        config = {**self.get_config(), "output_size": output_size}
        config.pop("name", None)
        model = type(self).from_config(config)
        copy_weights(self, model)
        model.started_from = self.started_from
        return model

    def update_latent_means(self, x: Any, y: Any = None) -> None:
        """Sets the latent means of people whose decoders are trainable.

        `fit` calls it at its end.

        Args:
            x: As in `adapt`. Nothing is set for other data, such as `tf.data`.
            y: As in `adapt`. People who are missing keep the mean from training.
        """
        trainable = [n for n in self.identities if self.decoders[n].trainable]
        if _has_images(x, y):
            self._set_latent_means(_faces_of(x, y, trainable)[1])
        for name, (faces, values) in getattr(x, "expressions", {}).items():
            if name in trainable:
                self.learn_expressions(name, faces, values)

    def learn_expressions(self, name: str, faces: Any, expressions: Array) -> None:
        """Learns how a person's latents and detail depend on the expression.

        Afterwards, `predict(..., identity=name, expressions=...)` renders the person
        with these expressions, and `source_identity=` with those that are read from
        the latents of another person of the model. Of the faces, up to `examples` that
        differ most are kept: their latents, and the detail that the decoder lacks.
        `fit` calls it at its end if `x` is `SwapPairs`. With fewer than 16 faces
        nothing is learned.

        Args:
            name: A person of the model.
            faces: The person's faces, (N, T, T, 3) with T = `output_size`, uint8 or
                float in [0, 1].
            expressions: Those in the faces, (N, 7), as `FaceSet.expressions` has them.
        """
        decoder = self.decoders[known(name, self.identities)]
        values = as_expressions(expressions, len(faces))
        latents = self.encode(reduce_faces(faces, self.image_size))
        learn_examples(decoder, self.shared_decoder, latents, faces, values)

    @property
    def decoder_initializers(self) -> dict[str, keras.Model]:
        """The network that initializes new people's decoders, if a preset has one."""
        network = self._initializer.network
        return {} if network is None else {"decoder_initializer": network}

    def build_decoder_initializers(self, names: Collection[str]) -> None:
        """Creates the initializer, with random weights, if `names` has it."""
        if set(names) == {"decoder_initializer"}:
            self._initializer.build()
        else:
            super().build_decoder_initializers(names)

    def _set_latent_means(self, faces: dict[str, Array]) -> None:
        """Sets people's latent means from their faces."""
        for name, images in faces.items():
            inputs = reduce_faces(images[..., :3], self.image_size)
            mean = self.encode(inputs).mean(axis=0)
            latent_mean = self.decoders[name].get_layer("latent_mean")
            latent_mean.set_weights([mean, np.ones((), "float32")])


def _layers(decoders: dict[str, keras.Model], name: str) -> dict[str, Any]:
    return {person: decoder.get_layer(name) for person, decoder in decoders.items()}


def _has_images(x: Any, y: Any) -> bool:
    return isinstance(x, keras.utils.PyDataset) or isinstance(y, dict)


def _faces_of(x: Any, y: Any, names: Sequence[str]) -> tuple[dict[str, Array], ...]:
    """Returns people's first faces as inputs and as targets; skips missing people."""
    if y is None:
        return _first_faces(x, names)
    targets = {name: y[name][:_ADAPT_FACES] for name in names if name in y}
    inputs = x if isinstance(x, dict) else y
    return {name: inputs[name][:_ADAPT_FACES, ..., :3] for name in targets}, targets


def _first_faces(data: Any, names: Sequence[str]) -> tuple[dict[str, Array], ...]:
    """Reads batches until there are enough faces of everybody.

    Processes that train together must read the same ones.
    """
    data = getattr(data, "whole", data)
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

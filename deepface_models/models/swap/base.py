"""Base class of face-swap models: one encoder, and a decoder for each person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from deepface_models.core.arrays import Array, images_of
from deepface_models.core.errors import ModelFileError
from deepface_models.core.inputs import (
    as_numbers,
    as_unit_float,
)
from deepface_models.core.predict import predict
from deepface_models.core.whole import whole_numbers
from deepface_models.models.swap._graph import Paths, check_identities
from deepface_models.models.swap._named import NamedImages
from deepface_models.models.swap._rendering import Renderer, known
from deepface_models.models.swap._training import TrainedByName
from deepface_models.models.swap.expressions import Expressions
from deepface_models.models.swap.latent_mean import LatentMean


class FaceSwap(TrainedByName):
    """Base of the face-swap architectures.

    One encoder maps anybody's aligned face to a latent. Each person has a decoder that
    reconstructs only that person from it. Decoding one person's latent with another's
    decoder swaps the face. If people share the decoder too, person-specific models
    between encoder and decoder, the `inters`, distinguish them. It is a functional
    Keras model: its inputs and outputs are dictionaries keyed by identity, so
    `compile`, `fit`, callbacks and mixed precision work as in Keras.

    A subclass builds its parts, passes them to this constructor and stores its own
    constructor arguments as attributes; `get_config` reads those named in
    `_arguments`.

    Args:
        identities: The people's names, two or more; order does not matter.
        image_size: Width and height of the aligned input faces in pixels.
        encoder: Model of (B, image_size, image_size, 3) -> latent.
        decoders: Each identity's decoder: code -> image, or code -> input of
            `shared_decoder`. The same model for everybody, or one each.
        inters: Models of latent -> code, by name: a person's own, or the shared
            one, whose name is "". Without inters, the latent is the code.
        routes: For each identity, the names of its inters; their concatenated outputs
            are the code.
        shared_decoder: The last part of the decoder, if people share it, or None.
        mix: Layer such as `ChannelMix` that combines a route's outputs into a code, and
            the codes of two people into a morph; None to concatenate and blend.
        latent_means: For each identity, the layer with the mean of its latents, or
            None; `predict(..., source_identity=)` uses them.
        expressions: For each identity, the layer that knows how its latents depend on
            the expression, or None; used with the latent means.
        has_mask: Whether output images have a mask as fourth channel.
        face_type: How the training faces are cropped, a key of `faces.FACE_TYPES`;
            conversion crops faces the same way.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.

    Example:
        >>> faces = np.zeros((2, 64, 64, 3), np.uint8)
        >>> model.predict(faces, identity="ben").shape[:3]
        (2, 64, 64)
    """

    _arguments: tuple[str, ...] = ("identities", "image_size")
    _more_arguments: tuple[str, ...] = ("face_type",)

    def __init__(
        self,
        *,
        identities: Sequence[str],
        image_size: int,
        encoder: keras.Model,
        decoders: Mapping[str, keras.Model],
        inters: Mapping[str, keras.Model] | None = None,
        routes: Mapping[str, Sequence[str]] | None = None,
        shared_decoder: keras.Model | None = None,
        mix: keras.layers.Layer | None = None,
        latent_means: Mapping[str, LatentMean] | None = None,
        expressions: Mapping[str, Expressions] | None = None,
        has_mask: bool = False,
        face_type: str = "full",
        **kwargs: Any,
    ) -> None:
        self._check_arguments(kwargs)
        inputs = {
            name: keras.Input((image_size, image_size, 3), name=name)
            for name in sorted(identities)
        }
        inters, routes = dict(inters or {}), dict(routes or {})
        paths = Paths(
            dict(decoders),
            inters,
            routes,
            shared_decoder,
            mix,
            latent_means,
            expressions,
        )
        outputs = {n: paths.decode(encoder(image), n) for n, image in inputs.items()}
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self.identities = tuple(identities)
        self.image_size = image_size
        self.output_size = int(next(iter(outputs.values())).shape[1])
        self.has_mask = has_mask
        self.face_type = face_type
        self.encoder = encoder
        self.shared_decoder = shared_decoder
        self.inters = inters
        self.decoders = dict(decoders)
        self._paths = paths
        self._people = NamedImages(self.identities, image_size, str(self.name))
        self._renderer = Renderer(encoder, paths, identities)

    @staticmethod
    def check_identities(identities: Sequence[str]) -> tuple[str, ...]:
        """Returns the names as a tuple after checking them."""
        return check_identities(identities)

    @property
    def shifts_latents(self) -> bool:
        """Whether `predict(..., source_identity=)` shifts latents between means."""
        return self._paths.latent_means is not None

    @property
    def matches_expressions(self) -> bool:
        """Whether `predict` can give swaps the expression of their source."""
        layers = (self._paths.expressions or {}).values()
        return any(float(layer.known) > 0 for layer in layers)

    @property
    def parts(self) -> dict[str, keras.Model]:
        """The models this one consists of, by the names of their weights files."""
        return {"encoder": self.encoder, **self._paths.parts(self.identities)}

    @property
    def decoder_initializers(self) -> dict[str, keras.Model]:
        """Networks that initialize new people's decoders, by their file names.

        Presets of shared parts may have them in addition to `parts`; they are not used
        to decode images.
        """
        return {}

    def build_decoder_initializers(self, names: Collection[str]) -> None:
        """Creates `decoder_initializers` of these names, with random weights.

        Raises:
            ModelFileError: This architecture has no such part.
        """
        if names:
            raise ModelFileError(
                f"The parts {', '.join(sorted(names))} were given to a "
                f"{type(self).__name__}. Expected {', '.join(self.parts)}. Load them "
                "with the version that saved them."
            )

    @whole_numbers(batch_size=1)
    def encode(self, images: Any, batch_size: int = 32) -> Array:
        """Encodes aligned faces to latents.

        Args:
            images: (N, S, S, 3), or one (S, S, 3); uint8, or float in [0, 1].
            batch_size: Images per batch.

        Returns:
            Their latents, (N, ...), or one without the batch axis, float32.
        """
        batch, single = self._batch(images)
        latent = predict(self.encoder, batch, batch_size)
        latent = latent.astype("float32", copy=False)
        return latent[0] if single else latent

    @whole_numbers(batch_size=1)
    def decode(
        self,
        latent: Any,
        identity: str,
        batch_size: int = 32,
        *,
        source_identity: str | Array | None = None,
        expressions: Array | None = None,
        morph: Any = None,
        other: str | None = None,
    ) -> Array:
        """Decodes latents to a person's faces, as `predict(..., identity=)` does."""
        latent = np.asarray(latent, "float32")
        single = latent.ndim == len(self.encoder.output.shape) - 1
        batch = latent[None] if single else latent
        model, inputs = self._renderer.find(
            "decode", batch, identity, source_identity, morph, other, expressions
        )
        decoded = predict(model, inputs, batch_size)
        return decoded[0] if single else decoded

    @whole_numbers(batch_size=1)
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = None,
        *,
        identity: str | None = None,
        source_identity: str | Array | None = None,
        expressions: Array | None = None,
        morph: Any = None,
        other: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Returns faces of the person `identity` with the expressions of faces `x`.

        Args:
            x: Aligned faces (N, S, S, 3) or one (S, S, 3), uint8 or float in
                [0, 1]. Without `identity`, a dictionary of faces keyed by identity, as
                for `keras.Model.predict`.
            batch_size: Images per batch; 32 by default.
            verbose: As in Keras; 0 by default if `identity` is given.
            identity: The person to decode.
            source_identity: The person in `x`: a person of the model, or the mean
                latent of anybody, (L,), from `encode(faces).mean(0)`. It improves the
                expression if the model `shifts_latents`; otherwise it has no effect.
            expressions: The expressions in `x`, (N, 7), as `FaceSet.expressions` has
                them. The person is rendered with them, rather than with those that are
                read from the latents, if the model has learned them; otherwise they
                have no effect.
            morph: Share of `identity` in a face between two people, from 0 (only
                `other`) to 1 (only `identity`); one for all faces, or one for each,
                (N,). It needs an architecture whose people share the decoder or its
                last part: the inputs of that part are mixed.
            other: The other person of the morph; optional if the model knows two.
            **kwargs: Arguments of `keras.Model.predict`.

        Returns:
            float32 in [0, 1], (N, T, T, 3) with T = `output_size`, or (N, T, T, 4)
            with a mask as fourth channel if `has_mask`; without the batch axis if `x`
            is one face.

        Raises:
            ValueError: Faces or `source_identity` have a wrong shape or range, a
                person is unknown, or the architecture cannot morph.
        """
        if identity is None and (morph is not None or other is not None):
            raise ValueError(
                f"morph={morph!r} and other={other!r} were given without `identity`. "
                "Expected the person whose share `morph` is. Use predict(faces, "
                f"identity={self.identities[0]!r}, morph=0.5)."
            )
        if identity is None:
            x = self._people.inputs(
                x, "predict", "Give `identity` for one person's faces."
            )
            verbose = "auto" if verbose is None else verbose
            return super().predict(x, batch_size=batch_size, verbose=verbose, **kwargs)
        batch, single = self._batch(x)
        model, inputs = self._renderer.find(
            "swap", batch, identity, source_identity, morph, other, expressions
        )
        if verbose or kwargs:
            decoded = model.predict(inputs, batch_size, verbose or 0, **kwargs)
        else:
            decoded = predict(model, inputs, batch_size)
        return decoded[0] if single else decoded

    def export(self, filepath: str | Path, *args: Any, **kwargs: Any) -> None:
        """Exports the model as `keras.Model.export` does.

        Inputs have the people's names, outputs names such as "ana_decoded", because
        in some formats, such as ONNX, inputs and outputs share a namespace.

        Args:
            filepath: File or folder to write.
            *args: As in `keras.Model.export`: `format` and so on.
            **kwargs: As in `keras.Model.export`.
        """
        shape = (self.image_size, self.image_size, 3)
        inputs = {n: keras.Input(shape, name=n) for n in sorted(self.identities)}
        outputs = {f"{name}_decoded": image for name, image in self(inputs).items()}
        model = keras.Model(inputs, outputs, name=self.name)
        model({name: np.zeros((1, *shape), "float32") for name in inputs})
        model.export(filepath, *args, **kwargs)

    def add_identity(self, name: str, like: str | None = None) -> FaceSwap:
        """Returns a copy of the model with one more person.

        Args:
            name: The new person.
            like: A person whose decoder and inter initialize the new one's; random
                weights by default.

        Returns:
            A new, uncompiled model of the same class. Shared parts and the other
            people's parts have this model's weights; parts that are frozen here are
            frozen there. This model is unchanged.
        """
        from deepface_models.models.transfer import take_initializer

        config = {**self.get_config(), "identities": (*self.identities, name)}
        config.pop("name", None)
        model = type(self).from_config(config)
        for part, network in self.parts.items():
            model.parts[part].set_weights(network.get_weights())
            model.parts[part].trainable = network.trainable
        take_initializer(model, self)
        if like is not None:
            model._paths.start_like(name, known(like, self.identities, "like"))
        return model

    def get_config(self) -> dict[str, Any]:
        """Returns the constructor arguments."""
        people = {"identities": list(self.identities), "face_type": self.face_type}
        return {**super().get_config(), **people}

    def save_own_variables(self, store: Any) -> None:
        """Saves the people's names, because Keras saves weights by position only."""
        names = self._paths.note(self.identities)
        store["identities"] = np.frombuffer(names.encode(), "uint8")

    def load_own_variables(self, store: Any) -> None:
        """Rejects weights of other people, which would silently swap faces."""
        saved = store["identities"] if "identities" in store else np.zeros(0, "uint8")
        found = np.asarray(saved, "uint8").tobytes().decode().split("\n")
        expected = self._paths.note(self.identities).split("\n")
        if found != expected:
            raise ModelFileError(
                f"Weights of the people {', '.join(found)} were given. Expected "
                f"{', '.join(expected)}. Build the model with the same identities, or "
                "use model.save_parts(folder), which writes a file for each person."
            )

    def _owners(self) -> dict[str, str]:
        named = {part: part.partition(".")[2] for part in self.parts}
        owners = {part: name for part, name in named.items() if name in self.identities}
        owner = self._paths.owner()
        return owners if owner is None else {**owners, "inter": owner}

    def _batch(self, images: Any) -> tuple[Array, bool]:
        images = as_numbers(images_of(images), self.name)
        single = images.ndim == 3
        batch = images[None] if single else images
        expected = (self.image_size, self.image_size, 3)
        if batch.ndim != 4 or batch.shape[1:] != expected or not len(batch):
            raise ValueError(
                f"Faces of shape {tuple(images.shape)} were given to {self.name}. "
                f"Expected (N, {expected[0]}, {expected[1]}, 3) or one {expected}, "
                f"RGB. Align them with FaceAligner(image_size={self.image_size})."
            )
        return as_unit_float(batch), single

"""The shared-encoder face swap: N people, one encoder, a decoder for each."""

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
    as_unit,
    as_unit_float,
)
from deepface_models.core.predict import predict
from deepface_models.core.weights import weights_for_each
from deepface_models.core.whole import whole_numbers
from deepface_models.models.stored import StoredModel
from deepface_models.models.swap._graph import Paths, check_identities
from deepface_models.models.swap._named import NamedImages
from deepface_models.models.swap._rendering import Drawing, known
from deepface_models.models.swap.latent_mean import LatentMean


class FaceSwap(StoredModel):
    """Base of the face-swap architectures.

    One encoder compresses anybody's aligned face to a latent; each person has a
    decoder that draws only that person from it. Decoding one person's latent with
    another's decoder swaps the face. Where people share the decoder too, `inters`
    between encoder and decoder tell them apart. It is a functional Keras model: its
    inputs and outputs are dictionaries keyed by identity, so `compile`, `fit`,
    callbacks and mixed precision are Keras' own.

    A subclass builds its parts, hands them to this constructor and stores its own
    constructor arguments as attributes; `get_config` comes from `_arguments`.

    Args:
        identities: The people's names, two or more; order does not matter.
        image_size: Width and height of the aligned faces that go in.
        encoder: Model of (B, image_size, image_size, 3) -> latent.
        decoders: For each identity, its decoder: code -> image, or code -> what
            `shared_decoder` takes. The same model for everybody, or one each.
        inters: Models of latent -> code, by name: a person's own, or the shared
            one, whose name is "". Without any, the latent is the code.
        routes: For each identity the names of its inters; their outputs side by
            side are the code.
        shared_decoder: The part of the decoder that people share, or None.
        mix: Layer that makes the code of a route's outputs instead, and that of a
            morph, as `ChannelMix` does.
        latent_means: For each identity the layer that keeps the mean of the latents, or
            None; `predict(..., source_identity=)` makes use of them.
        has_mask: Whether images come out with a mask as fourth channel.
        face_type: How the faces it is trained on were cut out, a key of
            `faces.FACE_TYPES`; conversion cuts them out the same way.
        **kwargs: `name`, `dtype`, `trainable` of `keras.Model`.
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
        paths = Paths(dict(decoders), inters, routes, shared_decoder, mix, latent_means)
        outputs = {n: paths.draw(encoder(image), n) for n, image in inputs.items()}
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
        self._drawing = Drawing(encoder, paths, identities)

    @staticmethod
    def check_identities(identities: Sequence[str]) -> tuple[str, ...]:
        """Returns the names as a tuple, or says what is wrong with them."""
        return check_identities(identities)

    @property
    def shifts_latents(self) -> bool:
        """Whether `predict(..., source_identity=)` shifts latents between means."""
        return self._paths.latent_means is not None

    @property
    def parts(self) -> dict[str, keras.Model]:
        """The models this one is made of, by the name of their weights file."""
        return {"encoder": self.encoder, **self._paths.parts(self.identities)}

    @property
    def decoder_initializers(self) -> dict[str, keras.Model]:
        """Networks that new people start from, by the name of their weights file.

        Presets of shared parts may have them beside `parts`; images are drawn
        without.
        """
        return {}

    def build_decoder_initializers(self, names: Collection[str]) -> None:
        """Makes `decoder_initializers` of these names, with fresh weights.

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
        """Compresses aligned faces.

        Args:
            images: (N, S, S, 3), or one (S, S, 3); uint8, or float in [0, 1].
            batch_size: Images a step.

        Returns:
            Their latents, (N, ...) or one without the batch axis, float32.
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
        morph: Any = None,
        other: str | None = None,
    ) -> Array:
        """Decodes latents to a person's faces, as `predict(..., identity=)` does."""
        latent = np.asarray(latent, "float32")
        single = latent.ndim == len(self.encoder.output.shape) - 1
        batch = latent[None] if single else latent
        model, given = self._drawing.find(
            "decode", batch, identity, source_identity, morph, other
        )
        drawn = predict(model, given, batch_size)
        return drawn[0] if single else drawn

    @whole_numbers(batch_size=1)
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = None,
        *,
        identity: str | None = None,
        source_identity: str | Array | None = None,
        morph: Any = None,
        other: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Draws the person `identity` with the expression of the faces given.

        Args:
            x: Aligned faces (N, S, S, 3) or one (S, S, 3), uint8 or float in
                [0, 1]. Without `identity`, a dictionary of them keyed by identity, as
                `keras.Model.predict` takes it.
            batch_size: Images a step; 32 by default.
            verbose: As in Keras; silent by default where `identity` is given.
            identity: Whose face to draw.
            source_identity: Whose faces these are: a person of the model, or anybody's
                mean latent (L,), `encode(faces).mean(0)`. A model that `shifts_latents`
                then draws their expression more exactly; others draw the same.
            morph: Share of `identity` in a face between two people: from 0, which draws
                `other`, to 1, which draws `identity`; one for all faces or one each,
                (N,).
                Only where people share what draws in the end, a decoder or a shared
                decoder: what goes in there is mixed.
            other: The other person of the morph; needless where there are but two.
            **kwargs: Passed on to `keras.Model.predict`.

        Returns:
            float32 in [0, 1], (N, T, T, 3) with T of `output_size`, or (N, T, T, 4)
            with a mask as fourth channel where `has_mask`; one image for one.

        Raises:
            ValueError: Faces or `source_identity` are of another size or range, a
                person is unknown, or the architecture cannot morph.
        """
        if identity is None and (morph is not None or other is not None):
            raise ValueError(
                f"morph={morph!r} and other={other!r} were given without `identity`. "
                "Expected the person whose share it is. Use predict(faces, "
                f"identity={self.identities[0]!r}, morph=0.5)."
            )
        if identity is None:
            x = self._people.inputs(
                x, "predict", "Give `identity` for one person's faces."
            )
            verbose = "auto" if verbose is None else verbose
            return super().predict(x, batch_size=batch_size, verbose=verbose, **kwargs)
        batch, single = self._batch(x)
        model, given = self._drawing.find(
            "swap", batch, identity, source_identity, morph, other
        )
        if verbose or kwargs:
            drawn = model.predict(given, batch_size, verbose or 0, **kwargs)
        else:
            drawn = predict(model, given, batch_size)
        return drawn[0] if single else drawn

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Draws everybody as themselves; uint8 images are taken as [0, 255]."""
        return super().call(as_unit(inputs), training=training, mask=mask)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Compares with targets, of uint8 or in [0, 1]."""
        y = y if y is None else as_unit(y)
        weight = weights_for_each(self.loss, y, y_pred, sample_weight)
        return super().compute_loss(x, y, y_pred, weight, training)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Measures against the same targets as `compute_loss`."""
        y = y if y is None else as_unit(y)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def fit(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Trains as `keras.Model.fit` does; uint8 images are taken as they are.

        Args:
            x: `SwapPairs`, a dataset, or a dictionary of faces keyed by identity.
            y: Targets keyed by identity where `x` is a dictionary.
            **kwargs: As in `keras.Model.fit`.

        Returns:
            Keras' History.
        """
        if isinstance(x, keras.utils.PyDataset):
            # Another order of the batches would make a resumed run another run.
            kwargs.setdefault("shuffle", False)
            if keras.backend.backend() != "tensorflow":
                # Keras would read ahead to build itself and shift all later draws.
                self._symbolic_build(data_batch=x[0])
        x, y = self._people.inputs(x, "fit"), self._people.targets(y, x)
        self._people.weigh(y, kwargs)
        held_out = kwargs.get("validation_data")
        if isinstance(held_out, tuple):
            kwargs["validation_data"] = self._people.held_out(held_out)
        history = super().fit(x, y, **kwargs)
        self.update_latent_means(x, y)
        return history

    def update_latent_means(self, x: Any, y: Any = None) -> None:
        """Sets the mean latents that decoders keep, if they do; `fit` ends with it.

        Args:
            x: As in `fit`. Of other data than `SwapPairs` and dictionaries, such as
                `tf.data`, nothing is set.
            y: As in `fit`.
        """

    def evaluate(self, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        """Measures as `keras.Model.evaluate` does; uint8 images as in `fit`."""
        x, y = self._people.inputs(x, "evaluate"), self._people.targets(y, x)
        self._people.weigh(y, kwargs)
        return super().evaluate(x, y, **kwargs)

    def export(self, filepath: str | Path, *args: Any, **kwargs: Any) -> None:
        """Exports what draws everybody, as `keras.Model.export` does.

        Inputs are called as the people are, outputs "ana_drawn" and so on: some
        formats, such as ONNX, have one room for the names of both.

        Args:
            filepath: Where to.
            *args: As in `keras.Model.export`: `format` and so on.
            **kwargs: As in `keras.Model.export`.
        """
        shape = (self.image_size, self.image_size, 3)
        inputs = {n: keras.Input(shape, name=n) for n in sorted(self.identities)}
        outputs = {f"{name}_drawn": drawn for name, drawn in self(inputs).items()}
        model = keras.Model(inputs, outputs, name=self.name)
        model({name: np.zeros((1, *shape), "float32") for name in inputs})
        model.export(filepath, *args, **kwargs)

    def add_identity(self, name: str, like: str | None = None) -> FaceSwap:
        """Returns a model that knows one more person.

        Args:
            name: The new person.
            like: Whose decoder (and inter) the new one starts from; a fresh one by
                default.

        Returns:
            A new, uncompiled model of the same class; what people share and the
            other people's parts have this model's weights, and this one is unchanged.
            Parts that are frozen here are frozen there.
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
        """Notes the people beside the weights, which Keras keeps by position."""
        names = self._paths.note(self.identities)
        store["identities"] = np.frombuffer(names.encode(), "uint8")

    def load_own_variables(self, store: Any) -> None:
        """Refuses the weights of other people, which would swap faces silently."""
        noted = store["identities"] if "identities" in store else np.zeros(0, "uint8")
        found = np.asarray(noted, "uint8").tobytes().decode().split("\n")
        expected = self._paths.note(self.identities).split("\n")
        if found != expected:
            raise ModelFileError(
                f"These weights belong to the people {', '.join(found)}. Expected "
                f"{', '.join(expected)}. Build the model with the same "
                "identities, or use model.save_parts(folder), which keeps a file each."
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
                f"Faces of shape {tuple(images.shape)} were given. {self.name} takes "
                f"(N, {expected[0]}, {expected[1]}, 3) or one {expected}, red green "
                f"blue. Align them with FaceAligner(image_size={self.image_size})."
            )
        return as_unit_float(batch), single

    def _check_batch(self, x: Any, y: Any) -> None:
        self._people.check(x, y)

"""Builds and caches the models that decode a person from faces or latents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from deepface_models.core.choices import choose
from deepface_models.core.expressions import FEATURES
from deepface_models.core.latents import as_expressions, as_latent_mean
from deepface_models.models.swap._graph import Paths, Source
from deepface_models.models.swap._mixing import shares

# Architectures that support morphs, for error messages.
MORPHING = (
    'AMP, IAE, Swift, DFLSAE and SAEHD with architecture="liae", PhazeA with '
    "split_decoders=False"
)

GIVEN = ""  # stands for a source given by its mean latent; no person has this name


class Renderer:
    """Finds the model that decodes a person from faces or latents.

    Keras does not track these models, so that they are never saved.

    Args:
        encoder: The face-swap model's encoder.
        paths: The paths from the encoder's output to each person's image.
        identities: The people's names.
    """

    def __init__(
        self, encoder: keras.Model, paths: Paths, identities: Sequence[str]
    ) -> None:
        self.encoder = encoder
        self.paths = paths
        self.identities = tuple(identities)
        self._models: dict[tuple[Any, ...], keras.Model] = {}

    def find(
        self,
        way: str,
        batch: Any,
        identity: str,
        source_identity: Any,
        morph: Any,
        other: str | None,
        expressions: Any = None,
    ) -> tuple[keras.Model, Any]:
        """Returns the model for a request, and the model's inputs.

        Args:
            way: "swap" from faces, "decode" from latents.
            batch: The faces or latents.
            identity: The person to decode.
            source_identity: The person in the faces or latents: a name, the mean
                latent, or None.
            morph: The share of `identity` in a morph, or None.
            other: The other person of the morph, or None.
            expressions: The expressions in the faces, (N, 7), or None.

        Raises:
            ValueError: A person is unknown, the mean latent, the share or the
                expressions are invalid, or the architecture cannot morph.
        """
        known(identity, self.identities)
        inputs, second = [batch], None
        source, latent_mean = self._source(source_identity)
        if morph is not None or other is not None:
            second = self._second(identity, other)
            inputs.append(shares(morph, len(batch)))
        if latent_mean is not None:
            inputs.append(np.repeat(latent_mean[None], len(batch), axis=0))
        given = self.paths.expressions is not None and expressions is not None
        if given:
            inputs.append(as_expressions(expressions, len(batch)))
        model = self._model(way, identity, second, source, given)
        return model, inputs if len(inputs) > 1 else batch

    def _source(self, source_identity: Any) -> tuple[str | None, Any]:
        """Returns the source's name, and its mean latent if that was given."""
        if source_identity is None:
            return None, None
        name, latent_mean = GIVEN, None
        if isinstance(source_identity, str):
            name = known(source_identity, self.identities, "source_identity")
        else:
            latent_mean = as_latent_mean(source_identity, self.encoder.output.shape[1:])
        # Without latent means in the model, the source makes no difference.
        return (None, None) if self.paths.latent_means is None else (name, latent_mean)

    def _model(
        self, way: str, name: str, other: str | None, source: str | None, given: bool
    ) -> keras.Model:
        key = (way, name, other, source, given)
        if key not in self._models:
            self._models[key] = self._build(way == "swap", name, other, source, given)
        return self._models[key]

    def _build(
        self, swap: bool, name: str, other: str | None, person: str | None, given: bool
    ) -> keras.Model:
        latent = self.encoder.output.shape[1:]
        first = keras.Input(self.encoder.input.shape[1:] if swap else latent)
        latents = self.encoder(first) if swap else first
        inputs, mean, expressions = [first], person, None
        share = None if other is None else keras.Input((1,))
        inputs += [] if share is None else [share]
        if person == GIVEN:
            mean = keras.Input(latent, dtype="float32")
            inputs.append(mean)
        if given:
            expressions = keras.Input((FEATURES,), dtype="float32")
            inputs.append(expressions)
        source = Source(mean, expressions)
        if other is None:
            decoded = self.paths.decode(latents, name, source)
        else:
            decoded = self.paths.morph(latents, name, other, share, source)
        return keras.Model(inputs if len(inputs) > 1 else first, decoded)

    def _second(self, identity: str, other: str | None) -> str:
        """Returns the other person of a morph.

        Raises:
            ValueError: The model cannot morph, or `other` is not another person.
        """
        if not self.paths.morphs:
            raise ValueError(
                "`morph` was given to a model where each person has a decoder of their "
                "own. Expected an architecture whose people share the decoder or its "
                f"end: {MORPHING}. Train one of them, or leave `morph` out."
            )
        others = [name for name in self.identities if name != identity]
        if not others:
            raise ValueError(
                f"`morph` was given to a model that knows only {identity!r}. Expected "
                "two people or more. Leave `morph` and `other` out."
            )
        if other is None and len(others) == 1:
            return others[0]
        if other is None or other == identity:
            raise ValueError(
                f"other={other!r} was given with identity={identity!r}. Expected the "
                f"other person of the morph, {' or '.join(map(repr, others))}. Use "
                f"other={others[0]!r}."
            )
        return known(other, self.identities, "other")


def known(name: str, identities: Sequence[str], argument: str = "identity") -> str:
    """Returns a person's name after checking that the model knows it.

    Raises:
        ValueError: The model does not know this person.
    """
    if argument == "source_identity":
        advice = (
            "For anybody else, use the mean latent: "
            "source_identity=model.encode(faces).mean(0)."
        )
    else:
        advice = f"Add a new person with model.add_identity({name!r}), and train."
    person: str = choose(argument, name, identities, advice)
    return person

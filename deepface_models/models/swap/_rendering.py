"""Who is to be drawn from what: names checked, models for it made once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from deepface_models.core.choices import choose
from deepface_models.core.latents import as_latent_mean
from deepface_models.models.swap._graph import Paths
from deepface_models.models.swap._mixing import shares

# What a morph's error recommends.
MORPHING = (
    'AMP, IAE, Swift, DFLSAE and SAEHD with architecture="liae", PhazeA with '
    "split_decoders=False"
)

GIVEN = ""  # somebody whose mean latent is given: no person can be called so


class Drawing:
    """Draws people from faces and latents.

    The models that do are kept out of Keras' sight, so that they are never saved.

    Args:
        encoder: The face swap's encoder.
        paths: The way from what it gives to each person's image.
        identities: The people's names.
    """

    def __init__(
        self, encoder: keras.Model, paths: Paths, identities: Sequence[str]
    ) -> None:
        self.encoder = encoder
        self.paths = paths
        self.identities = tuple(identities)
        self._models: dict[tuple[str | None, ...], keras.Model] = {}

    def find(
        self,
        way: str,
        batch: Any,
        identity: str,
        source_identity: Any,
        morph: Any,
        other: str | None,
    ) -> tuple[keras.Model, Any]:
        """Returns the model that draws what was asked for, and what it is given.

        Args:
            way: "swap" from faces, "decode" from latents.
            batch: The faces or latents.
            identity: The person.
            source_identity: Whose faces or latents they are, that person's mean
                latent, or None.
            morph: The person's share in a morph, or None.
            other: The other person of the morph, or None.

        Raises:
            ValueError: Somebody is unknown, the mean latent or the share is none, or
                the architecture cannot morph.
        """
        known(identity, self.identities)
        given, second = [batch], None
        source, latent_mean = self._source(source_identity)
        if morph is not None or other is not None:
            second = self._second(identity, other)
            given.append(shares(morph, len(batch)))
        if latent_mean is not None:
            given.append(np.repeat(latent_mean[None], len(batch), axis=0))
        model = self._model(way, identity, second, source)
        return model, given if len(given) > 1 else batch

    def _source(self, source_identity: Any) -> tuple[str | None, Any]:
        """Returns whose latents are to be moved, and their mean where it is given."""
        if source_identity is None:
            return None, None
        name, latent_mean = GIVEN, None
        if isinstance(source_identity, str):
            name = known(source_identity, self.identities, "source_identity")
        else:
            latent_mean = as_latent_mean(source_identity, self.encoder.output.shape[1:])
        # Where nobody keeps a mean, neither makes a difference.
        return (None, None) if self.paths.latent_means is None else (name, latent_mean)

    def _model(
        self, way: str, name: str, other: str | None, source_identity: str | None
    ) -> keras.Model:
        key = (way, name, other, source_identity)
        if key not in self._models:
            self._models[key] = self._build(way == "swap", name, other, source_identity)
        return self._models[key]

    def _build(
        self, swap: bool, name: str, other: str | None, source_identity: str | None
    ) -> keras.Model:
        latent = self.encoder.output.shape[1:]
        first = keras.Input(self.encoder.input.shape[1:] if swap else latent)
        common = self.encoder(first) if swap else first
        inputs, source = [first], source_identity
        share = None if other is None else keras.Input((1,))
        inputs += [] if share is None else [share]
        if source_identity == GIVEN:
            source = keras.Input(latent, dtype="float32")
            inputs.append(source)
        if other is None:
            drawn = self.paths.draw(common, name, source)
        else:
            drawn = self.paths.morph(common, name, other, share, source)
        return keras.Model(inputs if len(inputs) > 1 else first, drawn)

    def _second(self, identity: str, other: str | None) -> str:
        """Returns whom a morph mixes with, or says why it cannot be."""
        if not self.paths.morphs:
            raise ValueError(
                "A morph was asked of a model where each person has a decoder of their "
                "own. Expected an architecture whose people share the decoder or its "
                f"end: {MORPHING}. Train one of them, or leave `morph` out."
            )
        others = [name for name in self.identities if name != identity]
        if not others:
            raise ValueError(
                f"A morph was asked of a model that knows only {identity!r}. Expected "
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
    """Returns a person's name, or says who there is."""
    if argument == "source_identity":
        advice = (
            "Of anybody, give the mean latent: "
            "source_identity=model.encode(faces).mean(0)."
        )
    else:
        advice = f"A new person is added by model.add_identity({name!r}) and training."
    person: str = choose(argument, name, identities, advice)
    return person

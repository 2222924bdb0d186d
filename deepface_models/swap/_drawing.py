"""Who is to be drawn from what: names checked, models for it made once."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import keras

from deepface_models.swap._graph import Paths
from deepface_models.swap._mixing import shares

# What a morph's error recommends.
MORPHING = (
    'AMP, IAE, Swift, DFLSAE and SAEHD with architecture="liae", PhazeA with '
    "split_decoders=False"
)


class Drawing:
    """Draws people from faces and latents.

    The models that do are kept out of Keras' sight, so that they are never saved.

    Args:
        encoder: The face swap's encoder.
        paths: The way from what it gives to each person's picture.
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
        to: str,
        of: str | None,
        morph: Any,
        other: str | None,
    ) -> tuple[keras.Model, Any]:
        """Returns the model that draws what was asked for, and what it is given.

        Args:
            way: "swap" from faces, "decode" from latents.
            batch: The faces or latents.
            to: The person.
            of: Whose faces or latents they are, or None.
            morph: The person's share in a morph, or None.
            other: The other person of the morph, or None.

        Raises:
            ValueError: Somebody is unknown, the share is outside [0, 1], or the
                architecture cannot morph.
        """
        known(to, self.identities)
        of = None if of is None else known(of, self.identities, "of")
        if self.paths.centres is None:
            of = None  # makes no difference
        if morph is None and other is None:
            return self._model(way, to, None, of), batch
        second = self._second(to, other)
        return self._model(way, to, second, of), [batch, shares(morph, len(batch))]

    def _model(
        self, way: str, name: str, other: str | None, of: str | None
    ) -> keras.Model:
        key = (way, name, other, of)
        if key not in self._models:
            swap = way == "swap"
            first = self.encoder.input if swap else self.encoder.output
            given = keras.Input(first.shape[1:])
            common = self.encoder(given) if swap else given
            if other is None:
                model = keras.Model(given, self.paths.draw(common, name, of))
            else:
                share = keras.Input((1,))
                drawn = self.paths.morph(common, name, other, share, of)
                model = keras.Model([given, share], drawn)
            self._models[key] = model
        return self._models[key]

    def _second(self, to: str, other: str | None) -> str:
        """Returns whom a morph mixes with, or says why it cannot be."""
        if not self.paths.morphs:
            raise ValueError(
                "A morph was asked of a model where each person has a decoder of their "
                "own. Expected an architecture whose people share the decoder or its "
                f"end: {MORPHING}. Train one of them, or leave `morph` out."
            )
        others = [name for name in self.identities if name != to]
        if other is None and len(others) == 1:
            return others[0]
        if other is None or other == to:
            raise ValueError(
                f"other={other!r} was given with to={to!r}. Expected the other person "
                f"of the morph, {' or '.join(map(repr, others))}. Use "
                f"other={others[0]!r}."
            )
        return known(other, self.identities, "other")


def known(name: str, identities: Sequence[str], argument: str = "to") -> str:
    """Returns a person's name, or says who there is."""
    if name in identities:
        return name
    near = difflib.get_close_matches(str(name), identities, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"{argument}={name!r} is not a person of this model, which knows "
        f"{', '.join(map(repr, identities))}.{hint} A new person is added by "
        f"model.add_identity({name!r}) and training."
    )

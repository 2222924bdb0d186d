"""What a face swap is wired of: encoder, inters, decoders, shared decoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from deepface_models.core.names import check_names
from deepface_models.models.swap._mixing import blend
from deepface_models.models.swap.latent_mean import LatentMean, ShiftLatents

SHARED = ""  # name of the inter that everybody uses: no person can be called so


@dataclass(frozen=True)
class Paths:
    """The way from what the encoder gives to each person's image.

    Attributes:
        decoders: Each person's decoder; one model for all of them or one each.
        inters: Models between encoder and decoder, by name; may be empty.
        routes: For each person the inters whose outputs, side by side, are the code.
        shared_decoder: What follows everybody's decoder, or None.
        mix: Layer that makes one code of a route's, the person's own first, and one
            of two people's; None for side by side, and for blends.
        latent_means: Where each person's latents lie; None if nobody keeps that.
    """

    decoders: Mapping[str, keras.Model]
    inters: Mapping[str, keras.Model]
    routes: Mapping[str, Sequence[str]]
    shared_decoder: keras.Model | None
    mix: keras.layers.Layer | None = None
    latent_means: Mapping[str, LatentMean] | None = None

    def __post_init__(self) -> None:
        used = {inter for route in self.routes.values() for inter in route}
        if used != set(self.inters):
            raise ValueError(
                f"The routes {dict(self.routes)!r} were given with the inters "
                f"{sorted(self.inters)!r}. Expected each inter on a route, and no "
                "others. Build only the inters that people's routes name."
            )
        if self.inters and not all(self.routes.get(name) for name in self.decoders):
            raise ValueError(
                f"The routes {dict(self.routes)!r} were given for the people "
                f"{', '.join(self.decoders)}. Expected one or more inters for each of "
                'them: routes={"ana": ("ana", SHARED), ...}.'
            )
        if not self.shared and len(set(map(id, self.decoders.values()))) < len(
            self.decoders
        ):
            raise ValueError(
                f"Some of the people {', '.join(self.decoders)} were given the same "
                "decoder and others another. Expected one decoder for everybody or "
                "one each, as weights are kept by person. Use a shared decoder for "
                "what only part of a decoder shares."
            )

    @property
    def shared(self) -> bool:
        """Whether one decoder draws everybody, of two or more."""
        return len(set(map(id, self.decoders.values()))) == 1 < len(self.decoders)

    @property
    def morphs(self) -> bool:
        """Whether people share what draws the image in the end."""
        return self.shared or self.shared_decoder is not None

    def draw(self, common: Any, name: str, source_identity: Any = None) -> Any:
        """Returns a person's image from what the encoder gives of `source_identity`.

        That is the name of another person, or somebody's mean latents, (B, L).
        """
        return self._end(self.decoders[name](self._code(common, name, source_identity)))

    def morph(
        self,
        common: Any,
        name: str,
        other: str,
        share: Any,
        source_identity: Any = None,
    ) -> Any:
        """Returns an image between two people's; `share` (B, 1) is the first one's.

        What is mixed is the input of what they share, decoder or shared decoder.
        """
        one, two = (self._code(common, n, source_identity) for n in (name, other))
        if self.shared:
            mixed = blend if self.mix is None else self.mix.between
            return self._end(self.decoders[name](mixed(one, two, share)))
        one, two = self.decoders[name](one), self.decoders[other](two)
        return self._end(blend(one, two, share))

    def owner(self) -> str | None:
        """Returns whose code is the shared inter's where others have inters of theirs.

        Their looks are in there, as DeepFaceLab's "liae" has it.
        """
        without = [name for name, route in self.routes.items() if name not in route]
        return without[0] if len(without) == 1 < len(self.routes) else None

    def parts(self, identities: Sequence[str]) -> dict[str, keras.Model]:
        """Returns the models by the name of their weights file."""
        parts = {
            f"inter.{name}" if name else "inter": inter
            for name, inter in self.inters.items()
        }
        if self.shared_decoder is not None:
            parts["shared_decoder"] = self.shared_decoder
        if self.shared:
            return {**parts, "decoder": self.decoders[identities[0]]}
        return parts | {f"decoder.{n}": self.decoders[n] for n in identities}

    def start_like(self, name: str, like: str) -> None:
        """Gives one person's own parts the weights of another's.

        Raises:
            ValueError: The two people's parts differ in structure.
        """
        pairs = [(self.decoders[name], self.decoders[like])]
        if self.inters:
            # A mixed route goes on with the other people's inters.
            routes = zip(self.routes[name], self.routes[like], strict=False)
            pairs += [
                (self.inters[mine], self.inters[theirs]) for mine, theirs in routes
            ]
        for mine, theirs in pairs:
            if [w.shape for w in mine.weights] != [w.shape for w in theirs.weights]:
                raise ValueError(
                    f"{name!r} was to start like {like!r}, whose decoder has other "
                    "sizes. Expected a person with the same kind of decoder. Choose "
                    "another person, or leave `like` out."
                )
        for mine, theirs in pairs:
            mine.set_weights(theirs.get_weights())

    def note(self, identities: Sequence[str]) -> str:
        """Returns who is drawn from what, for a weights file to remember."""
        if not self.inters:
            return "\n".join(sorted(identities))
        return "\n".join(
            f"{name} ({' + '.join(inter or 'shared' for inter in self.routes[name])})"
            for name in sorted(identities)
        )

    def _end(self, drawn: Any) -> Any:
        return drawn if self.shared_decoder is None else self.shared_decoder(drawn)

    def _moved(self, common: Any, name: str, source_identity: Any) -> Any:
        if self.latent_means is None or source_identity is None:
            return common
        target = self.latent_means[name]
        if not isinstance(source_identity, str):
            return ShiftLatents(target)(common, source_identity)
        return (
            common
            if source_identity == name
            else ShiftLatents(target, self.latent_means[source_identity])(common)
        )

    def _code(self, common: Any, name: str, source_identity: Any) -> Any:
        common = self._moved(common, name, source_identity)
        if not self.inters:
            return common
        route = self.routes[name]
        codes = {inter: self.inters[inter](common) for inter in dict.fromkeys(route)}
        if len(route) == 1:
            return codes[route[0]]
        if self.mix is not None:
            return self.mix([codes[inter] for inter in route])
        return ops.concatenate([codes[inter] for inter in route], axis=-1)


def check_identities(identities: Sequence[str], fewest: int = 2) -> tuple[str, ...]:
    """Returns the names as a tuple, or says what is wrong with them."""
    names = () if isinstance(identities, str) else check_names(identities)
    if len(set(names)) < max(fewest, len(names)):
        number = "two" if fewest == 2 else "one"
        raise ValueError(
            f"identities={identities!r} was given. A face swap needs the names of "
            f'{number} or more different people: identities=("ana", "ben").'
        )
    return names

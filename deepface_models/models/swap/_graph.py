"""How encoder, inters, decoders and shared decoder of a face swap are connected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
from keras import ops

from deepface_models.core.names import check_names
from deepface_models.models.swap._kernels import HALVES
from deepface_models.models.swap._mixing import blend
from deepface_models.models.swap.expressions import (
    Expressions,
    FindDetail,
    MatchExpressions,
    ReadExpressions,
    join_halves,
)
from deepface_models.models.swap.latent_mean import LatentMean, ShiftLatents

SHARED = ""  # name of the shared inter; no person can have this name


class Source(NamedTuple):
    """What is known of the person in the encoded images.

    Attributes:
        mean: A person of the model, the mean latents (B, L), or None.
        expressions: The expressions (B, 7) in the images, or None to read them from
            the latents, if `mean` is a person of the model.
    """

    mean: Any = None
    expressions: Any = None


UNKNOWN = Source()


class Match(NamedTuple):
    """Expressions (B, 7) to match, and the layers of target and source.

    The source's is None if the expressions were measured.
    """

    target: Expressions
    source: Expressions | None
    expressions: Any


@dataclass(frozen=True)
class Paths:
    """The paths from the encoder's output to each person's image.

    Attributes:
        decoders: Each person's decoder; the same model for all, or one each.
        inters: Models between encoder and decoder, by name; may be empty.
        routes: For each person, the inters whose concatenated outputs are the code.
        shared_decoder: Model that follows every person's decoder, or None.
        mix: Layer that combines a route's outputs into a code, and the codes of two
            people into a morph. If None, they are concatenated and blended.
        latent_means: The layer with each person's mean latent, or None.
        expressions: The layer with each person's maps between latents and
            expressions, or None.
    """

    decoders: Mapping[str, keras.Model]
    inters: Mapping[str, keras.Model]
    routes: Mapping[str, Sequence[str]]
    shared_decoder: keras.Model | None
    mix: keras.layers.Layer | None = None
    latent_means: Mapping[str, LatentMean] | None = None
    expressions: Mapping[str, Expressions] | None = None

    def __post_init__(self) -> None:
        used = {inter for route in self.routes.values() for inter in route}
        if used != set(self.inters):
            raise ValueError(
                f"The routes {dict(self.routes)!r} were given with the inters "
                f"{sorted(self.inters)!r}. Expected the inters that occur in routes. "
                "Build these, and no others."
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
                "One decoder for some, but not all, of the people "
                f"{', '.join(self.decoders)} was given. Expected one decoder for "
                "everybody or one each, because weights are saved by person. Use "
                "shared_decoder if people share only a part of the decoder."
            )

    @property
    def shared(self) -> bool:
        """Whether there are several people with one decoder for all of them."""
        return len(set(map(id, self.decoders.values()))) == 1 < len(self.decoders)

    @property
    def morphs(self) -> bool:
        """Whether people share the decoder or its last part, as morphs need."""
        return self.shared or self.shared_decoder is not None

    def decode(self, latents: Any, name: str, source: Source = UNKNOWN) -> Any:
        """Decodes latents to a person's image.

        Args:
            latents: Output of the encoder, (B, ...).
            name: The person to decode.
            source: The person in the encoded images.
        """
        match = self._matched(latents, name, source)
        detail = match and FindDetail(match.target, match.source)(match.expressions)

        def decode(half: int) -> Any:
            code = self._code(latents, name, source, match, half)
            decoded = self.decoders[name](code)
            if detail:  # in logits, which are the last output of a decoder
                decoded = [*decoded[:-1], ops.add(decoded[-1], detail[half])]
            return self._finish(decoded)

        return self._joined(decode, match)

    def morph(
        self,
        latents: Any,
        name: str,
        other: str,
        share: Any,
        source: Source = UNKNOWN,
    ) -> Any:
        """Decodes a face between two people; `share` (B, 1) is that of `name`.

        The input of the part that people share is mixed: the decoder or its end.
        """
        pairs = [(n, self._matched(latents, n, source)) for n in (name, other)]

        def decode(half: int) -> Any:
            one, two = (self._code(latents, n, source, m, half) for n, m in pairs)
            if self.shared:
                mixed = blend if self.mix is None else self.mix.between
                return self._finish(self.decoders[name](mixed(one, two, share)))
            one, two = self.decoders[name](one), self.decoders[other](two)
            return self._finish(blend(one, two, share))

        return self._joined(decode, *(match for _, match in pairs))

    def owner(self) -> str | None:
        """Returns the only person without an own inter, if the others have one.

        That person's appearance is in the shared inter, as in DeepFaceLab's "liae".
        """
        without = [name for name, route in self.routes.items() if name not in route]
        return without[0] if len(without) == 1 < len(self.routes) else None

    def parts(self, identities: Sequence[str]) -> dict[str, keras.Model]:
        """Returns the models by the names of their weights files."""
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
        """Copies the weights of one person's own parts to another's.

        Raises:
            ValueError: The two people's parts differ in structure.
        """
        pairs = [(self.decoders[name], self.decoders[like])]
        if self.inters:
            # A mixed route continues with the other people's inters.
            routes = zip(self.routes[name], self.routes[like], strict=False)
            pairs += [
                (self.inters[mine], self.inters[theirs]) for mine, theirs in routes
            ]
        for mine, theirs in pairs:
            if [w.shape for w in mine.weights] != [w.shape for w in theirs.weights]:
                raise ValueError(
                    f"like={like!r} was given for {name!r}, whose decoder has other "
                    "sizes. Expected a person with the same kind of decoder. Choose "
                    "another person, or leave `like` out."
                )
        for mine, theirs in pairs:
            mine.set_weights(theirs.get_weights())

    def note(self, identities: Sequence[str]) -> str:
        """Returns the people and their routes as text, for weights files."""
        if not self.inters:
            return "\n".join(sorted(identities))
        return "\n".join(
            f"{name} ({' + '.join(inter or 'shared' for inter in self.routes[name])})"
            for name in sorted(identities)
        )

    def _finish(self, x: Any) -> Any:
        return x if self.shared_decoder is None else self.shared_decoder(x)

    def _joined(self, decode: Callable[[int], Any], *matches: Match | None) -> Any:
        """Decodes both halves of a face apart if expressions are matched."""
        if not any(matches):
            return decode(0)
        return join_halves(*(decode(half) for half in range(len(HALVES))))

    def _shifted(self, latents: Any, name: str, source: Source) -> Any:
        if self.latent_means is None or source.mean is None or source.mean == name:
            return latents
        target, given = self.latent_means[name], source.mean
        if isinstance(given, str):
            return ShiftLatents(target, self.latent_means[given])(latents)
        return ShiftLatents(target)(latents, given)

    def _matched(self, latents: Any, name: str, source: Source) -> Match | None:
        """Returns what to match, if expressions were measured or can be read."""
        if self.expressions is None or source.mean == name:
            return None
        target = self.expressions[name]
        if source.expressions is not None:
            return Match(target, None, source.expressions)
        if not isinstance(source.mean, str):
            return None
        person = self.expressions[source.mean]
        return Match(target, person, ReadExpressions(person)(latents))

    def _code(
        self, latents: Any, name: str, source: Source, match: Match | None, half: int
    ) -> Any:
        latents = self._shifted(latents, name, source)
        if match is not None:
            shifted = source.mean is not None
            layer = MatchExpressions(match.target, half, match.source, shifted)
            latents = layer(latents, match.expressions)
        if not self.inters:
            return latents
        route = self.routes[name]
        codes = {inter: self.inters[inter](latents) for inter in dict.fromkeys(route)}
        if len(route) == 1:
            return codes[route[0]]
        if self.mix is not None:
            return self.mix([codes[inter] for inter in route])
        return ops.concatenate([codes[inter] for inter in route], axis=-1)


def check_identities(identities: Sequence[str], fewest: int = 2) -> tuple[str, ...]:
    """Returns the names as a tuple after checking them.

    Raises:
        ValueError: There are too few names, or a name occurs twice.
    """
    names = () if isinstance(identities, str) else check_names(identities)
    if len(set(names)) < max(fewest, len(names)):
        number = "two" if fewest == 2 else "one"
        raise ValueError(
            f"identities={identities!r} was given. Expected the names of {number} or "
            'more different people. Use identities=("ana", "ben").'
        )
    return names

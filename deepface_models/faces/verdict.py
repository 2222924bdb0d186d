"""Whether a set of faces is enough to train a swap, and which people it shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.faces._faces import Faces
from deepface_models.faces.embedding import cluster

FEWEST, COMFORTABLE = 20, 200  # faces
_NARROW = 20.0  # degrees of yaw between the outer percentiles
_BLURRED = 0.5  # median blur
_RARE = 5.0  # percent of the faces at either end
_MOST = 600  # faces that are compared with each other


@dataclass(frozen=True)
class Verdict:
    """What a set of faces is good for.

    Attributes:
        enough: Whether a training with it makes sense.
        missing: Sentences about what would make it better; may be empty.
        facts: The numbers behind it: faces, clips, people, median blur, and the range
            of yaw and pitch in degrees, or None.
    """

    enough: bool
    missing: list[str]
    facts: dict[str, Any]

    def summary(self) -> str:
        """Returns the verdict as sentences."""
        count = f"{self.facts['faces']} faces"
        first = f"{count} are enough to train." if self.enough else f"{count}: not yet."
        return " ".join([first, *self.missing])


def verdict(faces: Faces) -> Verdict:
    """Says whether faces of a person are enough to train a swap, and what is missing.

    Args:
        faces: All faces of one person.

    Example:
        >>> found = verdict(people["ana"])
        >>> found.enough, found.facts["faces"]
        (False, 6)
    """
    known = [(f.yaw, f.pitch) for f in faces.faces if None not in (f.yaw, f.pitch)]
    blurs = [f.blur for f in faces.faces if f.blur is not None]
    facts: dict[str, Any] = {
        "faces": len(faces),
        "clips": len(faces.sources),
        "people": len(people_in(faces)),
        "blur": float(np.median(blurs)) if blurs else None,
        "yaw": _range([yaw for yaw, _ in known]),
        "pitch": _range([pitch for _, pitch in known]),
    }
    return Verdict(len(faces) >= FEWEST, list(_missing(facts)), facts)


def people_in(faces: Faces) -> list[Array]:
    """Groups the faces of a set by person, as `cluster` does.

    Args:
        faces: Faces, of which those without an embedding are in no group.

    Returns:
        For each person, the indices of the faces, (N,) int; the largest group first.

    Example:
        >>> [len(group) for group in people_in(ana)]  # doctest: +SKIP
        [412, 3]
    """
    rows = faces.embeddings
    known = np.flatnonzero(~np.isnan(rows).any(axis=1))
    if not len(known):
        return []
    some = known[np.linspace(0, len(known) - 1, min(_MOST, len(known))).astype(int)]
    labels = cluster(rows[some])
    means = [rows[some[labels == n]].mean(axis=0) for n in range(labels.max() + 1)]
    apart = np.linalg.norm(rows[known][:, None] - np.array(means), axis=-1)
    nearest = apart.argmin(axis=1)
    groups = [known[nearest == n] for n in range(len(means))]
    return sorted((g for g in groups if len(g)), key=len, reverse=True)


def _range(values: list[Any]) -> tuple[float, float] | None:
    if not values:
        return None
    low, high = np.percentile(np.array(values, float), [_RARE, 100 - _RARE])
    return round(float(low), 1), round(float(high), 1)


def _missing(facts: dict[str, Any]) -> Iterator[str]:
    if facts["faces"] < FEWEST:
        yield f"Add clips until there are at least {FEWEST} faces."
    elif facts["faces"] < COMFORTABLE:
        yield f"More than {COMFORTABLE} faces give better results; add a clip."
    if facts["people"] > 1:
        yield f"They show {facts['people']} different people; keep one of them."
    if facts["clips"] == 1:
        yield "All are of one clip; a second one, in other light, helps."
    yaw = facts["yaw"]
    if yaw is not None and yaw[1] - yaw[0] < _NARROW:
        yield "The head hardly turns; add faces turned to the left and to the right."
    if facts["blur"] is not None and facts["blur"] > _BLURRED:
        yield "Most are blurred; add a sharper clip, or drop the most blurred ones."

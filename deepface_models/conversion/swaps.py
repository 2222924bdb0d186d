"""Which person of the sources is replaced by which identity of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepface_models.conversion import latent_means
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.people import pick_face
from deepface_models.conversion.plan import SourcePerson
from deepface_models.core.arrays import Array
from deepface_models.faces._reference import reference_embedding
from deepface_models.faces.face import Face


@dataclass(frozen=True, eq=False)
class Swap:
    """One person of the sources and the converter that replaces them.

    Attributes:
        person: Whose face: embeddings (N, 128), the number of a track, the name that
            tracks were assigned to, or None for the largest face.
        converter: Decodes the target person.
    """

    person: SourcePerson
    converter: Converter


def swaps_of(
    converter: Converter, people: Mapping[str | int | Path, str]
) -> list[Swap]:
    """Returns the swap of each source person in `people`, see `convert`.

    Raises:
        ValueError: There is nobody, or a target is no identity of the model.
    """
    if not people:
        raise ValueError(
            "people={} was given. Expected at least one source person with the "
            'identity that replaces them. Pass people={"ana.png": "ben"}.'
        )
    made = []
    for who, identity in people.items():
        known = str(who) if who in converter.model.identities else None
        told = converter.replace(identity=identity, source_identity=known)
        if isinstance(who, int):
            made.append(Swap(who, told))
        elif isinstance(who, str) and not Path(who).exists():
            made.append(Swap(who, told))
        else:
            reference = reference_embedding(who, converter.aligner)
            made.append(Swap(reference, latent_means.from_person(told, who)))
    return made


def pick_faces(
    image: Array, faces: Sequence[Face], swaps: Sequence[Swap], source: Path
) -> list[tuple[Converter, Face]]:
    """Returns which face of an image is replaced by which converter.

    Raises:
        ValueError: A person is a track or its name, which only videos have.
    """
    found: list[tuple[Converter, Face]] = []
    for swap in swaps:
        if isinstance(swap.person, int | str):
            raise ValueError(
                f"The person {swap.person!r} was given for the image {source}. "
                "Expected an image or a face set of each person, as only videos have "
                "tracks. Pass the path of an existing file."
            )
        taken = [id(face) for _, face in found]
        others = [face for face in faces if id(face) not in taken]
        face = pick_face(image, others, swap.person)
        if face is not None:
            found.append((swap.converter, face))
    return found

"""Aligned faces of many people, with landmarks, several of each person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import MediaError
from deepface_models.faces import FaceAligner, FaceSet
from deepface_models.pretraining.facts import SOURCES
from deepface_models.pretraining.machine import commit
from deepface_models.pretraining.people import FOLDERS, listed, spaced
from deepface_models.pretraining.storage import load_faces, save_faces

TALKERS = "talkers"  # folder of DATA, with a folder of clips for each person
_QUALITY = 91  # of JPEG, for small files
_GRAY = 8  # largest difference of color levels in a grayscale image


@dataclass
class Views:
    """Faces of many people.

    Attributes:
        images: uint8 (N, S, S, 3).
        points: Landmarks, float32 (N, 68, 2) in pixels.
        owner: Index of each face's person, (N,).
        sources: Source of each person: "talkers" or a folder's name.
        left_out: Names of excluded talkers.
        commit: Commit of the code that gathered the faces.
        faces: Indices of each person's faces.
        moved: Landmarks minus the mean of their person's, (N, 68, 2).
        gray: Whether a person's images are grayscale, (people,).
    """

    images: Array
    points: Array
    owner: Array
    sources: list[str]
    left_out: list[str]
    commit: str = field(default_factory=commit)

    def __post_init__(self) -> None:
        order = range(len(self.sources))
        self.faces = [np.flatnonzero(self.owner == number) for number in order]
        means = [self.points[own].mean(axis=0) for own in self.faces]
        self.moved = self.points - np.stack(means)[self.owner]
        spread = np.ptp(self.images.astype("int16"), axis=-1).max(axis=(1, 2))
        self.gray = np.array([(spread[own] < _GRAY).all() for own in self.faces])

    @property
    def text(self) -> str:
        """Description for the model card."""
        sources = "; ".join(SOURCES.get(one, one) for one in sorted(set(self.sources)))
        return (
            f"{len(self.images):,} images of {len(self.sources):,} people: {sources}. "
            f"Left out: {', '.join(self.left_out) or 'no talker'}, and who is held out "
            "of the portraits and synthetic people to measure on."
        )

    def resized(self, size: int) -> Views:
        """Returns the same faces at a smaller size."""
        old = self.images.shape[1]
        if size == old:
            return self
        shape = (size, size)
        images = [
            cv2.resize(i, shape, interpolation=cv2.INTER_AREA) for i in self.images
        ]
        # Pixel centers have integer coordinates.
        points = (self.points + 0.5) * (size / old) - 0.5
        return replace(self, images=np.stack(images), points=points)

    def save(self, path: Path) -> None:
        """Writes the faces to a file, for training on another machine."""
        facts = {"sources": np.array(self.sources), "commit": self.commit}
        facts["left_out"] = np.array(self.left_out, "U")
        own = {"points": self.points, "owner": self.owner}
        save_faces(path, self.images, _QUALITY, **own, **facts)

    @classmethod
    def open(cls, path: Path) -> Views:
        """Reads a file of `save`.

        Raises:
            MediaError: The file has other contents.
        """
        images, found = load_faces(path)
        if "owner" not in found:
            raise MediaError(
                f"{path} has faces without landmarks. Expected a file of `pretrain "
                "swift_128 --gather`. Gather them again."
            )
        sources, left_out = (found[name].tolist() for name in ("sources", "left_out"))
        own = (found["points"], found["owner"], sources, left_out)
        return cls(images, *own, commit=str(found["commit"]))


def gather(
    data: Path,
    size: int,
    cache: Path,
    leave_out: Sequence[str] = (),
    limit: int | None = None,
) -> Views:
    """Extracts the faces of all people, or reads those of an earlier run.

    Args:
        data: DATA, with `talkers`, `portraits` or `synthetic_people`. Held-out people
            of the last two are excluded.
        size: Side of the faces in pixels.
        cache: Folder of the extracted face sets.
        leave_out: Names of talkers to exclude.
        limit: Most images and clips per folder.

    Raises:
        FileNotFoundError: There are no people.
        ValueError: A name in `leave_out` is unknown.
    """
    aligner = FaceAligner(image_size=size, embeddings=False)
    found = [
        (TALKERS, aligner.extract(clips, cache / name))
        for name, clips in _talkers(data / TALKERS, leave_out, limit)
    ]
    for folder in (data / name for name in FOLDERS if (data / name).is_dir()):
        for source, people in _people(folder, limit).items():
            paths = [path for own in people.values() for path in own]
            together = aligner.extract(paths, cache / source)
            found += [(source, one) for one in by_person(together, people)]
    if not found:
        raise FileNotFoundError(
            f"{data} has no people. Expected talkers/ with a folder of clips for each "
            "person, portraits/ or synthetic_people/. Check --data."
        )
    return Views(
        np.concatenate([one.images for _, one in found]),
        np.concatenate([one.landmarks_aligned for _, one in found]),
        np.repeat(np.arange(len(found)), [len(one) for _, one in found]),
        [source for source, _ in found],
        list(leave_out),
    )


def _talkers(
    folder: Path, leave_out: Sequence[str], limit: int | None
) -> list[tuple[str, list[Path]]]:
    """Returns names and clips of the talkers that are not excluded."""
    people = (
        sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    )
    names = [person.name for person in people]
    if unknown := sorted(set(leave_out) - set(names)):
        raise ValueError(
            f"leave_out={', '.join(unknown)} was given. Expected folders in {folder}: "
            f"{', '.join(names) or 'there are none'}. Check --leave-out."
        )
    clips = [sorted(p for p in one.iterdir() if p.is_file())[:limit] for one in people]
    both = zip(names, clips, strict=True)
    return [(name, own) for name, own in both if name not in leave_out]


def _people(folder: Path, limit: int | None) -> dict[str, dict[str, list[Path]]]:
    """Returns the images of each person that is not held out, by source."""
    found: dict[str, dict[str, list[Path]]] = {}
    for face in spaced([f for f in listed(folder) if not f.held_out], limit):
        found.setdefault(face.source, {}).setdefault(face.person, []).append(face.file)
    return dict(sorted(found.items()))


def by_person(faces: FaceSet, people: dict[str, list[Path]]) -> list[FaceSet]:
    """Splits a set by person; images of other people are dropped."""
    owner = {path.resolve(): name for name, own in people.items() for path in own}
    names = [owner.get(Path(record.source).resolve()) for record in faces.records]
    return [
        faces.select([other == name for other in names])
        for name in dict.fromkeys(n for n in names if n is not None)
    ]

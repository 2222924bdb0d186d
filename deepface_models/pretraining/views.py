"""Several views of many people: aligned faces, their landmarks, and whose they are."""

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
_QUALITY = 91  # of JPEG: a small file is soon elsewhere
_GRAY = 8  # levels between colors, below which an image is gray


@dataclass
class Views:
    """Faces of many people.

    Attributes:
        images: uint8 (N, S, S, 3).
        points: Their landmarks, float32 (N, 68, 2) in pixels.
        owner: Number of each one's person, (N,).
        sources: Of each person, where they are from: "talkers" or a folder's name.
        left_out: Names of talkers who were left out.
        commit: Of the code that gathered them.
        faces: Places of each person's faces.
        moved: Their landmarks less the mean of their person's, (N, 68, 2).
        gray: Whether a person's images have no colors, (people,).
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
        """What they are, for the card."""
        sources = "; ".join(SOURCES.get(one, one) for one in sorted(set(self.sources)))
        return (
            f"{len(self.images):,} images of {len(self.sources):,} people: {sources}. "
            f"Left out: {', '.join(self.left_out) or 'no talker'}, and who is held out "
            "of the portraits and synthetic people to measure on."
        )

    def resized(self, size: int) -> Views:
        """Returns the same faces, smaller."""
        old = self.images.shape[1]
        if size == old:
            return self
        shape = (size, size)
        images = [
            cv2.resize(i, shape, interpolation=cv2.INTER_AREA) for i in self.images
        ]
        # Centers of pixels have whole coordinates.
        points = (self.points + 0.5) * (size / old) - 0.5
        return replace(self, images=np.stack(images), points=points)

    def save(self, path: Path) -> None:
        """Writes them, for another machine; images as JPEG of quality 91."""
        facts = {"sources": np.array(self.sources), "commit": self.commit}
        facts["left_out"] = np.array(self.left_out, "U")
        own = {"points": self.points, "owner": self.owner}
        save_faces(path, self.images, _QUALITY, **own, **facts)

    @classmethod
    def open(cls, path: Path) -> Views:
        """Reads what `save` wrote.

        Raises:
            MediaError: It holds something else.
        """
        images, found = load_faces(path)
        if "owner" not in found:
            raise MediaError(
                f"{path} holds faces without landmarks. Expected what `pretrain "
                "swift_128 --gather` wrote. Gather them again."
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
    """Extracts everybody's faces; those of the first run are kept in `cache`.

    Args:
        data: DATA, with `talkers`, `portraits` or `synthetic_people`; of the last two
            who is held out is left out.
        size: Pixels of the faces.
        cache: Folder of the face sets.
        leave_out: Names of talkers to leave out.
        limit: Images and clips of a folder to take at most.

    Raises:
        FileNotFoundError: Nobody was found.
        ValueError: Somebody to leave out is not there.
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
            f"Nobody was found in {data}. Expected talkers/ with a folder of clips a "
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
    """Returns names and clips of those who are not left out."""
    people = (
        sorted(p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []
    )
    names = [person.name for person in people]
    if unknown := sorted(set(leave_out) - set(names)):
        raise ValueError(
            f"{', '.join(unknown)} shall be left out. Expected folders of {folder}, "
            f"which holds {', '.join(names) or 'nobody'}. Check --leave-out."
        )
    clips = [sorted(p for p in one.iterdir() if p.is_file())[:limit] for one in people]
    both = zip(names, clips, strict=True)
    return [(name, own) for name, own in both if name not in leave_out]


def _people(folder: Path, limit: int | None) -> dict[str, dict[str, list[Path]]]:
    """Returns the images of each person who is not held out, by source."""
    found: dict[str, dict[str, list[Path]]] = {}
    for face in spaced([f for f in listed(folder) if not f.held_out], limit):
        found.setdefault(face.source, {}).setdefault(face.person, []).append(face.file)
    return dict(sorted(found.items()))


def by_person(faces: FaceSet, people: dict[str, list[Path]]) -> list[FaceSet]:
    """Splits a set; images that are nobody's (held out since) are left out."""
    owner = {path.resolve(): name for name, own in people.items() for path in own}
    names = [owner.get(Path(record.source).resolve()) for record in faces.records]
    return [
        faces.select([other == name for other in names])
        for name in dict.fromkeys(n for n in names if n is not None)
    ]

"""What Swift is pretrained on: many people's aligned faces and landmarks, as one file.

A `People` holds what `gather` found: clips of talkers, pictures of synthetic people and
portraits, each face with its 68 landmarks and whose it is. Its file needs neither the
pictures nor dlib any more, so that another machine can train from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pretrain_gather
from numpy.typing import NDArray
from pretrain_machine import commit

from deepface_models._files import atomic_path

Array = NDArray[Any]

QUALITY = 91  # of JPEG: a small file is soon elsewhere
_GREY = 8  # levels between colours, below which a picture is grey


@dataclass
class People:
    """Faces of many people.

    Attributes:
        images: uint8 (N, S, S, 3).
        points: Their landmarks, float32 (N, 68, 2) in pixels.
        owner: Number of each one's person, (N,).
        sources: Of each person, where they are from: "talkers" or a folder's name.
        left_out: Names of talkers who were left out.
        commit: Of the code that gathered them.
    """

    images: Array
    points: Array
    owner: Array
    sources: list[str]
    left_out: list[str]
    commit: str = "unknown"

    def __post_init__(self) -> None:
        order = range(len(self.sources))
        self.faces = [np.flatnonzero(self.owner == number) for number in order]
        means = [self.points[own].mean(axis=0) for own in self.faces]
        self.moved = self.points - np.stack(means)[self.owner]
        spread = np.ptp(self.images.astype("int16"), axis=-1).max(axis=(1, 2))
        self.grey = np.array([(spread[own] < _GREY).all() for own in self.faces])

    def resized(self, size: int) -> People:
        """The same faces, smaller."""
        old = self.images.shape[1]
        if size == old:
            return self
        shape = (size, size)
        images = [
            cv2.resize(i, shape, interpolation=cv2.INTER_AREA) for i in self.images
        ]
        # Centres of pixels have whole coordinates.
        points = (self.points + 0.5) * (size / old) - 0.5
        return replace(self, images=np.stack(images), points=points)

    def save(self, path: Path) -> None:
        """Writes them, pictures as JPEG of quality 91."""
        data = [pretrain_gather.jpeg(image, QUALITY) for image in self.images]
        ends = np.cumsum([len(one) for one in data])
        with atomic_path(path) as new, new.open("wb") as file:
            np.savez(
                file,
                jpegs=np.concatenate(data),
                ends=ends,
                points=self.points,
                owner=self.owner,
                sources=np.array(self.sources),
                left_out=np.array(self.left_out, "U"),
                commit=self.commit,
            )

    @classmethod
    def load(cls, path: Path) -> People:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            data = np.split(arrays["jpegs"], arrays["ends"][:-1])
            more = (arrays[name] for name in ("points", "owner"))
            names = (arrays[name].tolist() for name in ("sources", "left_out"))
            images = pretrain_gather.pictures(data, path)
            return cls(images, *more, *names, str(arrays["commit"]))


def gather(
    size: int,
    cache: Path,
    talkers: Path | None,
    folders: list[Path],
    leave_out: list[str],
) -> People:
    """Extracts everybody's faces; those of the first run are kept in `cache`.

    Args:
        size: Pixels of the faces.
        cache: Folder of the face sets.
        talkers: Folder with a folder of clips for each person.
        folders: Of portraits or synthetic people, as `pretrain_data.listed` reads
            them; who is held out there is left out.
        leave_out: Names of talkers to leave out.
    """
    import pretrain_data  # needs dlib; not where faces are gathered already

    import deepface_models as dfm

    aligner = dfm.FaceAligner(image_size=size, identity=False)
    names = [p.name for p in talkers.iterdir()] if talkers else []
    if unknown := sorted(set(leave_out) - set(names)):
        raise ValueError(
            f"{', '.join(unknown)} shall be left out. Expected folders of {talkers}, "
            f"which holds {', '.join(sorted(names)) or 'nobody'}. Check --leave-out."
        )
    found: list[tuple[str, Any]] = []
    for person in sorted(talkers.iterdir()) if talkers else ():
        if person.is_dir() and person.name not in leave_out:
            clips = sorted(p for p in person.iterdir() if p.is_file())
            found.append(("talkers", aligner.extract(clips, cache / person.name)))
    for folder in folders:
        people: dict[tuple[str, str], list[Path]] = {}
        for face in pretrain_data.listed(folder):
            if not pretrain_data.held_out(face):
                people.setdefault((face.source, face.person), []).append(face.file)
        for source in sorted({key[0] for key in people}):
            mine = {key[1]: own for key, own in people.items() if key[0] == source}
            together = aligner.extract(
                [p for own in mine.values() for p in own], cache / source
            )
            found += [(source, one) for one in by_person(together, mine)]
    if not found:
        raise FileNotFoundError(
            f"Nobody was found in {talkers} and {', '.join(map(str, folders)) or '-'}. "
            "Expected a folder of clips a person, or of pictures. Give --talkers or "
            "--portraits."
        )
    return People(
        np.concatenate([one.images for _, one in found]),
        np.concatenate([one.landmarks_aligned for _, one in found]),
        np.repeat(np.arange(len(found)), [len(one) for _, one in found]),
        [source for source, _ in found],
        list(leave_out),
        commit(),
    )


def by_person(faces: Any, people: dict[str, list[Path]]) -> list[Any]:
    """Splits a set; pictures that are nobody's (held out since) are left out."""
    owner = {path.resolve(): name for name, own in people.items() for path in own}
    names = [owner.get(Path(record.source).resolve()) for record in faces.records]
    return [
        faces.select([other == name for other in names])
        for name in dict.fromkeys(n for n in names if n is not None)
    ]

"""What presets are trained on: aligned faces of many people, split by person.

A folder of portraits with an `index.csv` (file, person, licence, five points of YuNet
as "x y x y ..." in `lm5`, note), and a folder of `synthetic_people` (file, person,
age_range, sex, skin_tone); or any folder of pictures, one folder a person.

Every face is cut out as `FaceAligner(landmarks=5)` cuts it. Where five points are given
nothing has to be detected: they say where dlib's box would be, and dlib's five-point
predictor does the rest. On 219 portraits the corners of the two crops are 0.39 px of
128 apart (median; 3.1 for the worst twentieth), and those of `FaceAligner()`, with 68
points, 2.6 px; YuNet's points alone would be 6.6 px off.
"""

from __future__ import annotations

import csv
import hashlib
import json
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pretrain_recipes as recipes
from autoencoders import load as load_digits
from numpy.typing import NDArray
from pretrain_gather import Data
from pretrain_measures import counted

from deepface_models._files import atomic_path
from deepface_models.faces import FaceAligner, align, alignment_matrix, template
from deepface_models.faces.align import invert, transform_points, umeyama
from deepface_models.faces.landmarks import box_from_landmarks, predict
from deepface_models.media import IMAGE_SUFFIXES, read_image

Array = NDArray[Any]

# Median place of YuNet's points (eyes, nose, mouth corners) in the unit square of
# deepface_models.faces.align, on 219 portraits; the left is the right mirrored.
YUNET = np.array(
    [
        (0.2653, 0.1656),
        (0.7347, 0.1656),
        (0.5000, 0.4346),
        (0.2952, 0.6396),
        (0.7048, 0.6396),
    ]
)
_TOO_FAR = 0.25  # of a crop: the predictor took something else for the face
_MARGIN = 8  # a border of an eighth, so that shifted crops show more face, not edges

# Share of people held out. More where the data say who the people are, because that
# is all there is to measure groups of people with.
HELD_OUT = 0.1
MORE_HELD_OUT = {"london_smiling": 0.3, "glasses": 0.4, "synthetic_people": 0.5}
SHOWN = ("london_smiling", "sfhq_t2i", "synthetic_people", "pictures")
LEFT_OUT = ("sfhq",)
MOST_DIGITS = 2000  # to measure with
TITLES = {
    "mnist": "MNIST (Y. LeCun, C. Cortes, C. Burges)",
    "fashion": "Fashion-MNIST (Zalando Research, MIT)",
}


@dataclass(frozen=True)
class Face:
    """A picture of a person and what its data say of it."""

    file: Path
    person: str
    source: str  # its folder, or "pictures"
    licence: str
    groups: tuple[str, ...]
    points: tuple[float, ...] = ()  # YuNet's five


@dataclass
class Faces:
    """Aligned faces with a border: uint8 (N, S + 2 border, S + 2 border, 3)."""

    wide: Array
    border: int
    faces: list[Face]

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def images(self) -> Array:
        """Without the border, uint8 (N, S, S, 3)."""
        end = self.wide.shape[1] - self.border
        return self.wide[:, self.border : end, self.border : end]

    def select(self, keep: Iterable[bool]) -> Faces:
        index = np.flatnonzero(list(keep))
        return Faces(self.wide[index], self.border, [self.faces[i] for i in index])

    def split(self) -> tuple[Faces, Faces]:
        """Those to train on and those held out, no person in both."""
        out = [held_out(face) for face in self.faces]
        return self.select(not one for one in out), self.select(out)


def held_out(face: Face) -> bool:
    """Whether a person is held out: by name alone, the same in every run.

    The 3 is the first number for which the four synthetic people held out are two of
    lighter and two of darker skin.
    """
    share = MORE_HELD_OUT.get(face.source, HELD_OUT)
    share = MORE_HELD_OUT["glasses"] if "glasses" in face.groups else share
    digest = hashlib.sha256(f"held out 3/{face.person}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


# Reading


def listed(folder: Path, sfhq: bool = False) -> list[Face]:
    """The pictures of a folder of portraits, of synthetic people or of one's own."""
    index = folder / "index.csv"
    if not index.is_file():
        return list(_loose(folder))
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if "lm5" in rows[0]:
        found = [_portrait(folder, row) for row in rows]
    else:
        found = [_synthetic(folder, row) for row in rows]
    return [face for face in found if sfhq or face.source not in LEFT_OUT]


def _portrait(folder: Path, row: dict[str, str]) -> Face:
    source = row["file"].split("/")[0]
    grey = "grey" in row["note"] or source == "congress_historic"
    groups = ["grey pictures" if grey else "colour pictures"]
    groups.append("generated" if source.startswith("sfhq") else "photographs")
    if source == "london_smiling":  # the note is "female 24"
        sex, age = row["note"].split()
        groups.append({"female": "women", "male": "men"}[sex])
        if age.isdigit():  # one is "NA"
            groups.append("under 30 years" if int(age) < 30 else "30 years and older")
    if "Glasses" in row["note"]:  # cut from what a search for glasses found
        groups.append("glasses")
    points = tuple(float(value) for value in row["lm5"].split())
    place = folder / row["file"]
    return Face(place, row["person"], source, row["licence"], tuple(groups), points)


def _synthetic(folder: Path, row: dict[str, str]) -> Face:
    tone = row["skin_tone"].split()[-1]
    groups = ["colour pictures", "generated"]
    groups.append({"female": "women", "male": "men"}[row["sex"]])
    groups.append(
        "lighter skin (Fitzpatrick I to III)"
        if tone in ("I", "II", "III")
        else "darker skin (Fitzpatrick IV to VI)"
    )
    youngest, oldest = (int(age) for age in row["age_range"].split("-"))
    if oldest <= 30 or youngest >= 30:
        groups.append("under 30 years" if oldest <= 30 else "30 years and older")
    person = f"synthetic_{row['person']}"
    place = folder / row["file"]
    return Face(place, person, "synthetic_people", "MIT", tuple(groups))


def _loose(folder: Path) -> Iterator[Face]:
    """Pictures of one's own: those in a folder are of one person."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES:
            inside = path.parent != folder
            person = path.parent.relative_to(folder).as_posix() if inside else path.stem
            yield Face(path, person, "pictures", "", ())


# Aligning


def crop_matrix(image: Array, points: Sequence[float], size: int) -> Array:
    """The matrix of `FaceAligner(size, landmarks=5)`, from YuNet's five points."""
    given = np.array(points, float).reshape(5, 2)
    unit = invert(umeyama(given, YUNET))  # from the unit square to the picture
    mean = transform_points(template(5, 1, "half") + 0.5, unit)
    points5 = predict(image, box_from_landmarks(mean), 5, repeats=3)
    found, rough = (alignment_matrix(p, size) for p in (points5, mean))
    corners = np.array([(0, 0), (size, 0), (size, size), (0, size)]) - 0.5
    moved = transform_points(transform_points(corners, invert(rough)), found)
    far = np.linalg.norm(moved - corners, axis=1).mean() > _TOO_FAR * size
    return rough if far else found


def read(folders: Sequence[Path], size: int, cache: Path, sfhq: bool = False) -> Faces:
    """All faces of the folders, aligned; from `cache` if it holds the same.

    Args:
        folders: Of portraits, of synthetic people, or of pictures of one's own.
        size: Side of the faces in pixels, without the border.
        cache: Folder to keep the arrays in.
        sfhq: Whether to take the folder `sfhq` of the portraits too.
    """
    faces = [face for folder in folders for face in listed(folder, sfhq)]
    if not faces:
        raise FileNotFoundError(
            f"{', '.join(map(str, folders)) or 'No folder'} holds no pictures. "
            "Expected an index.csv, or one folder a person. Check --portraits."
        )
    text = json.dumps([[str(f.file), f.file.stat().st_size, f.points] for f in faces])
    key = hashlib.sha256(f"{size} {_MARGIN} {YUNET} {text}".encode()).hexdigest()
    path = cache / f"faces_{size}_{key[:12]}.npz"
    if not path.is_file():
        kept, wide = _aligned(faces, size)
        with atomic_path(path) as new:
            np.savez(new, kept=kept, wide=wide)
    with np.load(path, allow_pickle=False) as arrays:
        kept, wide = arrays["kept"], arrays["wide"]
    return Faces(wide, size // _MARGIN, [faces[i] for i in kept])


def _aligned(faces: list[Face], size: int) -> tuple[Array, Array]:
    aligner = FaceAligner(size, landmarks=5, identity=False, max_faces=1)
    border = size // _MARGIN
    kept, wide = [], []
    for number, face in enumerate(faces):
        image = read_image(face.file)
        if face.points:
            matrix = crop_matrix(image, face.points, size)
        else:
            found = aligner.detect(image)
            if not found:
                continue
            matrix = found[0].matrix
        matrix = matrix.copy()
        matrix[:, 2] += border
        kept.append(number)
        wide.append(align(image, matrix, size + 2 * border))
    return np.array(kept), np.stack(wide)


# What a recipe asks for


def load(recipe: recipes.Recipe, args: Namespace) -> Data:
    """The recipe's data, split."""
    if recipe.data != recipes.FACES:
        training, test = load_digits(recipe.data, args.folder, args.limit)
        count, test = len(training) + len(test), test[:MOST_DIGITS]
        part = ", of its 10,000 test pictures" if count == 10_000 else ""
        text = f"{TITLES[recipe.data]}: {len(training):,} pictures{part}"
        return Data(training, 0, f"{text}; {len(test):,} others held out", test)
    folders = [f for f in (args.portraits, args.people) if f is not None]
    found = read(folders, recipe.size, args.output / "data", args.sfhq)
    if args.limit:
        found = found.select(i < args.limit for i in range(len(found)))
    training, out = found.split()
    if not len(training) or not len(out):
        raise ValueError(
            f"{len(found)} pictures of {len({f.person for f in found.faces})} people "
            "leave nobody to train on or to hold out. Expected about twenty people or "
            "more. Put the pictures into one folder a person."
        )
    text = f"{described(training)} Held out: {described(out)}"
    return Data(training.wide, training.border, text, out.images, out.faces)


def described(faces: Faces) -> str:
    """How many pictures of whom, with their licences."""
    people = len({face.person for face in faces.faces})
    names = [recipes.SOURCES.get(f.source, f.source) for f in faces.faces]
    return f"{len(faces):,} pictures of {people:,} people: {counted(names)}."

"""Images of people and what their data say of them; who is held out.

A folder of portraits has an `index.csv` (file, person, license, five points of YuNet
as "x y x y ..." in `lm5`, note), one of `synthetic_people` (file, person, age_range,
sex, skin_tone); any other folder of images has one folder a person.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deepface_models.media import IMAGE_SUFFIXES

FOLDERS = ("portraits", "synthetic_people")  # of DATA
# Share of people held out. More where the data say who the people are, because that
# is all there is to measure groups of people with.
HELD_OUT = 0.1
MORE_HELD_OUT = {"london_smiling": 0.3, "glasses": 0.4, "synthetic_people": 0.5}
LEFT_OUT = ("sfhq",)  # made with a network under a non-commercial license
_SEXES = {"female": "women", "male": "men"}


@dataclass(frozen=True)
class Face:
    """An image of a person and what its data say of it.

    Attributes:
        file: The image.
        person: Whose.
        source: Its folder, or "images".
        groups: What is known of person and image, such as "women".
        points: YuNet's five points, x and y by turns, or none.
    """

    file: Path
    person: str
    source: str
    groups: tuple[str, ...] = ()
    points: tuple[float, ...] = ()

    @property
    def held_out(self) -> bool:
        """Whether the person is held out: by name alone, the same in every run."""
        share = MORE_HELD_OUT.get(self.source, HELD_OUT)
        share = MORE_HELD_OUT["glasses"] if "glasses" in self.groups else share
        # The first number for which the four synthetic people held out are two of
        # lighter and two of darker skin.
        digest = hashlib.sha256(f"held out 3/{self.person}".encode()).digest()
        return int.from_bytes(digest[:4], "big") < share * 2**32


def folders_of(data: Path) -> list[Path]:
    """Returns the folders of people in DATA, or DATA itself if it has none."""
    return [data / name for name in FOLDERS if (data / name).is_dir()] or [data]


def listed(folder: Path) -> list[Face]:
    """Returns the images of a folder of portraits, synthetic people or one's own."""
    index = folder / "index.csv"
    if not index.is_file():
        return list(_loose(folder))
    with index.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    one = _portrait if rows and "lm5" in rows[0] else _synthetic
    faces = [one(folder, row) for row in rows]
    return [face for face in faces if face.source not in LEFT_OUT]


def spaced(faces: Sequence[Face], limit: int | None) -> list[Face]:
    """Returns at most so many of these, evenly spaced, so that all sources are seen."""
    if limit is None or limit >= len(faces):
        return list(faces)
    return [faces[index * len(faces) // limit] for index in range(limit)]


def _portrait(folder: Path, row: dict[str, str]) -> Face:
    source = row["file"].split("/")[0]
    gray = "gray" in row["note"] or source == "congress_historic"
    groups = ["gray images" if gray else "color images"]
    groups.append("generated" if source.startswith("sfhq") else "photographs")
    if source == "london_smiling":  # the note is "female 24"
        sex, age = row["note"].split()
        groups.append(_SEXES[sex])
        if age.isdigit():  # one is "NA"
            groups.append("under 30 years" if int(age) < 30 else "30 years and older")
    if "Glasses" in row["note"]:  # cut from what a search for glasses found
        groups.append("glasses")
    points = tuple(float(value) for value in row["lm5"].split())
    return Face(folder / row["file"], row["person"], source, tuple(groups), points)


def _synthetic(folder: Path, row: dict[str, str]) -> Face:
    tone = row["skin_tone"].split()[-1]
    groups = ["color images", "generated", _SEXES[row["sex"]]]
    groups.append(
        "lighter skin (Fitzpatrick I to III)"
        if tone in ("I", "II", "III")
        else "darker skin (Fitzpatrick IV to VI)"
    )
    youngest, oldest = (int(age) for age in row["age_range"].split("-"))
    if oldest <= 30 or youngest >= 30:
        groups.append("under 30 years" if oldest <= 30 else "30 years and older")
    person = f"synthetic_{row['person']}"
    return Face(folder / row["file"], person, "synthetic_people", tuple(groups))


def _loose(folder: Path) -> Iterator[Face]:
    """Yields images of one's own: those in a folder are of one person."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES:
            inside = path.parent != folder
            person = path.parent.relative_to(folder).as_posix() if inside else path.stem
            yield Face(path, person, "images")

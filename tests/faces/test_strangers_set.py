"""A face set from an untrusted source changes no file outside of its folder."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest
from faces_helpers import CLIPS, made_face

from deepface_models import MediaError
from deepface_models.faces import FaceAligner, FaceSet
from deepface_models.faces._store import VERSION


def image(seed):
    return np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8)


@pytest.fixture
def folder(tmp_path):
    made = FaceSet.create(tmp_path / "set", 32)
    for i in range(3):
        made.append(made_face(100 + i), image(i), "a.mp4", i)
    made.save()
    return tmp_path / "set"


@pytest.fixture
def victim(tmp_path):
    (tmp_path / "victim").mkdir()
    file = tmp_path / "victim" / "2024.jpg"
    file.write_bytes(b"mine")
    return file


def rename(folder, name):
    """Has the table's last row name another file."""
    with open(folder / "table.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows[-1]["file"] = name
    with open(folder / "table.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


NAMES = [
    *("../victim/2024.jpg", "{victim}", "faces/../../victim/2024.jpg", "", "faces"),
    *("table.csv", "faces/a.png", "faces/000001.jpg", "faces\\000001.png", "\x1b[2J"),
    *("faces/000001.png\n", "FACES/000001.png", "./faces/000001.png", "faces/1.png"),
]


@pytest.mark.parametrize("name", NAMES)
def test_a_table_names_only_images_of_its_own(folder, victim, name):
    """A table may not name ../victim/2024.jpg or an absolute path."""
    rename(folder, name.format(victim=victim))
    with pytest.raises(MediaError, match=r"names the image") as error:
        FaceSet.open(folder)
    assert "\x1b" not in str(error.value)
    assert victim.read_bytes() == b"mine"


def test_extract_into_such_a_set_deletes_nothing_outside(folder, victim):
    """Extract deleted the files that such a table names."""
    rename(folder, "../victim/2024.jpg")
    aligner = FaceAligner(image_size=32, embeddings=False)
    with pytest.raises(MediaError, match="names the image"):
        aligner.extract(CLIPS[0], folder, every_n=50, limit=1, progress=False)
    assert victim.read_bytes() == b"mine"


@pytest.mark.parametrize("place", ["faces", "table.csv", "faces/000001.png", "x"])
def test_links_in_a_set_are_refused(folder, victim, place):
    """Links are refused, at opening and where a set is begun."""
    path = folder / place
    if path.is_dir():
        shutil.move(path, victim.parent / "faces")
        path.symlink_to(victim.parent / "faces")
    else:
        path.unlink(missing_ok=True)
        path.symlink_to(victim)
    with pytest.raises(MediaError, match="holds the link"):
        FaceSet.open(folder)
    (folder / "faceset.json").unlink()
    with pytest.raises(MediaError, match="holds the link"):
        FaceSet.create(folder, 32)
    assert victim.read_bytes() == b"mine"


def test_the_folder_itself_may_be_a_link(folder):
    """The user may place a set behind a link."""
    (folder.parent / "link").symlink_to(folder)
    assert len(FaceSet.open(folder.parent / "link")) == 3


BROKEN = [
    (b"\xff\xfe", "utf-8"),
    (b"[" * 100_000, "nested"),
    (b"null", "damaged"),
    ({"image_size": 10**9}, "image_size"),
    ({"image_size": "32"}, "image_size"),
    ({"landmarks": 7}, "landmarks"),
    ({"version": VERSION + 1}, "Update deepface_models"),
    ({"version": None}, "version"),
    ({"sources": {"a.mp4": {"status": "done"}}}, "sources.a.mp4"),
    ({"sources": [1]}, "sources"),
    ({"options": 3}, "options"),
]


@pytest.mark.parametrize(("change", "says"), BROKEN)
def test_a_damaged_faceset_json_is_a_media_error(folder, change, says):
    """The error names non-UTF-8 bytes, deep JSON and wrong types."""
    path = folder / "faceset.json"
    if isinstance(change, dict):
        change = json.dumps(
            {**json.loads(path.read_text(encoding="utf-8")), **change}
        ).encode()
    path.write_bytes(change)
    with pytest.raises(MediaError, match=says):
        FaceSet.open(folder)


@pytest.mark.parametrize("bytes_", [b"\xff\n", b'"' + b"x" * 200_000 + b'"\n'])
def test_a_damaged_table_is_a_media_error(folder, bytes_):
    """A table that is not text is named in the error."""
    with open(folder / "table.csv", "ab") as table:
        table.write(bytes_)
    with pytest.raises(MediaError, match="is damaged"):
        FaceSet.open(folder)


@pytest.mark.parametrize("value", ["[" * 5000, "[[1, 2]]", "{}", "nan", "[[1, 1e99]]"])
def test_a_damaged_row_is_left_out(folder, value):
    """Landmarks of other shapes would fail much later."""
    text = (folder / "table.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(text))
    rows[-1][rows[0].index("landmarks")] = value
    with open(folder / "table.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    assert FaceSet.open(folder).frames.tolist() == [0, 1]

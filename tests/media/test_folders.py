"""Folders with odd entries: natural order, and which files are left out."""

from __future__ import annotations

import errno
import os

import pytest

from deepface_models.core.errors import MediaError
from deepface_models.media import read_image
from deepface_models.media.folders import check_outside, list_media, reason


@pytest.fixture
def touch(tmp_path):
    def make(*names):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


def test_files_are_listed_in_natural_order(touch):
    """Frame2 comes before frame10."""
    names = ["a.png", "B.png", "frame2.png", "frame10.png", "frame010.png", "9.mp4"]
    found = list_media(touch(*names)).files
    assert [path.name for path in found] == [
        *("9.mp4", "a.png", "B.png", "frame2.png", "frame010.png", "frame10.png"),
    ]


def test_folders_within_are_in_natural_order_too(touch):
    """Natural order holds for each part of a path."""
    folder = touch("clip10/1.png", "clip2/10.png", "clip2/2.png", "3.png")
    found = list_media(folder, inner=True).files
    assert [str(path.relative_to(folder)) for path in found] == [
        *("3.png", "clip2/2.png", "clip2/10.png", "clip10/1.png"),
    ]


def test_what_is_left_out_is_counted_in_one_line(touch, caplog):
    """Files left out are counted by kind."""
    folder = touch("a.png", "b.txt", "c.TXT", "d.json", "README", ".hidden.png", "in/x")
    found = list_media(folder)
    assert dict(found.left_out) == {
        **{".txt": 2, ".json": 1, "without extension": 1, "hidden": 1, "folder": 1},
    }
    assert len(caplog.records) == 1
    assert "left out 2 .txt, " in caplog.text and "1 hidden" in caplog.text


def test_many_kinds_still_make_one_short_line(touch):
    """The line stays short in a folder of everything."""
    folder = touch(*(f"a.x{number}" for number in range(30)), "b.x3")
    assert list_media(folder).summary().startswith("2 .x3, ")
    assert list_media(folder).summary().endswith("22 of other kinds")


def test_odd_entries_are_named_with_their_reason(touch, odd_entries):
    """One odd entry never ends the run."""
    folder = touch("a.png")
    count = odd_entries(folder)
    found = list_media(folder)
    assert [path.name for path in found.files] == ["a.png"]
    assert len(found.unreadable) == count
    why = {os.fsencode(path.name): text for path, text in found.unreadable.items()}
    assert "is a folder" in why[b"folder.jpg"]
    assert "link to nothing" in why[b"broken.png"]
    assert "pipe" in why[b"pipe.jpg"]
    assert "not UTF-8" in why[b"\xff\xfe.png"]


def test_a_file_that_may_not_be_read_is_odd(touch, monkeypatch):
    """An unreadable file counts with its reason."""
    folder = touch("a.png", "b.png")
    opened = open

    def refused(path, *arguments, **options):
        if str(path).endswith("b.png"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr("builtins.open", refused)
    found = list_media(folder)
    assert [path.name for path in found.files] == ["a.png"]
    assert "Permission denied" in found.unreadable[folder / "b.png"]
    with pytest.raises(MediaError, match="Permission denied"):
        read_image(folder / "b.png")


def test_a_full_disk_ends_the_run(tmp_path):
    """A fault that concerns all files ends the run."""
    with pytest.raises(OSError, match="No space"):
        reason(tmp_path, OSError(errno.ENOSPC, "No space left"))


def test_output_inside_the_source_is_refused(tmp_path):
    """Under whatever name."""
    (tmp_path / "in").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "in")
    for inside in ("in", "in/new/out", "link/out", "in/../in/out"):
        with pytest.raises(ValueError, match="inside the source folder"):
            check_outside(tmp_path / "in", tmp_path / inside)
    for outside in ("out", "inner", "in/../out", "."):
        check_outside(tmp_path / "in", tmp_path / outside)


def test_names_that_are_no_text_are_refused_in_plain_words(tmp_path):
    """A single image with such a name too."""
    name = os.path.join(os.fsencode(tmp_path), b"\xff.png")
    with open(name, "wb"):
        pass
    with pytest.raises(MediaError, match="not UTF-8"):
        read_image(os.fsdecode(name))

"""Addresses: memory:// and file:// of fsspec, names, the journal at an address."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fleet_helpers import CONSENT, ENDS, QUICK, TintModel, packets, statuses

import deepface_models as dfm
from deepface_models import fleet
from deepface_models.core.errors import MediaError, MissingDependencyError
from deepface_models.fleet import addresses, journal, planning, rows
from deepface_models.fleet.addresses import Source


@pytest.fixture
def memory(clips: Path) -> Any:
    """A file system in memory, with the clips in /clips."""
    fsspec = pytest.importorskip("fsspec")
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    for clip in clips.iterdir():
        system.pipe_file(f"/clips/{clip.name}", clip.read_bytes())
    system.pipe_file("/clips/notes.txt", b"no clip")
    yield system
    system.store.clear()


@pytest.mark.slow
def test_clips_and_results_at_an_address(
    memory: Any, clips: Path, tmp_path: Path
) -> None:
    who = {"identity": "ben", "consent": CONSENT, "landmarks": 5, "progress": False}
    remote = fleet.convert("memory://clips", "memory://out", TintModel(), **who)
    assert statuses(remote) == ENDS
    assert remote.rows[0]["source"] == "memory:///clips/ana.mp4"
    assert remote.rows[2]["error"].startswith("memory:///clips/damaged.mp4 cannot")
    assert remote.outputs == ["memory://out/ana.mp4", "memory://out/ben.mp4"]
    fleet.convert(clips / "ana.mp4", tmp_path / "out", TintModel(), **who)
    memory.get_file("/out/ana.mp4", str(tmp_path / "ana.mp4"))
    assert packets(tmp_path / "ana.mp4") == packets(tmp_path / "out" / "ana.mp4")
    found = dfm.verify(tmp_path / "ana.mp4")
    assert found.consent == CONSENT and found.record is not None
    assert found.record.source == "ana.mp4"
    names = {path.rpartition("/")[2] for path in memory.ls("/out", detail=False)}
    assert names == {"ana.mp4", "ben.mp4", "fleet.csv", "fleet.json", "fleet.jsonl"}
    again = fleet.convert("memory://clips/*.mp4", "memory://out", TintModel(), **who)
    assert again.resumed == 3


def test_a_face_set_at_an_address_is_complete_and_names_its_clip(
    memory: Any, tmp_path: Path
) -> None:
    source = "memory://clips/ana.mp4"
    report = fleet.extract(source, "memory://out", progress=False, **QUICK)
    assert statuses(report) == {"ana": "done"}
    memory.get("/out/ana.mp4/", f"{tmp_path}/ana/", recursive=True)
    faces = dfm.FaceSet.open(tmp_path / "ana")
    assert len(faces) == report.rows[0]["faces"] == 3
    assert {one.source for one in faces.records} == {source}


def test_the_last_file_of_a_face_set_is_the_one_that_makes_it_one(
    memory: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    from deepface_models.fleet import transfers

    for name in ("faceset.json", "table.csv", "faces/0.png", "a.txt"):
        place = tmp_path / "set" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(name, "utf-8")
    seen: list[str] = []
    put = type(memory).put_file

    def noted(self: Any, local: str, path: str, **options: Any) -> None:
        seen.append(path)
        put(self, local, path, **options)

    monkeypatch.setattr(type(memory), "put_file", noted)
    transfers.put(tmp_path / "set", "memory://sets/ana")
    assert seen[-1] == "/sets/ana/faceset.json" and len(seen) == 4


def test_a_file_is_renamed_where_half_of_it_could_be_seen(
    memory: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    """As at sftp://, whose uploads can be seen from their beginning."""
    from deepface_models.fleet import transfers

    class Disk(type(memory)):  # type: ignore[misc]
        protocol = "disk"
        seen: ClassVar[list[str]] = []

        def put_file(self, local: str, path: str) -> None:
            self.seen.append(path)
            super().put_file(local, path)
            if local.endswith("broken.png"):
                raise OSError("connection lost")

    monkeypatch.setattr(transfers, "opened", lambda place: (Disk(), place[6:]))
    for name in ("whole.png", "broken.png"):
        (tmp_path / name).write_bytes(b"pixels")
    memory.pipe_file("/out/whole.png", b"old")
    transfers.put(tmp_path / "whole.png", "disk:/" + "/out/whole.png")
    assert memory.cat_file("/out/whole.png") == b"pixels"
    with pytest.raises(OSError, match="connection lost"):
        transfers.put(tmp_path / "broken.png", "disk:/" + "/out/broken.png")
    assert memory.ls("/out", detail=False) == ["/out/whole.png"]
    assert all(path.startswith("/out/.") for path in Disk.seen) and len(Disk.seen) == 2


def test_rows_at_an_address_are_kept_in_parts(memory: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(journal, "_EVERY", 0.0)
    item = rows.Item("a.mp4", "memory://out/a.mp4", "7 1")
    row = {**rows.new_row(item, rows.FAILED, "it\nfailed"), "settings": "0" * 64}
    with journal.Journal("memory://out") as kept:
        kept.add(row)
    assert memory.exists("/out/fleet-000001.jsonl")
    monkeypatch.setattr(journal, "_EVERY", 1e9)
    with pytest.raises(KeyboardInterrupt), journal.Journal("memory://out") as kept:
        assert kept.rows == {"a.mp4": row}
        kept.add({**row, "source": "b.mp4"})
        raise KeyboardInterrupt
    assert memory.exists("/out/fleet-000002.jsonl")
    with journal.Journal("memory://out") as kept:
        assert set(kept.rows) == {"a.mp4", "b.mp4"}
        kept.finish(["b.mp4"])
    assert not memory.glob("/out/fleet-*")
    lines = memory.cat_file("/out/fleet.jsonl").decode().splitlines()
    assert [json.loads(line)["source"] for line in lines] == ["b.mp4", "a.mp4"]


def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    item = rows.Item("a.mp4", "b", "7 1")
    row = {**rows.new_row(item, rows.DONE), "settings": "0" * 64}
    with journal.Journal(str(tmp_path)) as kept:
        kept.add(row)
    with open(tmp_path / "fleet.jsonl", "a", encoding="utf-8") as file:
        file.write('\n{"source": "b.mp4", "outp')
    with journal.Journal(str(tmp_path)) as kept:
        assert list(kept.rows) == ["a.mp4"]
        kept.add({**row, "source": "c.mp4"})
    with journal.Journal(str(tmp_path)) as kept:
        assert list(kept.rows) == ["a.mp4", "c.mp4"]


def test_a_link_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "fleet.jsonl").symlink_to(tmp_path / "other")
    with pytest.raises(MediaError, match="is a link"):
        journal.Journal(str(tmp_path))


def test_results_of_one_name_are_told_apart_in_any_order() -> None:
    given = [Source(f"/{cam}/one.mp4", "1") for cam in ("a", "b")]
    given += [Source("/a/TWO.mov", "1"), Source("/a/two.mp4", "1")]
    given += [Source("/a/fleet.csv.mp4", "1")]

    def named(sources: list[Source]) -> dict[str, str]:
        items = planning.items_for(sources, "s3://out", lambda name: f"{name[:-4]}.mp4")
        return {item.source: item.output for item in items}

    forward = named(given)
    assert forward == named(given[::-1])
    assert len({output.casefold() for output in forward.values()}) == 5
    assert all(output.startswith("s3://out/") for output in forward.values())
    assert not forward["/a/fleet.csv.mp4"].endswith("/fleet.csv.mp4")


def test_plain_paths_need_no_fsspec(clips: Path, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    found = addresses.listed([clips, f"file://{clips}/ana.mp4"])
    assert [Path(one.address).stem for one in found] == (
        "ana ben damaged empty".split()
    )
    with pytest.raises(MissingDependencyError, match=r"deepface_models\[ray\]"):
        addresses.listed("s3://film/ana.mp4")


def test_an_unknown_protocol_is_named(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(MediaError, match="nowhere://a"):
        fleet.extract("nowhere://a", tmp_path / "out", progress=False)

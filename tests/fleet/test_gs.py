"""gs://: fsspec and gcsfs, and an emulator in a thread of this process."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fleet_helpers import ENDS, statuses

from deepface_models import fleet

emulator = pytest.importorskip("gcp_storage_emulator.server")
gcsfs = pytest.importorskip("gcsfs")
# The emulator and gcsfs leave their sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture
def system(clips: Path, monkeypatch: Any) -> Iterator[Any]:
    """The bucket "film", with the clips in "clips"."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        host, port = one.getsockname()
    # Else gcsfs asks Google what kind of bucket it is.
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{host}:{port}")
    server = emulator.create_server(host, port, in_memory=True, default_bucket="film")
    server.start()
    found = gcsfs.GCSFileSystem()
    for clip in clips.iterdir():
        found.pipe_file(f"film/clips/{clip.name}", clip.read_bytes())
    yield found
    gcsfs.GCSFileSystem.clear_instance_cache()
    server.stop()


@pytest.mark.usefixtures("copying")
def test_clips_and_results_in_a_bucket(system: Any, clips: Path) -> None:
    first = fleet.extract("gs://film/clips", "gs://film/out", progress=False)
    assert statuses(first) == ENDS
    assert first.rows[0]["output"] == "gs://film/out/ana.mp4"
    content = (clips / "ana.mp4").read_bytes()
    assert system.cat_file("film/out/ana.mp4") == content
    names = {path.rpartition("/")[2] for path in system.ls("film/out", detail=False)}
    assert names == {"ana.mp4", "ben.mp4", "fleet.csv", "fleet.json", "fleet.jsonl"}
    again = fleet.extract("gs://film/clips/*.mp4", "gs://film/out", progress=False)
    assert (again.resumed, statuses(again)) == (3, ENDS)
    system.pipe_file("film/clips/ana.mp4", content + b"\0")
    again = fleet.extract("gs://film/clips/*.mp4", "gs://film/out", progress=False)
    assert again.resumed == 2
    lost = fleet.extract("gs://film/clips/x.mp4", "gs://film/out", progress=False)
    assert lost.rows[0]["error"].startswith("gs://film/clips/x.mp4 was not found")

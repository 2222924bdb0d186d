"""The local engine's processes: rows as they end, and workers that end early."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fleet_helpers import QUICK, hashes, holder, statuses

from deepface_models import fleet
from deepface_models.core.locks import hold
from deepface_models.fleet import local, slots
from deepface_models.fleet.rows import Item, Stop

# A worker that copies what it is told: "die" ends it, "stop" stops the fleet.
_FAKE = """
import json, os, sys
kind, spec, cpus = json.loads(sys.stdin.readline())
if kind == "dead": sys.exit(3)
print(json.dumps(["ValueError", "no model"] if kind == "stop" else True), flush=True)
for line in sys.stdin:
    source, output, stamp = json.loads(line)
    place = os.path.join(spec["folder"], source)
    if source.startswith("die") and (stamp == "always" or not os.path.exists(place)):
        open(place, "w").close()
        os._exit(9)
    if source == "stop":
        print(json.dumps(["OSError", "disk full"]), flush=True)
        continue
    row = {"source": source, "status": "done", "process": os.getpid()}
    print(json.dumps(row), flush=True)
"""


@pytest.fixture
def fake(monkeypatch: Any, tmp_path: Path) -> Any:
    """Runs clips through workers that are fast and do nothing."""
    command = [sys.executable, "-S", "-c", _FAKE]
    monkeypatch.setattr(local, "helper_command", lambda *words: command)

    def run(kind: str, *sources: str, workers: int = 2, stamp: str = "") -> list[Any]:
        items = [Item(source, "", stamp) for source in sources]
        spec = {"folder": str(tmp_path)}
        return list(local.in_processes(kind, spec, items, workers, 1))

    return run


def test_every_clip_has_one_row(fake: Any) -> None:
    names = [str(number) for number in range(20)]
    rows = fake("work", *names, workers=3)
    assert sorted(row["source"] for row in rows) == sorted(names)


def test_a_clip_that_ended_its_worker_is_given_to_another(fake: Any) -> None:
    rows = fake("work", "die", "a", "b")
    assert {row["source"]: row["status"] for row in rows} == dict.fromkeys(
        ("die", "a", "b"), "done"
    )


def test_a_clip_that_ends_every_worker_fails(fake: Any) -> None:
    rows = fake("work", "die", "a", "b", "c", stamp="always")
    found = {row["source"]: row for row in rows}
    assert len(rows) == 4 and found["die"]["status"] == "failed"
    assert "ended its worker 3 times" in found["die"]["error"]
    assert {found[name]["status"] for name in "abc"} == {"done"}


def test_an_error_of_all_clips_stops_the_fleet(fake: Any) -> None:
    assert Stop("ValueError", "no model") in fake("stop", "a", "b", workers=1)[:1]
    assert Stop("OSError", "disk full") in fake("work", "a", "stop", workers=1)
    (dead, *_) = fake("dead", "a", workers=1)
    assert dead.kind == "OSError" and "ended when it started" in dead.message


def test_processes_end_with_the_fleet(fake: Any) -> None:
    rows = local.in_processes("work", {"folder": ""}, [Item("a", "", "")] * 9, 2, 1)
    process = next(rows)["process"]
    rows.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_slot_is_emptied_and_its_cores_are_its_own(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from deepface_models.fleet.slots import Slot\n"
        "slot = Slot(1)\n"
        "print([str(slot.folder), slot.cores], flush=True)\n"
        "sys.stdin.read()\n"
    )
    import subprocess

    pipe = subprocess.PIPE
    made = [
        subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe)
        for _ in range(2)
    ]
    found = [eval(process.stdout.readline()) for process in made if process.stdout]
    assert found[0][0] != found[1][0]
    bound = [core for _, cores in found for core in cores]
    assert len(bound) == len(set(bound)) <= 2
    left = Path(found[0][0]) / "left.mp4"
    left.touch()
    made[0].kill()
    made[0].communicate()
    slot = slots.Slot(None)
    assert (slot.folder, slot.cores) == (left.parent, [])
    assert not left.exists()
    slot.close()
    made[1].communicate()
    with hold(tmp_path / "x"):
        assert not slot.folder.exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends signals")
def test_the_same_bytes_after_a_kill_in_the_middle(clips: Path, tmp_path: Path) -> None:
    here = fleet.extract(clips, tmp_path / "here", progress=False, **QUICK)
    killed: list[int] = []

    def kill() -> None:
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            process = holder(tmp_path / "out" / "ana.mp4")
            if process is not None and process != os.getpid():
                os.kill(process, signal.SIGKILL)
                killed.append(process)
            time.sleep(0.001)

    thread = threading.Thread(target=kill)
    thread.start()
    there = fleet.extract(
        clips, tmp_path / "out", progress=False, workers=2, cpus=1, **QUICK
    )
    thread.join()
    assert len(killed) == 1
    assert statuses(there) == statuses(here)
    assert hashes(there) == hashes(here)
    processes = {row["worker"] for row in there.rows}
    assert f":{killed[0]}" not in " ".join(processes)
    lines = (tmp_path / "out" / "fleet.jsonl").read_text("utf-8").splitlines()
    assert len([json.loads(line) for line in lines]) == 4

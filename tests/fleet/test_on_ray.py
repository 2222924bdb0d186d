"""Fleets on Ray's own cluster of two nodes on this machine, each of one core."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fleet_helpers import CONSENT, ENDS, QUICK, hashes, holder, packets, statuses

import deepface_models
from deepface_models import fleet
from deepface_models.cli import main
from deepface_models.core.errors import FaceNotFoundError
from deepface_models.media import write_image

pytest.importorskip("ray")
pytest.importorskip("ray.data")
cluster_utils = pytest.importorskip("ray.cluster_utils")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

ROOT = Path(deepface_models.__file__).parent.parent
CLIPS = ROOT / "deepface_models" / "demo" / "clips"
NODE = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: Any) -> Iterator[Any]:
    """Two nodes; a test that loses the second one adds another."""
    base = tmp_path_factory.getbasetemp()
    (base / "temporary").mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", "/tmp")  # paths of sockets must be short
        patch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
        patch.setenv("TMPDIR", str(base / "temporary"))
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
        path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
        head = {**NODE, "include_dashboard": False}
        made = cluster_utils.Cluster(initialize_head=True, head_node_args=head)
        made.add_node(**NODE)
        yield made
        made.shutdown()


@contextlib.contextmanager
def meanwhile(act: Callable[[], bool]) -> Iterator[list[bool]]:
    """Calls a function until it returns True, while the block runs."""
    done: list[bool] = []
    over = threading.Event()

    def watch() -> None:
        while not done and not over.wait(0.01):
            if act():
                done.append(True)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield done
    finally:
        over.set()
        thread.join()


def on_ray(cluster: Any, **options: Any) -> dict[str, Any]:
    there = {"engine": "ray", "address": cluster.address, "progress": False}
    return {**there, **options}


def long_clips(folder: Path) -> list[Path]:
    """Clips whose extraction takes seconds."""
    return sorted((CLIPS / "s1").glob("*.mpg"))[:3]


def test_rows_bytes_and_resuming(clips: Path, tmp_path: Path, cluster: Any) -> None:
    local = fleet.extract(clips, tmp_path / "local", progress=False, cpus=1, **QUICK)
    there = fleet.extract(clips, tmp_path / "ray", **QUICK, **on_ray(cluster))
    assert statuses(there) == ENDS
    assert hashes(there) == hashes(local)
    for one, two in zip(local.rows, there.rows, strict=True):
        for name in ("source", "status", "frames", "error", "stamp", "settings"):
            assert one[name] == two[name]
    again = fleet.extract(clips, tmp_path / "ray", **QUICK, **on_ray(cluster))
    assert again.resumed == 3
    assert again.rows[:2] == there.rows[:2]


def test_conversions_have_the_same_streams_and_one_certificate(
    clips: Path, tmp_path: Path, cluster: Any
) -> None:
    who = {"identity": "ben", "consent": CONSENT}
    who["identity"] = deepface_models.load("swap_demo", load_weights=False).identities[
        0
    ]
    sources = [clips / "ana.mp4", clips / "ben.mp4"]
    places = tmp_path / "local", tmp_path / "ray"
    local = fleet.convert(
        sources, places[0], "swap_demo", progress=False, cpus=1, **who
    )
    there = fleet.convert(sources, places[1], "swap_demo", **who, **on_ray(cluster))
    assert set(statuses(local).values()) == set(statuses(there).values()) == {"done"}
    found = [deepface_models.verify(output) for output in there.outputs]
    assert {one.consent for one in found} == {CONSENT}
    own = deepface_models.Certificate.own()
    for name in ("ana.mp4", "ben.mp4"):
        assert packets(places[0] / name) == packets(places[1] / name)
        record = deepface_models.verify(places[1] / name)
        assert record.fingerprint == own.fingerprint


def test_what_all_clips_need_is_an_error(
    clips: Path, tmp_path: Path, cluster: Any
) -> None:
    person = tmp_path / "nobody.png"
    write_image(person, np.zeros((64, 64, 3), np.uint8))
    options = {**QUICK, "person": person, **on_ray(cluster)}
    with pytest.raises(FaceNotFoundError, match=r"nobody\.png"):
        fleet.extract(clips, tmp_path / "out", **options)


def test_a_worker_is_killed_in_the_middle(tmp_path: Path, cluster: Any) -> None:
    sources, output = long_clips(tmp_path), tmp_path / "out"
    killed: list[int] = []

    def kill() -> bool:
        process = holder(output / sources[0].name)
        if process is None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            killed.append(process)
        return bool(killed)

    local = fleet.extract(sources, tmp_path / "local", progress=False, cpus=1, **QUICK)
    with meanwhile(kill):
        there = fleet.extract(sources, output, **QUICK, **on_ray(cluster))
    assert len(killed) == 1
    assert hashes(there) == hashes(local)
    assert set(statuses(there).values()) == {"done"}


def test_a_node_is_lost(tmp_path: Path, cluster: Any) -> None:
    sources, output = long_clips(tmp_path), tmp_path / "out"
    (node,) = cluster.worker_nodes
    raylet = node.all_processes["raylet"][0].process.pid

    def lose() -> bool:
        for source in sources:
            process = holder(output / source.name)
            if process is not None and parent(process) == raylet:
                node.kill_all_processes(check_alive=False, allow_graceful=False)
                cluster.worker_nodes.remove(node)
                time.sleep(0.1)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)  # a lost machine's work ends too
                return True
        return False

    local = fleet.extract(sources, tmp_path / "local", progress=False, cpus=1, **QUICK)
    with meanwhile(lose) as lost:
        there = fleet.extract(sources, output, workers=2, **QUICK, **on_ray(cluster))
    assert lost == [True]
    assert hashes(there) == hashes(local)
    assert set(statuses(there).values()) == {"done"}
    cluster.add_node(**NODE)


def test_the_command_runs_on_a_cluster(
    clips: Path, tmp_path: Path, cluster: Any, capsys: Any
) -> None:
    words = ["fleet", "extract", str(clips / "ana.mp4")]
    words += ["--size", "64", "--landmarks", "5", "--no-embeddings", "--no-progress"]
    words += ["--engine", "ray", "--workers", "1", "--output"]
    assert main([*words, str(tmp_path / "a"), "--address", cluster.address]) == 0
    # Ray tells before it of a node that an earlier test lost.
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("1 of 1 clip done") for line in lines)
    assert main([*words, str(tmp_path / "b"), "--address", "127.0.0.1:1"]) == 2
    assert "no Ray cluster answers" in capsys.readouterr().err


def parent(process: int) -> int | None:
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2]
    except OSError:
        return None
    return int(fields.split()[1])

"""One writer at a time, and the files of a killed writer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import deepface_models
from deepface_models import InUseError
from deepface_models.core import locks as _locks
from deepface_models.core.files import atomic_path, sweep, write_json
from deepface_models.core.folders import atomic_folder, recover_folder
from deepface_models.core.locks import hold, hold_folder

ROOT = Path(deepface_models.__file__).parents[1]
HOLDER = """
import sys
from deepface_models.core.locks import {call}
with {call}({path!r}):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path, call: str = "hold") -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a place until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER.format(call=call, path=str(path)), "--fast"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        encoding="utf-8",
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()


@pytest.mark.parametrize("call", ["hold", "hold_folder"])
def test_the_error_names_the_holder_of_the_lock(tmp_path, call):
    """One writer at a time; the error names the holder."""
    with holder(tmp_path / "a", call) as process:
        with pytest.raises(InUseError) as caught, getattr(_locks, call)(tmp_path / "a"):
            pass
    said = str(caught.value)
    assert str(tmp_path / "a") in said and f"process {process.pid} on " in said
    assert "since 20" in said and "(-c --fast)" in said
    assert "Wait until it is done, or choose another output." in said


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("call", ["hold", "hold_folder"])
def test_a_killed_process_leaves_no_lock(tmp_path, call):
    """A lock that a killed process cannot leave behind."""
    with holder(tmp_path / "a", call) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert list(tmp_path.rglob("*.lock"))
        with getattr(_locks, call)(tmp_path / "a") as depth:
            assert depth == 1
    assert not list(tmp_path.rglob("*.lock"))


def test_a_folder_is_one_place_by_whatever_path(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with holder(tmp_path / "link", "hold_folder"):
        with pytest.raises(InUseError), hold_folder(tmp_path / "b" / ".." / "a"):
            pass


def test_the_same_thread_may_take_it_again_and_another_not(tmp_path):
    seen: list[str] = []

    def other() -> None:
        try:
            with hold(tmp_path / "a"):
                seen.append("taken")
        except InUseError as error:
            seen.append(str(error))

    with hold(tmp_path / "a"), hold(tmp_path / "a") as depth:
        assert depth == 2
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "another thread of this process" in seen[0]
    other()
    assert seen[1] == "taken"
    assert os.listdir(tmp_path) == []


def test_a_short_wait_sees_the_other_end(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(_locks, "_LOG_AFTER", 0.0)
    with holder(tmp_path / "a") as process:
        timer = threading.Timer(0.3, process.kill)
        timer.start()
        with hold(tmp_path / "a", wait=30):
            pass
        timer.join()
    assert caplog.text.count(f"waiting for process {process.pid}") == 1


@pytest.mark.parametrize("said", [b"", b"\xff", b"[" * 4000, b"[1]", b'{"process": 1}'])
def test_whatever_the_holder_wrote_is_no_other_error(tmp_path, said):
    with holder(tmp_path / "a"):
        (tmp_path / ".a.lock").write_bytes(said)
        with pytest.raises(InUseError, match="by another process"):
            with hold(tmp_path / "a"):
                pass


def test_control_characters_of_the_holder_are_not_shown(tmp_path):
    with holder(tmp_path / "a"):
        write = '{"process": 1, "host": "\\u001b[2J\\n", "since": "x", "command": "y"}'
        (tmp_path / ".a.lock").write_text(write, encoding="utf-8")
        with pytest.raises(InUseError, match=r"on \\x1b\[2J\\n since x"):
            with hold(tmp_path / "a"):
                pass


def test_without_locks_it_continues_with_a_warning(tmp_path, monkeypatch, caplog):
    def refused(file: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(_locks, "_lock", refused)
    monkeypatch.setattr(_locks, "_warned", set())
    for _ in range(2):
        with hold(tmp_path / "a"):
            pass
    assert caplog.text.count("this file system has no locks") == 1
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_does_not_give_the_lock_away(tmp_path):
    with hold(tmp_path / "a"):
        child = os.fork()
        if not child:
            try:
                with hold(tmp_path / "a"):
                    os._exit(1)
            except InUseError:
                os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert (tmp_path / ".a.lock").exists()


def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path):
    """Temporary files are swept by the next run."""
    with pytest.raises(KeyboardInterrupt), atomic_path(tmp_path / "a.json") as name:
        left = name
        raise KeyboardInterrupt
    left.write_text("torn", encoding="utf-8")
    write_json(tmp_path / "a.json", {"a": 1})
    assert os.listdir(tmp_path) == ["a.json"]


def test_one_way_of_writing_serves_locks_and_small_files(tmp_path, elsewhere):
    """One function writes a file whole; a held lock is not taken again."""
    elsewhere(hold(tmp_path / "a"))
    with pytest.raises(InUseError), atomic_path(tmp_path / "a", wait=0.0):
        pass
    with atomic_path(tmp_path / "a", wait=None, flush=False) as name:
        assert not (tmp_path / "a").exists()
        name.write_text("small", encoding="utf-8")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "small"
    assert sorted(os.listdir(tmp_path)) == [".a.lock", "a"]


@pytest.mark.parametrize("apart", [False, True])
def test_a_sweep_removes_what_killed_writers_left(tmp_path, apart):
    """Temporary files are swept by the next run."""
    work, copy = tmp_path / "work", tmp_path / "copy"
    for name in ("a.png", "x" * 255):
        with atomic_path(work / name, apart=apart) as left:
            left.touch()
            shutil.copytree(work, copy, dirs_exist_ok=True)
    assert len([path for path in copy.rglob("*") if path.is_file()]) > 2
    sweep(copy)
    kept = [name for name in os.listdir(copy) if not name.endswith(".lock")]
    assert kept == ["a.png"]


def test_two_open_writers_of_one_file_do_not_mix(tmp_path):
    with atomic_path(tmp_path / "a") as first, atomic_path(tmp_path / "a") as second:
        first.write_text("first", encoding="utf-8")
        second.write_text("second", encoding="utf-8")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "first"
    assert os.listdir(tmp_path) == ["a"]


def test_the_longest_names_can_be_written(tmp_path):
    name = "ü" * 125 + ".json"  # 255 bytes
    write_json(tmp_path / name, {})
    with atomic_folder(tmp_path / ("x" * 255)) as new:
        (new / "a").write_text("a", encoding="utf-8")
    assert sorted(os.listdir(tmp_path)) == sorted([name, "x" * 255])


def test_a_reader_waits_for_a_writer_between_its_two_renames(tmp_path, monkeypatch):
    """A reader took the former folder for a crash's, and the writer then failed."""
    final, renamed = tmp_path / "model", threading.Event()
    for text in ("old", "new"):
        reader = threading.Thread(target=recover_folder, args=[final])
        rename = os.rename

        def between(source, target, reader=reader, rename=rename):
            rename(source, target)
            if str(target).endswith(".former"):
                reader.start()
                reader.join(0.3)
                renamed.set()

        monkeypatch.setattr(os, "rename", between)
        with atomic_folder(final) as made:
            (made / "a").write_text(text, encoding="utf-8")
        monkeypatch.setattr(os, "rename", rename)
    reader.join()
    assert renamed.is_set()
    assert (final / "a").read_text(encoding="utf-8") == "new"
    assert os.listdir(tmp_path) == ["model"]

"""sftp://: fsspec and paramiko, and a server in a thread of this process."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fleet_helpers import ENDS, statuses

from deepface_models import fleet
from deepface_models.core.errors import MediaError
from deepface_models.fleet import addresses

asyncssh = pytest.importorskip("asyncssh")
pytest.importorskip("paramiko")
pytest.importorskip("fsspec")
LOGIN = {"username": "ana", "password": "rose", "look_for_keys": False}


class Login(asyncssh.SSHServer):
    """Lets one person in."""

    open: ClassVar[list[Any]] = []

    def connection_made(self, conn: Any) -> None:
        self.open.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (LOGIN["username"], LOGIN["password"])


async def serve(root: Path, port: Future[int], over: asyncio.Event) -> None:
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=Login,
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        sftp_factory=functools.partial(asyncssh.SFTPServer, chroot=str(root)),
    )
    port.set_result(server.get_port())
    await over.wait()
    server.close()
    while Login.open:
        connection = Login.open.pop()
        connection.abort()
        await connection.wait_closed()
    await asyncio.sleep(0)  # what is left of closing the sockets


def hang_up() -> None:
    """Closes the connections that fsspec keeps."""
    from fsspec.implementations.sftp import SFTPFileSystem

    for system in SFTPFileSystem._cache.values():
        system.client.close()
    SFTPFileSystem.clear_instance_cache()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a server, and the folder that it shows as its root."""
    root = tmp_path / "root"
    root.mkdir()
    loop, over, port = asyncio.new_event_loop(), asyncio.Event(), Future[int]()
    work = functools.partial(loop.run_until_complete, serve(root, port, over))
    thread = threading.Thread(target=work)
    thread.start()
    yield f"sftp://127.0.0.1:{port.result(30)}", root
    hang_up()
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


@pytest.fixture
def login(monkeypatch: Any) -> None:
    """As FSSPEC_SFTP_USERNAME and FSSPEC_SFTP_PASSWORD would set it."""
    import fsspec

    monkeypatch.setitem(fsspec.config.conf, "sftp", LOGIN)


@pytest.mark.usefixtures("login", "copying")
def test_clips_and_results_on_a_server(server: tuple[str, Path], clips: Path) -> None:
    host, root = server
    clips.rename(root / "clips")
    first = fleet.extract(f"{host}/clips", f"{host}/out/a", progress=False)
    assert statuses(first) == ENDS
    assert first.rows[0]["source"] == f"{host}/clips/ana.mp4"
    assert first.rows[0]["output"] == f"{host}/out/a/ana.mp4"
    there = root / "out" / "a"
    assert (there / "ana.mp4").read_bytes() == (root / "clips/ana.mp4").read_bytes()
    assert {one.name for one in there.iterdir()} == {
        *("ana.mp4", "ben.mp4", "fleet.csv", "fleet.json", "fleet.jsonl")
    }
    again = fleet.extract(f"{host}/clips/*.mp4", f"{host}/out/a", progress=False)
    assert (again.resumed, statuses(again)) == (3, ENDS)
    lost = fleet.extract(f"{host}/clips/x.mp4", f"{host}/out/a", progress=False)
    assert lost.rows[0]["error"].startswith(f"{host}/clips/x.mp4 was not found")


@pytest.mark.usefixtures("login")
def test_the_settings_count_files_on_a_server(server: tuple[str, Path]) -> None:
    host, root = server
    (root / "model").mkdir()
    (root / "model" / "config.json").write_text("{}", "utf-8")
    ((name, stamp),) = addresses.stamps_in(f"{host}/model")
    assert name == "/model/config.json" and stamp.startswith("2 ")
    assert addresses.stamp_of(f"{host}/model/config.json") == stamp


def test_a_refused_login_is_an_error(server: tuple[str, Path], login: None) -> None:
    host = server[0].replace("sftp://", "sftp://ben@")
    with pytest.raises(MediaError, match="Authentication failed"):
        addresses.listed(f"{host}/clips")

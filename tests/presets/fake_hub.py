"""A hub on this computer that speaks the Hugging Face hub's protocol.

Repositories, commits in the format of lines of JSON, large files by Git LFS, and
downloads with ranges: what huggingface-hub asks for, without Xet. Only who has TOKEN
may write.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

TOKEN = "hf_token_of_the_test"
_LARGE = (".h5", ".npz")


class Hub(http.server.ThreadingHTTPServer):
    """Keeps everything in memory."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.clear()

    def clear(self) -> None:
        """Forgets all repositories."""
        self.branches: dict[tuple[str, str], list[tuple[str, dict[str, bytes]]]] = {}
        self.private: dict[str, bool] = {}
        self.objects: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.ranges: list[str] = []
        self.break_after: int | None = None  # bytes of the next download
        self.longer = b""  # what every download has beyond its file

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def at(self, repository: str, revision: str) -> tuple[str, dict[str, bytes]]:
        """Returns a commit's id and its files."""
        line = self.branches[repository, "main"]
        if (repository, revision) in self.branches:
            return self.branches[repository, revision][-1]
        return next(one for one in line if one[0] == revision)

    def commit(self, repository: str, branch: str, files: dict[str, bytes]) -> str:
        text = f"{repository} {branch} {len(self.branches)} {sorted(files)}"
        number = len(self.branches.setdefault((repository, branch), []))
        name = hashlib.sha1(f"{text} {number}".encode()).hexdigest()
        self.branches[repository, branch].append((name, files))
        return name


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_HEAD = do_GET

    def _answer(self) -> None:
        path = urllib.parse.unquote(self.path.partition("?")[0])
        self.server.asked.append(f"{self.command} {path}")
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for pattern, method in _ROUTES:
            found = re.fullmatch(pattern, f"{self.command} {path}")
            if found:
                method(self, *found.groups())
                return
        self._send(404)

    def _json(self) -> Any:
        return json.loads(self.content)

    def _send(self, status: int, value: Any = None, **headers: str) -> None:
        content = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _may_write(self) -> bool:
        allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if not allowed:
            self._send(401, {"error": "Invalid credentials"})
        return allowed

    def create(self) -> None:
        if not self._may_write():
            return
        asked = self._json()
        name = f"{asked['organization']}/{asked['name']}"
        status = 409 if name in self.server.private else 200
        if status == 200:
            hidden = asked.get("private") or asked.get("visibility") == "private"
            self.server.private[name] = bool(hidden)
            self.server.commit(name, "main", {".gitattributes": b"*.h5 filter=lfs"})
        self._send(status, {"url": f"{self.server.address}/{name}", "name": name})

    def branch(self, repository: str, branch: str) -> None:
        if self._may_write():
            key = (repository, branch)
            known = key in self.server.branches
            self.server.branches.setdefault(
                key, list(self.server.branches[repository, "main"])
            )
            self._send(409 if known else 200, {})

    def validate(self) -> None:
        text = self._json()["content"]
        good = text.startswith("---\n") and "\nlicense: " in text
        errors = [] if good else [{"message": "no license"}]
        self._send(200 if good else 400, {"errors": errors, "warnings": []})

    def listing(self, repository: str, revision: str) -> None:
        _, files = self.server.at(repository, revision)
        rows = [
            {"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
            for name, content in files.items()
        ]
        self._send(200, rows)

    def info(self, repository: str, revision: str = "main") -> None:
        commit, files = self.server.at(repository, revision)
        named = [{"rfilename": name} for name in files]
        self._send(200, {"id": repository, "sha": commit, "siblings": named})

    def preupload(self, repository: str, revision: str) -> None:
        if self._may_write():
            found = [
                {
                    "path": file["path"],
                    "uploadMode": "lfs" if file["path"].endswith(_LARGE) else "regular",
                    "shouldIgnore": False,
                }
                for file in self._json()["files"]
            ]
            self._send(200, {"files": found})

    def batch(self, repository: str) -> None:
        if self._may_write():
            objects = []
            for one in self._json()["objects"]:
                href = f"{self.server.address}/lfs/{one['oid']}"
                actions = {"actions": {"upload": {"href": href}}}
                known = one["oid"] in self.server.objects
                objects.append({**one, **({} if known else actions)})
            self._send(200, {"transfer": "basic", "objects": objects})

    def store(self, oid: str) -> None:
        good = hashlib.sha256(self.content).hexdigest() == oid
        if good:
            self.server.objects[oid] = self.content
        self._send(200 if good else 400)

    def commit(self, repository: str, revision: str) -> None:
        if not self._may_write():
            return
        files = dict(self.server.at(repository, revision)[1])
        for line in self.content.decode().splitlines():
            change = json.loads(line)
            value = change["value"]
            if change["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif change["key"] == "lfsFile":
                files[value["path"]] = self.server.objects[value["oid"]]
            elif change["key"] == "deletedFile":
                del files[value["path"]]
        commit = self.server.commit(repository, revision, files)
        url = f"{self.server.address}/{repository}/commit/{commit}"
        self._send(200, {"commitUrl": url, "commitOid": commit, "success": True})

    def resolve(self, repository: str, revision: str, path: str) -> None:
        try:
            commit, files = self.server.at(repository, revision)
        except (KeyError, StopIteration):
            self._send(404, {"error": "none"}, X_Error_Code="RepoNotFound")
            return
        if path not in files:
            self._send(404, {"error": "none"}, X_Error_Code="EntryNotFound")
            return
        content = files[path] + self.server.longer
        start = self._start()
        self.send_response(206 if start else 200)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Accept-Ranges", "bytes")
        if start:
            end = f"{len(content) - 1}/{len(content)}"
            self.send_header("Content-Range", f"bytes {start}-{end}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "GET":
            self._write(content[start:])

    def _start(self) -> int:
        found = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if found:
            self.server.ranges.append(found[0])
        return int(found[1]) if found else 0

    def _write(self, content: bytes) -> None:
        """Sends content; breaks the connection once, where the test wants it."""
        end, self.server.break_after = self.server.break_after, None
        self.wfile.write(content if end is None else content[:end])
        self.close_connection = end is not None

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


_REPOSITORY = "([^/]+/[^/]+)"
_ROUTES = (
    ("POST /api/repos/create", _Handler.create),
    ("POST /api/validate-yaml", _Handler.validate),
    (f"POST /api/models/{_REPOSITORY}/branch/(.+)", _Handler.branch),
    (f"POST /api/models/{_REPOSITORY}/preupload/(.+)", _Handler.preupload),
    (f"POST /api/models/{_REPOSITORY}/commit/(.+)", _Handler.commit),
    (f"GET /api/models/{_REPOSITORY}/tree/(.+)", _Handler.listing),
    (f"GET /api/models/{_REPOSITORY}/revision/(.+)", _Handler.info),
    (f"GET /api/models/{_REPOSITORY}", _Handler.info),
    (rf"POST /{_REPOSITORY}\.git/info/lfs/objects/batch", _Handler.batch),
    ("PUT /lfs/(.+)", _Handler.store),
    (f"(?:GET|HEAD) /{_REPOSITORY}/resolve/([^/]+)/(.+)", _Handler.resolve),
)


def forget_library() -> None:
    """Unloads huggingface-hub, which reads its settings when it is imported."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "huggingface_hub":
            del sys.modules[name]


@contextmanager
def running() -> Iterator[Hub]:
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()

"""Random faults of files for `faults.py`, repeatable by their seed; prints nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from fault_bytes import (
    append,
    declare,
    duplicate,
    flip,
    flip_head,
    insert,
    not_utf8,
    overwrite,
    png_size,
    truncate,
)

DEEP = "[" * 100_000
TEXTS = (
    "",
    "../victim/kept.png",
    "/",
    "\x1b[2J\n",
    "a\0b",
    "x" * 300,
    "NaN",
    "é\ud800",
)
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2.5, 10**6, 10**9, 10**30, 1e308, float("nan")),
    *([], {}, [1], ["a", "a"], [[]], {"a": 1}, "x" * 10**6, *TEXTS),
)


def mutate(random: Random, folder: Path, victim: Path) -> str:
    """Puts one to three faults into a folder's files; returns them in words."""
    return "; ".join(
        _fault(random, folder, victim) for _ in range(random.choice((1, 1, 1, 2, 3)))
    )


def _fault(random: Random, folder: Path, victim: Path) -> str:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    if not files:
        return "nothing is left"
    # Text describes the rest, so it is where most can go wrong.
    weights = [3 if p.suffix in (".json", ".csv", ".keras") else 1 for p in files]
    path = random.choices(files, weights)[0]
    choices: list[Callable[[Random, Path], str]] = [
        *(flip, flip_head, truncate, overwrite, insert, declare, duplicate, append),
    ]
    if path.suffix == ".json":
        choices = [json_field] * 10 + [json_text, not_utf8, *choices]
    elif path.suffix == ".csv":
        choices = [csv_cell] * 8 + [csv_rows, not_utf8, *choices]
    elif path.suffix == ".png":
        choices += [png_size] * 3
    elif zipfile.is_zipfile(path):
        choices += [zip_member] * 8
    if len(files) > 1 and random.random() < 0.1:
        choices = [lambda r, p: entry(r, p, victim)]
    return f"{path.relative_to(folder)}: {random.choice(choices)(random, path)}"


def reseal(random: Random, folder: Path) -> str:
    """Makes sizes, hashes and digests of a model's folder right again."""
    for name in ("config.json", "preset.json"):
        path = folder / name
        if not path.is_file():  # a pipe would wait for ever
            continue
        try:
            value = json.loads(path.read_bytes())
            _hashes(value, folder)
            if "digest" in value:
                value.pop("digest")
                text = json.dumps(value, sort_keys=True, ensure_ascii=False)
                value["digest"] = hashlib.sha256(text.encode()).hexdigest()
            text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
            path.write_bytes(text.encode())
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            continue
    return "hashes made right"


def _hashes(value: Any, folder: Path) -> None:
    if not isinstance(value, dict):
        return
    for key, item in value.items():
        if isinstance(item, dict) and {"size", "sha256"} <= set(item):
            for file in (folder / key, folder / f"{key}.weights.h5"):
                if "\0" not in str(file) and len(key) < 200 and file.is_file():
                    content = file.read_bytes()
                    item["size"] = len(content)
                    item["sha256"] = hashlib.sha256(content).hexdigest()
        _hashes(item, folder)


def json_field(random: Random, path: Path) -> str:
    """Changes, deletes, adds or renames a value of a JSON file."""
    try:
        value = json.loads(path.read_bytes())
        said, value = change(random, value)
        path.write_text(
            json.dumps(value, indent=1, ensure_ascii=False),
            encoding="utf-8",
            errors="replace",
        )
    except (ValueError, RecursionError):
        return json_text(random, path)
    return said


def change(random: Random, value: Any) -> tuple[str, Any]:
    """Returns a JSON value with one change in it, and the change in words."""
    where = random.choice(_places(value) or [None])
    new = random.choice(VALUES)
    if where is None:
        return f"all is {new!r:.40}", new
    parent, key = where
    way = random.choice(("set", "set", "set", "delete", "rename", "add"))
    if way == "delete":
        del parent[key]
    elif way == "rename" and isinstance(parent, dict):
        parent[random.choice(TEXTS)] = parent.pop(key)
    elif way == "add" and isinstance(parent, list):
        parent.extend([new] * random.choice((1, 1000)))
    elif way == "add":
        parent[random.choice(TEXTS)] = new
    else:
        parent[key] = new
    return f"{way} {key!r:.40} {new!r:.40}", value


def _places(value: Any) -> list[Any]:
    found: list[Any] = []
    items: Any = ()
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value[:50]))
    for key, inner in items:
        found += [(value, key), *_places(inner)]
    return found


def json_text(random: Random, path: Path) -> str:
    """Replaces a JSON file by text that few parsers have seen."""
    text = random.choice((DEEP, "{" + '"a":{' * 50_000, "null", "[]", "1e999", '"', ""))
    path.write_text(text, "utf-8")
    return f"is {text[:20]!r}"


def csv_cell(random: Random, path: Path) -> str:
    """Changes a cell of a table."""
    rows = _rows(path)
    filled = [i for i, row in enumerate(rows) if row]
    if not filled:
        return "is empty"
    row = rows[random.choice(filled)]
    column, new = (
        random.randrange(len(row)),
        random.choice((*TEXTS, "-1", "1e308", "inf")),
    )
    if random.random() < 0.3:
        new = random.choice(
            (
                "../victim/kept.png",
                "faces/../../victim/kept.png",
                str(path.parent.parent / "victim/kept.png"),
            )
        )
        column = 0
    row[column] = new
    _write_rows(path, rows)
    return f"column {column} is {new[:30]!r}"


def csv_rows(random: Random, path: Path) -> str:
    """Deletes, repeats or shortens rows of a table."""
    rows = _rows(path)
    at = random.randrange(max(len(rows), 1))
    rows[at:at] = random.choice(([rows[at][:3]], rows[at : at + 1] * 2, [["x"] * 99]))
    if random.random() < 0.3:
        del rows[at]
    _write_rows(path, rows)
    return f"rows at {at}"


def _rows(path: Path) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8", "replace").replace("\0", "")
    csv.field_size_limit(10**9)
    return list(csv.reader(io.StringIO(text))) or [[]]


def _write_rows(path: Path, rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8", errors="replace")


def zip_member(random: Random, path: Path) -> str:
    """Changes a file within an archive such as `.keras`, which stays a right one."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        return flip(random, path)
    name = random.choice(["config.json", *members])
    if name not in members:
        return flip(random, path)
    inner = path.parent / f".inner{Path(name).suffix}"
    inner.write_bytes(members[name])
    said = json_field(random, inner) if name.endswith(".json") else flip(random, inner)
    members[name] = inner.read_bytes()
    inner.unlink()
    with zipfile.ZipFile(path, "w") as archive:
        for key, content in members.items():
            archive.writestr(key, content)
    return f"{name}: {said}"


def entry(random: Random, path: Path, victim: Path) -> str:
    """Puts something else in a file's place."""
    way = random.choice(("nothing", "folder", "link", "empty", "pipe", "unreadable"))
    content = path.read_bytes()
    path.unlink()
    if way == "folder":
        path.mkdir()
    elif way == "link":
        path.symlink_to(victim)
    elif way == "empty":
        path.write_bytes(b"")
    elif way == "pipe":
        os.mkfifo(path)
    elif way == "unreadable":
        path.write_bytes(content)
        path.chmod(0)
    return f"is {way}"


def copy(material: Path, folder: Path) -> None:
    """Copies a file or a folder's content into an empty folder."""
    folder.mkdir(parents=True)
    if material.is_dir():
        shutil.copytree(material, folder, dirs_exist_ok=True)
    else:
        shutil.copy(material, folder)

"""Downloads of presets: complete or nothing, also by several processes at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from preset_helpers import serve

import deepface_models
from deepface_models import IntegrityError, presets
from deepface_models.core.locks import hold
from deepface_models.models.autoencoders import DenseAutoencoder
from deepface_models.presets import registry
from deepface_models.presets.record import read_record
from deepface_models.presets.sources import parse_source

PART = "encoder.weights.h5"


def named(folder: Path, *sources: str) -> str:
    presets.register(folder, sources, registry.REGISTRY)
    return read_record(folder)["name"]


def left(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


@pytest.mark.slow
def test_by_address_then_without_a_connection(server, packed, cache):
    model = DenseAutoencoder.from_preset(server.address)
    assert max(presets.check_golden(model, packed / "dense").values()) < 1e-6
    folder = presets.fetch(f"{server.address}/")
    server.asked.clear()
    server.spoil = lambda name, content: (b"", 0)
    assert presets.fetch(server.address) == folder
    assert server.asked == []
    assert left(cache) == [folder.name]


def test_by_name_then_without_a_connection(server, packed):
    name = named(packed / "dense", server.address)
    assert deepface_models.load(name, load_weights=False).latent_size == 3
    assert server.asked == []
    deepface_models.load(name)
    assert "preset.json" not in server.asked  # the registry's is the one that counts
    server.asked.clear()
    deepface_models.load(name)
    assert server.asked == []
    assert presets.fetch(name, force=True) == presets.fetch(name)
    assert PART in server.asked


def test_the_cache_is_checked_each_time(server, packed):
    name = named(packed / "dense", server.address)
    path = presets.fetch(name) / PART
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"force=True"):
        deepface_models.load(name)
    presets.fetch(name, force=True)
    deepface_models.load(name)


def test_another_preset_in_the_cache_is_refused(server, packed):
    name = named(packed / "dense", server.address)
    folder = presets.fetch(name)
    shutil.rmtree(folder)
    shutil.copytree(packed / "people", folder)
    with pytest.raises(IntegrityError, match="holds another preset than 'dense'"):
        deepface_models.load(name)
    assert deepface_models.load(presets.fetch(name, force=True)).latent_size == 3


def flip(name, content):
    if name != PART:
        return content, len(content)
    return bytes([*content[:-1], content[-1] ^ 1]), len(content)


def cut(name, content):
    keep = len(content) // 2 if name == PART else len(content)
    return content[:keep], keep


def interrupt(name, content):
    return cut(name, content)[0], len(content)  # promises more than it sends


def grow(name, content):
    content += b"x" * (name == PART)
    return content, len(content)


@pytest.mark.parametrize("spoil", [flip, cut, interrupt, grow])
@pytest.mark.parametrize("by_name", [True, False])
def test_a_failed_download_leaves_nothing(server, packed, cache, spoil, by_name):
    source = named(packed / "dense", server.address) if by_name else server.address
    server.spoil = spoil
    with pytest.raises((IntegrityError, ConnectionError), match="Expected"):
        deepface_models.load(source)
    assert left(cache) == []
    server.spoil = None
    deepface_models.load(source)


def test_a_failed_renewal_keeps_what_was_there(server, cache):
    presets.fetch(server.address)
    server.spoil = flip
    with pytest.raises(IntegrityError):
        presets.fetch(server.address, force=True)
    deepface_models.load(server.address)


def test_a_huge_record_is_not_read_to_its_end(server):
    server.spoil = lambda name, content: (b" " * (2 << 20), 2 << 20)
    with pytest.raises(IntegrityError, match="more than 1048576 bytes"):
        presets.fetch(server.address)


def test_another_preset_than_was_pinned(server, packed, tmp_path):
    digest = read_record(packed / "dense")["digest"]
    presets.fetch(f"{server.address}#sha256={digest}")
    with pytest.raises(IntegrityError, match="as the address says"):
        presets.fetch(f"{server.address}#sha256={'0' * 64}")


def test_a_name_stands_for_its_bytes_alone(server, packed, tmp_path):
    name = named(packed / "dense", server.address)
    with serve(packed / "people") as other:
        named(packed / "dense", other.address)
        with pytest.raises((IntegrityError, ConnectionError)):
            deepface_models.load(name)
        named(packed / "dense", other.address, server.address)
        deepface_models.load(name)  # the second source serves


def test_the_next_source_is_tried_and_reasons_are_named(server, packed):
    name = named(packed / "dense", f"{server.address}/no", f"{server.address}/none")
    with pytest.raises(ConnectionError, match=r"/no/.*404.*/none/.*404"):
        presets.fetch(name)


def test_a_redirect_may_not_leave_https(server):
    server.redirect = "http://example.org"
    with pytest.raises(ConnectionError, match="which is not https"):
        presets.fetch(server.address)


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org/x",
        "ftp://example.org/x",
        "file:///etc",
        "https:///x",
        "https://example.org/x?y=1",
        "https://example.org/x#sha256=12",
        "hf://owner",
        "hf://owner/repo@",
    ],
)
def test_other_addresses_are_refused(address):
    with pytest.raises(ValueError, match="Use https"):
        deepface_models.load(address)


@pytest.mark.parametrize("name", ["decoder.weights.h5/../x", "/etc/passwd", ".hidden"])
def test_a_name_may_not_lead_elsewhere(packed, name, tmp_path):
    from deepface_models import ModelFileError
    from deepface_models.presets.record import check_record, sign

    record = read_record(packed / "dense")
    record.pop("digest")
    record["parts"] = ["encoder", name]
    files = dict(record["files"])
    files[f"{name}.weights.h5"] = files.pop("decoder.weights.h5")
    with pytest.raises(ModelFileError, match="cannot be used"):
        check_record(sign(record | {"files": files}), "x")


_TOGETHER = """
import sys, time
from deepface_models import presets
while time.time() < float(sys.argv[2]):
    pass
again = sys.argv[3] == "again"
print(presets.fetch(sys.argv[1], force=again, progress=False))
assert not {"keras", "numpy"} & set(sys.modules)
"""


@pytest.mark.parametrize("how", ["first", "again"])
def test_processes_may_fetch_at_once(server, cache, how):
    if how == "again":
        presets.fetch(server.address)
    root = Path(deepface_models.__file__).parent.parent
    words = [sys.executable, "-c", _TOGETHER, server.address, str(time.time() + 1), how]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    running = [
        subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(set(said)) == 1
    assert left(cache) == [Path(said[0].strip()).name]
    deepface_models.load(server.address)


def test_the_faster_of_two_processes_wins(server, packed, cache, monkeypatch):
    rename = os.rename

    def slow(source, target):
        shutil.copytree(packed / "dense", target)
        rename(source, target)

    monkeypatch.setattr(os, "rename", slow)
    folder = presets.fetch(server.address)
    assert left(cache) == [folder.name]


def test_what_a_killed_process_left_is_no_preset(server, cache, elsewhere):
    """Remains are removed, except for those of a running process."""
    folder = presets.fetch(server.address)
    remains, others = cache / f".{folder.name}.new", cache / ".at.other.new"
    shutil.move(folder, remains)
    shutil.copytree(remains, others)
    shutil.copytree(remains, cache / ".at.third.new")
    elsewhere(hold(cache / "at.other"))
    presets.fetch(server.address)
    assert left(cache) == sorted([others.name, ".at.other.lock", folder.name])


def test_https_is_an_address():
    pinned = parse_source(f"https://example.org/a/#sha256={'a' * 64}")
    assert (pinned.base, pinned.digest) == ("https://example.org/a", "a" * 64)

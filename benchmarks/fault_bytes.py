"""Faults of bytes in any file, for `fault_mutations.py`: flips, cuts, false sizes."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from random import Random

SIZES = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 100_000)


def flip(random: Random, path: Path) -> str:
    """Flips bits anywhere."""
    return _flip(random, path, None)


def flip_head(random: Random, path: Path) -> str:
    """Flips bits of the first bytes, where formats declare what follows."""
    return _flip(random, path, 256)


def _flip(random: Random, path: Path, end: int | None) -> str:
    data = bytearray(path.read_bytes())
    if not data:
        return "is empty"
    count = random.choice((1, 1, 2, 8, 64))
    for _ in range(count):
        data[random.randrange(min(len(data), end or len(data)))] ^= (
            1 << random.randrange(8)
        )
    path.write_bytes(data)
    return f"{count} bits flipped before {end or len(data)}"


def truncate(random: Random, path: Path) -> str:
    """Cuts the end off."""
    size = random.randrange(max(path.stat().st_size, 1))
    os.truncate(path, size)
    return f"cut to {size} bytes"


def overwrite(random: Random, path: Path) -> str:
    """Fills a stretch with one byte."""
    data = bytearray(path.read_bytes())
    start = random.randrange(len(data) + 1)
    stretch = data[start : start + random.choice((4, 64, 4096))]
    value = random.choice((0, 255, 32))
    data[start : start + len(stretch)] = bytes([value]) * len(stretch)
    path.write_bytes(data)
    return f"{len(stretch)} bytes at {start} are {value}"


def insert(random: Random, path: Path) -> str:
    """Inserts random bytes."""
    data = path.read_bytes()
    start = random.randrange(len(data) + 1)
    new = random.randbytes(random.choice((1, 7, 512)))
    path.write_bytes(data[:start] + new + data[start:])
    return f"{len(new)} bytes inserted at {start}"


def declare(random: Random, path: Path) -> str:
    """Writes a size that is too large, or zero, where there may be one."""
    data = bytearray(path.read_bytes())
    value, form = random.choice(SIZES), random.choice("<>") + random.choice("HIQ")
    size = struct.calcsize(form)
    end = random.choice((64, 512, len(data)))
    start = random.randrange(max(min(end, len(data)) - size, 1))
    data[start : start + size] = struct.pack(form, min(value, 2 ** (8 * size) - 1))
    path.write_bytes(data)
    return f"{value} as {form} at {start}"


def duplicate(random: Random, path: Path) -> str:
    """Repeats a stretch."""
    data = path.read_bytes()
    start = random.randrange(len(data) + 1)
    stretch = data[start : start + random.choice((16, 1024, 65536))]
    path.write_bytes(data[:start] + stretch + data[start:])
    return f"{len(stretch)} bytes at {start} twice"


def append(random: Random, path: Path) -> str:
    """Adds something behind the end."""
    with open(path, "ab") as file:
        file.write(random.randbytes(random.choice((1, 1000))))
    return "bytes appended"


def not_utf8(random: Random, path: Path) -> str:
    """Puts a byte that is no UTF-8 into a text."""
    data = path.read_bytes()
    start = random.randrange(len(data) + 1)
    path.write_bytes(data[:start] + b"\xff\xfe" + data[start:])
    return f"no UTF-8 at {start}"


def png_size(random: Random, path: Path) -> str:
    """Declares other sizes and depths in a PNG, with a right checksum."""
    data = bytearray(path.read_bytes())
    if data[12:16] != b"IHDR":
        return declare(random, path)
    width, height = random.choice(((60_000, 60_000), (30_000, 30_000), (2**31 - 1, 1)))
    data[16:24] = struct.pack(">II", width, height)
    if random.random() < 0.5:
        data[24:26] = bytes((16, 6))
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)
    return f"declares {width} x {height}"

"""What a preset draws, as one picture for the docs: nobody in it is an official."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pretrain_data import SHOWN, Face

from deepface_models._files import atomic_path
from deepface_models.conversion import model_sha256
from deepface_models.media import grid
from deepface_models.media.image import embedded
from deepface_models.provenance import Record, sign

Array = NDArray[Any]

COLUMNS, STEPS, WALKS, ROWS = 10, 8, 2, 2
LARGEST = 150_000  # bytes of a picture in docs, without its credentials


def shown(faces: list[Face], count: int = COLUMNS) -> list[int]:
    """One picture each of some people whose pictures may be shown, sources by turns."""
    rng = np.random.default_rng(0)
    order = [int(i) for i in rng.permutation(len(faces))]
    chosen: list[int] = []
    waiting = {s: [i for i in order if faces[i].source == s] for s in SHOWN}
    while len(chosen) < count and any(waiting.values()):
        for mine in waiting.values():
            known = {faces[i].person for i in chosen}
            new = next((i for i in mine if faces[i].person not in known), None)
            if new is None:
                mine.clear()
            else:
                mine.remove(new)
                chosen.append(new)
    return chosen[:count]


def sheet(model: Any, rows: dict[str, Array], originals: Array) -> Array:
    """Rows of pictures by name, then interpolations and, if it can, samples."""
    found = {name.split(" (")[0]: _pictures(row) for name, row in rows.items()}
    if not hasattr(model, "corrupt"):
        for number, walk in enumerate(_walks(model, originals)):
            found[f"one to another {number + 1}"] = _pictures(walk)
    if hasattr(model, "sample"):
        drawn = _pictures(model.sample(ROWS * COLUMNS, seed=0))
        for number in range(ROWS):
            mine = drawn[number * COLUMNS : (number + 1) * COLUMNS]
            found[f"drawn {number + 1}"] = mine
    return grid(list(found.values()), labels=list(found))


def _walks(model: Any, images: Array) -> Iterator[Array]:
    """Two pictures with what lies between their codes, a row each."""
    parts = np.linspace(0, 1, STEPS, dtype="float32")
    for first in range(0, min(2 * WALKS, len(images) - 1), 2):
        pair = images[first : first + 2]
        start, end = model.encode(pair)
        line = np.stack([start + (end - start) * part for part in parts])
        drawn = np.clip(model.decode(line), 0, 1)
        yield np.concatenate([_unit(pair[:1]), drawn, _unit(pair[1:])])


def _unit(images: Array) -> Array:
    return images.astype("float32") / 255 if images.dtype == np.uint8 else images


def _pictures(batch: Array) -> list[Array]:
    """RGB pictures; digits are enlarged to 56 px."""
    batch = _unit(batch)
    times = 2 if batch.shape[1] < 48 else 1
    larger = batch.repeat(times, axis=1).repeat(times, axis=2)
    return list(np.broadcast_to(larger, (*larger.shape[:3], 3)))


def record(model: Any, name: str, originals: Array) -> Record:
    """What is stated of faces that a preset drew from pictures held out."""
    return Record(
        consent="Pictures under the licences in the preset's card; generated people",
        source=f"{len(originals)} pictures held out",
        source_sha256=hashlib.sha256(np.ascontiguousarray(originals)).hexdigest(),
        model=name,
        model_sha256=model_sha256(model),
    )


def write(path: Path, picture: Array, stated: Record | None = None) -> None:
    """Writes a JPEG of the best quality that keeps it below 150 kB; signs faces."""
    image, quality = Image.fromarray(picture), 92
    extra = embedded("JPEG", stated.plain_metadata()) if stated else {}
    while True:
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality, optimize=True, **extra)
        if data.tell() <= LARGEST:
            break
        quality -= 4
        if quality < 70:
            image, quality = image.resize([n * 4 // 5 for n in image.size]), 92
    with atomic_path(path) as new:
        new.write_bytes(data.getvalue())
    if stated:
        sign(path, stated)

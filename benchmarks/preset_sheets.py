"""What an autoencoder preset renders from held-out images, as one image for the docs.

    python benchmarks/preset_sheets.py vae_faces_64 --data DATA --output docs/presets

writes docs/presets/vae_faces_64.jpg, which is signed if it shows faces, and prints
nothing. DATA is the folder that the preset was pretrained from. Portraits of officials
are not shown.
"""

from __future__ import annotations

import hashlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import harness
import numpy as np
from PIL import Image

from deepface_models import load
from deepface_models.conversion import model_sha256
from deepface_models.core.arrays import Array, as_float
from deepface_models.core.files import atomic_path
from deepface_models.media import grid
from deepface_models.media.image import embedded
from deepface_models.pretraining import RECIPES
from deepface_models.pretraining.autoencoders import seen
from deepface_models.pretraining.data import read_digits, read_faces
from deepface_models.pretraining.facts import FACES
from deepface_models.pretraining.measures import rendered_by
from deepface_models.pretraining.people import Face
from deepface_models.provenance import Record, sign

COLUMNS, STEPS, WALKS, ROWS = 10, 8, 2, 2
SHOWN = ("london_smiling", "sfhq_t2i", "synthetic_people", "images")
LARGEST = 150_000  # bytes of an image in docs, without its credentials


def shown(faces: list[Face], count: int = COLUMNS) -> list[int]:
    """One image each of some people whose images may be shown, sources by turns."""
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
    """Rows of images by name, then interpolations and, if it can, samples."""
    found = {name.split(" (")[0]: _images(row) for name, row in rows.items()}
    if not hasattr(model, "corrupt"):
        for number, walk in enumerate(_walks(model, originals)):
            found[f"one to another {number + 1}"] = _images(walk)
    if hasattr(model, "sample"):
        samples = _images(model.sample(ROWS * COLUMNS, seed=0))
        for number in range(ROWS):
            mine = samples[number * COLUMNS : (number + 1) * COLUMNS]
            found[f"sampled {number + 1}"] = mine
    return grid(list(found.values()), labels=list(found))


def _walks(model: Any, images: Array) -> Iterator[Array]:
    """Two images with what lies between their latents, a row each."""
    parts = np.linspace(0, 1, STEPS, dtype="float32")
    for first in range(0, min(2 * WALKS, len(images) - 1), 2):
        pair = images[first : first + 2]
        start, end = model.encode(pair)
        line = np.stack([start + (end - start) * part for part in parts])
        between = np.clip(model.decode(line), 0, 1)
        yield np.concatenate([as_float(pair[:1]), between, as_float(pair[1:])])


def _images(batch: Array) -> list[Array]:
    """RGB images; digits are enlarged to 56 px."""
    batch = as_float(batch)
    times = 2 if batch.shape[1] < 48 else 1
    larger = batch.repeat(times, axis=1).repeat(times, axis=2)
    return list(np.broadcast_to(larger, (*larger.shape[:3], 3)))


def record(model: Any, name: str, originals: Array) -> Record:
    """What is stated of faces that a preset rendered from images held out."""
    return Record(
        consent="Images under the licenses in the preset's card; generated people",
        source=f"{len(originals)} images held out",
        source_sha256=hashlib.sha256(np.ascontiguousarray(originals)).hexdigest(),
        model=name,
        model_sha256=model_sha256(model),
    )


def write(path: Path, image: Array, stated: Record | None = None) -> None:
    """Writes a JPEG of the best quality that keeps it below 150 kB; signs faces."""
    image, quality = Image.fromarray(image), 92
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


def main(words: list[str]) -> None:
    parser = harness.options(__doc__, output="docs/presets")
    parser.add_argument("preset", help="its name")
    parser.add_argument("--data", type=Path, help="what pretrain takes")
    parser.add_argument("--weights", help="the preset's folder, where not its own")
    parser.add_argument("--cache", type=Path, default=Path("runs/pretrain/data"))
    args = parser.parse_args(words)
    recipe = RECIPES[args.preset]
    model = load(args.weights or args.preset)
    if recipe.data == FACES:
        data = read_faces(args.data, recipe.size, args.cache, None)
        index = shown(data.faces)
    else:
        data, index = read_digits(recipe.data, args.data, None), list(range(COLUMNS))
    rendered = rendered_by(model, seen(recipe, data.images), data.test)
    originals = data.test[index]
    rows = {"never seen": originals}
    rows |= {name: one[index] for name, one in rendered.items()}
    stated = record(model, args.preset, originals) if data.faces else None
    write(args.output / f"{args.preset}.jpg", sheet(model, rows, originals), stated)


if __name__ == "__main__":
    main(sys.argv[1:])

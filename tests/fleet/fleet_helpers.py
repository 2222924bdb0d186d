"""What the tests of fleets share."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import av
import numpy as np

QUICK = {"image_size": 64, "landmarks": 5, "embeddings": False, "every_n": 2}
CONSENT = "Both speakers are volunteers of the GRID corpus"
# How the four clips end that the fixture `clips` has.
ENDS = {"ana": "done", "ben": "done", "damaged": "failed", "empty": "no_face"}


class TintModel:
    """Draws the face it is given, greener."""

    identities = ("ana", "ben")
    name = "tint"
    image_size = 64
    has_mask = True

    def predict(self, images: Any, identity: str) -> Any:
        faces = np.asarray(images, np.float32) / 255 * [0.8, 1.0, 0.8]
        masks = np.ones((*faces.shape[:3], 1))
        return np.concatenate([faces, masks], axis=-1).astype("float32")

    def get_weights(self) -> list[Any]:
        return [np.ones(1, np.float32)]


def statuses(report: Any) -> dict[str, str]:
    return {Path(row["source"]).stem: row["status"] for row in report.rows}


def hashes(report: Any) -> dict[str, str]:
    return {Path(row["source"]).stem: row["sha256"] for row in report.rows}


def packets(path: Path) -> str:
    """The SHA-256 of what is encoded in a video, without its metadata."""
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux():
            digest.update(bytes(packet))
    return digest.hexdigest()


def holder(output: Path) -> int | None:
    """The process that is writing a face set, or None."""
    try:
        text = (output / ".deepface_models.lock").read_text("utf-8")
    except OSError:
        return None
    found = re.search(r'"process": (\d+)', text)
    return int(found[1]) if found else None


def unfinished_files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.name.startswith(".")]

"""The demo's images: training progress, and frames before and after the swap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.conversion import model_sha256
from deepface_models.core.arrays import Array
from deepface_models.media import grid, read_image, read_video, write_image
from deepface_models.provenance import Record, sign

_COLUMNS = 8
_FRAMES = 5


def write_preview(
    output: Path, model: Any, held_out: dict[str, Any], consent: str
) -> Path:
    """Writes and signs `preview.png`.

    Args:
        output: The demo's folder, with `training/timelapse` in it.
        model: The trained model.
        held_out: Faces of each person that were not used for training.
        consent: The consent statement, which becomes part of the image.

    Returns:
        The image's path.
    """
    rows, labels = [], []
    for name in model.identities:
        target = next(other for other in model.identities if other != name)
        lapse = sorted((output / "training" / "timelapse" / name).glob("*.png"))
        swaps = [_last_row(read_image(path), model.output_size) for path in lapse]
        rows.append(_spread(swaps))
        labels.append(f"{name} as {target}, during training")
    for name in model.identities:
        target = next(other for other in model.identities if other != name)
        faces = np.stack(_spread(list(held_out[name].images)))
        rows.append(list(faces))
        rows += [_decoded(model, faces, name, identity) for identity in (name, target)]
        labels += [name, f"{name} reconstructed", f"{name} as {target}"]
    source = held_out[model.identities[0]].sources[-1]
    record = _record(source, model, consent)
    return _write(output / "preview.png", rows, labels, record)


def write_frames(
    output: Path, source: Path, model: Any, swap: Path, consent: str
) -> Path:
    """Writes and signs `frames.jpg`: frames of the source above those of the swap."""
    rows = [
        _spread([frame.image for frame in read_video(video)], _FRAMES)
        for video in (source, swap)
    ]
    labels = ["source", "swap"]
    return _write(output / "frames.jpg", rows, labels, _record(source, model, consent))


def _record(source: str | Path, model: Any, consent: str) -> Record:
    return Record.from_source(
        source, consent=consent, model=model.name, model_sha256=model_sha256(model)
    )


def _write(
    path: Path, rows: list[list[Array]], labels: list[str], record: Record
) -> Path:
    write_image(path, grid(rows, labels=labels), metadata=record.plain_metadata())
    sign(path, record)
    return path


def _last_row(image: Array, size: int) -> Array:
    """Returns the swap of the first face in a time-lapse image."""
    return image[-size:, :size]


def _spread(items: list[Any], most: int = _COLUMNS) -> list[Any]:
    """Returns some items, evenly spaced, including the first and the last."""
    count = min(most, len(items))
    return [items[i] for i in np.linspace(0, len(items) - 1, count).round().astype(int)]


def _decoded(
    model: Any, faces: Array, source_identity: str, identity: str
) -> list[Array]:
    return list(
        np.clip(
            model.predict(faces, identity=identity, source_identity=source_identity)[
                ..., :3
            ],
            0.0,
            1.0,
        )
    )

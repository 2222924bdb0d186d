"""Intact files of each kind, which `faults.py` damages: real faces, small models.

    python benchmarks/fault_materials.py FOLDER

writes them, and prints nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import harness

CLIPS = harness.PACKAGE / "demo" / "clips"
CONSENT = "Both speakers are volunteers of the GRID corpus"
PEOPLE = {"s1": "bbaf2n.mpg", "mb": "sbia1a.mpg"}
SIZE = 64


def make(work: Path) -> None:
    """Makes all of them below a folder."""
    frames = _frames(CLIPS / "s1" / PEOPLE["s1"])
    _images(work / "image", frames)
    _videos(work / "video", frames)
    faces = _faces(work)
    _models(work, faces)


def _frames(clip: Path) -> list[Any]:
    from deepface_models.media import read_video

    return [frame.image for frame in read_video(clip)][::6]


def _images(folder: Path, frames: list[Any]) -> None:
    import numpy as np
    from PIL import Image

    from deepface_models.provenance import Record, sign

    folder.mkdir(parents=True)
    image = Image.fromarray(frames[0])
    for suffix in ("png", "jpg", "webp", "tif", "bmp", "gif"):
        image.save(folder / f"frame.{suffix}")
    image.convert("RGBA").save(folder / "alpha.png")
    deep = np.asarray(image.convert("L")).astype(np.uint16) * 257
    Image.fromarray(deep).save(folder / "deep.png")
    Image.fromarray(deep.astype(np.float32) / 65535).save(folder / "float.tif")
    record = Record.from_source(
        folder / "frame.png", consent=CONSENT, model="m", model_sha256="ab" * 32
    )
    for name in ("signed.png", "signed.jpg", "signed.webp"):
        image.save(folder / name)
        sign(folder / name, record)


def _videos(folder: Path, frames: list[Any]) -> None:
    import shutil

    from PIL import Image

    from deepface_models.media import VideoWriter
    from deepface_models.provenance import Record, sign

    folder.mkdir(parents=True)
    for suffix in ("mp4", "mov", "mkv"):
        try:
            with VideoWriter(
                folder / f"clip.{suffix}", size=frames[0].shape[1::-1], fps=25
            ) as writer:
                for frame in frames[:8]:
                    writer.write(frame)
        except (TypeError, ValueError) as error:
            print(f"no clip.{suffix}: {error}", file=sys.stderr)
    shutil.copy(CLIPS / "s1" / PEOPLE["s1"], folder / "clip.mpg")
    first, *rest = (Image.fromarray(frame) for frame in frames[:4])
    first.save(folder / "clip.gif", save_all=True, append_images=rest, duration=200)
    if (folder / "clip.mp4").exists():
        shutil.copy(folder / "clip.mp4", folder / "signed.mp4")
        record = Record.from_source(
            folder / "clip.mpg", consent=CONSENT, model="m", model_sha256="ab" * 32
        )
        sign(folder / "signed.mp4", record)


def _faces(work: Path) -> dict[str, Path]:
    from deepface_models import FaceAligner

    folders = {}
    for name, clip in PEOPLE.items():
        folders[name] = work / "faces" / name
        aligner = FaceAligner(SIZE, landmarks=5, embeddings=True, max_faces=1)
        aligner.extract(
            CLIPS / name / clip,
            output=folders[name],
            every_n=6,
            limit=8,
            workers=1,
            progress=False,
        )
    return folders


def _models(work: Path, faces: dict[str, Path]) -> None:
    import numpy as np

    import deepface_models as dfm
    from deepface_models.callbacks import ResumableCheckpoint
    from deepface_models.models.autoencoders import DenseAutoencoder

    dense = DenseAutoencoder((8, 8, 3), 4)
    dense.compile()
    pixels = np.random.default_rng(0).random((16, 8, 8, 3), "float32")
    checkpoint = ResumableCheckpoint(work / "checkpoint" / "state")
    dense.fit(pixels, pixels, epochs=2, verbose=0, callbacks=[checkpoint])
    for kind in ("keras", "parts", "preset"):
        (work / kind).mkdir()
    dense.save(work / "keras" / "model.keras")
    dense.save_parts(work / "parts" / "dense")
    facts = {"license": "CC0-1.0", "data": "Random numbers"}
    dfm.presets.save_preset(dense, work / "preset" / "dense", **facts)
    swap = dfm.train(
        faces,
        work / "training",
        image_size=SIZE,
        epochs=1,
        steps=1,
        batch_size=2,
        preview_every=99,
        verbose=0,
    )
    swap.save_parts(work / "parts" / "swap")
    dfm.load(work / "parts" / "swap").save(work / "keras" / "swap.keras")


if __name__ == "__main__":
    make(Path(sys.argv[1]))

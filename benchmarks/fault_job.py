"""A job that `faults.py` kills: prints "ready" after its imports, then works.

python benchmarks/fault_job.py extract MATERIALS OUTPUT
"""

from __future__ import annotations

import sys
from pathlib import Path

from fault_materials import CLIPS, CONSENT, PEOPLE, SIZE


def extract(materials: Path, output: Path) -> None:
    """Finds faces in two clips."""
    from deepface_models import FaceAligner

    aligner = FaceAligner(SIZE, landmarks=5, embeddings=False, max_faces=1)
    ready()
    options = {"every_n": 3, "workers": 1, "progress": False}
    clips = [CLIPS / name / clip for name, clip in PEOPLE.items()]
    aligner.extract(clips, output=output, **options)


def train(materials: Path, output: Path) -> None:
    """Trains a small face swap."""
    import deepface_models as dfm

    dfm.train  # noqa: B018 - imports
    ready()
    faces = {name: materials / "faces" / name for name in PEOPLE}
    options = {"batch_size": 2, "checkpoint_every": 1, "preview_every": 3}
    size = {"architecture": "swift", "image_size": SIZE}
    dfm.train(faces, output, **size, epochs=5, steps=2, verbose=0, **options)


def convert(materials: Path, output: Path) -> None:
    """Swaps the face in the images and clips of a folder."""
    import deepface_models as dfm

    model = dfm.load(materials / "parts" / "swap")
    aligner = dfm.FaceAligner(SIZE, landmarks=5, embeddings=False)
    ready()
    who = {"identity": "mb", "consent": CONSENT, "progress": False}
    dfm.convert(materials / "source", output, model, aligner=aligner, **who)


def fetch(materials: Path, output: Path) -> None:
    """Fetches a preset from the address in the output's `address`."""
    from deepface_models import presets

    address = output.with_suffix(".address").read_text("utf-8")
    ready()
    presets.fetch(address, progress=False)


def ready() -> None:
    """Tells that the work begins."""
    print("ready", flush=True)


if __name__ == "__main__":
    job, *places = sys.argv[1:]
    {"extract": extract, "train": train, "convert": convert, "fetch": fetch}[job](
        *map(Path, places)
    )

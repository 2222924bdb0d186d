"""Time per image in a folder of ten thousand, compared with one of a hundred.

    python benchmarks/many_images.py
    python benchmarks/many_images.py --few 100 --many 10000 --converted 1000

prints milliseconds and ratio of each step.

Each step uses the public functions on a folder of tiny images. The detector returns the
whole image as a face and the model darkens it, so that only the bookkeeping is
measured. A ratio near 1 means that the time of a step is proportional to the number of
images; a ratio of 100, to its square. All numbers come from one run on one machine.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import numpy as np

from deepface_models.conversion import convert
from deepface_models.faces import Box, FaceAligner, FaceSet
from deepface_models.faces.detect import Detection
from deepface_models.media import write_image

SIZE = 24  # px of the images
STEPS = ("extract", "again", "moved", "open", "split", "sheet", "drop", "convert")


class Everywhere:
    """Takes the whole image for a face."""

    name = "everywhere"

    def __call__(self, image: Any) -> list[Detection]:
        """Returns the whole image."""
        height, width = image.shape[:2]
        return [Detection(Box(0.0, 0.0, float(width), float(height)), 1.0, self.name)]


class Tint:
    """Returns its input face, a little darker."""

    identities = ("ana", "ben")
    name = "tint"
    image_size = 16
    face_type = "full"
    has_mask = False

    def predict(self, images: Any, identity: str) -> Any:
        """Returns the images in [0, 1], darker."""
        return np.asarray(images, np.float32) / 255 * 0.9

    def get_weights(self) -> list[Any]:
        """Returns what stands for the model."""
        return [np.float32([0.9])]


def images(folder: Path, count: int) -> Path:
    """Writes a folder of images, no two the same."""
    rng = np.random.default_rng(0)
    for number in range(count):
        image = rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
        write_image(folder / f"{number:06d}.jpg", image)
    return folder


def aligner() -> FaceAligner:
    """Returns an aligner that costs next to nothing."""
    return FaceAligner(
        image_size=16, landmarks=5, embeddings=False, repeats=1, detector=Everywhere()
    )


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Returns the seconds that a call takes, and what it returns."""
    begun = time.perf_counter()
    value = function()
    return time.perf_counter() - begun, value


def measure(folder: Path, count: int, converted: int) -> dict[str, float]:
    """Returns the milliseconds an image of each step."""
    source, output = images(folder / "images", count), folder / "set"
    spent: dict[str, float] = {}

    def extract() -> FaceSet:
        return aligner().extract(source, output, progress=False)

    spent["extract"], faces = timed(extract)
    spent["again"], _ = timed(extract)
    source = source.rename(folder / "moved")
    spent["moved"], _ = timed(extract)
    spent["open"], faces = timed(lambda: FaceSet.open(output))
    spent["split"], _ = timed(lambda: [faces.split(by=by) for by in ("auto", "time")])
    spent["sheet"], _ = timed(lambda: faces.contact_sheet(output / "sheet.png"))
    keep = np.arange(count) % 2 == 0
    spent["drop"], _ = timed(lambda: faces.drop(keep))
    for path in sorted(source.iterdir())[converted:]:
        path.unlink()
    told = {"identity": "ben", "consent": "Noise, nobody", "progress": False}
    told |= {"aligner": aligner()}
    each = {name: 1000 * seconds / count for name, seconds in spent.items()}
    seconds, report = timed(lambda: convert(source, folder / "out", Tint(), **told))
    if report.swapped != min(count, converted):
        raise RuntimeError(report.summary())
    each["convert"] = 1000 * seconds / report.swapped
    return each


def main() -> None:
    """Prints the table."""
    parser = harness.options(__doc__)
    parser.add_argument("--few", type=int, default=100)
    parser.add_argument("--many", type=int, default=10_000)
    parser.add_argument("--converted", type=int, default=1000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name) / "warm", 10, 10)
        shutil.rmtree(Path(name) / "warm")
        few = measure(Path(name) / "few", args.few, args.converted)
        many = measure(Path(name) / "many", args.many, args.converted)
    print(f"ms an image   {args.few:>7} {args.many:>7}   ratio")
    for step in STEPS:
        ratio = many[step] / few[step]
        print(f"{step:<12} {few[step]:>9.3f} {many[step]:>7.3f} {ratio:>7.2f}")


if __name__ == "__main__":
    main()

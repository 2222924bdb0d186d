"""Peak memory of a swap in one image of 108 megapixels, in strips and as a whole.

    python benchmarks/large_image.py --data ../shared/data
    python benchmarks/large_image.py --data ../shared/data --blend poisson --crop 270

The image is a portrait of the London set, cropped to --crop pixels in height and
enlarged to 12000 x 9000. `convert` runs with the preset swap_demo in a process of its
own: once as it is, and once with a large region blended as a whole. Printed are the
peak of each process, its seconds, and how many values of both results differ by how
much.
The whole takes 4 to 6 GB.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import harness
import numpy as np

import deepface_models as dfm
from deepface_models.conversion import BLENDS, paste
from deepface_models.media import read_image, write_image

SIZE = 12000, 9000


def enlarged(data: Path, crop: int) -> Any:
    """A portrait, cropped around its middle to 4:3 and enlarged."""
    image = read_image(data / "portraits" / "london_smiling" / "001_smiling.jpg")
    height, width = crop, crop * 4 // 3
    top = (image.shape[0] - height) // 2
    left = (image.shape[1] - width) // 2
    part = image[max(0, top) : top + height, max(0, left) : left + width]
    return cv2.resize(part, SIZE, interpolation=cv2.INTER_CUBIC)


def swap(source: str, output: str, blend: str, whole: str) -> None:
    """Converts the image; prints gigabytes and seconds."""
    if whole == "True":
        paste.LARGE = 10**12
    model = dfm.load("swap_demo")
    told = {"identity": "nobody", "consent": "Benchmark of a public data set"}
    start = time.perf_counter()
    dfm.convert(source, output, model, blend=blend, progress=False, **told)
    spent = time.perf_counter() - start
    print(f"{harness.peak_memory() / 2**30:.2f} GB, {spent:.0f} s")


def differences(one: Path, other: Path) -> dict[int, int]:
    """How many values differ by how many levels."""
    counts = np.zeros(256, np.int64)
    for a, b in zip(read_image(one), read_image(other), strict=True):
        off = np.abs(a.astype(int) - b).ravel()
        counts += np.bincount(off, minlength=256)
    return {int(level): int(counts[level]) for level in np.flatnonzero(counts)}


def main() -> None:
    parser = harness.options(__doc__, data=True)
    parser.add_argument("--crop", type=int, default=384, help="pixels in height")
    parser.add_argument("--blend", default="laplacian", choices=sorted(BLENDS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPFACE_MODELS_HOME"] = folder
        source = Path(folder) / "source.png"
        write_image(source, enlarged(options.data, options.crop))
        results = []
        for whole in (False, True):
            results.append(Path(folder) / f"{whole}.png")
            words = ("--run", source, results[-1], options.blend, whole)
            status, printed = harness.apart(__file__, *words)
            if status:
                sys.exit(status)
            print("whole " if whole else "strips", printed)
        print("values that differ by so many levels:", differences(*results))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        swap(*sys.argv[2:])
    else:
        main()

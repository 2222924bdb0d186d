"""Most memory of conversions of short and long videos, 720p and 4K. Linux.

    python benchmarks/conversion_memory.py

prints a table.

One process for each video, with a model that needs no backend: what grows are frames,
faces and the encoder. Peak is the process's resident memory, growth what the conversion
adds to it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import cv2
import harness
import numpy as np

from deepface_models.conversion import convert
from deepface_models.media import VideoWriter, read_video

CLIP = harness.PACKAGE / "demo" / "clips" / "mb" / "sbia1a.mpg"
CASES = ((1280, 720, 250), (1280, 720, 750), (3840, 2160, 24), (3840, 2160, 72))


class Tint:
    """Returns the faces that it is given, darker."""

    identities, image_size, name = ("ana", "ben"), 128, "tint"

    def predict(self, images, identity):
        return np.asarray(images, np.float32) / 300

    def get_weights(self):
        return [np.zeros(1)]


def video(path: Path, width: int, height: int, count: int) -> None:
    images = [frame.image for frame in read_video(CLIP)]
    with VideoWriter(path, fps=25) as writer:
        for number in range(count):
            image = images[min(number % 148, 148 - number % 148)]
            large = cv2.resize(image, (width, width * 4 // 5))
            top = (len(large) - height) // 2
            writer.write(large[top : top + height])


def measure(width: int, height: int, count: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEEPFACE_MODELS_HOME"] = folder
        source, output = Path(folder) / "a.mp4", Path(folder) / "b.mp4"
        harness.apart(__file__, "make", str(source), width, height, count)
        before = harness.forget_peak()
        told = {"identity": "ben", "consent": "Benchmark", "mask": "hull"}
        report = convert(source, output, Tint(), progress=False, **told)
        peak = harness.resident("VmHWM")
    name = f"{width}x{height}, {report.frames} frames"
    return [name, f"{peak / 2**20:.0f}", f"{(peak - before) / 2**20:.0f}"]


def main() -> None:
    if sys.argv[1:2] == ["make"]:
        path, *numbers = sys.argv[2:]
        video(Path(path), *map(int, numbers))
    elif len(sys.argv) > 1:
        print(json.dumps(measure(*map(int, sys.argv[1:]))))
    else:
        rows = [json.loads(harness.apart(__file__, *case)[1]) for case in CASES]
        print(harness.markdown(("video", "peak, MiB", "growth, MiB"), rows))


if __name__ == "__main__":
    main()

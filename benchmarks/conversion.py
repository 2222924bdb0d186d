"""Frames per second of a conversion by stage, compared with a naive loop.

    python benchmarks/conversion.py [--model FOLDER] [--frames 75] [--height 1080]

prints a table of the stages, both speeds and their ratio, and the time of each blend
and color transfer.

The clip is one from the package, enlarged. The naive loop searches each whole frame at
full size, renders one face at a time, and warps and blends whole frames, with the same
model and writer. Compare the ratios: absolute speeds depend on the machine.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import harness
import numpy as np

import deepface_models
from deepface_models.conversion import BLENDS, COLORS, Converter, convert, paste_face
from deepface_models.conversion.masks import feather
from deepface_models.faces import FaceAligner, align
from deepface_models.faces.detect import HogDetector
from deepface_models.media import VideoWriter, read_video
from deepface_models.models.swap import Swift

CLIP = harness.PACKAGE / "demo" / "clips" / "mb" / "sbia1a.mpg"


def enlarged(frames: int, height: int = 720) -> Iterator[Any]:
    """The clip over and over, to and fro, 16:9, the face in the middle."""
    images = [frame.image for frame in read_video(CLIP)]
    there_and_back = itertools.cycle([*images, *images[-2:0:-1]])
    for image in itertools.islice(there_and_back, frames):
        size = height * 16 // 9, height * 64 // 45
        large = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC)
        top = height * 5 // 24
        yield large[top : top + height]


def naive(
    source: Path, output: Path, model: Any, identity: str, frames: int
) -> tuple[float, float]:
    """Frames a second of the loop that handles one whole frame after another."""
    size = model.image_size
    finder = FaceAligner(size, embeddings=False, detector=HogDetector(reduce_to=10**6))
    soft = feather(np.ones((size, size), np.float32), 0.2)
    start, busy = time.perf_counter(), processor()
    with VideoWriter(output, like=source) as writer:
        for frame in read_video(source, stop=frames):
            faces = finder.detect(frame.image)
            image = frame.image
            if faces:
                matrix = faces[0].matrix
                decoded = model.predict(align(image, matrix, size), identity=identity)[
                    ..., :3
                ]
                image = paste_face(decoded, soft, image, matrix, blend="alpha")
            writer.write(image, frame.pts)
    return frames / (time.perf_counter() - start), 1000 * (processor() - busy) / frames


def processor() -> float:
    """Seconds of processor time of this process and its finished helpers."""
    return sum(os.times()[:4])


def blends(model: Any, identity: str, source: Path) -> None:
    """Milliseconds a frame of each blend and color step, on one 720p frame."""
    image = next(iter(read_video(source))).image
    face = FaceAligner(model.image_size, embeddings=False).detect(image)[0]
    for option, names in (("blend", sorted(BLENDS)), ("color", COLORS)):
        for name in names:
            converter = Converter(model, identity, **{option: name})
            decoded = converter.decode([image], [face])[0]
            call = {name: lambda c=converter, d=decoded: c.apply(image, d)}
            (times,) = harness.in_turns(call, 7, 0, time.perf_counter).values()
            print(f"  {option}={name:<11} {1000 * np.median(times):6.1f} ms a frame")


def main() -> None:
    parser = harness.options(__doc__)
    parser.add_argument("--model", help="folder or .keras file; untrained Swift if not")
    parser.add_argument("--image-size", type=int, default=128, help="of that Swift")
    parser.add_argument("--frames", type=int, default=75)
    parser.add_argument("--height", type=int, default=720, help="of the frames")
    parser.add_argument("--naive-frames", type=int, default=12)
    options = parser.parse_args()
    if options.model:
        model = deepface_models.load(options.model)
    else:
        model = Swift(identities=("ana", "ben"), image_size=options.image_size)
    identity = model.identities[-1]
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DEEPFACE_MODELS_HOME", folder)
        source = Path(folder) / "source.mp4"
        with VideoWriter(source, fps=25) as writer:
            for image in enlarged(options.frames, options.height):
                writer.write(image)
        told = {
            "identity": identity,
            "consent": "Benchmark of a GRID clip",
            "mask": "hull",
        }
        output, short = Path(folder) / "out.mp4", Path(folder) / "short.mp4"
        with VideoWriter(short, fps=25) as writer:
            for image in enlarged(17, options.height):
                writer.write(image)
        convert(short, output, model, progress=False, **told)  # compiles and loads
        speeds = {}
        for name in ("convert", "again, from its tracks"):
            start, busy = time.perf_counter(), processor()
            done = convert(source, output, model, progress=False, **told)
            spent = time.perf_counter() - start
            work = 1000 * (processor() - busy) / done.frames
            speeds[name] = (done.frames / spent, work)
            if name == "convert":
                report, whole = done, spent
        slow = naive(
            source, Path(folder) / "naive.mp4", model, identity, options.naive_frames
        )
        print(f"{report.summary()}\n")
        rows = [
            [stage, f"{1000 * spent / report.frames:.1f}", f"{spent / whole:.0%}"]
            for stage, spent in report.seconds.items()
        ]
        print(harness.markdown(("stage", "ms a frame", "share"), rows))
        speeds["naive"] = slow
        lines = [
            [name, f"{fps:.1f}", f"{fps / slow[0]:.1f}", f"{work:.0f}"]
            for name, (fps, work) in speeds.items()
        ]
        size = f"{options.height * 16 // 9}x{options.height}"
        print(harness.markdown((size, "frames/s", "ratio", "CPU ms"), lines))
        blends(model, identity, source)


if __name__ == "__main__":
    main()

"""Frames per second and latency of a live swap, compared with a naive loop.

    python benchmarks/live.py [--model swap_demo] [--seconds 12] [--output docs/live.md]

prints a table: a clip of 640x480 pixels played as a camera, at its 25 frames a second,
and every frame of it as fast as they are swapped. With --output, it replaces the table
of that page.

The clips come with the package, enlarged. The naive loop plays the same clip: it
searches each whole frame at full size, finds the 68 landmarks, calls the model, and
pastes the face with a soft edge. Latency is the time from a frame's arrival to its
image. Run it on two free cores; compare ratios and processor time if they are not.
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

import deepface_models as dfm
from deepface_models.conversion import paste_face
from deepface_models.conversion.masks import feather
from deepface_models.core.threads import one_tensorflow_thread
from deepface_models.faces import FaceAligner, HogDetector, align
from deepface_models.media import VideoWriter, read_video
from deepface_models.streaming.sources import Frames, open_source
from deepface_models.streaming.stats import Clock, LiveStats

CLIPS = [
    harness.PACKAGE / "demo" / "clips" / "s1" / f"{name}.mpg"
    for name in ("bbaf2n", "brif4n", "lgwg3s", "prwd6p")
]
FPS = 25
CONSENT = "The GRID corpus: its speakers agreed to use in research (CC BY 4.0)"
HEAD = (
    *("640x480", "frames/s", "ratio", "latency ms", "95th percentile", "dropped"),
    "CPU ms a frame",
)


def frames() -> Iterator[Any]:
    """The clips one after another and again, 640 x 480."""
    for clip in itertools.cycle(CLIPS):
        for frame in read_video(clip):
            large = cv2.resize(frame.image, (640, 512), interpolation=cv2.INTER_CUBIC)
            yield np.ascontiguousarray(large[16:496])


def naive(model: Any, identity: str, source: Path) -> tuple[LiveStats, float]:
    """Searches whole frames, one by one; the newest frame is next."""
    size = model.image_size
    finder = FaceAligner(size, embeddings=False, detector=HogDetector(reduce_to=None))
    soft = feather(np.ones((size, size), np.float32), 0.2)
    played, clock = Frames(open_source(source), realtime=True), Clock()
    begin = time.process_time()
    for frame in played:
        found = finder.detect(frame.image)
        if found:
            matrix = found[0].matrix
            given = align(frame.image, matrix, size)
            face = model.predict(given, identity=identity)[..., :3]
            paste_face(face, soft, frame.image, matrix, blend="alpha")
        clock.add(frame.arrived, bool(found))
    stats = clock.stats(played.dropped)
    return stats, _busy(begin, stats)


def _busy(begin: float, stats: LiveStats) -> float:
    return 1000 * (time.process_time() - begin) / stats.frames


def swapped(
    model: Any, identity: str, source: Path, realtime: bool
) -> tuple[LiveStats, float]:
    """The stats of `live`, and its processor time in ms a frame, without the start."""
    told = {"identity": identity, "consent": CONSENT, "realtime": realtime}
    with dfm.live(model, source=source, **told) as session:
        begin = time.process_time()
        for _ in session:
            pass
        return session.stats, _busy(begin, session.stats)


def main() -> None:
    parser = harness.options(__doc__)
    parser.add_argument("--model", default="swap_demo", help="preset or folder")
    parser.add_argument("--identity", help="the model's last person by default")
    parser.add_argument("--seconds", type=float, default=12.0, help="of the clip")
    parser.add_argument("--output", type=Path, help="page whose table to replace")
    options = parser.parse_args()
    one_tensorflow_thread()  # as the shell command does
    model = dfm.load(options.model)
    identity = options.identity or model.identities[-1]
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DEEPFACE_MODELS_HOME", folder)
        source = Path(folder) / "camera.mp4"
        with VideoWriter(source, fps=FPS, crf=15) as writer:
            for image in itertools.islice(frames(), round(options.seconds * FPS)):
                writer.write(image)
        naive(model, identity, _first(source))  # compiles and loads
        rows = {
            "naive loop": naive(model, identity, source),
            "`live`, as a camera": swapped(model, identity, source, True),
            "`live`, every frame": swapped(model, identity, source, False),
        }
    slow = rows["naive loop"][0].fps
    table = harness.markdown(
        HEAD,
        [
            [
                *(name, f"{one.fps:.1f}", f"{one.fps / slow:.1f}"),
                *(f"{1000 * one.latency:.0f}", f"{1000 * one.latency_p95:.0f}"),
                *(str(one.dropped), f"{cpu:.0f}"),
            ]
            for name, (one, cpu) in rows.items()
        ],
    )
    print(f"{options.model}, {harness.setting()}, load {os.getloadavg()[0]:.1f}")
    print(table)
    if options.output is not None:
        harness.replace_between(options.output, "live", table)


def _first(source: Path) -> Path:
    """A file with the source's first frames."""
    short = source.with_name("short.mp4")
    with VideoWriter(short, fps=FPS) as writer:
        for frame in read_video(source, stop=4):
            writer.write(frame.image)
    return short


if __name__ == "__main__":
    main()

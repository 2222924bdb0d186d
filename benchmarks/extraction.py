"""Extraction speed of `FaceAligner`, compared with a naive loop over the frames.

    python benchmarks/extraction.py

prints a table.

The clip is a GRID clip of the package, enlarged to 720p. The naive loop does what most
scripts do: it runs the HOG detector on each whole frame (once at full size, once
upsampled as face_recognition does by default), then the 68 landmarks. All numbers come
from one run on one machine; compare the ratios.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import cv2
import dlib
import harness

from deepface_models.faces import FaceAligner, model_path
from deepface_models.media import VideoWriter, read_video

CLIP = harness.PACKAGE / "demo" / "clips" / "s1" / "bbaf2n.mpg"


def enlarge(clip: Path, output: Path, repeats: int) -> int:
    """Writes the clip at 1280x720 (sides cut to 16:9), `repeats` times over."""
    count = 0
    with VideoWriter(output, size=(1280, 720), fps=25) as writer:
        for _ in range(repeats):
            for frame in read_video(clip):
                height, width = frame.image.shape[:2]
                top = (height - width * 9 // 16) // 2
                part = frame.image[top : top + width * 9 // 16]
                writer.write(
                    cv2.resize(part, (1280, 720), interpolation=cv2.INTER_CUBIC)
                )
                count += 1
    return count


def naive(clip: Path, upsample: int, limit: int) -> tuple[int, int, float, float]:
    detector = dlib.get_frontal_face_detector()
    predictor = dlib.shape_predictor(str(model_path("landmarks_68")))
    start, busy = time.perf_counter(), harness.processor()
    frames = found = 0
    for frame in read_video(clip, stop=limit):
        boxes = detector(frame.image, upsample)
        for box in boxes[:1]:
            shape = predictor(frame.image, box)
            found += shape.num_parts == 68
        frames += 1
    return frames, found, time.perf_counter() - start, harness.processor() - busy


def ours(clip: Path, **options) -> tuple[int, int, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        aligner = FaceAligner(128, **options)
        start, busy = time.perf_counter(), harness.processor()
        seen = []
        made = aligner.extract(
            clip, Path(folder) / "set", progress=lambda done, _: seen.append(done)
        )
        seconds, busy = time.perf_counter() - start, harness.processor() - busy
        return seen[-1], len(set(made.frames.tolist())), seconds, busy


def main() -> None:
    parser = harness.options(__doc__)
    parser.add_argument("--repeats", type=int, default=4, help="copies of the clip")
    parser.add_argument("--naive-frames", type=int, default=40)
    parser.add_argument("--no-embeddings", action="store_true", help="leave that out")
    arguments = parser.parse_args()
    model_path("landmarks_68"), model_path("landmarks_5")  # hashed once, untimed
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "720p.mp4"
        enlarge(CLIP, clip, arguments.repeats)
        rows = {
            "naive: HOG, upsampled once": naive(clip, 1, arguments.naive_frames // 4),
            "naive: HOG at full size": naive(clip, 0, arguments.naive_frames),
            "`FaceAligner`, 68 points": ours(clip, embeddings=False),
            "`FaceAligner`, 5 points": ours(clip, embeddings=False, landmarks=5),
        }
        if not arguments.no_embeddings:
            rows["`FaceAligner`, 68 points, embedding every 32nd frame (default)"] = (
                ours(clip)
            )
            rows["`FaceAligner`, 68 points, embedding every frame"] = ours(
                clip, embeddings=True
            )
    base = rows["naive: HOG at full size"]
    head = ("1280x720", "frames", "recall", "frames/s", "ratio", "CPU ms/frame")
    cells = []
    for name, (frames, found, seconds, busy) in rows.items():
        speed = (frames / seconds) / (base[0] / base[2])
        work = (base[3] / base[0]) / (busy / frames)
        row = [name, str(frames), f"{found / frames:.3f}", f"{frames / seconds:.1f}"]
        row += [f"{speed:.1f}", f"{1000 * busy / frames:.0f}", f"{work:.1f}"]
        cells.append(row)
    print(harness.markdown((*head, "ratio"), cells))


if __name__ == "__main__":
    main()

"""Whether smiles that are held through a clip stay in a swap.

    python benchmarks/held_smiles.py --data ../shared/data

Each portrait of people who were asked to smile is moved, turned and zoomed for 20
frames, and swapped with `swap_demo`. How far the mouth's corners are drawn out and up
is measured on the landmarks of dlib, which have no part in how a mouth is rendered, and
by the face mesh, by which it is. A swap that keeps smiles has a slope of 1 over the
portraits; one that takes them away has 0. Prints a table, and writes a sheet of mouths,
portraits above swaps.

Keep to the ATTRIBUTION.md of the data.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import harness
import numpy as np

import deepface_models as dfm
from deepface_models.conversion import convert
from deepface_models.core.arrays import Array
from deepface_models.evaluation.expression import gain
from deepface_models.evaluation.measures import correlation
from deepface_models.faces import FaceAligner
from deepface_models.faces.expressions import aligned_mesh, smile
from deepface_models.media import (
    VideoWriter,
    grid,
    read_image,
    read_video,
    write_image,
)

WIDTH, HEIGHT, FRAMES = 640, 480, 20
MOUTH = np.s_[60:118, 24:104]  # in aligned faces of 128 px
ROW = 8  # portraits in a row of the sheet


def write_moved(portrait: Path, path: Path) -> None:
    """Writes a clip of a still that sways, turns by 4 degrees and zooms by 8 %."""
    image = read_image(portrait)
    height, width = image.shape[:2]
    with VideoWriter(path, fps=25) as writer:
        for angle in np.linspace(0, 2 * np.pi, FRAMES, endpoint=False):
            zoom = (1 + 0.08 * np.sin(angle)) * HEIGHT / height
            turn = 4 * np.sin(2 * angle)
            matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, zoom)
            matrix[:, 2] += (WIDTH - width) / 2, (HEIGHT - height) / 2
            matrix[:, 2] += 14 * np.sin(angle), 7 * np.cos(angle)
            writer.write(
                cv2.warpAffine(
                    image,
                    matrix,
                    (WIDTH, HEIGHT),
                    flags=cv2.INTER_AREA,
                    borderMode=cv2.BORDER_REPLICATE,
                )
            )


def drawn_corners(landmarks: Array) -> float:
    """How far a smile draws the mouth's corners: as `smile`, of 68 landmarks."""
    left, right = landmarks[36:42].mean(axis=0), landmarks[42:48].mean(axis=0)
    mouth, *cheeks = (
        np.linalg.norm(landmarks[a] - landmarks[b])
        for a, b in ((48, 54), (36, 48), (45, 54))
    )
    return float(0.6 * (mouth - np.mean(cheeks)) / np.linalg.norm(right - left))


def measure(clip: Path, aligner: FaceAligner) -> tuple[Array, tuple[float, float]]:
    """Returns a clip's first mouth, and its mean smile by dlib and by the mesh."""
    frames = [frame.image for frame in read_video(clip)][::5]
    faces = [(frame, aligner.detect(frame)[0]) for frame in frames]
    images = np.stack([aligner.align(*one) for one in faces])
    dlib = np.mean([drawn_corners(face.landmarks) for _, face in faces])
    mesh = smile(aligned_mesh(images)).mean()
    return images[0][MOUTH], (float(dlib), float(mesh))


def main() -> None:
    parser = harness.options(__doc__, data=True, output="runs/held_smiles")
    parser.add_argument("--model", default="swap_demo", help="preset or folder")
    parser.add_argument("--every", type=int, default=1, help="use each n-th portrait")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    model, aligner = dfm.load(options.model), FaceAligner(128, embeddings=False)
    folder = options.data / "portraits" / "london_smiling"
    columns, values = [], []
    for portrait in sorted(folder.glob("*.jpg"))[:: options.every]:
        clip = options.output / f"{portrait.stem}.mp4"
        result = clip.with_stem(f"{portrait.stem}_swap")
        write_moved(portrait, clip)
        convert(
            clip,
            result,
            model,
            identity=model.identities[0],
            source_identity="anybody",
            consent="Benchmark",
            progress=False,
        )
        found = [measure(one, aligner) for one in (clip, result)]
        columns.append(np.vstack([image for image, _ in found]))
        values.append([value for _, value in found])
        print(portrait.stem, *np.round(values[-1], 3).tolist(), flush=True)
    show(np.array(values), columns, options.output)


def show(values: Array, columns: list[Array], output: Path) -> None:
    """Prints the table and writes the sheet.

    Args:
        values: (N, 2, 2), of each portrait; source and swap; by dlib and by the mesh.
        columns: Mouths of portrait and swap, one above the other.
        output: The sheet's folder.
    """
    one = np.zeros(len(values), int)
    rows = []
    for number, name in enumerate(("dlib's landmarks", "face mesh")):
        source, swap = values[:, :, number].T
        half = source > np.median(source)  # who smiles more
        rows.append(
            [
                name,
                f"{correlation(swap, source, one):.2f}",
                f"{gain(swap, source, one):.2f}",
                f"{(swap - source)[half].mean():+.3f}",
                f"{np.abs(swap - source).max():.3f}",
            ]
        )
    header = ["measured by", "r", "slope", "swap - source, larger half", "worst"]
    print(harness.markdown(header, rows))
    lines = [columns[n : n + ROW] for n in range(0, len(columns), ROW)]
    write_image(output / "held_smiles.png", grid(lines))


if __name__ == "__main__":
    main()

"""Swaps compared with a known truth, in clips of 720p or 1080p.

    python benchmarks/hd_truth.py --data ../shared/data
    python benchmarks/hd_truth.py --data ../shared/data --height 1080 --minutes 5
    python benchmarks/hd_truth.py --data ../shared/data --outputs 256 --steps 200

Stills of two people are moved by the landmarks of real clips, before photographs and a
saturated wall, in changing light, with blinks, a drawn hand and a photographed card
(`hd_clips.py`). Each person has a training clip of two shots. A third motion moves the
source person, whose face is swapped, and the target person: that is the true swap,
pixel by pixel. Prints, inside of the true face, the mean error in 8-bit levels, fine
detail relative to the truth, and correlation and gain of mouth and eyes; also for the
unchanged source, the target's mean face, and the truth reduced to the model's pixels.
Writes sheets of mouths and eyes, the truth above each row's.

The clips are labeled and signed as synthetic. Keep to the ATTRIBUTION.md of the data;
never publish a clip as a recording of somebody.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hd_clips import WIDTHS, Motion, Scene, Still, write_clip

import deepface_models as dfm
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.decoded import decoded_face
from deepface_models.core.arrays import Array, as_uint8
from deepface_models.core.files import write_json
from deepface_models.evaluation import contact
from deepface_models.evaluation.baselines import MeanFace
from deepface_models.evaluation.chips import eye_distance, filled
from deepface_models.evaluation.expression import MEASURES, gain
from deepface_models.evaluation.sharpness import detail
from deepface_models.faces import FaceAligner, FaceMesh, FaceSet, mesh_matrix
from deepface_models.faces._mesh_points import OVAL
from deepface_models.media import read_image

SOURCE, TARGET = "source", "target"
STILLS = ("portrait_studio.jpg", "emotion_happy.jpg")
TRAINING, TEST = ("grid_mA", "grid_fA"), "grid_s2"
WALL = (20, 60, 200)


def stills(data: Path, name: str, aligner: FaceAligner) -> list[tuple[Path, Still]]:
    """Returns the stills of a synthetic person, or of one portrait."""
    folder = data / "synthetic_people" / name
    paths = [data / "portraits" / name]
    if folder.is_dir():
        paths = [folder / one for one in STILLS]
    return [(path, Still.read(path, aligner)) for path in paths]


def motion(data: Path, talker: str, frames: int, aligner: FaceAligner) -> Motion:
    """Returns the motion of a talker's first clip."""
    clip = sorted((data / "talkers" / talker).iterdir())[0]
    faces = aligner.extract(clip, limit=frames, progress=False)
    return Motion.of(faces)


class Clips:
    """Training clips, the test clip and its true swap.

    Args:
        args: The command line.
        output: Folder of the clips and faces.
    """

    def __init__(self, args: argparse.Namespace, output: Path) -> None:
        aligner = FaceAligner(image_size=256, max_faces=1, embeddings=False)
        negatives = args.data / "negatives"
        names = ("brick", "grass", "chelsea")
        brick, grass, card = (read_image(negatives / f"skimage_{n}.jpg") for n in names)
        people = {
            who: stills(args.data, name, aligner)
            for who, name in zip((SOURCE, TARGET), args.people, strict=True)
        }
        walls = (grass, np.array(WALL))
        folder = output / "clips"
        motions = [motion(args.data, one, args.frames, aligner) for one in TRAINING]
        for who, own in people.items():
            clip = folder / who / "training.mp4"
            if not clip.exists():
                frames: list[Array] = []
                for number, moved in enumerate(motions):
                    scene = Scene(args.height, walls[number], card, seed=number)
                    frames += scene.clip(own[number % len(own)][1], moved)[0]
                write_clip(clip, frames, own[0][0])
        moved = motion(args.data, TEST, args.frames, aligner)
        scene = Scene(args.height, brick, card, seed=9, objects=True)
        (path, source), (true_path, truth) = people[SOURCE][0], people[TARGET][0]
        self.frames, self.marks = scene.clip(source, moved)
        self.truth, self.true_marks = scene.clip(truth, moved, holder=source)
        write_clip(folder / "test.mp4", self.frames, path)
        write_clip(folder / "truth.mp4", self.truth, true_path)
        self.training: dict[str, FaceSet] = {
            who: aligner.extract(folder / who, output / "faces" / who, progress=False)
            for who in people
        }
        found = aligner.detect_frames(self.frames)
        self.kept = [index for index, faces in enumerate(found) if faces]
        self.faces = [found[index][0] for index in self.kept]


class Truth:
    """Measures results against the true swap.

    Args:
        clips: The clips.
    """

    def __init__(self, clips: Clips) -> None:
        self.images = [clips.truth[index] for index in clips.kept]
        self.matrices = [mesh_matrix(clips.true_marks[index]) for index in clips.kept]
        self.meshes = self._meshes(self.images)
        self.eyes = eye_distance(self.meshes)
        self.inside = [
            filled(mesh[list(OVAL), :2], image.shape)
            for mesh, image in zip(self.meshes, self.images, strict=True)
        ]
        self.detail = self._detail(self.images)

    def measure(self, images: Sequence[Array]) -> dict[str, float]:
        """Returns measures of frames by name."""
        meshes, clips = self._meshes(images), np.zeros(len(images))
        errors = [
            np.abs(image.astype("float32") - true)[inside].mean()
            for image, true, inside in zip(
                images, self.images, self.inside, strict=True
            )
        ]
        found = {
            "error": float(np.mean(errors)),
            "detail": float((self._detail(images) / self.detail).mean()),
        }
        for name in ("mouth", "eyes"):
            one, two = MEASURES[name](meshes), MEASURES[name](self.meshes)
            found[name] = float(np.corrcoef(one, two)[0, 1])
            found[f"{name} gain"] = gain(one, two, clips)
        return found

    def crops(self, images: Sequence[Array]) -> list[tuple[Array, Array]]:
        """Returns mouth and eyes of frames, as the true ones are placed."""
        pairs = zip(images, self.meshes, strict=True)
        return [contact.crops(image, mesh) for image, mesh in pairs]

    def _meshes(self, images: Sequence[Array]) -> Array:
        return np.asarray(FaceMesh().predict(list(images), self.matrices)[0])

    def _detail(self, images: Sequence[Array]) -> Array:
        three = zip(images, self.meshes, self.eyes, strict=True)
        return np.array([detail(*one[:2], float(one[2])) for one in three])


def through(clips: Clips, converter: Converter, size: int) -> list[Array]:
    """Returns the truth through a model's pixels, pasted as a swap is."""
    plain, pasted = converter.replace(color="none"), []
    for index, face in zip(clips.kept, clips.faces, strict=True):
        frame, true = clips.frames[index], clips.truth[index]
        shown = plain.aligned(true, face, size) / np.float32(255)
        aligned = plain.aligned(frame, face, size)
        decoded = decoded_face("hull", frame, face, aligned, shown)
        pasted.append(plain.apply(frame, decoded))
    return pasted


def trained(args: argparse.Namespace, clips: Clips, size: int, output: Path) -> Any:
    """Returns a model of images of `size` pixels, trained on the training clips."""
    steps = {"epochs": max(1, args.steps // 50), "steps": 50} if args.steps else {}
    return dfm.train(
        clips.training,
        output / f"model_{size}",
        preset=args.preset,
        output_size=size,
        minutes=None if args.steps else args.minutes,
        verbose=2,
        **steps,
    )


def rows(args: argparse.Namespace, output: Path) -> dict[str, dict[str, float]]:
    """Trains and measures; returns the measures of each row of the table."""
    clips = Clips(args, output)
    truth = Truth(clips)
    frames = [clips.frames[index] for index in clips.kept]
    found = {"truth": truth.measure(truth.images), "unchanged": truth.measure(frames)}
    shown = {"truth": truth.crops(truth.images)}
    for size in args.outputs:
        model = trained(args, clips, size, output)
        converter = Converter(model, TARGET, source_identity=SOURCE)
        mean = MeanFace(clips.training, size)
        results = {
            f"mean face {size}": converter.replace(model=mean, source_identity=None),
            f"swap {size}": converter,
        }
        images = {
            name: [as_uint8(one) for one in used.swap_faces(frames, clips.faces)]
            for name, used in results.items()
        }
        images[f"truth through {size}"] = through(clips, converter, size)
        for name, made in images.items():
            found[name] = truth.measure([as_uint8(one) for one in made])
            shown[name] = truth.crops(made)
    for name, crops in shown.items():
        if name != "truth":
            some = range(4, len(crops), max(1, len(crops) // contact.COUNT))
            pair = ([shown["truth"][i] for i in some], [crops[i] for i in some])
            contact.write(output / f"{name.replace(' ', '_')}.png", *pair)
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    option = parser.add_argument
    option("--data", type=Path, required=True, help="folder of the data sets")
    option("--height", type=int, choices=tuple(WIDTHS), default=720)
    option("--people", nargs=2, default=["P004", "P007"], metavar=("SOURCE", "TARGET"))
    option("--frames", type=int, default=75, help="of each clip (default: 75)")
    option("--outputs", type=int, nargs="+", default=[128, 256], metavar="PX")
    option("--preset", default="swift_128")
    option("--minutes", type=float, default=2.0, help="of training (default: 2)")
    option("--steps", type=int, help="of training, in place of minutes")
    option("--output", type=Path, default=Path("runs/hd_truth"))
    args = parser.parse_args()
    output = args.output / f"{args.height}_{'_'.join(map(_plain, args.people))}"
    found = rows(args, output)
    write_json(output / "measures.json", found)
    names = list(next(iter(found.values())))
    print(f"{'':20}" + "".join(f"{name:>12}" for name in names))
    for row, values in found.items():
        print(f"{row:20}" + "".join(f"{values[name]:12.2f}" for name in names))
    print(json.dumps({"frames": args.frames, "height": args.height}))


def _plain(name: str) -> str:
    return Path(name).stem


if __name__ == "__main__":
    main()

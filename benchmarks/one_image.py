"""How well swift_64 and swift_128 render held-out people from one image of each.

    python benchmarks/one_image.py swift_128 --data DATA --output one_image_128.json

prints SSIM, embedding distance and expression error, for all people and by group, and
writes them as JSON, which `deepface-models pretrain --results` adds to a model card.
DATA is the folder that the preset was pretrained from; it must also contain
landmarks/london.

The people are those whom the pretraining holds out. No model is trained on them: the
decoder initializer gets one image with a neutral face instead of a mean face, and the
latents are those of another image minus those of the first. The rendered image is
compared with the other image, and so is the first image itself.

SSIM is computed inside the face mask of the other image. The expression error is that
of `deepface_models.evaluate`, relative to the distance between the eyes; both images
show one person, so that the mean shape cancels out. Landmarks and embeddings are
measured at the place of an aligned face, in all images alike. Values are means over
people, of means over their images.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
import keras
import numpy as np
import preset_sheets

from deepface_models.core.arrays import Array
from deepface_models.core.predict import predict
from deepface_models.evaluation import colors, measures
from deepface_models.faces import FaceAligner, FaceSet, landmarks, template
from deepface_models.media import grid, write_image
from deepface_models.models.swap import Swift
from deepface_models.models.swap.swift.networks import logits
from deepface_models.pretraining.measures import apart, by_group, embeddings, mean_of
from deepface_models.pretraining.people import Face, listed
from deepface_models.provenance import sign

Values = dict[str, dict[str, Array]]  # of each way of rendering, measures of pairs

RENDERED, UNCHANGED = "rendered", "the one image unchanged"
DISTANCE, EXPRESSION = "embedding distance to the real image", "expression error"


@dataclass(frozen=True)
class Pair:
    """The one image of a person, and another that is to be rendered from it."""

    base: Path
    other: Face


def pairs(data: Path) -> list[Pair]:
    """Those of the people held out: real ones who smile, generated ones who act."""
    faces = listed(data / "portraits") + listed(data / "synthetic_people")
    neutral = data / "landmarks" / "london"
    found = []
    for face in (face for face in faces if face.held_out):
        base = face.file.with_name("emotion_neutral.jpg")
        if face.source == "london_smiling":
            base = neutral / face.file.name.replace("smiling", "neutral")
        elif not face.file.name.startswith("emotion_"):
            continue
        if face.file != base:
            found.append(Pair(base, face))
    return found


def aligned(chosen: list[Pair], size: int) -> tuple[list[Pair], FaceSet, FaceSet]:
    """The pairs in both of whose images a face was found, and these faces."""
    aligner = FaceAligner(image_size=size, embeddings=False, max_faces=1)
    paths = [path for pair in chosen for path in (pair.base, pair.other.file)]
    faces = aligner.extract(paths, progress=False)
    where = {record.source: n for n, record in enumerate(faces.records)}
    ends = [[str(p.resolve()) for p in (c.base, c.other.file)] for c in chosen]
    kept = [n for n, pair in enumerate(ends) if where.keys() >= set(pair)]
    bases, others = (
        faces.select([where[ends[n][side]] for n in kept]) for side in (0, 1)
    )
    return [chosen[n] for n in kept], bases, others


def render(model: Swift, bases: Array, masks: Array, others: Array) -> Array:
    """Other expressions of the people of images, (N, S, S, 4) in [0, 1].

    Args:
        model: With a decoder initializer.
        bases: One image each, uint8 (N, S, S, 3).
        masks: Their face masks, (N, S, S) in [0, 1].
        others: Images with the expressions, uint8 (N, S, S, 3).
    """
    given = np.concatenate([bases / np.float32(255), masks[..., None]], axis=-1)
    code = (model.encode(others) - model.encode(bases))[:, : model.latent_size]
    maps, vector = predict(
        model.decoder_initializers["decoder_initializer"], [code, given]
    )
    known = keras.ops.convert_to_numpy(logits(given))
    return np.asarray(predict(model.shared_decoder, [maps, vector, known]))


def shapes(images: Array) -> Array:
    """Landmarks of aligned faces without place, size and roll, (N, 68, 2)."""
    box = landmarks.box_from_landmarks(template(68, images.shape[1]))
    points = [landmarks.predict(image, box, 68, repeats=3) for image in images]
    return measures.aligned_shapes(np.stack(points))


def measured(shown: dict[str, Array], others: Array, masks: Array) -> Values:
    """The measures of each pair for each way of rendering; all images are uint8."""
    person, shape = embeddings(others), shapes(others)
    found = {}
    for name, images in shown.items():
        moved = measures.expression_offsets(shapes(images), shape, *np.zeros((2, 1, 1)))
        together = zip(images, others, masks, strict=True)
        found[name] = {
            "SSIM": np.array([colors.ssim(*three) for three in together]),
            DISTANCE: np.linalg.norm(embeddings(images) - person, axis=1),
            EXPRESSION: measures.expression_error(moved),
        }
    return found


def firsts(faces: list[Face]) -> list[int]:
    """Where the first image of each person is."""
    people = [face.person for face in faces]
    return [people.index(name) for name in dict.fromkeys(people)]


def table(values: Values, faces: list[Face]) -> dict[str, Any]:
    """Means of everybody and of each group; a group of everybody says nothing new."""
    people = [face.person for face in faces]
    common = set.intersection(*(set(face.groups) for face in faces))
    groups = [sorted(set(face.groups) - common) for face in faces]
    count = len(set(people))
    title = f"another expression from one image, {count} people held out"
    found = {title: {name: mean_of(one, people) for name, one in values.items()}}
    for name, one in values.items():
        for group, means in by_group(one, people, groups).items():
            found.setdefault(group, {})[name] = means
    return found


def show(found: dict[str, Any]) -> None:
    print(f"{'':<28}{'SSIM':>8}{'embedding':>12}{'expression':>12}")
    for group, rows in found.items():
        print(group)
        for name in (RENDERED, UNCHANGED):
            one = rows[name]
            line = f"{one['SSIM']:>8.3f}{one[DISTANCE]:>12.3f}{one[EXPRESSION]:>12.2%}"
            print(f"  {name:<26}{line}")


def sheet(faces: list[Face], rows: dict[str, Array]) -> Array:
    """The first pair of eight people: the first four and the last."""
    columns = list(dict.fromkeys(firsts(faces)[:4] + firsts(faces)[-4:]))
    return grid([images[columns] for images in rows.values()], labels=list(rows))


def arguments(words: list[str]) -> argparse.Namespace:
    parser = harness.options(__doc__)
    parser.add_argument("preset", help="its name or folder")
    parser.add_argument("--data", type=Path, required=True, help="what pretrain takes")
    parser.add_argument("--output", type=Path, required=True, help="JSON of measures")
    parser.add_argument("--image", type=Path, help="JPEG of eight people")
    return parser.parse_args(words)


def main(words: list[str]) -> None:
    args = arguments(words)
    model = Swift.from_preset(args.preset, identities=("a", "b"))
    chosen = pairs(args.data)
    kept, bases, others = aligned(chosen, model.image_size)
    print(f"{len(kept)} pairs; no face was found in {len(chosen) - len(kept)} more")
    faces = [pair.other for pair in kept]
    found = render(model, bases.images, bases.masks(), others.images)[..., :3]
    shown = {RENDERED: np.rint(255 * found).astype("uint8"), UNCHANGED: bases.images}
    measured_of = table(measured(shown, others.images, others.masks()), faces)
    two = apart(embeddings(bases.images[firsts(faces)]))
    more = {"two people of those": {"embedding distance": two}}
    harness.keep(args.output, measured_of | more)
    show(measured_of)
    print(f"two people{two:>38.3f}")
    if args.image:
        rows = {"one image": bases.images, "another": others.images}
        image = sheet(faces, rows | {RENDERED: shown[RENDERED]})
        name = Path(args.preset).name
        stated = preset_sheets.record(model, name, bases.images)
        write_image(args.image, image, stated.plain_metadata())
        sign(args.image, stated)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Quality of swaps after equal training time: Swift compared with Original.

    python benchmarks/swap_quality.py --minutes 6 --output runs/quality
    python benchmarks/swap_quality.py --clips FOLDER --people ana ben
    python benchmarks/swap_quality.py --preset swift_128     # Swift starts from it

Both are trained on the demo's clips, or on those of FOLDER, which has one folder per
person; one after the other on this machine, with their default `compile()` settings,
the same batches and augmentation and the same falling learning rate. `evaluate`
measures both on held-out clips or seconds. Prints one table per direction with the
ratio of every measure.

A third column, "photos", pastes real photographs of the target person in the same way:
for each frame the training face that is nearest in latent space. No model can resemble
a person more than their photographs, so the column shows the limit that the rest of the
head and the blending set.
"""

from __future__ import annotations

from pathlib import Path

import harness
import numpy as np

import deepface_models as dfm
from deepface_models.demo import CLIPS, PEOPLE
from deepface_models.evaluation.rows import ROWS

BETTER = {row.key: row.better for row in ROWS}


class Photos:
    """Renders a person with real photographs, the nearest in latent space.

    Latents are standardized for each person, so that expressions are compared and not
    people.
    """

    has_mask = True

    def __init__(self, model, faces: dict[str, dfm.FaceSet], source_faces: str) -> None:
        self.encode, self.image_size = model.encode, model.image_size
        self.identities, self.face_type = model.identities, model.face_type
        self.source_faces, self.latents, self.images = source_faces, {}, {}
        for name, value in faces.items():
            self.latents[name] = model.encode(value.images)
            image = value.images / np.float32(255)
            self.images[name] = np.concatenate([image, value.masks()[..., None]], 3)

    def predict(self, x, *, identity: str, **_):
        own = self.latents[
            identity if identity == self.source_faces else self.source_faces
        ]
        theirs = self.latents[identity]
        asked = (self.encode(x) - own.mean(0)) / (own.std(0) + 1e-3)
        known = (theirs - theirs.mean(0)) / (theirs.std(0) + 1e-3)
        apart = np.square(asked[:, None] - known[None]).sum(-1)
        return self.images[identity][apart.argmin(1)].astype("float32")


def main() -> None:
    parser = harness.options(__doc__, output="runs/quality")
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--clips", type=Path, default=CLIPS)
    parser.add_argument("--people", nargs=2, default=list(PEOPLE))
    parser.add_argument("--most-clips", type=int, help="of each person")
    parser.add_argument("--preset", help="what Swift starts from")
    options = parser.parse_args()
    people = options.people
    chosen = options.clips, people, options.most_clips
    faces = harness.faces_of(options.output / "faces", *chosen)
    split = {name: value.split() for name, value in faces.items()}
    training = {name: value[0] for name, value in split.items()}
    results = {}
    for architecture, preset in (("original", None), ("swift", options.preset)):
        model = dfm.train(
            faces,
            options.output / architecture,
            architecture=architecture,
            preset=preset,
            minutes=options.minutes,
            steps=25,
            preview_every=100,
            checkpoint_every=100,
            verbose=0,
        )
        results[architecture] = measured(people, lambda _, model=model: model, split)
    results["photos"] = measured(
        people, lambda name: Photos(model, training, name), split
    )
    for direction in results["swift"]:
        show(direction, *(results[name][direction] for name in results))
    show("both directions", *(means(one) for one in results.values()))
    harness.keep(options.output / "results.json", results)


def measured(people, model_for, split) -> dict[str, dict[str, float]]:
    """Evaluates both directions; `model_for` gets the source person's name."""
    swaps = harness.both_ways(people, model_for, split, embed_every=1)
    return {direction: found.summary["swap"] for direction, _, found in swaps}


def means(directions: dict[str, dict[str, float]]) -> dict[str, float]:
    values = list(directions.values())
    return {key: float(np.mean([one[key] for one in values])) for key in BETTER}


def show(direction: str, original: dict, swift: dict, photos: dict) -> None:
    head = f"{'original':>9} {'swift':>9} {'ratio':>7} {'photos':>9}  better"
    print(f"\n{direction:<18} {head}")
    for key, better in BETTER.items():
        old, new = original[key], swift[key]
        ratio = new / old if old else float("nan")
        line = f"{key:<18} {old:>9.4f} {new:>9.4f} {ratio:>7.2f} {photos[key]:>9.4f}"
        print(f"{line}  {better}")


if __name__ == "__main__":
    main()

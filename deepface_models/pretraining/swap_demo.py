"""Training of swap_demo, which swaps a synthetic person's face into any clip.

The target identity, "nobody", is a synthetic person; s1 is the speaker of the demo's
clips. The training starts from swift_128. Its encoder is frozen: it was trained on many
people, so it encodes the expressions of anyone. The preset does not include s1. The
last clip of the demo is held out for measuring.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from deepface_models.data import Augmentation, SwapPairs
from deepface_models.demo import CLIPS
from deepface_models.evaluation import evaluate
from deepface_models.faces import FaceAligner, FaceSet
from deepface_models.media import IMAGE_SUFFIXES
from deepface_models.models.swap import Swift
from deepface_models.presets import loading
from deepface_models.pretraining.job import MODEL, Job
from deepface_models.pretraining.swift import take_pretrained

TARGET, SPEAKER = "nobody", "s1"
_MEASURES = ("target_distance", "source_distance", "expression", "motion", "mouth")
_PERSON = "images of one person"
_GENERATED = (
    "generated images of one person who does not exist (openpeople 0.1.2, P007, Prompt "
    "Haus, MIT)"
)


@dataclass
class Faces:
    """Faces of the target identity, and training and test faces of the speaker.

    Attributes:
        target: Faces of the target identity.
        learned: Training faces of the speaker.
        held_out: Test faces of the speaker.
        text: Description for the model card.
    """

    target: FaceSet
    learned: FaceSet
    held_out: FaceSet
    text: str


def load(job: Job) -> Faces:
    """Returns both people's faces; extracts them on the first run."""
    size, limit = job.recipe.size, job.settings["limit"]
    generated = job.folder / "synthetic_people" / job.recipe.person
    folder = generated if generated.is_dir() else job.folder
    images = sorted(
        path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES
    )[:limit]
    if not images:
        raise FileNotFoundError(
            f"{folder} has no images. Expected those of one person, or "
            f"synthetic_people/{job.recipe.person}/. Check --data."
        )
    aligner = FaceAligner(image_size=size)
    target = aligner.extract(images, job.run / "faces" / TARGET)
    clips = sorted((CLIPS / SPEAKER).glob("*.mpg"))
    learned, held_out = aligner.extract(clips, job.run / "faces" / SPEAKER).split()
    text = (
        f"{len(target)} {_GENERATED if folder == generated else _PERSON} and clips of "
        "speaker 1 of the GRID corpus (CC BY 4.0)"
    )
    return Faces(target, learned, held_out, text)


def train(job: Job, faces: Faces) -> None:
    """Trains the model of both people, or resumes; writes model and history."""
    recipe, seed = job.recipe, job.settings["seed"]
    keras.utils.set_random_seed(seed)
    facts = job.facts(faces.text)
    model = _model(job)
    model.freeze("encoder")
    model.compile()
    pairs = SwapPairs(
        {TARGET: faces.target, SPEAKER: faces.learned},
        recipe.batch_size,
        steps=recipe.steps or 100,
        augmentation=Augmentation.light(),
        seed=seed,
    )
    steps = job.fit(model, pairs)
    model.save_parts(job.run / MODEL)
    job.record({**facts, "steps": steps})


def _model(job: Job) -> Swift:
    """Returns a model of both people with the preset's encoder.

    It has no adapted latents, because those of two people would not generalize.
    """
    people = (TARGET, SPEAKER)
    model = Swift(people, **job.recipe.arguments, dtype=job.settings["dtype"])
    take_pretrained(model, job.recipe.preset)
    return model


def finish(job: Job, faces: Faces) -> Path:
    """Measures the model without the speaker and saves the preset."""
    job.check_data(faces.text)
    model = alone(loading.load(job.run / MODEL))
    data = f"{faces.text}; it starts from {model.started_from}."
    results = measure(model, faces)
    return job.pack(
        model, data, results, dtype="float16", images=faces.target.images[:1]
    )


def alone(model: Swift) -> Swift:
    """Returns the model of the target identity only."""
    keras.utils.clear_session()  # for repeatable layer names, which are saved
    own = {"basis_size": model.basis_size, "examples": model.examples}
    only = Swift((TARGET,), model.image_size, **own)
    only.take_parts(model, {name: name for name in only.parts})
    only.started_from = model.started_from
    return only


def measure(model: Swift, faces: Faces) -> dict[str, Any]:
    """Returns measures on the held-out clip, and those of the baselines."""
    found = evaluate(
        model,
        faces.held_out,
        identity=TARGET,
        target_faces=faces.target,
        source_faces=faces.learned,
    )
    return {
        f"{column}, {len(found.frames)} frames of {SPEAKER}": {
            key: round(values[key], 4) for key in _MEASURES
        }
        for column, values in found.summary.items()
    }

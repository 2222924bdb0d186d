"""Makes the preset swap_demo: a face that belongs to nobody, to be put on anybody.

    python benchmarks/pretrain_swap.py --pictures ../shared/data/synthetic_people/P007 \
        --weights weights

The wanted person, "nobody", is a synthetic one; s1 is the speaker of the demo's clips.
Both start from swift_128, whose encoder stays as it is: it has seen many people, so
that faces of anybody tell it their expression; s1 is left out of the preset. The demo's
last clip is held out and measured on. Run again after an interruption, it goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from numpy.typing import NDArray
from pretrain import TRAINING
from pretrain_machine import commit, machine

import deepface_models as dfm
from deepface_models import presets
from deepface_models._files import write_json
from deepface_models.callbacks import ResumableCheckpoint, StopOnNonFinite, TimeBudget
from deepface_models.demo import CLIPS
from deepface_models.faces import FaceSet

Array = NDArray[np.uint8]

WANTED, SPEAKER = "nobody", "s1"
BASIS = 8  # components: of twenty pictures more would be noise
MEASURES = ("identity_wanted", "identity_replaced", "expression", "motion", "mouth")


def faces(args: argparse.Namespace) -> dict[str, FaceSet]:
    """Both people's faces; extracted on the first run."""
    aligner = dfm.FaceAligner(image_size=128)
    folder = args.output / "faces"
    pictures = sorted(args.pictures.glob("*.jpg"))
    nobody = aligner.extract(pictures, folder / WANTED)
    clips = sorted((CLIPS / SPEAKER).glob("*.mpg"))
    return {WANTED: nobody, SPEAKER: aligner.extract(clips, folder / SPEAKER)}


def train(found: dict[str, FaceSet], args: argparse.Namespace) -> None:
    """Trains, or goes on; leaves the model and how it came about in the output."""
    keras.utils.set_random_seed(args.seed)
    code, people = commit(), tuple(found)
    source = dfm.Swift.from_preset(args.preset, identities=people)
    model = dfm.Swift(identities=people, basis_size=BASIS)
    model.take_parts(source)
    # The encoder without its detail: that of these two would say nothing of anybody.
    known = model.encoder.get_weights()
    model.encoder.set_weights(source.encoder.get_weights()[: len(known)])
    model.started_from = source.started_from
    model.freeze("encoder")
    model.compile()
    pairs = dfm.SwapPairs(
        {WANTED: found[WANTED], SPEAKER: found[SPEAKER].split()[0]},
        8,
        steps=100,
        augmentation=dfm.Augmentation.light(),
        seed=args.seed,
    )
    budget = TimeBudget(args.minutes)
    checkpoint = ResumableCheckpoint(args.output / "checkpoints", pairs, also=[budget])
    callbacks = [checkpoint, budget, StopOnNonFinite()]
    model.fit(pairs, epochs=9999, verbose=2, callbacks=callbacks)
    model.save_parts(args.output / "model")
    told = {
        "minutes": args.minutes,
        "steps": int(model.optimizer.iterations),
        "seed": args.seed,
        "machine": machine(),
        "commit": code,
        "command": shlex.join(["python", "benchmarks/pretrain_swap.py", *args.command]),
        "pictures": {name: len(one) for name, one in found.items()},
    }
    write_json(args.output / TRAINING, told)


def alone(model: dfm.Swift) -> dfm.Swift:
    """The model without the speaker: whom it replaces is anybody."""
    keras.utils.clear_session()  # layers' names, which are counted, go into files
    only = dfm.Swift((WANTED,), model.image_size, basis_size=model.basis_size)
    only.take_parts(model, {name: name for name in only.parts})
    only.started_from = model.started_from
    return only


def measured(
    model: dfm.Swift, found: dict[str, FaceSet]
) -> dict[str, dict[str, float]]:
    """On the clip held out, beside what learned nothing."""
    learnt, held_out = found[SPEAKER].split()
    result = dfm.evaluate(
        model, held_out, to=WANTED, wanted=found[WANTED], replaced=learnt
    )
    print(result.table(notes=False))
    return {
        f"{column}, {len(result.frames)} frames of {SPEAKER}": {
            key: round(values[key], 4) for key in MEASURES
        }
        for column, values in result.summary.items()
    }


def pack(
    model: dfm.Swift, nobody: Array, results: dict, args: argparse.Namespace
) -> Path:
    from pretrain_packing import entered  # needs dlib

    told = json.loads((args.output / TRAINING).read_text())
    how = {key: told[key] for key in ("minutes", "steps", "machine")}
    folder = presets.save_preset(
        model,
        args.weights / "swap_demo",
        description="A synthetic person's face for anybody's clip: to='nobody'",
        licence="CC-BY-4.0",
        data=f"{told['pictures'][WANTED]} generated pictures of one person who does "
        "not exist (openpeople 0.1.2, P007, Prompt Haus, MIT) and clips of "
        "speaker 1 of the GRID corpus (CC BY 4.0); it starts from "
        f"{model.started_from}.",
        use="Trying out `convert` right after installation; labelled fakes for "
        "detectors; hiding who speaks, with the speaker's consent.",
        limits="One person of one skin tone, from few pictures: expressions "
        "between these are guessed, turns of more than about 20 degrees are poor, 128 "
        "pixels. Who is replaced keeps hair, ears and the shape of the head. Measured "
        "on one speaker only. Aligned with dlib's 68-point predictor, which was "
        "trained on iBUG 300-W; its terms exclude commercial use.",
        not_for="Deceiving anybody about who speaks; people who did not agree.",
        seed=told["seed"],
        commit=told["commit"],
        command=told["command"],
        results={**results, "training": how},
        dtype="float16",
        images=nobody,
    )
    return entered(folder)


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, required=True, help="of one person")
    parser.add_argument("--preset", default="swift_128", help="what to start from")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--output", type=Path, default=Path("runs/pretrain/swap_demo"))
    parser.add_argument("--weights", type=Path, help="where the preset is packed to")
    parser.add_argument("--pack-only", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(words)
    args.command = words
    args.output.mkdir(parents=True, exist_ok=True)
    if args.pack_only and not (args.output / TRAINING).is_file():
        raise SystemExit(
            f"{args.output} holds no finished training. Run without --pack-only."
        )
    found = faces(args)
    if not args.pack_only:
        train(found, args)
    model = alone(dfm.load(args.output / "model"))
    results = measured(model, found)
    if args.weights:
        print(pack(model, found[WANTED].images[:1], results, args))


if __name__ == "__main__":
    main(sys.argv[1:])

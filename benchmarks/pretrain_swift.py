"""Makes the presets swift_64 and swift_128: what people share, learnt from many.

    python benchmarks/pretrain_swift.py --size 128 --talkers FOLDER --people FOLDER \
        --portraits FOLDER --leave-out grid_s1 oygard --minutes 30 --weights weights

--talkers has a folder of clips for each person; --people and --portraits are read as
by pretrain.py. Run again after an interruption, it goes on where it was; --pack-only
packs what is there. With --gather FILE everybody's faces are written and nothing is
trained; --gathered FILE trains from them, on another machine if you like: any backend
of Keras will do (KERAS_BACKEND), --processes and --reuse keep a fast device busy,
--dtype mixed_bfloat16 suits it, and --distribute shares each batch between all devices.

An encoder and decoder pretrained as a plain autoencoder put the person into the latent,
and then a swap shows the replaced person. Here the latent is of no use for that: the
same latents have to draw other people too (pretrain_groups.py), each person's mean is
taken from them, and who is drawn comes from a mean picture. A linear map has to tell
from them where the landmarks are.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # many processes draw

import keras
import numpy as np
import pretrain
import pretrain_recipes as recipes
from keras import layers, ops
from numpy.typing import NDArray
from pretrain_groups import POINTS, STEPS, VIEWS, Groups
from pretrain_machine import commit, machine
from pretrain_people import People, gather

from deepface_models import presets
from deepface_models._files import write_json
from deepface_models.callbacks import ResumableCheckpoint, StopOnNonFinite, TimeBudget
from deepface_models.losses import FaceLoss
from deepface_models.swap import Swift
from deepface_models.swap._swift_parts import logits
from deepface_models.swap.swift import SIZES

Array = NDArray[Any]

NOISE, SMALL = 0.3, 1e-4  # of latents and on their squares: what matters little is lost
DETAIL = 128  # latents that the faces of new people are to set (swap/_detail.py)
LANDMARKS = 0.05  # weight of a pixel's error of the landmarks, of 128
TALKERS = (
    "speakers of the GRID corpus (M. Cooke, J. Barker, S. Cunningham, X. Shao 2006, "
    "CC BY 4.0) and of the clips named in the attribution of the talkers' folder"
)
SOURCES = {"talkers": TALKERS, **recipes.SOURCES}


# Model


class OfGroups(layers.Layer):
    """Means over the views of each group, or what is left of inputs without them."""

    def __init__(self, left: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.left = left

    def call(self, inputs: Any) -> Any:
        shape = tuple(inputs.shape[1:])
        grouped = ops.reshape(inputs, (-1, VIEWS, *shape))
        mean = ops.mean(grouped, axis=1, keepdims=True)
        found = grouped - mean if self.left else ops.repeat(mean, VIEWS, axis=1)
        return ops.reshape(found, (-1, *shape))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class ByteFaceLoss(FaceLoss):
    """`FaceLoss` of targets in bytes."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        unit = y_true / 255.0
        weight = unit[..., 4:] * (255.0 / STEPS)
        return super().call(ops.concatenate([unit[..., :4], weight], -1), y_pred)


def build(model: Swift, begin: keras.Model) -> keras.Model:
    """The training model around a Swift's encoder and trunk."""
    size = model.image_size
    image = keras.Input((size, size, 3), name="image", dtype="uint8")
    face = keras.Input((size, size, 4), name="face", dtype="uint8")
    seen, known = (layers.Rescaling(1.0 / 255.0)(x) for x in (image, face))
    code = OfGroups(left=True)(model.encoder(seen))
    code = layers.ActivityRegularization(l2=SMALL)(code)
    code = layers.GaussianNoise(NOISE)(code)
    mean = OfGroups(left=False)(known)
    maps, vector = begin([code, mean])
    drawn = model.trunk([maps, vector, logits(mean)])
    points = layers.Dense(POINTS, use_bias=False, name="points")(code)
    outputs = {"drawn": drawn, "points": points}
    return keras.Model({"image": image, "face": face}, outputs)


def even(model: Swift, begin: keras.Model, data: Groups) -> None:
    """Scales latents to a mean square of 1 about their person's mean."""
    images = np.concatenate([data[n][0]["image"] for n in range(min(8, len(data)))])
    codes = model.encode(images).reshape(-1, VIEWS, model.latent_size)
    scale = float(np.std(codes - codes.mean(axis=1, keepdims=True)))
    last, first = model.encoder.layers[-1], begin.get_layer("coarse")
    last.set_weights([w / scale for w in last.get_weights()])
    kernel, bias = first.get_weights()
    first.set_weights([kernel * scale, bias])


# The job


def drawn(args: argparse.Namespace) -> Groups:
    """The batches; made first, as its processes are forks of this one."""
    people = People.load(args.gathered) if args.gathered else gathered(args)
    own = (args.groups, args.steps, args.reuse, args.processes)
    return Groups(people.resized(args.size), args.seed, *own)


def train(model: Swift, data: Groups, run: Path, args: argparse.Namespace) -> None:
    told = facts(data.people, args)  # now: somebody may go on working on the code
    begin = model.starting_parts["start"]
    whole = build(model, begin)
    rate = keras.optimizers.Adam(args.rate, beta_2=0.99)
    whole.compile(
        rate,
        {"drawn": ByteFaceLoss(), "points": "mae"},
        {"drawn": 1.0, "points": LANDMARKS},
    )
    budget = TimeBudget(args.minutes)
    checkpoint = ResumableCheckpoint(run / "checkpoints", data, every=40, also=[budget])
    log = keras.callbacks.CSVLogger(run / "history.csv", append=True)
    callbacks = [checkpoint, budget, StopOnNonFinite(), log]
    whole.fit(
        data, epochs=pretrain.MANY_EPOCHS, verbose=2, shuffle=False, callbacks=callbacks
    )
    keras.distribution.set_distribution(None)
    even(model, begin, data)
    data.close()
    steps = int(whole.optimizer.iterations)
    write_json(run / pretrain.TRAINING, {"steps": steps, **told})
    for name, part in learnt(model).items():
        part.save_weights(run / f"{name}.weights.h5")


def facts(people: People, args: argparse.Namespace) -> dict[str, Any]:
    """How a training comes about, for the card."""
    words = ["python", "benchmarks/pretrain_swift.py", *args.command]
    return {
        "minutes": args.minutes,
        "batch_size": args.groups * VIEWS,
        "people": len(people.sources),
        "pictures": len(people.images),
        "sources": sorted(set(people.sources)),
        "left_out": people.left_out,
        "seed": args.seed,
        "dtype": args.dtype,
        "commit": people.commit if args.gathered else commit(),
        "command": shlex.join(words),
        "machine": machine(),
    }


def learnt(model: Swift) -> dict[str, keras.Model]:
    """What is trained: the parts that people share, and what new ones start from."""
    shared = {name: model.parts[name] for name in ("encoder", "trunk")}
    return {**shared, **model.starting_parts}


def with_detail(model: Swift) -> Swift:
    """The same model with room for the detail of new people."""
    keras.utils.clear_session()  # layers' names, which are counted, go into files
    roomy = Swift(("a", "b"), model.image_size, detail_size=DETAIL)
    roomy.take_parts(model)  # but for the encoder, which differs
    given, own = model.encoder.get_weights(), roomy.encoder.get_weights()
    roomy.encoder.set_weights([*given, *own[len(given) :]])
    return roomy


def gathered(args: argparse.Namespace) -> People:
    folders = [f for f in (args.people, args.portraits) if f]
    cache = args.output / f"faces_{args.size}"
    return gather(args.size, cache, args.talkers, folders, args.leave_out)


def pack(model: Swift, run: Path, args: argparse.Namespace) -> Path:
    from pretrain_packing import entered  # needs dlib

    told = json.loads((run / pretrain.TRAINING).read_text())
    measured = json.loads(args.results.read_text()) if args.results else {}
    how = {key: told[key] for key in ("minutes", "steps", "batch_size", "machine")}
    folder = presets.save_preset(
        model,
        args.weights / f"swift_{args.size}",
        description="What people share of Swift, for face swaps of two new people",
        licence="CC-BY-4.0",
        data=f"{told['pictures']:,} pictures of {told['people']:,} people: "
        f"{'; '.join(SOURCES.get(one, one) for one in told['sources'])}. Left out: "
        f"{', '.join(told['left_out']) or 'no talker'}, and who is held out of the "
        "portraits and synthetic people to measure on.",
        use="Face swaps of people who agreed to it; research; labelled fakes.",
        limits="Learnt in minutes. Few of its people have several pictures, "
        "and these are mostly frontal: wide turns of the head gain least. Aligned with "
        "dlib's 68-point predictor, which was trained on iBUG 300-W; its terms exclude "
        "commercial use.",
        not_for="Swaps of people who did not agree; passing swaps off as recordings.",
        seed=told["seed"],
        commit=told["commit"],
        command=told["command"],
        results={**measured, "training": how},
        shared=True,
        dtype="float16",
    )
    return entered(folder)


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128, choices=SIZES)
    parser.add_argument("--talkers", type=Path, help="folder of clips for each person")
    parser.add_argument("--people", type=Path, help="folder of synthetic people")
    parser.add_argument("--portraits", type=Path, help="folder of portraits")
    parser.add_argument("--leave-out", nargs="*", default=(), metavar="PERSON")
    parser.add_argument("--gather", type=Path, metavar="FILE")
    parser.add_argument("--gathered", type=Path, metavar="FILE")
    parser.add_argument("--groups", type=int, default=4, help="of a batch")
    parser.add_argument("--steps", type=int, default=50, help="batches an epoch")
    parser.add_argument("--reuse", type=int, default=1, help="epochs for a batch")
    parser.add_argument("--processes", type=int, help="that draw batches")
    parser.add_argument("--dtype", default="float32", help="or mixed_bfloat16")
    parser.add_argument("--distribute", action="store_true", help="on all devices")
    parser.add_argument("--rate", type=float, default=1e-3, help="of learning")
    parser.add_argument("--output", type=Path, default=Path("runs/pretrain"))
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--weights", type=Path, help="where the preset is packed to")
    parser.add_argument("--results", type=Path, help="JSON of measures for the card")
    parser.add_argument("--pack-only", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(words)
    args.command = words
    return args


def main(words: list[str]) -> None:
    args = arguments(words)
    if args.gather:
        gathered(args).save(args.gather)
        return
    run = args.output / f"swift_{args.size}"
    run.mkdir(parents=True, exist_ok=True)
    done = (run / pretrain.TRAINING).is_file()
    if args.pack_only and not done:
        raise SystemExit(f"{run} holds no finished training. Run without --pack-only.")
    data = None if args.pack_only else drawn(args)
    devices = pretrain.share() if args.distribute and data else 1
    if args.groups % devices:
        raise SystemExit(
            f"--groups {args.groups} was given for {devices} devices. Expected a "
            f"multiple: give --groups {devices * math.ceil(args.groups / devices)}."
        )
    keras.utils.set_random_seed(args.seed)
    model = Swift(identities=("a", "b"), image_size=args.size, dtype=args.dtype)
    model.build_starting_parts(["start"])
    if data is not None:
        train(model, data, run, args)
    for name, part in learnt(model).items():
        part.load_weights(run / f"{name}.weights.h5")
    if args.weights:
        print(pack(with_detail(model), run, args))


if __name__ == "__main__":
    main(sys.argv[1:])

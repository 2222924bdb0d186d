"""Makes the presets swift_64 and swift_128: what people share, learnt from many.

    python benchmarks/pretrain_swift.py --size 128 --talkers FOLDER --people FOLDER \
        --portraits FOLDER --leave-out grid_s1 oygard --minutes 30 --weights weights

--talkers has a folder of clips for each person; --people and --portraits are read as
by pretrain.py. Run again after an interruption, it goes on where it was; --pack-only
packs what is there.

An encoder and decoder pretrained as a plain autoencoder put the person into the latent,
and then a swap shows the replaced person. Here the latent cannot hold the person: a
batch has several pictures of each of a few people, each person's mean is taken from
their latents, and who is drawn comes from a mean of other pictures of that person. Of
somebody with one picture there are several views of it, which teach place and light.
Encoder and trunk are kept, as `Swift` has them; what draws a person from a mean face is
not, as the people to swap have parts of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pretrain
import pretrain_data
import pretrain_recipes as recipes
from keras import layers, ops
from numpy.typing import NDArray

import deepface_models as dfm
from deepface_models import presets
from deepface_models._files import write_json
from deepface_models.callbacks import ResumableCheckpoint, StopOnNonFinite, TimeBudget
from deepface_models.data._person import Person
from deepface_models.data.augmentation import Augmentation, warp_pair
from deepface_models.layers import PixelShuffle
from deepface_models.losses import FaceLoss
from deepface_models.swap import swift

Array = NDArray[Any]

PEOPLE, VIEWS, REFERENCES = 6, 4, 6  # of a batch; pictures of each; in a mean face
MANY = 0.6  # share of people in a batch that have several pictures
GREY = 0.2  # how often people of whom all is grey are drawn, beside 1
ONE_FACE = Augmentation(rotation=6.0, zoom=0.06, shift=0.04, flip=0.0, warp=0.03)
FACES = Augmentation(rotation=4.0, zoom=0.04, shift=0.025, flip=0.0, warp=0.015)
TALKERS = (
    "speakers of the GRID corpus (M. Cooke, J. Barker, S. Cunningham, X. Shao 2006, "
    "CC BY 4.0) and of the clips named in the attribution of the talkers' folder"
)


# Data


def read(args: argparse.Namespace) -> list[dfm.FaceSet]:
    """Everybody's faces, a set a person; extracted on the first run."""
    aligner = dfm.FaceAligner(image_size=args.size)
    folder = args.output / f"faces_{args.size}"
    found = []
    for person in sorted(args.talkers.iterdir()) if args.talkers else ():
        if person.is_dir() and person.name not in args.leave_out:
            clips = sorted(p for p in person.iterdir() if p.is_file())
            found.append(aligner.extract(clips, folder / person.name))
    for place in (args.people, args.portraits):
        faces = pretrain_data.listed(place) if place else []
        people: dict[tuple[str, str], list[Path]] = {}
        for face in faces:
            if not pretrain_data.held_out(face):
                people.setdefault((face.source, face.person), []).append(face.file)
        owner = {str(p): key[1] for key, files in people.items() for p in files}
        for source in sorted({key[0] for key in people}):
            files = [p for key, own in people.items() if key[0] == source for p in own]
            together = aligner.extract(files, folder / source)
            found += by_person(together, owner)
    return found


def by_person(faces: dfm.FaceSet, owner: dict[str, str]) -> list[dfm.FaceSet]:
    """Splits a set; pictures that are nobody's (held out since) are left out."""
    names = [owner.get(str(source)) for source in faces.to_pandas()["source"]]
    return [
        faces.select([other == name for other in names])
        for name in dict.fromkeys(n for n in names if n is not None)
    ]


class Groups(keras.utils.PyDataset):
    """Batches of a few people with several pictures each.

    `x["image"]` (B, S, S, 3) are warped, of other colours than the target; `x["face"]`
    (B, S, S, 4) is a mean of pictures and masks of the same person; the target (B, S,
    S, 5) is as `SwapPairs` has it. The draws depend on seed, epoch and number alone.
    """

    def __init__(self, faces: list[dfm.FaceSet], seed: int, steps: int = 50) -> None:
        super().__init__(workers=1, max_queue_size=4)
        people = [Person(one, one.image_size, 1.0, 1.0) for one in faces]
        self.many = [p for p in people if len(p.faces) > VIEWS]
        self.single = [p for p in people if len(p.faces) <= VIEWS]
        grey = [np.ptp(p.faces[0].astype(int), axis=-1).max() < 8 for p in self.many]
        weights = np.where(grey, GREY, 1.0)
        self.weights = weights / weights.sum()
        self.seed, self.steps, self.epoch = seed, steps, 0

    def __len__(self) -> int:
        return self.steps

    def on_epoch_end(self) -> None:
        self.epoch += 1

    def __getitem__(self, index: int) -> tuple[dict[str, Array], Array]:
        rng = np.random.default_rng((self.seed, self.epoch, index))
        drawn = [self._group(rng) for _ in range(PEOPLE)]
        images, means, targets = (
            np.concatenate(part) for part in zip(*drawn, strict=True)
        )
        return {"image": images, "face": means}, targets

    def _group(self, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        if self.many and (not self.single or rng.random() < MANY):
            person = self.many[rng.choice(len(self.many), p=self.weights)]
            ranges = FACES
        else:
            person, ranges = self.single[rng.integers(len(self.single))], ONE_FACE
        faces, masks = person.faces, person.layers
        chosen = rng.choice(len(faces), VIEWS, len(faces) < VIEWS)
        others = rng.choice(len(faces), min(REFERENCES, len(faces)), replace=False)
        mirror = slice(None, None, -1 if rng.random() < 0.5 else 1)
        coloured = colours(rng, 0.08, 0.05)
        mean = np.concatenate([faces[others], masks[others][..., :1]], -1).mean(0)
        mean = mean[:, mirror].astype("float32") / 255.0
        mean[..., :3] = coloured(mean[..., :3])
        images, targets = [], []
        for number in chosen:
            face, layers_ = (a[number][:, mirror] for a in (faces, masks))
            face, layers_ = map(np.ascontiguousarray, (face, layers_))
            warped, target, moved = warp_pair(face, layers_, rng, ranges)
            images.append(colours(rng, 0.12, 0.08)(warped / np.float32(255)))
            target = coloured(target / np.float32(255))
            targets.append(np.concatenate([target, moved / np.float32(255)], -1))
        return np.stack(images), np.stack([mean] * VIEWS), np.stack(targets)


def colours(
    rng: np.random.Generator, gain: float, light: float
) -> Callable[[Array], Array]:
    """A random change of colours and brightness, the same for all it is given."""
    gains = np.exp(rng.normal(0, gain, 3)).astype("float32")
    shift = (rng.normal(0, light) + rng.normal(0, light / 2, 3)).astype("float32")
    return lambda picture: np.clip(picture * gains + shift, 0.0, 1.0)


# Model


class LessMean(layers.Layer):
    """Takes from latents the mean of their person's in the batch."""

    def call(self, latents: Any) -> Any:
        grouped = ops.reshape(latents, (-1, VIEWS, latents.shape[-1]))
        moved = grouped - ops.mean(grouped, axis=1, keepdims=True)
        return ops.reshape(moved, (-1, latents.shape[-1]))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class Logits(layers.Layer):
    """Pictures before the sigmoid."""

    def call(self, pictures: Any) -> Any:
        inside = ops.clip(pictures, 0.02, 0.98)
        return ops.log(inside / (1.0 - inside))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def conv(x: Any, filters: int, kernel: int = 3, **kwargs: Any) -> Any:
    own = {"padding": "same", "kernel_initializer": "he_normal", **kwargs}
    return layers.Conv2D(filters, kernel, **own)(layers.ReLU()(x))


def residual(x: Any) -> Any:
    y = conv(conv(x, x.shape[-1]), x.shape[-1], kernel_initializer="zeros")
    return layers.Add()([x, y])


def anybody(size: int, latent_size: int) -> keras.Model:
    """Draws from a latent and a mean face what a Swift decoder draws of its person."""
    low, middle, high = swift.DECODER_WIDTHS
    code, face = keras.Input((latent_size,)), keras.Input((size, size, 4))
    x = layers.Conv2D(32, 4, strides=4, padding="same")(Logits()(face))
    x = residual(conv(conv(x, 64, strides=2), high, strides=2))
    pooled = layers.GlobalAveragePooling2D()(layers.ReLU()(x))
    vector = layers.Dense(2 * (middle + low), kernel_initializer="zeros")(pooled)
    coarse = size // 16
    moved = layers.Reshape((coarse, coarse, high))(
        layers.Dense(coarse * coarse * high)(code)
    )
    x = residual(layers.Add()([moved, conv(x, high, 1)]))
    maps = PixelShuffle(2)(conv(x, 4 * middle, 1))
    return keras.Model([code, face], [maps, vector], name="anybody")


def build(model: swift.Swift) -> keras.Model:
    """The training model around a Swift's encoder and trunk."""
    size = model.image_size
    image = keras.Input((size, size, 3), name="image")
    face = keras.Input((size, size, 4), name="face")
    code = LessMean()(model.encoder(image))
    maps, vector = anybody(size, model.latent_size)([code, face])
    drawn = model.trunk([maps, vector, Logits()(face)])
    return keras.Model({"image": image, "face": face}, drawn)


# The job


def train(model: swift.Swift, run: Path, args: argparse.Namespace) -> None:
    data = Groups(read(args), args.seed)
    print(f"{len(data.many)} people with several pictures, {len(data.single)} with few")
    whole = build(model)
    whole.compile(keras.optimizers.Adam(1e-3, beta_2=0.99), FaceLoss())
    budget = TimeBudget(args.minutes)
    checkpoint = ResumableCheckpoint(run / "checkpoints", data, every=10, also=[budget])
    log = keras.callbacks.CSVLogger(run / "history.csv", append=True)
    callbacks = [checkpoint, budget, StopOnNonFinite(), log]
    epochs = 1 if args.pack_only else pretrain.MANY_EPOCHS
    whole.fit(data, epochs=epochs, verbose=2, shuffle=False, callbacks=callbacks)
    words = ["python", "benchmarks/pretrain_swift.py", *sys.argv[1:]]
    told = {
        "minutes": args.minutes,
        "steps": int(whole.optimizer.iterations),
        "people": len(data.many) + len(data.single),
        "pictures": sum(len(p.faces) for p in (*data.many, *data.single)),
        "commit": pretrain.commit(),
        "command": shlex.join(words),
        "machine": f"{os.cpu_count()} CPU cores",
    }
    write_json(run / pretrain.TRAINING, told)
    model.save_parts(run / pretrain.MODEL)


def pack(model: swift.Swift, run: Path, args: argparse.Namespace) -> Path:
    told = json.loads((run / pretrain.TRAINING).read_text())
    measured = json.loads(args.results.read_text()) if args.results else {}
    how = {key: told[key] for key in ("minutes", "steps", "machine")}
    folder = presets.save_preset(
        model,
        args.weights / f"swift_{args.size}",
        description="What people share of Swift, for face swaps of two new people",
        licence="CC-BY-4.0",
        data=f"{told['pictures']:,} pictures of {told['people']:,} people: {TALKERS}; "
        f"{', '.join(t for s, t in recipes.SOURCES.items() if s != 'sfhq')}. "
        f"Left out: {', '.join(args.leave_out) or 'nobody'}, and every tenth person.",
        use="Face swaps of people who agreed to it; research; labelled fakes.",
        limits="Learnt in minutes on a CPU. Few of its people have several pictures, "
        "and these are mostly frontal: wide turns of the head gain least. Aligned with "
        "dlib's 68-point predictor, which was trained on iBUG 300-W; its terms exclude "
        "commercial use.",
        not_for="Swaps of people who did not agree; passing swaps off as recordings.",
        seed=args.seed,
        commit=told["commit"],
        command=told["command"],
        results={**measured, "training": how},
        shared=True,
        dtype="float16",
    )
    home = presets.weights_folder()
    if home is not None and home.samefile(args.weights):
        presets.register(folder)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=128, choices=swift.SIZES)
    parser.add_argument("--talkers", type=Path, help="folder of clips for each person")
    parser.add_argument("--people", type=Path, help="folder of synthetic people")
    parser.add_argument("--portraits", type=Path, help="folder of portraits")
    parser.add_argument("--leave-out", nargs="*", default=(), metavar="PERSON")
    parser.add_argument("--output", type=Path, default=Path("runs/pretrain"))
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--weights", type=Path, help="where the preset is packed to")
    parser.add_argument("--results", type=Path, help="JSON of measures for the card")
    parser.add_argument("--pack-only", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    keras.utils.set_random_seed(args.seed)
    run = args.output / f"swift_{args.size}"
    run.mkdir(parents=True, exist_ok=True)
    model = swift.Swift(identities=("a", "b"), image_size=args.size)
    if args.pack_only:
        model = dfm.load(run / pretrain.MODEL)
    else:
        train(model, run, args)
    if args.weights:
        print(pack(model, run, args))


if __name__ == "__main__":
    main()

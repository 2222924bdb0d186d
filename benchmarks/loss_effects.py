"""Effect of region weights, perceptual and adversarial losses on a real swap.

    python benchmarks/loss_effects.py --minutes 4 --then 2 --output runs/effects

prints a table of measures for each direction.

Trains Swift on the demo's clips with its default loss and no region weights. Then each
variant continues from there for the same time with a new optimizer: no change
("plain"), region weights of 3 for the eyes and 2 for the mouth or 8 and 6, a perceptual
loss on the features of the trained encoder, and discriminators. `evaluate` measures
both directions on held-out data; `detail` is the fine detail of reconstructed held-out
faces relative to the real ones inside the mask, 1 at best. --output keeps the results
of each variant, so that an interrupted run can be resumed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import harness
import keras
import numpy as np

import deepface_models as dfm
from deepface_models import losses
from deepface_models.callbacks import TimeBudget
from deepface_models.demo import PEOPLE
from deepface_models.evaluation.rows import ROWS
from deepface_models.models import swap
from deepface_models.optimizers import TwoTimeScaleAdam

# What each way is for comes first.
MEASURES = (
    *("mouth", "eyes", "motion", "expression", "detail", "distance_margin"),
    *("target_distance", "ssim", "psnr", "seam"),
)
BETTER = {row.key: row.better for row in ROWS}


def pairs(split: dict[str, Any], eyes: float = 1.0, mouth: float = 1.0) -> Any:
    """The training data; the same draws for each way."""
    return dfm.SwapPairs(
        {name: training for name, (training, _) in split.items()},
        8,
        steps=25,
        augmentation=dfm.Augmentation.light(),
        eyes=eyes,
        mouth=mouth,
    )


def fit(model: Any, data: Any, minutes: float) -> int:
    """Trains for a time; returns the steps."""
    model.fit(data, epochs=9999, verbose=0, callbacks=[TimeBudget(minutes)])
    return int(model.optimizer.iterations)


def plain(model: Any, split: dict[str, Any], minutes: float) -> int:
    model.compile(optimizer=adam())
    return fit(model, pairs(split), minutes)


def weighted(eyes: float, mouth: float) -> Callable[..., int]:
    def way(model: Any, split: dict[str, Any], minutes: float) -> int:
        model.compile(optimizer=adam())
        return fit(model, pairs(split, eyes, mouth), minutes)

    return way


def perceptual(model: Any, split: dict[str, Any], minutes: float) -> int:
    """Features of the encoder as it is now, which knows faces."""
    seen = keras.models.clone_model(model.encoder)
    seen.set_weights(model.encoder.get_weights())
    maps = [layer.name for layer in seen.layers if isinstance(layer, keras.layers.Add)]
    loss = losses.WeightedLoss(
        {losses.FaceLoss(): 1.0, losses.PerceptualLoss(seen, maps): 0.1}
    )
    model.compile(optimizer=adam(), loss=dict.fromkeys(model.identities, loss))
    return fit(model, pairs(split), minutes)


def adversarial(weight: float) -> Callable[..., int]:
    def way(model: Any, split: dict[str, Any], minutes: float) -> int:
        game = swap.with_adversary(model, weight)
        game.compile(TwoTimeScaleAdam(3e-4, discriminator_rate=4.0))
        return fit(game, pairs(split), minutes)

    return way


WAYS = {
    "plain": plain,
    "eyes 3, mouth 2": weighted(3.0, 2.0),
    "eyes 8, mouth 6": weighted(8.0, 6.0),
    "perceptual": perceptual,
    "adversarial 0.1": adversarial(0.1),
    "adversarial 1": adversarial(1.0),
}


def adam() -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(5e-4, beta_2=0.99)


def detail(model: Any, name: str, held_out: dfm.FaceSet) -> float:
    """Energy of the Laplacian inside the mask, reconstructed / real."""
    drawn = model.predict(held_out.images, identity=name)[..., :3]
    real, inside = held_out.images / np.float32(255), held_out.masks() > 0.9
    energy = [
        np.mean([edges(p)[m].var() for p, m in zip(images, inside, strict=True)])
        for images in (drawn, real)
    ]
    return float(energy[0] / energy[1])


def edges(image: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.Laplacian(image, cv2.CV_32F))


def measured(model: Any, split: dict[str, Any]) -> dict[str, dict[str, float]]:
    found = {}
    for direction, source, one in harness.both_ways(PEOPLE, lambda _: model, split):
        summary = one.summary["swap"]
        summary["detail"] = detail(model, source, split[source][1])
        found[direction] = {k: float(summary[k]) for k in MEASURES}
    return found


def show(results: dict[str, Any]) -> None:
    for direction in (" as ".join(PEOPLE), " as ".join(PEOPLE[::-1])):
        rows = [
            [way, *(f"{found[direction][key]:.3f}" for key in MEASURES)]
            for way, found in results.items()
        ]
        print(f"\n{harness.markdown((direction, *MEASURES), rows)}")
    print("\nbetter:", ", ".join(f"{key} {BETTER[key]}" for key in MEASURES))


def main() -> None:
    parser = harness.options(__doc__, output="runs/effects")
    parser.add_argument("--minutes", type=float, default=4.0, help="of the beginning")
    parser.add_argument("--then", type=float, default=2.0, help="minutes of each way")
    options = parser.parse_args()
    faces = harness.faces_of(options.output / "faces")
    split = {name: one.split() for name, one in faces.items()}
    begun = options.output / "begun"
    path = options.output / "results.json"
    results = harness.kept(path)
    if not begun.exists():
        keras.utils.set_random_seed(0)
        model = dfm.Swift(PEOPLE)
        data = pairs(split)
        model.adapt(data)
        plain(model, split, options.minutes)
        model.save_parts(begun)
    for name, way in WAYS.items():
        if name in results:
            continue
        keras.utils.set_random_seed(1)
        model = dfm.load(begun)
        steps = way(model, split, options.then)
        results[name] = {"steps": steps, **measured(model, split)}
        harness.keep(path, results)
        print(name, results[name], flush=True)
    show(results)


if __name__ == "__main__":
    main()

"""Measures a trained preset on what was held out, and packs it."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pretrain_measures as measures
import pretrain_pictures as pictures
import pretrain_recipes as recipes
from numpy.typing import NDArray
from pretrain_gather import Data
from pretrain_recipes import Recipe

from deepface_models import parts, presets

Array = NDArray[Any]

NO_LOSS = 0.01  # dB that float16 may cost


def finished(folder: Path) -> Any:
    """The trained model in float32."""
    model = parts.load(folder)
    if model.dtype_policy.name == "float32":
        return model
    plain = type(model).from_config({**model.get_config(), "dtype": "float32"})
    plain.set_weights(model.get_weights())
    return plain


def measure(recipe: Recipe, model: Any, data: Data, args: Namespace) -> dict[str, Any]:
    """All measures, and the picture if it is wanted."""
    noisy = hasattr(model, "corrupt")
    drawing = measures.denoised if noisy else measures.compressed
    drawn = drawing(model, recipe.seen(data.images), data.test)
    ours = "denoised" if noisy else "reconstruction"
    groups = [face.groups for face in data.faces] or [()] * len(data.test)
    most = args.descriptors if data.faces else 0
    found = measures.report(data.test, drawn, ours, data.people, groups, most)
    if args.pictures is not None:
        index = pictures.shown(data.faces) if data.faces else range(pictures.COLUMNS)
        originals = data.test[list(index)]
        rows = {"never seen": originals}
        rows |= {name: one[list(index)] for name, one in drawn.items()}
        picture = pictures.sheet(model, rows, originals)
        stated = pictures.record(model, args.preset, originals) if data.faces else None
        pictures.write(args.pictures / f"{args.preset}.jpg", picture, stated)
    inputs = measures.as_unit(data.test) if not noisy else drawn["noisy"]
    lost = measures.lost_to_float16(model, data.test, lambda m: m.reconstruct(inputs))
    return found | {"PSNR lost to float16": measures.rounded(lost)}


def golden(data: Data) -> Array | None:
    """Two pictures of nobody for the golden values; noise where there are none."""
    nobody = [i for i, f in enumerate(data.faces) if "generated" in f.groups]
    return data.test[nobody[:2]] if len(nobody) > 1 else None


def pack(
    recipe: Recipe,
    model: Any,
    data: Data,
    results: dict[str, Any],
    told: dict[str, Any],
    args: Namespace,
) -> Path:
    """Writes the preset; one among those that ship is entered under its name."""
    how = ("minutes", "steps", "batch_size", "dtype", "backend", "machine")
    small = results["PSNR lost to float16"] <= NO_LOSS
    folder = presets.save_preset(
        model,
        args.weights / args.preset,
        description=recipe.description,
        licence=args.licence or recipes.LICENCES[recipe.data],
        data=f"{args.data} {data.text}" if args.data else data.text,
        use=recipes.USE[recipe.data],
        limits=recipes.LIMITS[recipe.data],
        not_for=recipes.NOT_FOR[recipe.data],
        seed=told["seed"],
        commit=told["commit"],
        command=told["command"],
        results={**results, "training": {key: told[key] for key in how}},
        dtype="float16" if small else "float32",
        images=golden(data),
    )
    return entered(folder)


def entered(folder: Path) -> Path:
    """A preset's folder; one among those that ship is entered under its name."""
    home = presets.weights_folder()
    if home is not None and home.samefile(folder.parent):
        presets.register(folder)
    return folder

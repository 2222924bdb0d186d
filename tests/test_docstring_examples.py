"""The examples of docstrings do what they say, in a folder with a clip and a model."""

from __future__ import annotations

import ast
import doctest
import importlib
import itertools
from pathlib import Path

import pytest

import deepface_models as dfm
from deepface_models.conversion import BLENDS, COLORS, MASKS
from deepface_models.models import registry as architectures

ROOT = Path(dfm.__file__).parent
# Each leaves what the next one reads; the others need nothing but their own module.
IN_ORDER = ("convert", "replay", "preview", "Converter", "replace", "analyze")
ELSEWHERE = {"check_model"}  # tests/test_testing.py runs it


def examples():
    """Yields the module, the name and the docstring of each example."""
    for path in sorted(ROOT.rglob("*.py")):
        module = ".".join((ROOT.name, *path.relative_to(ROOT).with_suffix("").parts))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
                text = ast.get_docstring(node) or ""
                if ">>>" in text and node.name not in ELSEWHERE:
                    yield module.removesuffix(".__init__"), node.name, text


FOUND = sorted(
    examples(), key=lambda one: IN_ORDER.index(one[1]) if one[1] in IN_ORDER else -1
)


@pytest.fixture(scope="module")
def place(tmp_path_factory, eager, people):
    """A folder with three frames of a clip, and names that examples use."""
    import keras
    import numpy as np
    from keras import ops
    from keras.optimizers import Adam

    from deepface_models import media, optimizers

    folder = tmp_path_factory.mktemp("examples")
    clip = ROOT / "demo" / "clips" / "mb" / "sbia1a.mpg"
    frames = [one.image for one in itertools.islice(media.read_video(clip), 3)]
    with media.VideoWriter(folder / "ana.mp4", fps=25) as writer:
        for frame in frames:
            writer.write(frame)
    media.write_image(folder / "ana.png", frames[0])
    keras.utils.set_random_seed(0)
    model = dfm.Swift(("ana", "ben"), image_size=64, latent_size=8, basis_size=4)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 1))
    autoencoder = dfm.autoencoders.DenseAutoencoder((8, 8, 1), latent_size=4)
    autoencoder.compile()
    shared = {"np": np, "ops": ops, "Adam": Adam, "optimizers": optimizers}
    shared |= {"keras": keras, "autoencoder": autoencoder}
    shared |= {"x_train": pixels.astype(np.uint8), "people": people}
    shared |= {"read_image": media.read_image, "FaceSwap": dfm.FaceSwap}
    return folder, shared | {"model": model, "converter": dfm.Converter(model, "ben")}


def test_examples_are_found():
    assert len(FOUND) > 120 and set(IN_ORDER) <= {name for _, name, _ in FOUND}


@pytest.mark.parametrize("module, name, text", FOUND, ids=[one[1] for one in FOUND])
def test_example_runs(module, name, text, place, monkeypatch):
    folder, shared = place
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(folder / "home"))
    for registry in (MASKS, BLENDS, COLORS, architectures._known):
        monkeypatch.setattr(registry, "_known", dict(registry._known))
    names = shared | vars(importlib.import_module(module))
    found = doctest.DocTestParser().get_doctest(text, names, name, module, 0)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=flags)
    assert runner.run(found, out=said.append).failed == 0, "".join(said)

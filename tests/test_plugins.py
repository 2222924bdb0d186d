"""Architectures of other packages are found by their entry points, when needed."""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import pytest

import deepface_models as dfm
from deepface_models.core.errors import ModelFileError
from deepface_models.core.plugins import GROUP
from deepface_models.models import registry

MODULE = """
import keras
import deepface_models as dfm

@dfm.register_architecture("plugged", smallest={"image_shape": (8, 8, 1)})
class Plugged(dfm.autoencoders.Autoencoder):
    def __init__(self, image_shape=(6, 5, 1), **kwargs):
        inputs = keras.Input(image_shape)
        encoder = keras.Model(inputs, keras.layers.Conv2D(2, 3, padding="same")(inputs))
        maps = keras.Input((*image_shape[:2], 2))
        decoder = keras.Model(maps, keras.layers.Conv2D(1, 1)(maps))
        super().__init__(encoder=encoder, decoder=decoder, **kwargs)
        self.image_shape = image_shape
"""


def install(folder: Path, module: str, text: str) -> None:
    """Puts a package with an entry point into a folder, as pip does."""
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    about = folder / f"{module}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Name: {module}\nVersion: 1.0\n", "utf-8")
    (about / "entry_points.txt").write_text(f"[{GROUP}]\nmine = {module}\n", "utf-8")


def forget() -> None:
    """Leaves this process as a new one is: the plugin is not imported."""
    sys.modules.pop("plugged_nets", None)
    keras.saving.get_custom_objects().pop("deepface_models>Plugged", None)
    registry._known._known.pop("plugged", None)


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    install(tmp_path, "plugged_nets", MODULE)
    yield tmp_path
    forget()


def test_an_architecture_of_another_package_is_built_listed_and_loaded(plugin):
    assert "plugged_nets" not in sys.modules  # until it is needed
    model = dfm.create("plugged")
    assert "plugged" in dfm.list_architectures(family="autoencoders")
    model.save_parts(plugin / "model")
    model.save(plugin / "model.keras")
    for name in ("model", "model.keras"):
        forget()
        loaded = dfm.load(plugin / name)
        assert type(loaded).__name__ == "Plugged"
        for kept, weight in zip(loaded.weights, model.weights, strict=True):
            assert (kept.numpy() == weight.numpy()).all()


def test_a_model_of_a_package_that_is_gone_says_what_to_install(plugin, monkeypatch):
    dfm.create("plugged").save_parts(plugin / "model")
    forget()
    (plugin / "plugged_nets-1.0.dist-info" / "entry_points.txt").unlink()
    with pytest.raises(ModelFileError, match=r"Plugged'.* install the package"):
        dfm.load(plugin / "model")


def test_a_package_that_fails_to_import_leaves_the_others(plugin):
    install(plugin, "broken_nets", "import no_such_module\n")
    with pytest.warns(RuntimeWarning, match=r"'broken_nets', failed to load: Module"):
        names = dfm.list_architectures()
    assert {"plugged", "swift"} <= set(names)

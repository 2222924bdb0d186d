from __future__ import annotations

import importlib.metadata
import json
import pkgutil
import re
import subprocess
import sys

import pytest

import deepface_models

HEAVY = ("keras", "tensorflow", "jax", "torch", "dlib", "cv2", "av", "PIL", "numpy")


def loaded_by(code: str) -> set[str]:
    """Which of the heavy packages a fresh Python has after running `code`."""
    script = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    return set(json.loads(done.stdout.splitlines()[-1])) & set(HEAVY)


def test_import_loads_nothing_heavy():
    assert loaded_by("import deepface_models; dir(deepface_models)") == set()


@pytest.mark.parametrize("part", ["media", "faces", "provenance"])
def test_packages_without_models_do_not_load_keras(part):
    loaded = loaded_by(f"import deepface_models.{part}")
    assert not loaded & {"keras", "tensorflow", "jax", "torch"}


@pytest.mark.slow
def test_models_and_callbacks_need_neither_videos_nor_dlib():
    """Layers hold; a training machine needs no PyAV and no dlib."""
    packages = "callbacks data losses models.autoencoders models.swap training "
    packages += "presets.golden"
    code = "; ".join(f"import deepface_models.{part}" for part in packages.split())
    loaded = loaded_by(f"{code}\nfrom deepface_models.media import grid, read_image")
    assert "keras" in loaded and not loaded & {"av", "dlib"}


def test_every_public_module_works_after_a_plain_import():
    """`dfm.faces`, `dfm.media` and so on."""
    found = {m.name for m in pkgutil.iter_modules(deepface_models.__path__)}
    public = {name for name in found if name[0] != "_"} - {"cli", "weights"}
    assert public <= set(deepface_models.__all__)
    code = "import deepface_models as dfm; dfm.faces.FaceSet, dfm.media.read_video"
    assert "keras" not in loaded_by(code)


@pytest.mark.parametrize("name", deepface_models.__all__)
def test_every_public_name_resolves(name):
    assert getattr(deepface_models, name) is not None
    assert name in dir(deepface_models)


def test_public_names_are_all_classes_functions_modules_or_the_version():
    assert len(set(deepface_models.__all__)) == len(deepface_models.__all__)
    for name in ("Converter", "Original", "Swift", "SwapPairs", "FaceSet"):
        assert isinstance(getattr(deepface_models, name), type)
    for name in ("convert", "evaluate", "load", "train", "verify"):
        value = getattr(deepface_models, name)
        assert callable(value), f"{name} is {value!r}"


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Swfit'"):
        _ = deepface_models.Swfit


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("FaceNotFoundError", ValueError),
        ("InUseError", OSError),
        ("IntegrityError", ValueError),
        ("MediaError", ValueError),
        ("MissingDependencyError", ImportError),
        ("ModelFileError", ValueError),
        ("ProvenanceError", ValueError),
    ],
)
def test_errors_are_builtin_ones_too(name, builtin):
    assert issubclass(getattr(deepface_models, name), builtin)


def test_the_version_is_that_of_the_metadata():
    assert re.fullmatch(r"\d+\.\d+\.\d+([.a-z]+\d+)?", deepface_models.__version__)
    try:
        installed = importlib.metadata.version("deepface_models")
    except importlib.metadata.PackageNotFoundError:
        return  # run from the source tree
    assert installed == deepface_models.__version__


@pytest.mark.slow
def test_a_name_is_no_module_once_all_modules_are_imported():
    packages = sorted({home for home in deepface_models._HOMES.values()})
    code = f"""
import importlib, inspect, deepface_models
for part in {packages!r}:
    importlib.import_module("deepface_models." + part)
for name in {sorted(deepface_models._HOMES)!r}:
    assert not inspect.ismodule(getattr(deepface_models, name)), name
"""
    assert "keras" in loaded_by(code)

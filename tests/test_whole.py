"""Whole numbers: every integer argument of the package is checked in one way."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import deepface_models
from deepface_models.core.whole import whole_number, whole_numbers

WRONG = (2.5, "3", True, -1, None)


@whole_numbers(every_n=1, limit=1)
def sample(every_n: int = 1, limit: int | None = None) -> tuple[int, int | None]:
    return every_n, limit


@pytest.mark.parametrize("value", WRONG)
def test_what_is_no_whole_number_is_refused(value):
    """`every_n=2.5`, `limit="3"` and so on are refused."""
    with pytest.raises(ValueError, match=r"every_n=.* was given. Expected a whole num"):
        sample(every_n=value)
    if value is not None:
        with pytest.raises(ValueError, match=r"limit=.*1 or more. Use limit=\d"):
            sample(1, value)


def test_numpys_integers_become_ints_and_none_stays():
    assert sample(np.int64(3)) == (3, None)
    assert type(sample(np.int64(3))[0]) is int
    assert sample(2, 4) == (2, 4)
    assert whole_number("seed", 0, least=0) == 0


def public_functions():
    """Exported functions, and methods and constructors of exported classes."""
    for info in pkgutil.iter_modules(deepface_models.__path__):
        if info.name.startswith("_") or info.name in ("cli", "weights"):
            continue
        module = importlib.import_module(f"deepface_models.{info.name}")
        for name in getattr(module, "__all__", ()):
            found = getattr(module, name)
            if inspect.isfunction(found):
                yield name, found
            elif inspect.isclass(found):
                for method, function in vars(found).items():
                    plain = inspect.isfunction(function)
                    if plain and (method == "__init__" or method[0] != "_"):
                        yield f"{name}.{method}", function


def called_by_keras(name, function):
    method = name.partition(".")[2]
    return method.startswith("on_") or method in (
        "at_step",
        "due",
        "write",
        "write_part",
        "write_samples",
    )


# These check by themselves: Keras reads the parameters of layers' constructors.
LAYERS = ("PixelShuffle", "ConstantVector", "SelfAttention2D")


def test_no_integer_argument_is_left_unchecked():
    """Every integer argument of public functions; one mechanism."""
    from deepface_models.core.model import PartModel

    unchecked = []
    for name, function in public_functions():
        owner = name.partition(".")[0]
        integers = {
            p.name
            for p in inspect.signature(function).parameters.values()
            if str(p.annotation) in ("int", "int | None")
            and p.kind is not p.VAR_POSITIONAL  # numbers of things that exist
        }
        written = function.__code__.co_filename != "<string>"  # dataclasses are not
        known = set(getattr(function, "whole", ()))
        if owner not in LAYERS and written and not called_by_keras(name, function):
            unchecked += [f"{name}({one}=)" for one in integers - known]
    assert unchecked == []
    assert issubclass(deepface_models.Swift, PartModel)  # see the next test


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: deepface_models.Swift(latent_size=2.5), r"latent_size=2\.5"),
        (lambda: deepface_models.Swift(basis_size="3"), "basis_size='3'"),
        (lambda: deepface_models.models.swap.SAEHD(image_size=-1), "image_size=-1"),
        (
            lambda: deepface_models.models.autoencoders.MaskedAutoencoder(depth=1.5),
            r"depth=1\.5",
        ),
        (lambda: deepface_models.layers.PixelShuffle(2.5), r"factor=2\.5"),
        (lambda: deepface_models.FaceAligner(embeddings=0), "embeddings=0"),
        (lambda: deepface_models.FaceAligner(max_faces=0), "max_faces=0"),
        (
            lambda: deepface_models.FaceAligner().extract("x.mp4", workers=-1),
            "workers=-1",
        ),
        (lambda: deepface_models.train({}, "out", epochs=0), "epochs=0"),
        (lambda: next(deepface_models.media.read_video("x", every_n=0)), "every_n=0"),
    ],
)
def test_models_functions_and_layers_refuse(build, message):
    """Refused before anything is read, built or written."""
    with pytest.raises(ValueError, match=f"{message}.* was given. Expected a whole"):
        build()


@pytest.mark.parametrize(
    "words",
    [
        ("train", "a=x", "b=y", "--output", "z", "--epochs", "0"),
        ("train", "a=x", "b=y", "--output", "z", "--batch-size", "-3"),
        ("extract", "x.mp4", "--output", "z", "--workers", "-1"),
        ("extract", "x.mp4", "--output", "z", "--every-n", "2.5"),
        ("evaluate", "--limit", "none"),
    ],
)
def test_the_command_line_refuses(words, capsys):
    """`--epochs 0` and its siblings are refused at once."""
    from deepface_models.cli import main

    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    wrong = f"{words[-2]}: '{words[-1]}' was given. Expected a whole number of 1"
    assert wrong in said

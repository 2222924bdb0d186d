"""Recipes by preset name, and the command line that a card gives."""

from __future__ import annotations

import inspect
import shlex

import pytest
from pretraining_helpers import ROOT

from deepface_models import presets
from deepface_models.cli import build_parser
from deepface_models.models import autoencoders, swap
from deepface_models.pretraining import RECIPES, command, pretrain
from deepface_models.pretraining.recipes import find


def test_every_shipped_preset_has_a_recipe_of_its_model():
    """Recipes by preset name."""
    names = [name for name in presets.list_models() if presets.describe(name)["folder"]]
    assert sorted(RECIPES) == sorted(names)
    for name in names:
        record, recipe = presets.describe(name), RECIPES[name]
        assert record["architecture"].endswith(f">{recipe.architecture}")
        for key, value in recipe.arguments.items():
            kept = record["config"][key]
            assert (tuple(kept) if isinstance(kept, list) else kept) == value
        package = swap if recipe.architecture == "Swift" else autoencoders
        assert hasattr(package, recipe.architecture)


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_a_card_gives_a_command_without_a_path_that_the_parser_takes(name):
    """No path of a machine in the cards' commands."""
    assert command(name) == f"deepface-models pretrain {name} --data DATA"
    settings = {"minutes": 1.5, "leave_out": ("ana", "zoe b"), "about": "my own"}
    settings |= {"epochs": None, "seed": 0, "dtype": "float32", "batch_size": 12}
    text = command(name, settings)
    _, *words = shlex.split(text)
    args = build_parser().parse_args(words)
    assert (args.preset, args.data, args.minutes) == (name, "DATA", 1.5)
    assert (tuple(args.leave_out), args.about) == (("ana", "zoe b"), "my own")
    assert "--seed" not in text and "--dtype" not in text
    assert command(name, {"minutes": RECIPES[name].minutes}) == command(name)


def test_defaults_of_settings_are_those_of_the_function():
    known = inspect.signature(pretrain).parameters
    assert known["seed"].default == 0 and known["dtype"].default == "float32"


def test_an_unknown_preset_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"Did you mean 'vae_mnist'\?"):
        find("vae_mist")


def test_no_file_of_the_package_or_docs_names_a_script_that_is_gone():
    gone = [f"benchmarks/pretrain{end}" for end in (".py", "_")]
    texts = [*ROOT.glob("docs/*.md"), *ROOT.glob("deepface_models/**/*.py")]
    for path in (*texts, ROOT / "README.md"):
        assert not any(word in path.read_text("utf-8") for word in gone), path

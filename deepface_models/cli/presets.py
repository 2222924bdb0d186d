"""`list`, `describe`, `fetch` and `pack`: presets, the trained models by name."""

from __future__ import annotations

import argparse
import json
from typing import Any

from deepface_models.cli._arguments import (
    Commands,
    add_command,
    add_no_progress,
    chosen,
    load_model,
    whole,
)
from deepface_models.cli._console import say
from deepface_models.core.checked import read
from deepface_models.core.display import one_line

_FACTS = (
    ("license", "TEXT", "of the weights, such as CC-BY-4.0"),
    ("data", "TEXT", "what it was trained on, with its licenses"),
    ("name", "NAME", "the preset's name (default: the folder's)"),
    ("description", "TEXT", "what it is, in a sentence"),
    ("use", "TEXT", "what it is meant for"),
    ("limits", "TEXT", "what it does badly, and for which faces"),
    ("not-for", "TEXT", "what it must not be used for"),
    ("commit", "ID", "of the code that trained it"),
    ("command", "TEXT", "the command line that made it"),
)
_REQUIRED = ("license", "data")
_PLAIN = ("name", "seed", "shared", "dtype")


def add(commands: Commands) -> None:
    """Adds the commands."""
    _add_list(commands)
    _add_describe(commands)
    _add_fetch(commands)
    _add_pack(commands)


def _add_list(commands: Commands) -> None:
    parser = add_command(
        commands,
        "list",
        run_list,
        "list the trained models that can be loaded by name",
        "deepface-models list 'swift*'",
    )
    option = parser.add_argument
    option("pattern", nargs="?", default="*", help="which ones (default: all)")
    option("--json", action="store_true", help="print a JSON list instead of text")


def _add_describe(commands: Commands) -> None:
    parser = add_command(
        commands,
        "describe",
        run_describe,
        "say what a preset is, who made it how, and how good it is",
        "deepface-models describe vae_mnist",
    )
    option = parser.add_argument
    option("source", metavar="PRESET", help="a name, or the folder of one")
    option("--json", action="store_true", help="print JSON instead of text")


def _add_fetch(commands: Commands) -> None:
    parser = add_command(
        commands,
        "fetch",
        run_fetch,
        "fetch a preset for use without a connection, and check its bytes",
        "deepface-models fetch hf://owner/repository",
    )
    option = parser.add_argument
    option(
        "source",
        metavar="PRESET",
        help="a name, a folder, https://host/folder or "
        "hf://owner/repository[/folder][@revision]; #sha256=DIGEST behind an address "
        "pins what it holds",
    )
    option("--force", action="store_true", help="fetch it again, even if it is here")
    add_no_progress(parser)


def _add_pack(commands: Commands) -> None:
    parser = add_command(
        commands,
        "pack",
        run_pack,
        "make a folder that can be published of a trained model",
        "deepface-models pack ana_ben swap_ana_ben --license CC-BY-4.0 \\\n"
        '    --data "Two clips of people who agreed" --dtype float16',
        keras=True,
    )
    option = parser.add_argument
    option("model", metavar="MODEL", help="what train made")
    option("folder", metavar="FOLDER", help="of the preset; replaced if it is one")
    for name, kind, text in _FACTS:
        required = name in _REQUIRED
        default = None if required or name == "name" else ""
        option(f"--{name}", metavar=kind, required=required, default=default, help=text)
    option("--seed", type=whole(0), metavar="N", help="of the training")
    option("--results", metavar="JSON", help="measures, as evaluate --json writes them")
    option(
        "--shared",
        action="store_true",
        help="keep only what people share, for a swap of other people to start from",
    )
    option(
        "--dtype",
        default="float32",
        metavar="TYPE",
        help="of the weights on disk: float32, or float16 for half the bytes "
        "(default: %(default)s)",
    )


def run_list(args: argparse.Namespace) -> int:
    """Runs `list`."""
    from deepface_models import presets

    found = [presets.describe(name) for name in presets.list_models(args.pattern)]
    if args.json:
        say(json.dumps(found, indent=1))
        return 0
    if not found:
        say(f"No preset is called {args.pattern!r}.")
    width = max((len(preset["name"]) for preset in found), default=0)
    for preset in found:
        size = f"{preset['bytes'] / 1e6:.1f} MB"
        text = one_line(preset["description"])
        say(f"{preset['name']:<{width}}  {size:>9}  {text}")
    return 0


def run_describe(args: argparse.Namespace) -> int:
    """Runs `describe`."""
    from deepface_models import presets
    from deepface_models.presets.card import summary

    found = presets.describe(args.source)
    say(json.dumps(found, indent=1) if args.json else summary(found))
    return 0


def run_fetch(args: argparse.Namespace) -> int:
    """Runs `fetch`."""
    from deepface_models import presets

    folder = presets.fetch(args.source, **chosen(args, "force", "progress"))
    say(f"The preset is in {folder}; its bytes are those of its record.")
    return 0


def run_pack(args: argparse.Namespace) -> int:
    """Runs `pack`."""
    from deepface_models import presets

    results = _results(args.results) if args.results else None
    facts = chosen(args, *(name.replace("-", "_") for name, *_ in _FACTS), *_PLAIN)
    model = load_model(args.model)
    folder = presets.save_preset(model, args.folder, results=results, **facts)
    found = presets.describe(folder)
    say(
        f"The preset {found['name']} is in {folder}: {found['bytes'] / 1e6:.1f} MB of "
        f"{found['dtype']}, {found['parameters']:,} parameters."
    )
    say(f"Publish it: hf upload OWNER/{found['name']} {folder}")
    return 0


def _results(path: str) -> dict[str, Any]:
    """Returns measures from a file."""
    try:
        found = read(path)
    except ValueError as error:
        found = error
    if not isinstance(found, dict):
        said = f" ({found})" if isinstance(found, ValueError) else ""
        raise ValueError(
            f"{path} holds no measures{said}. Expected an object in JSON, such as "
            "evaluate --json writes. Name another file, or leave --results out."
        )
    return found

"""`list`, `describe`, `fetch`, `pack` and `upload`: trained models with a name."""

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
from deepface_models.cli._console import echo
from deepface_models.core.checked import read
from deepface_models.core.display import one_line

_FACTS = (
    ("license", "TEXT", "license of the weights, such as CC-BY-4.0"),
    ("data", "TEXT", "training data, with their licenses"),
    ("name", "NAME", "the preset's name (default: the folder's)"),
    ("description", "TEXT", "one sentence about the model"),
    ("use", "TEXT", "intended use"),
    ("limits", "TEXT", "limitations, and faces that it is poor for"),
    ("not-for", "TEXT", "uses that are not allowed"),
    ("commit", "ID", "commit of the code that trained it"),
    ("command", "TEXT", "command line that trained it"),
    ("base-model", "OWNER/NAME", "model on the Hugging Face hub that it started from"),
)
_REQUIRED = ("license", "data")
_PLAIN = ("name", "seed", "shared", "dtype")


def add(commands: Commands) -> None:
    """Adds the commands."""
    _add_list(commands)
    _add_describe(commands)
    _add_fetch(commands)
    _add_pack(commands)
    _add_upload(commands)


def _add_list(commands: Commands) -> None:
    parser = add_command(
        commands,
        "list",
        run_list,
        "list the trained models that can be loaded by name",
        "deepface-models list 'swift*'",
    )
    option = parser.add_argument
    option("pattern", nargs="?", default="*", help="pattern of names (default: all)")
    option("--json", action="store_true", help="print a JSON list instead of text")


def _add_describe(commands: Commands) -> None:
    parser = add_command(
        commands,
        "describe",
        run_describe,
        "show a preset's description, training and measures",
        "deepface-models describe vae_mnist",
    )
    option = parser.add_argument
    option("source", metavar="PRESET", help="name or folder of a preset")
    option("--json", action="store_true", help="print JSON instead of text")


def _add_fetch(commands: Commands) -> None:
    parser = add_command(
        commands,
        "fetch",
        run_fetch,
        "download a preset and check its SHA-256",
        "deepface-models fetch hf://owner/repository",
    )
    option = parser.add_argument
    option(
        "source",
        metavar="PRESET",
        help="name, folder, https://host/folder or "
        "hf://owner/repository[/folder][@revision]; #sha256=DIGEST after an address "
        "pins its content",
    )
    option("--force", action="store_true", help="fetch it again, even if it is here")
    add_no_progress(parser)


def _add_pack(commands: Commands) -> None:
    parser = add_command(
        commands,
        "pack",
        run_pack,
        "pack a trained model into a folder that can be published",
        "deepface-models pack ana_ben swap_ana_ben --license CC-BY-4.0 \\\n"
        '    --data "Two clips of people who agreed" --dtype float16',
        keras=True,
    )
    option = parser.add_argument
    option("model", metavar="MODEL", help="folder written by train")
    option(
        "folder",
        metavar="FOLDER",
        help="folder of the new preset; an existing preset is replaced",
    )
    for name, kind, text in _FACTS:
        required = name in _REQUIRED
        default = None if required or name == "name" else ""
        option(f"--{name}", metavar=kind, required=required, default=default, help=text)
    option("--seed", type=whole(0), metavar="N", help="seed of the training")
    option("--results", metavar="JSON", help="measures, as evaluate --json writes them")
    option(
        "--shared",
        action="store_true",
        help="keep only the parts that people share, for fine-tuning on other people",
    )
    option(
        "--dtype",
        default="float32",
        metavar="TYPE",
        help="dtype of the weights on disk: float32, or float16 for half the size "
        "(default: %(default)s)",
    )


def _add_upload(commands: Commands) -> None:
    parser = add_command(
        commands,
        "upload",
        run_upload,
        "publish a preset on the Hugging Face hub",
        "deepface-models upload swap_ana_ben hf://ana/swap_ana_ben --private",
    )
    option = parser.add_argument
    option("folder", metavar="FOLDER", help="folder of a preset, as written by pack")
    option(
        "address",
        metavar="ADDRESS",
        help="hf://owner/name[/folder][@branch]; the repository is created if needed",
    )
    option("--private", action="store_true", help="make a new repository private")
    option("--message", default="", metavar="TEXT", help="message of the commit")


def run_list(args: argparse.Namespace) -> int:
    """Runs `list`."""
    from deepface_models import presets

    found = [presets.describe(name) for name in presets.list_models(args.pattern)]
    if args.json:
        echo(json.dumps(found, indent=1))
        return 0
    if not found:
        echo(f"No preset matches {args.pattern!r}.")
    width = max((len(preset["name"]) for preset in found), default=0)
    for preset in found:
        size = f"{preset['bytes'] / 1e6:.1f} MB"
        text = one_line(preset["description"])
        echo(f"{preset['name']:<{width}}  {size:>9}  {text}")
    return 0


def run_describe(args: argparse.Namespace) -> int:
    """Runs `describe`."""
    from deepface_models import presets
    from deepface_models.presets.card import summary

    found = presets.describe(args.source)
    echo(json.dumps(found, indent=1) if args.json else summary(found))
    return 0


def run_fetch(args: argparse.Namespace) -> int:
    """Runs `fetch`."""
    from deepface_models import presets

    folder = presets.fetch(args.source, **chosen(args, "force", "progress"))
    echo(f"The preset is in {folder}; its SHA-256 is correct.")
    return 0


def run_pack(args: argparse.Namespace) -> int:
    """Runs `pack`."""
    from deepface_models import presets

    results = _results(args.results) if args.results else None
    facts = chosen(args, *(name.replace("-", "_") for name, *_ in _FACTS), *_PLAIN)
    model = load_model(args.model)
    folder = presets.save_preset(model, args.folder, results=results, **facts)
    found = presets.describe(folder)
    echo(
        f"The preset {found['name']} is in {folder}: {found['bytes'] / 1e6:.1f} MB of "
        f"{found['dtype']}, {found['parameters']:,} parameters."
    )
    echo(f"Publish it: deepface-models upload {folder} hf://OWNER/{found['name']}")
    return 0


def run_upload(args: argparse.Namespace) -> int:
    """Runs `upload`."""
    from deepface_models import presets

    where = presets.upload(
        args.folder, args.address, **chosen(args, "private", "message")
    )
    echo(f"The preset is published. This version: {where}")
    return 0


def _results(path: str) -> dict[str, Any]:
    """Reads measures from a JSON file."""
    try:
        found = read(path)
    except ValueError as error:
        found = error
    if not isinstance(found, dict):
        detail = f" ({found})" if isinstance(found, ValueError) else ""
        raise ValueError(
            f"{path} holds no measures{detail}. Expected a JSON object, as written by "
            "evaluate --json. Use another file, or leave --results out."
        )
    return found

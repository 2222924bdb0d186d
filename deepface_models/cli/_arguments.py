"""What several commands share: options, and paths that become models or face sets."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from deepface_models.core.whole import whole_number

if TYPE_CHECKING:
    from deepface_models.models.swap import FaceSwap

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

AGAIN = "Run the same command again: it goes on where it was."
NOTHING_KEPT = "Nothing was written. Run the same command again."


def add_command(
    commands: Commands,
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    example: str,
    *,
    keras: bool = False,
    resume: str = NOTHING_KEPT,
) -> argparse.ArgumentParser:
    """Adds a command and returns its parser.

    Args:
        commands: What `add_subparsers` returned.
        name: The word for it.
        run: Does it and returns the exit status.
        summary: What it does, in a sentence without a full stop.
        example: A command line that works.
        keras: Whether it uses Keras, which is then imported quietly beforehand.
        resume: What to tell a user who interrupts it.
    """
    parser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_traceback(parser)
    parser.set_defaults(run=run, keras=keras, resume=resume)
    return parser


def add_traceback(parser: argparse.ArgumentParser) -> None:
    """Adds the option that every command has, before or after its name."""
    parser.add_argument(
        "--traceback",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show where in the code an error arose",
    )


def whole(least: int = 1) -> Callable[[str], int]:
    """Returns a `type` of options that take whole numbers of `least` or more."""

    def parse(text: str) -> int:
        try:
            return whole_number("it", int(text), least)
        except ValueError as error:
            raise argparse.ArgumentTypeError(
                f"got {text!r}; expected a whole number of {least} or more"
            ) from error

    return parse


def add_no_progress(parser: argparse.ArgumentParser) -> None:
    """Adds the option that hides progress bars."""
    parser.add_argument(
        "--no-progress",
        dest="progress",
        action="store_false",
        help="show no progress bar",
    )


def chosen(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Returns these options as keyword arguments."""
    return {name: getattr(args, name) for name in names}


def add_model(parser: argparse.ArgumentParser) -> None:
    """Adds the option that names the model."""
    parser.add_argument(
        "--model",
        required=True,
        metavar="MODEL",
        help="what train made, a preset's name (see list), https://... or hf://...",
    )


def load_model(source: str) -> Any:
    """Loads a model; see `model_source`."""
    import deepface_models as dfm

    return dfm.load(model_source(source))


def load_swap(source: str) -> FaceSwap:
    """Loads a face swap; see `model_source`."""
    import deepface_models as dfm

    model = load_model(source)
    if not isinstance(model, dfm.swap.FaceSwap):
        raise ValueError(
            f"{source} holds a {type(model).__name__}. Expected a face swap. Use what "
            "train made, or swap_demo."
        )
    return model


def model_source(source: str) -> str:
    """Returns `model/` of a folder that `train` made, and anything else as it is."""
    import deepface_models as dfm

    inside = Path(source) / "model"
    whole = (Path(source) / "config.json").exists()
    named = source in dfm.presets.list_models()
    return str(inside) if inside.is_dir() and not (whole or named) else source


def is_face_set(path: str) -> bool:
    """Whether a path is a folder that `extract` wrote."""
    return (Path(path) / "faceset.json").is_file()

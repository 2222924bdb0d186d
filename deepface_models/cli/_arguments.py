"""Options and loaders that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from deepface_models.core.whole import whole_number

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

RESUME = "Run the same command again to continue."
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
        name: The command's name.
        run: Runs the command and returns the exit status.
        summary: What the command does, without a period.
        example: A command line that works.
        keras: Whether it uses Keras, whose start-up messages are then hidden.
        resume: Message after an interruption.
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
        help="print the traceback of an error",
    )


def whole(least: int = 1) -> Callable[[str], int]:
    """Returns an argparse `type` for whole numbers of at least `least`."""

    def parse(text: str) -> int:
        try:
            return whole_number("it", int(text), least)
        except ValueError as error:
            raise argparse.ArgumentTypeError(
                f"{text!r} was given. Expected a whole number of {least} or more"
            ) from error

    return parse


def frames(text: str) -> tuple[int | None, int | None]:
    """Is an argparse `type` for a range of frames, such as 100:250 or 100: or :250."""
    start, sign, stop = text.partition(":")
    numbers = [one for one in (start, stop) if one]
    if sign and numbers and all(one.isascii() and one.isdigit() for one in numbers):
        return int(start) if start else None, int(stop) if stop else None
    raise argparse.ArgumentTypeError(
        f"{text!r} was given. Expected START:STOP, such as 100:250, 100: or :250"
    )


def frame_rate(text: str) -> Fraction:
    """Is an argparse `type` for frames per second, such as 24 or 24000/1001."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} was given. Expected a number such as 24 or 24000/1001"
        ) from error


def landmarks(text: str) -> int | str:
    """Is an argparse `type` for what `FaceAligner(landmarks=...)` takes."""
    return text if text == "mesh" else whole()(text)


def add_no_progress(parser: argparse.ArgumentParser) -> None:
    """Adds the option that hides progress bars."""
    parser.add_argument(
        "--no-progress",
        dest="progress",
        action="store_false",
        help="show no progress bar",
    )


def chosen(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    """Returns the named options as keyword arguments."""
    return {name: getattr(args, name) for name in names}


def add_model(parser: argparse.ArgumentParser) -> None:
    """Adds the option that names the model."""
    parser.add_argument(
        "--model",
        required=True,
        metavar="MODEL",
        help="folder written by train, what export wrote, a .dfm file, a preset's name "
        "(see list), https://... or hf://...",
    )


def load_model(source: str) -> Any:
    """Loads a model; see `model_source`."""
    import deepface_models as dfm

    return dfm.load(model_source(source))


def load_swap(source: str) -> Any:
    """Loads a face swap, exported or not; see `model_source`."""
    model = load_model(source)
    if not hasattr(model, "identities"):
        raise ValueError(
            f"{source} holds a {type(model).__name__}. Expected a face swap. Use a "
            "model from train, or swap_demo."
        )
    return model


def model_source(source: str) -> str:
    """Returns the `model` subfolder of a folder written by `train`, else `source`."""
    import deepface_models as dfm

    inside = Path(source) / "model"
    whole = (Path(source) / "config.json").exists()
    named = source in dfm.presets.list_models()
    return str(inside) if inside.is_dir() and not (whole or named) else source


def is_face_set(path: str) -> bool:
    """Whether a path is a folder that `extract` wrote."""
    return (Path(path) / "faceset.json").is_file()

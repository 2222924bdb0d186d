"""`live`: swaps a face in the images of a camera as they come."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from deepface_models.cli._arguments import (
    Commands,
    add_command,
    add_model,
    chosen,
    load_swap,
    whole,
)
from deepface_models.cli._console import echo
from deepface_models.cli._swapping import (
    add_appearance,
    add_landmarks,
    add_signer,
    certificate,
)
from deepface_models.core.words import many

if TYPE_CHECKING:
    from deepface_models.streaming import LiveSwap

_LIVE = (
    *("identity", "source_identity", "consent", "person", "output", "realtime"),
    *("mask", "color", "blend", "feather", "erode", "sharpen", "reshape"),
    *("side_by_side", "debug"),
)
VIEWS = ("page", "window", "none")


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "live",
        run,
        "swap a face in the images of a camera as they come",
        "deepface-models live 0 --model ana_ben --identity ben \\\n"
        '    --consent "Ana and Ben, release of 2026-03-01, file 17"',
        keras=True,
    )
    _add_main(parser)
    add_appearance(parser.add_argument_group("appearance"), "alpha", reshape=False)
    add_signer(parser.add_argument_group("recording"))


def _add_main(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option(
        "source",
        nargs="?",
        type=_source,
        default=0,
        help="number of a camera, browser for the camera of the browser that shows "
        "the page, or a video, which plays at its own speed (default: %(default)s)",
    )
    add_model(parser)
    option(
        "--identity",
        required=True,
        metavar="NAME",
        help="target person, whose face is rendered",
    )
    option(
        "--consent",
        required=True,
        metavar="TEXT",
        help="who agreed to this use, and where that is written down; becomes part of "
        "a recording",
    )
    option(
        "--source-identity",
        metavar="NAME",
        help="source person, who is replaced: a name that the model knows, or anybody, "
        "who is measured in the first seconds (default: the other person of a model of "
        "two, else anybody)",
    )
    option(
        "--person",
        metavar="PATH",
        help="person to replace when there are several: an image, or a folder written "
        "by extract (default: the largest face)",
    )
    add_landmarks(parser, "mesh")
    option(
        "--every-frame",
        dest="realtime",
        action="store_false",
        help="swap every frame of a video, however long it takes",
    )
    option(
        "--output",
        metavar="FILE",
        help="record to this .mp4 or .mov file, which is signed at the end; no sound",
    )
    option(
        "--view",
        default="page",
        metavar="NAME",
        help="where to watch: page, in a browser on this computer; window; or none "
        "(default: %(default)s)",
    )
    option(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address of the page; any other than the default one shows it to other "
        "computers (default: %(default)s)",
    )
    option(
        "--port",
        type=whole(0),
        default=8765,
        metavar="N",
        help="port of the page; 0 for any free one (default: %(default)s)",
    )
    parser.set_defaults(realtime=None)


def _source(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    from deepface_models.core.choices import choose
    from deepface_models.streaming.camera import BROWSER
    from deepface_models.streaming.page import check_extra

    choose("view", args.view, VIEWS)
    if args.source == BROWSER and args.view != "page":
        raise ValueError(
            f"--view {args.view} was given for the camera of a browser. Expected the "
            "page, which sends its images. Leave out --view, or give another source."
        )
    if args.view == "page":
        check_extra()
    frames = _opened(args)
    try:
        _show(frames, args)
    except KeyboardInterrupt:  # the usual end
        pass
    finally:
        frames.close()
    echo(frames.stats.summary())
    if args.output:
        echo(f"Recorded and signed: {args.output}")
    return 0


def _opened(args: argparse.Namespace) -> LiveSwap:
    import deepface_models as dfm
    from deepface_models.core.threads import one_tensorflow_thread
    from deepface_models.streaming.session import usual_aligner

    one_tensorflow_thread()
    model = load_swap(args.model)
    return dfm.live(
        model,
        source=args.source,
        certificate=certificate(args),
        aligner=usual_aligner(model, args.landmarks),
        **chosen(args, *_LIVE),
    )


def _show(frames: LiveSwap, args: argparse.Namespace) -> None:
    from deepface_models.streaming import serve, show_window
    from deepface_models.streaming.stats import latency_text

    echo("Press Ctrl+C to stop.")
    if args.view == "window":
        show_window(frames)
    elif args.view == "page":
        shown = serve(frames, args.host, args.port, _tell)
        if shown.frames:
            times = latency_text(shown.latency, shown.latency_p95)
            echo(f"{many(shown.frames, 'image')} shown in the browser: {times}")
    else:
        for _ in frames:
            pass


def _tell(url: Any) -> None:
    echo(f"Open {url} in a browser on this computer.")

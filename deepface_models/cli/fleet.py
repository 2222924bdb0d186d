"""`fleet`: extracts, converts or evaluates many clips, on one or many machines."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from deepface_models.cli import _console
from deepface_models.cli._arguments import (
    RESUME,
    Commands,
    add_command,
    add_model,
    add_no_progress,
    add_traceback,
    chosen,
    whole,
)
from deepface_models.cli._swapping import (
    add_appearance,
    add_batch_size,
    add_landmarks,
    add_quality,
    add_signer,
    certificate,
    who_of,
)
from deepface_models.cli.extract import ALIGNER, add_faces

if TYPE_CHECKING:
    from deepface_models.fleet import FleetReport

_CREW = ("engine", "workers", "cpus", "gpus", "address", "progress")
_EXTRACT = (*ALIGNER, "person", "every_n", "limit")
_LOOK = (
    *("mask", "color", "blend", "feather", "erode", "sharpen", "reshape"),
    *("side_by_side", "debug", "batch_size", "source_identity"),
)
_CONVERT = (
    *("identity", "consent", "person", "landmarks", "codec", "crf", "lossless"),
    *_LOOK,
)
_EVALUATE = (
    *("identity", "target_faces", "source_faces", "source_identity", "limit"),
    "embed_every",
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "fleet",
        run,
        "extract, convert or evaluate many clips, on one or many machines",
        "deepface-models fleet convert 's3://film/takes/*.mp4' --output s3://film/out "
        "\\\n"
        "    --model s3://film/ana_ben --identity ben --consent '...' \\\n"
        "    --engine ray --address auto",
        resume=RESUME,
    )
    parser.set_defaults(does=None, parser=parser)
    does = parser.add_subparsers(metavar="WHAT", title="what to do")
    extract = _one(does, "extract", _extract, "extract the faces of each clip")
    add_faces(extract)
    convert = _one(does, "convert", _convert, "swap a face in each clip, and sign it")
    _add_convert(convert)
    evaluate = _one(does, "evaluate", _evaluate, "measure a swap on each clip")
    _add_evaluate(evaluate)
    for each in (extract, convert, evaluate):
        _add_crew(each.add_argument_group("workers"))
        add_no_progress(each)


def _one(
    does: Commands,
    name: str,
    function: Callable[[argparse.Namespace], FleetReport],
    text: str,
) -> argparse.ArgumentParser:
    parser = does.add_parser(
        name,
        help=text,
        description=f"{text[0].upper()}{text[1:]}; the rows of all are in fleet.csv.",
        allow_abbrev=False,
    )
    add_traceback(parser)
    parser.set_defaults(does=function)
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="CLIP",
        help="images and videos: paths, folders, addresses such as s3://film/ana.mp4, "
        "or patterns with * in quotes",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder of the results, or its address; the same command again leaves out "
        "what is finished",
    )
    return parser


def _add_crew(group: argparse._ArgumentGroup) -> None:
    option = group.add_argument
    option(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="local: this machine; ray: a Ray cluster (default: %(default)s)",
    )
    option(
        "--address",
        metavar="HOST:PORT",
        help="head of the Ray cluster; auto on one of its machines (default: a new one "
        "on this machine)",
    )
    option(
        "--workers",
        type=whole(),
        metavar="N",
        help="number of workers (default: 1, of a cluster as many as it has cores for)",
    )
    option(
        "--cpus",
        type=whole(),
        metavar="N",
        help="cores that each worker keeps to (default: all of one local worker, an "
        "equal share of several, 1 of a cluster)",
    )
    option(
        "--gpus",
        type=float,
        default=0,
        metavar="N",
        help="GPUs for each worker of a cluster; 0.5 shares one (default: %(default)s)",
    )


def _add_convert(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    add_model(parser)
    option("--identity", metavar="NAME", help="target person; or use --people")
    option(
        "--people",
        type=who_of,
        nargs="+",
        metavar="WHO=NAME",
        help="several people to replace, each by another identity: an image or a "
        "folder written by extract",
    )
    option(
        "--source-identity",
        metavar="NAME",
        help="source person, as in convert",
    )
    option(
        "--consent",
        required=True,
        metavar="TEXT",
        help="who agreed to this use, and where that is written down; becomes part of "
        "each result",
    )
    option(
        "--person",
        metavar="PATH",
        help="person to replace when there are several: an image, or a folder written "
        "by extract",
    )
    add_landmarks(parser)
    appearance = parser.add_argument_group("appearance")
    add_appearance(appearance, blend="laplacian")
    add_batch_size(appearance)
    _add_files(parser.add_argument_group("output files"))


def _add_files(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--codec",
        default="h264",
        metavar="NAME",
        help="h264, hevc, av1, vp9 or ffv1 (default: %(default)s)",
    )
    add_quality(group)
    add_signer(group)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    add_model(parser)
    option("--identity", required=True, metavar="NAME", help="the target person")
    for person in ("target", "source"):
        option(
            f"--{person}-faces",
            required=True,
            metavar="FACES",
            help=f"faces of the {person} person, a folder written by extract",
        )
    option("--source-identity", metavar="NAME", help="source person, as in evaluate")
    option("--limit", type=whole(), metavar="N", help="most frames of each clip")
    option(
        "--embed-every",
        type=whole(),
        default=3,
        metavar="K",
        help="compute embeddings on every k-th frame (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    if args.does is None:
        args.parser.print_help()
        return 2
    report = args.does(args)
    _console.echo(report.summary())
    return 1 if report.failed else 0


def _extract(args: argparse.Namespace) -> FleetReport:
    from deepface_models import fleet

    return fleet.extract(args.sources, args.output, **chosen(args, *_EXTRACT, *_CREW))


def _convert(args: argparse.Namespace) -> FleetReport:
    from deepface_models import fleet

    options: dict[str, Any] = chosen(args, *_CONVERT, *_CREW)
    options["people"] = dict(args.people) if args.people else None
    options["certificate"] = certificate(args)
    _quiet(args)
    return fleet.convert(args.sources, args.output, args.model, **options)


def _evaluate(args: argparse.Namespace) -> FleetReport:
    from deepface_models import fleet

    options = chosen(args, *_EVALUATE, *_CREW)
    _quiet(args)
    return fleet.evaluate(args.sources, args.output, args.model, **options)


def _quiet(args: argparse.Namespace) -> None:
    """Hides the messages of Keras' backend where this process is the worker."""
    if args.engine == "local" and args.workers in (None, 1) and args.cpus is None:
        _console.import_keras_quietly()

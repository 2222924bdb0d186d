"""`convert`: swaps faces in an image, a video or a folder and signs the result."""

from __future__ import annotations

import argparse
from typing import Any

from deepface_models.cli._arguments import (
    Commands,
    add_command,
    add_model,
    add_no_progress,
    chosen,
    frame_rate,
    frames,
    load_swap,
    whole,
)
from deepface_models.cli._console import echo
from deepface_models.cli._swapping import (
    add_appearance,
    add_batch_size,
    add_landmarks,
    add_quality,
    add_signer,
    certificate,
    who_of,
)

_NOTHING = object()
_CONVERT = (
    *(
        "identity",
        "source_identity",
        "consent",
        "tracks",
        "frames",
        "fps",
        "save_settings",
        "patches",
        "progress",
        "codec",
        "crf",
        "lossless",
        "bits",
        "alpha",
        "mask",
        "color",
    ),
    *("blend", "feather", "erode", "sharpen", "reshape", "batch_size"),
    *("side_by_side", "debug"),
)


def add(commands: Commands) -> None:
    """Adds the command."""
    parser = add_command(
        commands,
        "convert",
        run,
        "swap a face in an image, a video or a folder of them",
        "deepface-models convert ana.mp4 swap.mp4 --model ana_ben --identity ben \\\n"
        '    --consent "Ana and Ben, release of 2026-03-01, file 17"',
        keras=True,
        resume="No unfinished result is left. Run the same command again: a folder "
        "continues after its last finished file, a single file starts again.",
    )
    _add_main(parser)
    appearance = parser.add_argument_group("appearance")
    add_appearance(appearance, blend="laplacian")
    add_batch_size(appearance)
    _add_file(parser.add_argument_group("output file"))


def _add_main(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option(
        "source",
        help="image, video, folder of them, or image sequence (shot.%%04d.png, or a "
        "folder with --fps); never changed",
    )
    option("output", help="file, folder or pattern such as out/shot.%%04d.png to write")
    add_model(parser)
    option(
        "--identity",
        metavar="NAME",
        help="target person, whose face is rendered; or use --people",
    )
    option(
        "--people",
        type=who_of,
        nargs="+",
        metavar="WHO=NAME",
        help="several people to replace, each by another identity: an image, a folder "
        "written by extract, the number of a track, or a name given by tracks --assign",
    )
    option(
        "--tracks",
        metavar="DIR",
        help="folder with all faces of the video by track; an edited one is used as it "
        "is (default: the source's name with .tracks, beside the output)",
    )
    option(
        "--no-tracks",
        dest="tracks",
        action="store_false",
        help="keep no tracks",
    )
    option(
        "--frames",
        type=frames,
        metavar="START:STOP",
        help="the part of a video to convert: the number of the first frame, from 0, "
        "and of the frame to stop before, such as 100:250, 100: or :250",
    )
    option(
        "--fps",
        type=frame_rate,
        metavar="N",
        help="frames per second of an image sequence, such as 24 or 24000/1001",
    )
    option(
        "--source-identity",
        metavar="NAME",
        help="source person, who is replaced: a name that the model knows, or anybody, "
        "whose mean latent is measured on --person or on each video (default: the "
        "other person of a model of two, else anybody)",
    )
    option(
        "--consent",
        required=True,
        metavar="TEXT",
        help="who agreed to this use, and where that is written down; becomes part of "
        "the result",
    )
    option(
        "--person",
        metavar="PATH",
        help="person to replace when there are several: an image, or a folder written "
        "by extract (default: the largest face for the longest time)",
    )
    add_landmarks(parser)
    option(
        "--settings",
        action=_Replay,
        metavar="FILE",
        help="convert again with settings that an earlier conversion saved, such as "
        "swap.settings.json; other arguments, given after it, change them",
    )
    option(
        "--no-settings",
        dest="save_settings",
        action="store_false",
        help="save no settings beside the output",
    )
    add_no_progress(parser)
    parser.set_defaults(tracks=True)


class _Replay(argparse.Action):
    """Takes saved settings for the arguments that are not given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        from deepface_models.conversion.settings import read_settings

        try:
            saved = read_settings(values)["arguments"]
        except (ValueError, OSError) as error:
            parser.error(str(error))
        for action in parser._actions:
            action.required = False
            unset = getattr(namespace, action.dest, None) == action.default
            if action.dest in saved and unset:
                setattr(namespace, action.dest, _as_given(saved[action.dest]))
        namespace.settings = values


def _as_given(value: Any) -> Any:
    """Returns a saved value as the command line gives it."""
    return list(value.items()) if isinstance(value, dict) else value


def _add_file(group: argparse._ArgumentGroup) -> None:
    option = group.add_argument
    option(
        "--codec",
        default="h264",
        metavar="NAME",
        help="h264, hevc, av1, vp9 or ffv1 for .mp4; prores, prores_4444 or qtrle for "
        ".mov (default: %(default)s)",
    )
    add_quality(group)
    option(
        "--bits",
        type=whole(8),
        metavar="N",
        help="bits a sample: 8, 10, 12 or 16, as the codec supports them, 16 for PNG "
        "sequences (default: 8, of ProRes 10)",
    )
    option(
        "--alpha",
        action="store_true",
        help="write only the faces, with their masks as alpha: PNG, WebP, or a video "
        "with the codec prores_4444, ffv1 or qtrle",
    )
    option(
        "--patches",
        metavar="DIR",
        help="folder for each rendered face, its mask, matrix and metadata, for a "
        "compositor",
    )
    add_signer(group)


def run(args: argparse.Namespace) -> int:
    """Runs it."""
    import deepface_models as dfm
    from deepface_models.conversion.converter import aligner_of

    if args.settings:
        return _replay(args)
    signer = certificate(args)
    model = load_swap(args.model)
    report = dfm.convert(
        args.source,
        args.output,
        model,
        person=args.person,
        people=dict(args.people) if args.people else None,
        certificate=signer,
        aligner=aligner_of(model, args.landmarks),
        **chosen(args, *_CONVERT),
    )
    echo(report.summary())
    return 1 if report.failed else 0


def _replay(args: argparse.Namespace) -> int:
    """Converts with saved settings and the arguments that differ from them."""
    from deepface_models.conversion import replay
    from deepface_models.conversion.settings import read_settings

    saved = read_settings(args.settings)["arguments"]
    given = chosen(args, "source", "output", "person", "landmarks", *_CONVERT)
    given["people"] = dict(args.people) if args.people else None
    # What was not saved, such as --no-progress, has its default as before.
    changes = {name: v for name, v in given.items() if v != saved.get(name, _NOTHING)}
    if args.certificate or args.key:
        changes["certificate"] = certificate(args)
    model = load_swap(args.model) if args.model else None
    report = replay(args.settings, model, **changes)
    echo(report.summary())
    return 1 if report.failed else 0

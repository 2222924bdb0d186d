"""`preview`: single frames with several settings side by side, in one signed image."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.conversion import _outputs
from deepface_models.conversion._cells import around, captioned, small
from deepface_models.conversion._file import FileJob
from deepface_models.conversion._outputs import tags_of
from deepface_models.conversion._sequences import resolve
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.job import first_identity
from deepface_models.conversion.plan import SwapPlan, cut_plans, plan_people
from deepface_models.conversion.report import ConversionReport
from deepface_models.conversion.swaps import pick_faces
from deepface_models.conversion.video import decode_faces, render_all
from deepface_models.core.arrays import Array
from deepface_models.core.files import atomic_path
from deepface_models.core.options import known
from deepface_models.core.progress import Progress
from deepface_models.core.sheet import grid
from deepface_models.core.whole import whole_number, whole_numbers
from deepface_models.faces._reference import Person
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.analysis import holds_all, tracks_of
from deepface_models.faces.face import Face
from deepface_models.faces.face_tracks import FaceTracks
from deepface_models.media import ImageSequence, read_image, read_video, write_image
from deepface_models.media.sequence import Source
from deepface_models.provenance import Certificate, sign
from deepface_models.provenance.record import check_consent

_AROUND = 16  # frames before and after a frame that are searched for its track
_SMOOTHED = 8  # frames before and after it that the smoothing takes in


@whole_numbers(width=16)
def preview(
    source: Source,
    output: str | Path,
    model: Any,
    *,
    identity: str | None = None,
    consent: str,
    frame: int | Sequence[int] = 0,
    person: Person = None,
    people: Mapping[str | int | Path, str] | None = None,
    tracks: str | Path | bool = True,
    fps: float | Fraction | None = None,
    crop: bool = False,
    width: int = 640,
    mask: str | Sequence[str] = "learned*hull*skin",
    color: str | Sequence[str] = "reinhard",
    blend: str | Sequence[str] = "laplacian",
    feather: float | Sequence[float] = 0.05,
    erode: float | Sequence[float] = 0.0,
    sharpen: float | str | Sequence[float | str] = "auto",
    source_identity: str | Array | None = None,
    aligner: FaceAligner | None = None,
    certificate: Certificate | None = None,
    progress: bool = True,
) -> Array:
    """Swaps single frames with several settings and shows them side by side.

    Each row shows a frame: the source, and then the result of each combination of the
    settings, with what differs as its caption. A frame of a video is converted as
    `convert` does it, with its neighbors. The image is signed as the result of a
    conversion is.

    Args:
        source: An image, a video or an image sequence; never changed.
        output: The image to write.
        model: A trained `FaceSwap`.
        identity: The target person; leave it out with `people`.
        consent: Who agreed to this use and where that is written down.
        frame: The number of the frame, from 0, or several.
        person: The person to replace, as in `convert`.
        people: Several people to replace, as in `convert`.
        tracks: Folder with finished tracks of the video. True looks for those of the
            whole video that `convert` keeps beside the output; without them, or with
            False, only the frames around each frame are searched.
        fps: Frames per second of an image sequence in a folder.
        crop: Whether to show only the surroundings of the faces.
        width: Most pixels across of one image.
        mask: One of the masks of `Converter`, or several to compare.
        color: One of its color transfers, or several.
        blend: One of its blends, or several.
        feather: Width of the soft edge, or several.
        erode: How far the mask is shrunk, or several values.
        sharpen: Amount of sharpening, or several.
        source_identity: The source person, as in `Converter`.
        aligner: Finds faces; by default a `FaceAligner` of the model's size.
        certificate: Signs the image; by default the one made on this computer.
        progress: Whether to show a progress bar.

    Returns:
        The image, (H, W, 3) uint8, RGB.

    Raises:
        ProvenanceError: There is no consent statement.
        FaceNotFoundError: The person's face is in none of the frames.
        MediaError: The source cannot be read, or the output cannot be signed.
        ValueError: A frame or an option has an unknown value.

    Example:
        >>> who = {"identity": "ben", "consent": "Ana and Ben, signed release 2026-03"}
        >>> blend = ["alpha", "poisson"]
        >>> shown = preview("ana.mp4", "p.png", model, **who, frame=[0, 2], blend=blend)
    """
    check_consent(consent)
    output = Path(output)
    kind, source, _ = resolve(source, output.with_name("%d.png"), fps)
    _check(source, output, kind)
    looks = _combinations(
        mask=mask,
        color=color,
        blend=blend,
        feather=feather,
        erode=erode,
        sharpen=sharpen,
    )
    given: dict[str, Any] = {"source_identity": source_identity}
    first = first_identity(identity, person, people, given)
    options: dict[str, Any] = {**given, "aligner": aligner, **looks[0]}
    converter = Converter(model, first, **known(Converter, options))
    job = FileJob(converter, consent, person, certificate, {}, people, tracks)
    numbers = [frame] if isinstance(frame, int | np.integer) else list(frame)
    if kind == "image" and numbers != [0]:
        raise ValueError(
            f"frame={frame} was given for the image {source}. Expected a video. Leave "
            "out frame."
        )
    with Progress(progress) as bar:
        made = _Preview(job, source, output, kind, looks, bar)
        sheet = made.rows(numbers, crop, width)
    details = {"preview": [str(number) for number in numbers], "compared": looks}
    _write(job, source, output, sheet, details)
    return sheet


class _Preview:
    """One call of `preview`."""

    def __init__(
        self,
        job: FileJob,
        source: Path | ImageSequence,
        output: Path,
        kind: str,
        looks: list[dict[str, Any]],
        bar: Progress,
    ) -> None:
        self.job, self.source, self.output, self.kind = job, source, output, kind
        self.looks, self.bar = looks, bar
        self.report = ConversionReport(output)
        varied = {n for look in looks for n in look if look[n] != looks[0][n]}
        self.captions = [
            ", ".join(f"{n}={v}" for n, v in look.items() if n in varied) or "swap"
            for look in looks
        ]

    def rows(self, numbers: Sequence[int], crop: bool, width: int) -> Array:
        """Returns the grid of all frames and settings."""
        whole = [whole_number("frame", number, 0) for number in numbers]
        made = [self._row(number, crop, width) for number in whole]
        if not any(found for _, found in made):
            raise self.job.nobody(self.source, 0)
        return grid([row for row, _ in made])

    def _row(self, number: int, crop: bool, width: int) -> tuple[list[Array], bool]:
        """Returns the images of one frame, and whether a face was swapped in it."""
        video = self.kind == "video"
        made = self._of_video(number) if video else self._of_image()
        image, faces, results = made
        whole = (slice(None), slice(None))
        part = around(image, faces) if crop and faces else whole
        names = [f"frame {number}" if video else "source", *self.captions]
        shown = [small(one[part], width) for one in (image, *results)]
        cells = [captioned(*one) for one in zip(shown, names, strict=True)]
        return cells, bool(faces)

    def _of_image(self) -> tuple[Array, list[Face], list[Array]]:
        image = read_image(str(self.source))
        faces = self.job.converter.aligner.detect(image)
        source = Path(str(self.source))
        found = pick_faces(image, faces, self.job.swaps, source)
        results = []
        for look in self.looks:
            told = [(c.replace(**look), face) for c, face in found]
            pairs = [(c, c.decode([image], [face])[0]) for c, face in told]
            results.append(render_all(image, pairs) if pairs else image)
        return image, [face for _, face in found], results

    def _of_video(self, number: int) -> tuple[Array, list[Face], list[Array]]:
        tracks = self._tracks(number)
        whole = plan_people(tracks, self.source, [s.person for s in self.job.swaps])
        span = max(0, number - _SMOOTHED), number + _SMOOTHED + 1
        if tracks.frames <= number:
            span = number, number + 1  # raises, with the frame in its message
        plans = cut_plans(whole, tracks, span)
        pairs = self.job.measured(self.source, whole, plans, self.report, self.bar)
        shots = list(read_video(self.source, *span))
        image = next(shot.image for shot in shots if shot.index == number)
        faces = [plan.faces[number][1] for plan in plans if number in plan.faces]
        results = [
            self._rendered(shots, number, [c.replace(**look) for c, _ in pairs], plans)
            for look in self.looks
        ]
        return image, faces, results

    def _rendered(
        self,
        shots: Sequence[Any],
        number: int,
        converters: Sequence[Converter],
        plans: Sequence[SwapPlan],
    ) -> Array:
        """Returns a frame as `convert` renders it, smoothed with its neighbors."""
        stream: Iterator[Any] = ((shot, ()) for shot in shots)
        for converter, plan in zip(converters, plans, strict=True):
            stream = decode_faces(stream, converter, plan, self.report)
        for shot, faces in stream:
            if shot.index == number:
                return render_all(shot.image, list(zip(converters, faces, strict=True)))
        raise AssertionError("the frame was read before")

    def _tracks(self, number: int) -> FaceTracks:
        """Returns finished tracks, or those of the frames around a frame."""
        aligner, known = self.job.converter.aligner, self.job.tracks
        span = max(0, number - _AROUND), number + _AROUND + 1
        folder = self.output.parent / f"{self.source.name}.tracks"
        if not isinstance(known, bool):
            folder = Path(known)
        if known and holds_all(self.source, folder, aligner, (number, number + 1)):
            return FaceTracks.open(folder)
        return tracks_of(self.source, None, aligner, self.bar, span=span)


def _check(source: Path | ImageSequence, output: Path, kind: str) -> None:
    if kind == "folder":
        raise ValueError(
            f"The folder {source} was given. Expected an image, a video or an image "
            "sequence. Pass one file of it, or fps= for a sequence."
        )
    _outputs.check_file(source, output, "image")


def _combinations(**values: Any) -> list[dict[str, Any]]:
    """Returns all combinations of options that have one value or several."""
    several = [
        [value] if isinstance(value, str | int | float) else list(value)
        for value in values.values()
    ]
    return [dict(zip(values, one, strict=True)) for one in itertools.product(*several)]


def _write(
    job: FileJob,
    source: Path | ImageSequence,
    output: Path,
    sheet: Array,
    details: dict[str, Any],
) -> None:
    record = job.statements.record(source, details)
    with atomic_path(output, apart=True) as place:
        write_image(place, sheet, tags_of(record))
        sign(place, record, job.statements.certificate)

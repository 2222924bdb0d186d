"""The conversion of one image or video: swapped, written whole, and signed."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.conversion import latent_means
from deepface_models.conversion._analysis import find_tracks
from deepface_models.conversion._outputs import tags_of
from deepface_models.conversion._sequences import ImageWriter
from deepface_models.conversion._statements import Statements
from deepface_models.conversion.converter import Converter
from deepface_models.conversion.cutout import cut_out
from deepface_models.conversion.patches import PatchWriter
from deepface_models.conversion.plan import (
    SourcePerson,
    SwapPlan,
    cut_plans,
    plan_people,
)
from deepface_models.conversion.report import ConversionReport
from deepface_models.conversion.swaps import Swap, pick_faces, swaps_of
from deepface_models.conversion.video import Faces, Render, render_all, write_video
from deepface_models.core.arrays import Array
from deepface_models.core.errors import FaceNotFoundError
from deepface_models.core.files import atomic_path
from deepface_models.core.locks import hold
from deepface_models.core.progress import Progress
from deepface_models.core.spans import WHOLE, Span
from deepface_models.core.version import __version__
from deepface_models.faces._reference import Person, reference_embedding
from deepface_models.media import (
    VIDEO_SUFFIXES,
    ImageSequence,
    VideoFrame,
    media_kind,
    probe,
    write_image,
)
from deepface_models.media.formats import bits_of
from deepface_models.media.image import read_layers
from deepface_models.media.kinds import is_pattern
from deepface_models.media.wide_png import as_uint16
from deepface_models.provenance import Certificate, Record


class FileJob:
    """Converts files one by one; what all of one call of `convert` share."""

    def __init__(
        self,
        converter: Converter,
        consent: str,
        person: Person,
        certificate: Certificate | None,
        writer: dict[str, Any],
        people: Mapping[str | int | Path, str] | None = None,
        tracks: str | Path | bool = True,
        span: Span = WHOLE,
        patches: str | Path | None = None,
    ) -> None:
        self.converter = converter
        if people is None:
            reference = reference_embedding(person, converter.aligner)
            told = latent_means.from_person(converter, person)
            self.swaps = [Swap(reference, told)]
        else:
            self.swaps = swaps_of(converter, people)
        self.tracks, self.span = tracks, span
        self.patches = None if patches is None else Path(patches)
        self.writer = writer
        self.bits, self.alpha = 8, bool(writer.get("alpha"))
        self.statements = Statements(
            consent, self.swaps[0].converter, people or {}, span, certificate
        )

    def file(
        self,
        source: Path | ImageSequence,
        output: Path,
        bar: Progress,
        must_swap: bool,
    ) -> ConversionReport:
        """Converts one image, video or image sequence."""
        report = ConversionReport(output, files=1)
        self.bits = self.writer.get("bits") or 8
        if output.suffix.lower() in VIDEO_SUFFIXES:
            self.bits = bits_of(self.writer["codec"], self.writer["bits"])
        with hold(output):
            if isinstance(source, Path) and media_kind(source) == "image":
                self._image(source, output, report, must_swap)
            elif is_pattern(output):
                self._images(source, output, report, bar)
            else:
                self._video(source, output, report, bar, must_swap)
        return report

    def _image(
        self, source: Path, output: Path, report: ConversionReport, must_swap: bool
    ) -> None:
        with report.stage("read"):
            image, alpha = read_layers(source)
            if alpha is not None:
                image[alpha == 0] = 255  # invisible pixels must not show a face
        with report.stage("swap"):
            faces = self.converter.aligner.detect(image)
            found = pick_faces(image, faces, self.swaps, source)
            decoded = [(c, c.decode([image], [face])[0]) for c, face in found]
            with self._render(source) as render:
                shot = VideoFrame(0, 0, 0.0, image)
                result = render(shot, decoded or [(self.converter, None)])
            if alpha is not None and not self.alpha:
                result = self._with_alpha(result, alpha)
        swapped = bool(found)
        if must_swap and not swapped:
            raise self.nobody(source, len(faces))
        report.frames, report.swapped = 1, int(swapped)
        report.turned = int(any(c.is_turned(face) for c, face in found))
        report.without_face = int(not swapped)
        report.faces_skipped = len(faces) - len(found)
        with atomic_path(output, wait=None, apart=True) as place:
            record = self.statements.record(source) if swapped else None
            if record is None and self._copy(source, place):
                return
            with report.stage("write"):
                write_image(place, result, tags_of(record))
            self.statements.sign(place, record, report)

    def _with_alpha(self, result: Array, alpha: Array) -> Array:
        """Gives the result the source's transparency."""
        if self.converter.side_by_side:
            alpha = np.hstack([alpha, alpha])
        return np.dstack([result, alpha])

    def _video(
        self,
        source: Path | ImageSequence,
        output: Path,
        report: ConversionReport,
        bar: Progress,
        must_swap: bool,
    ) -> None:
        whole, plans = self._plans(source, output, report, bar, must_swap)
        swapped = any(plan.faces for plan in plans)
        with atomic_path(output, wait=None, apart=True) as place:
            record = self.statements.record(source) if swapped else None
            if record is None and self._copy(source, place):
                self._count_copied(plans[0], report)
                return
            options = {**self.writer, "metadata": tags_of(record)}
            pairs = self.measured(source, whole, plans, report, bar)
            with self._render(source, record) as render:
                options |= {"render": render, "deep": self._is_deep(source)}
                options["parts"] = self._needs_parts
                write_video(source, place, pairs, report, bar, **options)
            self.statements.sign(place, record, report)

    def _images(
        self,
        source: Path | ImageSequence,
        output: Path,
        report: ConversionReport,
        bar: Progress,
    ) -> None:
        """Writes the frames of a video or image sequence as signed images."""
        whole, plans = self._plans(source, output, report, bar, True)
        swapped = {frame for plan in plans for frame in plan.faces}
        record = (
            None
            if isinstance(source, ImageSequence)
            else self.statements.record(source)
        )

        def write(place: Path, image: Array, frame: int) -> None:
            mine = None
            if frame in swapped:
                mine = self.statements.of_frame(source, frame, record)
            if self.bits > 8:
                image = as_uint16(image)
            write_image(place, image, tags_of(mine))
            self.statements.sign(place, mine, report)

        pairs = self.measured(source, whole, plans, report, bar)
        made = partial(ImageWriter, first=self.span[0], write=write)
        with self._render(source, record) as render:
            deep = self._is_deep(source)
            write_video(source, output, pairs, report, bar, made, render, deep)

    @contextmanager
    def _render(
        self, source: Path | ImageSequence, record: Record | None = None
    ) -> Iterator[Render]:
        """Yields what renders a frame; it also writes its patches, if asked for."""

        def plain(frame: VideoFrame, faces: Faces) -> Array:
            if self.alpha:
                return cut_out(frame.image, faces, self.bits)
            return render_all(frame.image, faces)

        if self.patches is None:
            yield plain
            return
        numbers = source.numbers if isinstance(source, ImageSequence) else None
        with PatchWriter(
            self.patches,
            lambda frame: self.statements.of_frame(source, frame, record),
            self.statements.certificate,
            lambda frame: numbers[frame] if numbers else frame,
        ).opened() as patches:

            def writing(frame: VideoFrame, faces: Faces) -> Array:
                patches.write(frame.index, frame.time, frame.image, faces)
                return plain(frame, faces)

            yield writing

    @property
    def _needs_parts(self) -> bool:
        """Whether nothing but the part around the faces is looked at."""
        whole = any(one.converter.side_by_side for one in self.swaps)
        return self.patches is None and not (self.alpha or whole)

    def _is_deep(self, source: Path | ImageSequence) -> bool:
        """Whether source and result have more than 8 bits a sample."""
        return self.bits > 8 and probe(source).bits > 8

    def _plans(
        self,
        source: Path | ImageSequence,
        output: Path,
        report: ConversionReport,
        bar: Progress,
        must_swap: bool,
    ) -> tuple[list[SwapPlan], list[SwapPlan]]:
        """Returns the plans for all frames that are known, and those to write."""
        with report.stage("detect"):
            aligner = self.converter.aligner
            told = (aligner, self.tracks, self.span)
            tracks = find_tracks(source, output, *told, report, bar)
        with report.stage("track"):
            whole = plan_people(tracks, source, [one.person for one in self.swaps])
            plans = cut_plans(whole, tracks, self.span)
        if must_swap and not any(plan.faces for plan in plans):
            raise self.nobody(source, plans[0].others)
        return whole, plans

    def measured(
        self,
        source: Path | ImageSequence,
        whole: list[SwapPlan],
        plans: list[SwapPlan],
        report: ConversionReport,
        bar: Progress,
    ) -> list[tuple[Converter, SwapPlan]]:
        """Returns the converter of each person, with what it must measure on them."""
        told = [
            latent_means.from_clip(one.converter, source, plan, report, bar)
            for one, plan in zip(self.swaps, whole, strict=True)
        ]
        return list(zip(told, plans, strict=True))

    @staticmethod
    def _count_copied(plan: SwapPlan, report: ConversionReport) -> None:
        report.frames = report.without_face = plan.frames
        report.faces_skipped = plan.others

    def _copy(self, source: Path | ImageSequence, place: Path) -> bool:
        """Copies a file in which nothing is swapped, if its format stays the same."""
        if isinstance(source, ImageSequence) or source.suffix != place.suffix:
            return False
        if self.converter.side_by_side or self.alpha:
            return False
        shutil.copyfile(source, place)
        return True

    def settings(self) -> str:
        """Returns a digest of everything that determines a result."""
        aligner, told = self.converter.aligner, self.statements
        settings = [
            *(__version__, told.model_sha256, told.consent, self.writer),
            *((one.converter.settings(), _plain(one.person)) for one in self.swaps),
            *(aligner.image_size, aligner.face_type, aligner.landmarks),
        ]
        return hashlib.sha256(json.dumps(settings).encode()).hexdigest()

    def nobody(self, source: Path | ImageSequence, faces: int) -> FaceNotFoundError:
        """Returns the error for a source without the face to swap."""
        unknown = len(self.swaps) == 1 and self.swaps[0].person is None
        whose = "A face" if unknown else "The face of person= or people="
        return FaceNotFoundError(
            f"{whose} was not found in {source} ({faces} other faces were). Expected "
            "at least one that is large enough and not in profile. Use a larger or "
            "sharper recording, or another reference for it."
        )


def _plain(person: SourcePerson) -> Any:
    return np.round(person, 4).tolist() if isinstance(person, np.ndarray) else person

"""`live`: swaps a face in the frames of a camera or a video as they come."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Self

import numpy as np

from deepface_models.conversion import latent_means
from deepface_models.conversion._options import check_converter
from deepface_models.conversion.batches import DETAIL_EVERY
from deepface_models.conversion.converter import Converter, aligner_of
from deepface_models.conversion.decoded import DecodedFace
from deepface_models.conversion.smoothing import smooth_faces
from deepface_models.core.arrays import Array
from deepface_models.core.options import known
from deepface_models.core.stages import OneAhead
from deepface_models.core.threads import one_opencv_thread
from deepface_models.faces._reference import Person, reference_embedding
from deepface_models.faces.align import alignment_matrix, template
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.detect import Detection
from deepface_models.faces.expressions import mesh_measures
from deepface_models.faces.face import Box, Face
from deepface_models.faces.following import FaceFollower
from deepface_models.faces.steadying import FaceSteadier
from deepface_models.provenance import Certificate
from deepface_models.provenance.record import check_consent
from deepface_models.streaming.calibration import Calibration
from deepface_models.streaming.choosing import Chooser
from deepface_models.streaming.label import burn_label
from deepface_models.streaming.recording import Recorder
from deepface_models.streaming.slot import Captured
from deepface_models.streaming.sources import Frames, Source, open_source
from deepface_models.streaming.stats import Clock, LiveStats

_MASK_FRAMES = 0.5  # see `smooth_faces`: masks must not lag behind the mouth
_STALE = 0.05  # seconds in which an image was used, after which the next one is old


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """One image of a live swap.

    Attributes:
        image: (H, W, 3) RGB uint8, with the label.
        index: Number of the source's frame, from 0; dropped frames count.
        time: Seconds since the source's first frame.
        latency: Seconds from the frame's arrival in this process to this image.
        arrived: When the frame arrived, in seconds of `time.perf_counter`.
        face: The face that was swapped, in pixels of the frame; None if there is none,
            and the frame is shown as it is.
    """

    image: Array
    index: int
    time: float
    latency: float
    arrived: float
    face: Face | None


def live(
    model: Any,
    *,
    identity: str,
    source: Source = 0,
    consent: str,
    person: Person = None,
    output: str | Path | None = None,
    realtime: bool | None = None,
    converter: Converter | None = None,
    certificate: Certificate | None = None,
    blend: str = "alpha",
    reshape: bool = False,
    **options: Any,
) -> LiveSwap:
    """Swaps a face in the frames of a camera, a video or an iterable as they come.

    While one face is rendered, the next one is looked for in the newest frame of the
    source; frames that arrive meanwhile are dropped. Every image carries the label
    "AI-generated face swap", which cannot be switched off.

    Args:
        model: A trained `FaceSwap`.
        identity: The target person, whose face is rendered; one of
            `model.identities`.
        source: The number of a camera, from 0; the path of a video; an iterable of
            images (H, W, 3), uint8 or float in [0, 1], or of `VideoFrame`s; or
            "browser" for the camera of the browser that shows the page of `serve`.
        consent: Who agreed to this use and where that is written down.
        person: The person to replace when there are several: a FaceSet (or its
            folder), a (128,) face embedding or the path of an image. By default the
            largest face.
        output: A video to record to, .mp4 or .mov, without sound. It is signed as the
            results of `convert` are, when the iteration ends or `close` is called.
        realtime: Whether the source is read at its own speed, and frames that come
            while another one is worked on are dropped; else every frame is swapped.
            True by default for cameras and videos, False for iterables.
        converter: A `Converter` of the same model and identity, instead of `options`.
        certificate: Signs the recording; by default the one made on this computer.
        blend: As in `Converter`; "alpha" is the fastest.
        reshape: As in `Converter`; it takes about 10 ms a frame.
        **options: Other options of `Converter`: source_identity, mask, color, feather,
            erode, sharpen, side_by_side, debug, aligner. By default faces are aligned
            by landmarks="mesh".

    Returns:
        A `LiveSwap`, an iterator of `LiveFrame`s.

    Raises:
        FileNotFoundError: There is no such video.
        InUseError: Another thread or process is writing the output.
        MediaError: There is no such camera, the source is not a video, or a file with
            the output's extension cannot be signed.
        ProvenanceError: There is no consent statement.
        ValueError: The model does not know the identity, or an option has an unknown
            value.

    Example:
        >>> with live(model, identity="ben", consent="Ana, file 17") as frames:
        ...     for frame in frames:
        ...         show(frame.image)  # doctest: +SKIP
        >>> print(frames.stats.summary())  # doctest: +SKIP
    """
    check_consent(consent)
    if converter is None:
        if options.get("aligner") is None and hasattr(model, "image_size"):
            options["aligner"] = usual_aligner(model)
        options = {**options, "blend": blend, "reshape": reshape}
        converter = Converter(model, identity, **known(Converter, options, live))
    else:
        check_converter(converter, model, identity, options)
    return LiveSwap(
        *(converter, source, consent, person, output, realtime, certificate)
    )


class LiveSwap:
    """Iterates over the images of a live swap; `live` makes it.

    Use it as a context manager, or call `close`: that stops the source, and completes
    and signs the recording.

    Args:
        converter: Swaps the faces.
        source: As in `live`.
        consent: As in `live`.
        person: As in `live`.
        output: As in `live`.
        realtime: As in `live`.
        certificate: As in `live`.

    Attributes:
        consent: The consent statement.
        source: Name of the source.
        camera: The camera of a browser, if the source is one.
    """

    def __init__(
        self,
        converter: Converter,
        source: Source,
        consent: str,
        person: Person = None,
        output: str | Path | None = None,
        realtime: bool | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self._recorder: Recorder | None = None
        opened = open_source(source)
        self.source, self.consent, self.camera = opened.name, consent, opened.camera
        self._frames = Frames(opened, opened.live if realtime is None else realtime)
        reference = reference_embedding(person, converter.aligner)
        converter = latent_means.from_person(converter, person)
        self._choose = Chooser(FaceFollower(converter.aligner), reference)
        self._calibration = Calibration(converter)
        self._clock, self._idle, self._late = Clock(), 0.0, 0
        if output is not None:
            place = Path(output)
            self._recorder = Recorder(place, opened, converter, consent, certificate)
        warm_up(converter)
        self._images = self._run()

    @property
    def converter(self) -> Converter:
        """Swaps the faces; knows what has been measured of the person so far."""
        return self._calibration.converter

    @property
    def stats(self) -> LiveStats:
        """Frames per second and latency so far."""
        return self._clock.stats(self._frames.dropped + self._late)

    def stop(self) -> None:
        """Ends the iteration after the current frame; any thread may call it."""
        self._frames.stop()

    def close(self) -> None:
        """Stops the source; completes and signs the recording, if there is one."""
        self.stop()
        self._images.close()
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.finish()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> LiveFrame:
        try:
            return next(self._images)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __del__(self) -> None:
        if self.__dict__.get("_recorder") is not None:  # left by a `break`
            self.close()

    def _run(self) -> Generator[LiveFrame, None, None]:
        with one_opencv_thread(), OneAhead(self._found()) as found:
            stream = smooth_faces(
                self._decoded(found), mask_frames=_MASK_FRAMES, lookahead=0
            )
            for (frame, face), decoded in stream:
                image = burn_label(self.converter.render(frame.image, decoded))
                latency = self._clock.add(frame.arrived, face is not None)
                if self._recorder is not None:
                    self._recorder.write(image, frame)
                given = perf_counter()
                yield LiveFrame(
                    image, frame.index, frame.time, latency, frame.arrived, face
                )
                self._idle = perf_counter() - given

    def _found(self) -> Iterator[_Found]:
        """Finds the face of each frame, in a thread of its own."""
        steady = FaceSteadier()
        warm_up_search(self.converter)
        with closing(iter(self._frames)) as frames:
            for frame in frames:
                chosen = self._choose(frame.image)
                if chosen is None:
                    yield _Found(frame)
                    continue
                track, face = chosen
                face = steady(face, track, frame.time)
                mesh = face.mesh
                measures = None if mesh is None else mesh_measures(mesh[None])
                yield _Found(frame, face, track, measures)

    def _decoded(
        self, found: Iterable[_Found]
    ) -> Iterator[tuple[tuple[Captured, Face | None], DecodedFace | None]]:
        """Decodes the face of each frame."""
        count = 0
        for one in found:
            if self._frames.stopped:
                return
            if self._idle > _STALE and self._frames.waits:
                self._idle = 0.0
                self._late += 1
                continue
            frame, face = one.frame, one.face
            if face is None:
                yield (frame, None), None
                continue
            self._calibration.add(frame.image, face, one.track, one.measures)
            given = [frame.image], [face], [one.track], count % DETAIL_EVERY == 0
            count += 1
            yield (frame, face), self.converter.decode(*given, one.measures)[0]


@dataclass(frozen=True, eq=False)
class _Found:
    """A frame with the face to swap, its track, and its measures, if there are any."""

    frame: Captured
    face: Face | None = None
    track: int = -1
    measures: Array | None = None


def usual_aligner(model: Any, landmarks: int | str = "mesh") -> FaceAligner:
    """Returns the aligner of live swaps: the mesh's expressions are used again."""
    return aligner_of(model, landmarks, repeats=1)


def warm_up(converter: Converter) -> None:
    """Loads and compiles what the first images would wait for."""
    frame, box = _blank(converter)
    points = np.asarray(template(68, len(frame)), np.float32)
    size, face_type = converter.aligner.image_size, converter.aligner.face_type
    matrix = alignment_matrix(points, size, face_type)
    face, ready = Face(box, points, 1.0, "none", matrix, size), [converter]
    if converter.needs_mean:
        latent = converter.model.encode(converter.aligned(frame, face)[None])[0]
        ready.append(converter.replace(latent_mean=latent))
    for one in ready:
        one.render(frame, one.decode([frame], [face])[0])


def warm_up_search(converter: Converter) -> None:
    """Loads what the first search would wait for, which differs between threads."""
    frame, box = _blank(converter)
    follower = FaceFollower(converter.aligner)
    follower.find(frame)
    follower.face(frame, Detection(box, 1.0, "none"))


def _blank(converter: Converter) -> tuple[Array, Box]:
    """Returns a gray frame, and where a face could be in it."""
    size = 2 * int(converter.model.image_size)
    box = Box(size / 4, size / 4, size * 3 / 4, size * 3 / 4)
    return np.full((size, size, 3), 128, np.uint8), box

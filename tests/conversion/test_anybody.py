"""Source people whom the model does not know: shifts from their own latent mean."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from convert_helpers import TintModel

from deepface_models.conversion import ConversionReport, Converter, convert
from deepface_models.conversion.latent_means import FEWEST, MOST, from_clip, from_person
from deepface_models.conversion.plan import SwapPlan, plan_video
from deepface_models.core.progress import Progress
from deepface_models.faces import FaceSet
from deepface_models.media import VideoWriter, read_video, write_image
from deepface_models.models.swap import Swift
from deepface_models.provenance import verify

TOLD = {
    "identity": "ben",
    "consent": "Both speakers, release of 2026",
    "progress": False,
}
COUNT = FEWEST + 2  # frames of the short clip


class MovingModel(TintModel):
    """Notes the mean it is asked to move latents from; a latent is a mean color."""

    identities = ("ana", "ben", "zoe")
    shifts_latents = True

    def __init__(self) -> None:
        super().__init__()
        self.asked = []

    def encode(self, images, batch_size=32):
        self.encoded = len(images)
        return np.asarray(images, np.float32).mean((1, 2)) / 255

    def predict(self, images, identity, source_identity=None):
        self.asked.append(source_identity)
        return super().predict(images, identity)


@pytest.fixture
def moving() -> MovingModel:
    return MovingModel()


@pytest.fixture(scope="module")
def short(clip, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("short") / "short.mkv"
    with VideoWriter(path, fps=25, lossless=True) as writer:
        for frame in read_video(clip, stop=COUNT):
            writer.write(frame.image)
    return path


@pytest.fixture(scope="module")
def plan(short, aligner) -> SwapPlan:
    return plan_video(short, aligner, None, ConversionReport(short), Progress(False))


@pytest.fixture(scope="module")
def person(frame, aligner) -> FaceSet:
    """Enough faces of the person in the frame, of increasing brightness."""
    found = aligner.detect(frame)[0]
    return face_set(found, aligner.align(frame, found), FEWEST)


def face_set(face, image, count) -> FaceSet:
    faces = FaceSet(96)
    face = type(face)(**{**vars(face), "embedding": np.zeros(128, np.float32)})
    for number in range(count):
        faces.append(face, (image * (number / count)).astype(np.uint8))
    return faces


def clip_faces(short, plan, converter) -> np.ndarray:
    """The clip's faces where they were found, before their places are smoothed."""
    (track,) = plan.tracks.tracks.values()
    return np.stack(
        [
            converter.aligned(frame.image, face)
            for frame, face in zip(read_video(short), track.faces, strict=True)
        ]
    )


def frames_of(path) -> np.ndarray:
    return np.stack([frame.image for frame in read_video(path)])


@pytest.mark.slow
def test_a_clip_tells_the_mean_of_whom_it_shows(short, plan, aligner, tmp_path):
    keras.utils.set_random_seed(0)
    swift = Swift(("ana", "ben", "zoe"), 64, latent_size=8, basis_size=2)
    basis = swift.decoders["ben"].get_layer("basis").kernel
    basis.assign(np.random.default_rng(0).normal(size=basis.shape))
    latent_mean = swift.decoders["ben"].get_layer("latent_mean")
    latent_mean.set_weights([np.full(8, 0.5, "float32"), np.float32(3)])
    options = {**TOLD, "aligner": aligner, "mask": "hull", "lossless": True}
    report = convert(short, tmp_path / "anybody.mp4", swift, **options)
    assert report.swapped == COUNT and "latent_mean" in report.seconds
    faces = clip_faces(short, plan, Converter(swift, "ben"))
    mean = swift.encode(faces).mean(0)
    convert(short, tmp_path / "mean.mp4", swift, source_identity=mean, **options)
    convert(short, tmp_path / "ana.mp4", swift, source_identity="ana", **options)
    anybody, given, still = (
        frames_of(tmp_path / f"{name}.mp4").astype(int)
        for name in ("anybody", "mean", "ana")
    )
    assert np.abs(anybody - given).max() <= 1
    assert np.abs(anybody - still).max() > 20
    source_identity = [
        verify(tmp_path / f"{n}.mp4").record.details["source_identity"]
        for n in ("anybody", "mean")
    ]
    assert source_identity[0] == "anybody" and source_identity[1].startswith("latent ")


def test_the_model_is_asked_with_that_mean(short, plan, moving, aligner, tmp_path):
    converter = Converter(moving, "ben", aligner=aligner)
    assert converter.source_identity == "anybody" and converter.needs_mean
    convert(short, tmp_path / "out.mp4", moving, converter=converter, **TOLD)
    mean = moving.encode(clip_faces(short, plan, converter)).mean(0)
    assert len(moving.asked) > 1
    for source_identity in moving.asked:
        np.testing.assert_allclose(source_identity, mean, rtol=1e-6)
    assert converter.needs_mean  # the next clip is somebody else's


def test_two_people_and_names_are_as_they_were(short, plan, moving, aligner):
    def measured(model, source_identity=None):
        converter = Converter(
            model, "ben", source_identity=source_identity, aligner=aligner
        )
        report = ConversionReport(short)
        same = from_clip(converter, short, plan, report, Progress(False)) is converter
        return converter.source_identity, not same

    assert measured(moving, "zoe") == ("zoe", False)
    moving.identities = ("ana", "ben")
    assert measured(moving) == ("ana", False)
    assert measured(moving, "anybody") == ("anybody", True)
    moving.identities = ("anybody", "ben")
    assert measured(moving) == measured(moving, "anybody") == ("anybody", False)
    plain = TintModel()
    assert measured(plain, "anybody") == ("anybody", False)
    plain.identities = ("ana", "ben", "zoe")
    assert measured(plain) == (None, False)


def test_faces_of_the_person_tell_the_mean(
    short, person, moving, frame, aligner, tmp_path
):
    mean = moving.encode(person.images).mean(0)
    converter = Converter(moving, "ben", aligner=aligner)
    converter.image(frame, person)  # not this person: nothing is drawn
    assert moving.asked == [] and converter.latent_mean is None
    told = from_person(converter, person)
    told.image(frame)
    np.testing.assert_allclose(moving.asked.pop(), mean)
    assert told.settings() == converter.settings()
    report = ConversionReport(short)
    assert from_clip(told, short, SwapPlan(), report, Progress(False)) is told


def test_an_image_alone_moves_nothing(person, moving, frame, aligner, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for number in range(2):
        write_image(images / f"{number}.png", frame)
    options = {**TOLD, "aligner": aligner}
    convert(images / "0.png", tmp_path / "out.png", moving, **options)
    (tmp_path / "out.png").unlink()
    convert(images, tmp_path / "out", moving, **options)
    assert moving.asked == [None] * 3
    face = aligner.detect(frame)[0]
    few = person.select(range(FEWEST - 1))
    for faces in (few, FaceSet(96, face_type="half")):
        converter = Converter(moving, "ben", aligner=aligner)
        assert from_person(converter, faces) is converter
        converter.swap_faces([frame], [face])
    assert moving.asked == [None] * 5


def test_a_folder_of_the_persons_faces_serves_all_images(
    moving, frame, aligner, tmp_path
):
    face = aligner.detect(frame)[0]
    faces = FaceSet.create(tmp_path / "person", 96)
    embedded = type(face)(**{**vars(face), "embedding": face_embedding(frame, face)})
    for number in range(FEWEST):
        faces.append(embedded, np.full((96, 96, 3), number, np.uint8))
    faces.save()
    (tmp_path / "in").mkdir()
    for number in range(2):
        write_image(tmp_path / "in" / f"{number}.png", frame)
    options = {**TOLD, "aligner": aligner, "person": tmp_path / "person"}
    report = convert(tmp_path / "in", tmp_path / "out", moving, **options)
    assert report.swapped == 2 and len(moving.asked) == 2
    for source_identity in moving.asked:
        np.testing.assert_allclose(
            source_identity, np.full(3, (FEWEST - 1) / 2 / 255), rtol=1e-5
        )
    assert convert(tmp_path / "in", tmp_path / "out", moving, **options).resumed == 2


def face_embedding(frame, face):
    from deepface_models.faces import embed

    return embed(frame, face)


def test_many_faces_are_sampled_and_cut_as_the_model_wants(moving, person):
    image, face = person.images[-1], person.faces[0]
    many = face_set(face, image, MOST + 50)
    from_person(Converter(moving, "ben"), many)
    assert moving.encoded == MOST
    moving.image_size, moving.face_type = 64, "half"
    seen = []
    moving.encode = lambda images, _: seen.append(images) or np.zeros((1, 3))
    from_person(Converter(moving, "ben"), many)
    assert seen[0].shape == (MOST, 64, 64, 3)
    margin = round(96 * (1 - 1 / (1 + 2 * 0.2109375)) / 2)
    inner = image[margin:-margin, margin:-margin]
    assert abs(seen[0][-1].mean() - inner.mean()) < 2


def test_a_wrong_mean_is_refused_before_the_clip_is_read():
    swift = Swift(("ana", "ben"), 64, latent_size=8, basis_size=2)
    with pytest.raises(ValueError, match=r"shape \(9,\) was given as source_.*\(8,\)"):
        Converter(swift, "ben", source_identity=np.zeros(9))
    with pytest.raises(ValueError, match=r"source_identity='anybdy'.*mean 'anybody'"):
        Converter(swift, "ben", source_identity="anybdy")

"""Several people of one video, each with another identity."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from convert_helpers import TintModel

from deepface_models.conversion import ConversionReport, Converter, convert
from deepface_models.conversion import plan as planning
from deepface_models.conversion.batches import decode_frames
from deepface_models.conversion.smoothing import smooth_faces
from deepface_models.conversion.video import write_video
from deepface_models.core.progress import Progress
from deepface_models.faces import FaceTracks, analyze, embed
from deepface_models.media import VideoWriter, read_image, read_video, write_image

TOLD = {"consent": "Both agreed", "progress": False, "mask": "hull", "color": "none"}


class ColorModel(TintModel):
    """Renders red for ben, blue for zoe."""

    identities = ("ana", "ben", "zoe")

    def predict(self, images, identity):
        color = {"ben": (1, 0, 0), "zoe": (0, 0, 1), "ana": (0, 1, 0)}[identity]
        return np.broadcast_to(np.float32(color), images.shape)


@pytest.fixture(scope="module")
def two(clip, other_frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("people") / "two.mkv"
    with VideoWriter(path, fps=25, lossless=True) as writer:
        for frame in read_video(clip, stop=12):
            writer.write(np.hstack([frame.image, other_frame]))
    return path


def colors(path):
    """Which half of the last frame is red, and which is blue."""
    image = list(read_video(path))[-1].image.astype(int)
    halves = np.split(image, 2, axis=1)
    return [
        [bool((half[..., c] - half[..., 1] > 150).sum() > 500) for half in halves]
        for c in (0, 2)
    ]


def run(two, folder, aligner, people, **options):
    output = folder / "out.mp4"
    told = {**TOLD, "aligner": aligner, "lossless": True, **options}
    return convert(two, output, ColorModel(), people=people, **told), output


def test_each_person_gets_an_identity(two, frame, aligner, tmp_path):
    write_image(tmp_path / "left.png", frame)
    tracks = analyze(two, aligner=aligner, progress=False).tracks
    right = max(tracks, key=lambda n: tracks[n].faces[0].box.left)
    people = {str(tmp_path / "left.png"): "ben", right: "zoe"}
    report, output = run(two, tmp_path, aligner, people)
    assert colors(output) == [[True, False], [False, True]]
    assert report.swapped == 12 and report.faces_skipped == 0


def test_edited_tracks_are_used(two, aligner, tmp_path, monkeypatch):
    report, output = run(two, tmp_path, aligner, {0: "ben", 1: "ben"})
    assert colors(output)[0] == [True, True]
    tracks = FaceTracks.open(report.tracks)
    right = max(tracks.tracks, key=lambda n: tracks.tracks[n].faces[0].box.left)
    tracks.assign(right, "eva")
    tracks.skip(1 - right)
    tracks.save()
    monkeypatch.setattr(planning, "embed", None)
    report, output = run(two, tmp_path, aligner, {"eva": "zoe"})
    assert colors(output) == [[False, False], [False, True]]
    assert report.faces_skipped == 12


def test_no_tracks_are_kept_if_unwanted(two, aligner, tmp_path):
    report, _ = run(
        two, tmp_path, aligner, {0: "ben"}, tracks=False, save_settings=False
    )
    assert report.tracks is None
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_several_people_of_an_image(frame, other_frame, aligner, tmp_path):
    write_image(tmp_path / "both.png", np.hstack([frame, other_frame]))
    for name, image in (("left", frame), ("right", other_frame)):
        write_image(tmp_path / f"{name}.png", image)
    people = {tmp_path / "left.png": "ben", tmp_path / "right.png": "zoe"}
    output = tmp_path / "out.png"
    told = {**TOLD, "aligner": aligner, "people": people}
    report = convert(tmp_path / "both.png", output, ColorModel(), **told)
    assert (report.swapped, report.faces_skipped) == (1, 0)
    image = np.split(read_image(output)[..., ::-1].astype(int), 2, axis=1)
    assert (image[0][..., 2] - image[0][..., 1] > 150).sum() > 500
    assert (image[1][..., 0] - image[1][..., 1] > 150).sum() > 500
    with pytest.raises(ValueError, match="only videos have tracks"):
        convert(
            tmp_path / "both.png",
            output,
            ColorModel(),
            **{**told, "people": {0: "ben"}},
        )


def test_one_person_or_several(two, aligner, tmp_path):
    for wrong in ({}, {"identity": "ben", "people": {0: "ben"}}, {"people": {}}):
        with pytest.raises(ValueError, match="Expected identity= for one person"):
            convert(
                two, tmp_path / "a.mp4", ColorModel(), aligner=aligner, **TOLD, **wrong
            )
    with pytest.raises(ValueError, match="bob"):
        convert(two, tmp_path / "a.mp4", ColorModel(), people={0: "bob"}, **TOLD)


def test_stages_give_what_one_frame_after_another_does(two, aligner, tmp_path):
    """Reading, decoding, blending and writing at the same time."""
    converter = Converter(ColorModel(), "ben", aligner=aligner, mask="hull")
    report, bar = ConversionReport(two), Progress(False)
    plan = planning.plan_video(two, aligner, None, report, bar)
    items = ((f, f.image, plan.faces.get(f.index)) for f in read_video(two))
    expected = [
        converter.render(frame.image, face)
        for frame, face in smooth_faces(decode_frames(items, converter))
    ]
    output = tmp_path / "out.mkv"
    write_video(two, output, [(converter, plan)], report, bar, lossless=True)
    for frame, image in zip(read_video(output), expected, strict=True):
        np.testing.assert_array_equal(frame.image, image)
    assert {"read", "decode", "blend", "write"} <= set(report.seconds)


def test_an_error_of_the_model_ends_every_stage(two, aligner, tmp_path):
    class Failing(ColorModel):
        def predict(self, images, identity):
            raise RuntimeError("out of memory")

    before, opencv = threading.active_count(), cv2.getNumThreads()
    with pytest.raises(RuntimeError, match="out of memory"):
        convert(
            two,
            tmp_path / "out.mp4",
            Failing(),
            identity="ben",
            aligner=aligner,
            tracks=False,
            **TOLD,
        )
    assert threading.active_count() == before and cv2.getNumThreads() == opencv
    assert list(tmp_path.iterdir()) == []


def test_nobody_else_is_swapped_when_people_change_places(
    clip, other_frame, aligner, tmp_path
):
    """Wrong-person swaps 0 on composed two-person clips."""
    path = tmp_path / "places.mkv"
    with VideoWriter(path, fps=25, lossless=True) as writer:
        for number, frame in enumerate(read_video(clip, stop=24)):
            pair = [frame.image, other_frame]
            writer.write(np.hstack(pair[:: 1 if number < 11 else -1]))
            width = frame.image.shape[1]
    known = next(read_video(clip, start=40)).image
    reference = embed(known, aligner.detect(known)[0])[None]
    bar = Progress(False)
    plan = planning.plan_video(path, aligner, reference, ConversionReport(path), bar)
    assert sorted(plan.faces) == list(range(24)) and plan.others == 24
    for frame, (_, face) in plan.faces.items():
        assert (face.box.center[0] < width) == (frame < 11), frame

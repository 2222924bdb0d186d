"""A live swap: every image labelled, the newest frame next, recordings signed."""

from __future__ import annotations

import inspect
import threading

import cv2
import numpy as np
import pytest
from live_helpers import (
    CONSENT,
    OTHER,
    Camera,
    GreenModel,
    ShiftingModel,
    quick_aligner,
)

import deepface_models as dfm
from deepface_models.conversion import Converter
from deepface_models.core.locks import hold
from deepface_models.faces.aligner import FaceAligner
from deepface_models.faces.embedding import embed
from deepface_models.media import read_video, write_image
from deepface_models.streaming import LABEL, LiveSwap
from deepface_models.streaming.label import burn_label
from deepface_models.streaming.stats import Clock


def beside_label(image):
    """The part of an image that the label does not touch."""
    return image[: len(image) * 5 // 6]


def test_every_frame_of_an_iterable_is_swapped_and_labelled(images, start):
    given = [image.copy() for image in images]
    frames = list(start(given))
    assert [frame.index for frame in frames] == list(range(8))
    for frame, before, kept in zip(frames, images, given, strict=True):
        np.testing.assert_array_equal(before, kept)
        shown = frame.image
        assert shown.shape == before.shape and shown.dtype == np.uint8
        np.testing.assert_array_equal(shown, burn_label(shown))  # it is there
        changed = np.abs(shown.astype(int) - before).max(-1) > 30
        rows, columns = np.nonzero(beside_label(changed))
        left, top, right, bottom = frame.face.box.as_tuple()
        assert left - 20 < columns.min() and columns.max() < right + 20
        assert top - 40 < rows.min() and rows.max() < bottom + 20
        assert 0 < frame.latency < 60


def test_a_frame_without_a_face_is_shown_as_it_is_with_the_label(start):
    gray = np.full((240, 320, 3), 90, np.uint8)
    (frame,) = start([gray])
    assert frame.face is None
    np.testing.assert_array_equal(frame.image, burn_label(gray))
    assert (frame.image != gray).any()


def test_the_label_cannot_be_switched_off():
    for function in (dfm.live, LiveSwap, Converter):
        names = inspect.signature(function).parameters
        assert not [name for name in names if "label" in name or "mark" in name]
    assert "AI" in LABEL


@pytest.mark.parametrize("size", [(48, 64), (480, 640), (1080, 1920), (600, 80)])
def test_the_label_is_readable_at_every_size(size):
    image = np.full((*size, 3), 90, np.uint8)
    shown = burn_label(image)
    rows, columns = np.nonzero((shown != image).any(-1))
    assert rows.max() == size[0] - 1 and columns.min() == 0  # lower left
    assert len(np.unique(rows)) >= min(12, size[0] // 24, size[1] // 20)
    assert len(np.unique(columns)) > 0.15 * size[1]
    assert shown.max() > 200 or size[1] < 100  # white on black


def test_float_images_and_video_frames_are_sources_too(images, video, start):
    (frame,) = start([images[0] / 255])
    assert frame.image.dtype == np.uint8 and frame.face is not None
    times = [frame.time for frame in start(read_video(video, start=2, stop=5))]
    assert times == pytest.approx([0, 0.02, 0.04])


def test_the_newest_frame_is_next_and_older_ones_are_dropped(images, start):
    taken, ended = threading.Event(), threading.Event()

    def camera():
        yield images[0]
        taken.wait(60)
        yield from images[1:]
        ended.set()

    session = start(camera(), realtime=True)
    assert next(session).index == 0
    taken.set()
    assert ended.wait(60)
    rest = [frame.index for frame in session]
    # One was looked at while the first one was rendered, and one has just come.
    assert rest[-1] == 7 and len(rest) <= 3
    assert session.stats.dropped == 7 - len(rest)


def test_a_video_plays_at_its_own_speed(video, start):
    frames = list(start(video))
    first = frames[0]
    for frame in frames:  # never before its time
        assert frame.arrived - first.arrived >= frame.time - first.time - 0.005
    session = start(video, realtime=False)
    assert len(list(session)) == 8 and session.stats.dropped == 0


def test_a_camera_gives_rgb_and_its_end_is_the_end(
    images, start, monkeypatch, tmp_path
):
    bgr = tuple(image[..., ::-1] for image in images[:3])
    monkeypatch.setattr(Camera, "images", (bgr[0], *bgr))  # the first is a trial
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    session = start(np.int64(3), realtime=False, output=tmp_path / "out.mp4")
    shown = list(session)
    assert session.source == "camera 3" and len(shown) == 3
    np.testing.assert_array_equal(
        shown[0].image[:20, :20], beside_label(images[0])[:20, :20]
    )
    record = dfm.verify(tmp_path / "out.mp4").record
    assert record.source == "camera 3"
    assert record.details["source_sha256_of"] == "the first frame's RGB bytes"


def test_a_missing_camera_is_reported(start, monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    with pytest.raises(dfm.MediaError, match=r"No camera 7 was found.*source=1"):
        start(7)


@pytest.mark.parametrize("source", [True, None, 2.5, b"x", {}])
def test_other_sources_are_refused(source, start):
    with pytest.raises(ValueError, match="Expected the number of a camera"):
        start(source)


def test_files_that_do_not_play_are_refused(images, start, tmp_path):
    with pytest.raises(FileNotFoundError, match="Nothing is at"):
        start(tmp_path / "missing.mp4")
    write_image(tmp_path / "a.png", images[0])
    with pytest.raises(dfm.MediaError, match="'image', was given as source"):
        start(tmp_path / "a.png")
    with pytest.raises(ValueError, match="source=-1"):
        start(-1)


def test_consent_and_identity_are_checked_first(start):
    with pytest.raises(dfm.ProvenanceError, match="consent=' '"):
        start("missing.mp4", consent=" ")
    with pytest.raises(ValueError, match="Did you mean 'ben'"):
        start([], identity="bem")
    converter = Converter(GreenModel(), "ana", aligner=quick_aligner())
    with pytest.raises(ValueError, match="Expected a Converter of the same model"):
        start([], converter=converter, aligner=None)
    with pytest.raises(ValueError, match="Expected a face swap"):
        start([], model=object())


def test_recordings_are_signed_and_keep_their_times(video, start, tmp_path):
    output = tmp_path / "swap.mp4"
    session = start(video, output=output, realtime=False)
    shown = list(session)
    found = dfm.verify(output)
    assert found.state == "valid" and found.synthetic and not found.conflicts
    assert found.consent == CONSENT
    assert found.record.source == "ana.mp4"
    assert found.record.details["label"] == LABEL
    assert found.record.details["blend"] == "alpha"
    written = list(read_video(output))
    assert [frame.time for frame in written] == [frame.time for frame in shown]
    for one, other in zip(written, shown, strict=True):
        assert np.abs(one.image.astype(int) - other.image).mean() < 3


@pytest.mark.parametrize("how", ["break", "error", "interrupt", "close"])
def test_a_recording_is_kept_however_the_session_ends(how, images, start, tmp_path):
    def camera():
        yield from images[:4]
        raise {"interrupt": KeyboardInterrupt}.get(how, RuntimeError)("unplugged")

    output = tmp_path / "swap.mp4"
    session = start(camera(), output=output)
    if how == "break":
        with session:
            for frame in session:
                if frame.index == 2:
                    break
    elif how == "close":
        next(session)
        session.close()
        session.close()
        assert list(session) == []
    else:
        error = KeyboardInterrupt if how == "interrupt" else RuntimeError
        with pytest.raises(error, match="unplugged"):
            list(session)
    found = dfm.verify(output)
    assert found.state == "valid"
    assert len(list(read_video(output))) == {"break": 3, "close": 1}.get(how, 4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["swap.mp4"]


def test_nothing_is_left_of_a_session_without_frames(start, tmp_path):
    assert list(start([], output=tmp_path / "a.mp4")) == []
    assert list(tmp_path.iterdir()) == []


def test_outputs_that_cannot_be_signed_or_are_in_use_are_refused(
    video, start, tmp_path, elsewhere
):
    with pytest.raises(dfm.MediaError, match=r"Expected one of the extensions .mp4"):
        start([], output=tmp_path / "a.mkv")
    with pytest.raises(dfm.MediaError, match="is the source"):
        start(video, output=video)
    elsewhere(hold(tmp_path / "b.mp4"))
    with pytest.raises(dfm.InUseError, match=r"b.mp4 is being written"):
        start([], output=tmp_path / "b.mp4")


def test_numbers_are_those_of_the_frames(images, start):
    session = start([*images[:3], np.zeros_like(images[0])])
    latencies = [frame.latency for frame in session]
    stats = session.stats
    assert (stats.frames, stats.swapped, stats.dropped) == (4, 3, 0)
    assert stats.latency == pytest.approx(np.median(latencies))
    assert stats.latency_p95 == pytest.approx(np.percentile(latencies, 95))
    assert stats.fps == pytest.approx(3 / stats.seconds)
    assert stats.summary().startswith("4 frames, 3 swapped, 0 dropped: ")
    assert Clock().stats(2).summary().startswith("0 frames, 0 swapped, 2 dropped")


def test_an_unknown_person_is_measured_while_it_runs(images, start):
    model = ShiftingModel()
    session = start([images[i % 8] for i in range(57)], model=model)
    warm, before = len(model.sources), len(model.encoded)
    list(session)
    used = model.sources[warm:]
    first = next(i for i, one in enumerate(used) if one is not None)
    assert first == 3 * 16 - 1  # one in three frames, from the 16th face on
    known = np.concatenate(model.encoded[before:])
    np.testing.assert_allclose(used[first], known[:16].mean(0), rtol=1e-5)
    np.testing.assert_allclose(used[-1], known[:19].mean(0), rtol=1e-5)


def test_two_people_do_not_take_turns(images, start):
    """The larger face is swapped until the other one is clearly larger."""

    def scaled(image, factor):
        return cv2.resize(image, None, fx=factor, fy=factor)

    def pair(left, right):
        canvas = np.full((420, 800, 3), 128, np.uint8)
        for image, factor, x in ((images[0], left, 0), (images[4], right, 400)):
            small = scaled(image, factor)
            canvas[: small.shape[0], x : x + small.shape[1]] = small[:, :400]
        return canvas

    sizes = [(1.1, 0.9), (1.0, 1.0), (0.95, 1.05), (0.75, 1.15)]
    shown = [frame.face.box.center[0] for frame in start([pair(*one) for one in sizes])]
    assert [x > 400 for x in shown] == [False, False, False, True]


def test_only_the_given_person_is_swapped(images, start):
    aligner = FaceAligner(64, landmarks=5, embeddings=False)
    face = aligner.detect(images[0])[0]
    other = next(iter(read_video(OTHER))).image
    frames = [images[1], other, other, images[2]]
    session = start(frames, person=embed(images[0], face))
    assert [frame.face is not None for frame in session] == [True, False, False, True]

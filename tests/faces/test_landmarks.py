"""Landmarks of a face in successive frames start from those of the frame before."""

from __future__ import annotations

import numpy as np
from faces_helpers import CLIPS

from deepface_models.faces import FaceAligner, HogDetector
from deepface_models.faces import landmarks as module
from deepface_models.faces.detect import Detection
from deepface_models.faces.landmarks import predict_all
from deepface_models.media import read_video


def found_in(images):
    search = HogDetector(480)
    return [search(image)[0] for image in images]


def starts(monkeypatch, images, found):
    """Returns which of the faces started from a known box, and their landmarks."""
    known, plain = [], module.predict

    def predict(image, box, num_points, repeats, start):
        known.append(start is not None)
        return plain(image, box, num_points, repeats, start)

    monkeypatch.setattr(module, "predict", predict)
    return predict_all(images, found, 68, 3)[0], known


def test_a_face_that_stays_starts_from_the_frame_before(monkeypatch):
    images = [frame.image for frame in read_video(CLIPS[0], stop=6)]
    found = found_in(images)
    points, known = starts(monkeypatch, images, found)
    assert known == [False, *[True] * 5]
    width = found[0].box.width
    for image, one, row in zip(images, found, points, strict=True):
        alone = module.predict(image, one.box, 68, 3, None)
        apart = np.linalg.norm(row - alone, axis=1)
        assert apart.mean() < 0.02 * width
    np.testing.assert_array_equal(
        points[0], module.predict(images[0], found[0].box, 68, 3, None)
    )


def test_a_face_elsewhere_does_not(monkeypatch):
    image = next(read_video(CLIPS[0])).image
    (one,) = found_in([image])[:1]
    moved = np.ascontiguousarray(np.roll(image, 60, 1))
    there = Detection(one.box.moved(60, 0), one.score, one.detector)
    points, known = starts(monkeypatch, [image, moved], [one, there])
    assert known == [False, False]
    np.testing.assert_allclose(points[1], points[0] + [60, 0], atol=0.6)


def test_faces_of_an_image_are_found_apart():
    image = next(read_video(CLIPS[0])).image
    pair = np.ascontiguousarray(np.hstack([image, image]))
    left, right = FaceAligner(96, embeddings=False).detect(pair)
    shift = right.landmarks.mean(0) - left.landmarks.mean(0)
    assert abs(abs(shift[0]) - image.shape[1]) < 3 and abs(shift[1]) < 3

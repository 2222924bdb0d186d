"""The pasted face is as sharp and as noisy as its frame."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from convert_helpers import TintModel

from deepface_models.conversion import Converter, grain, masks
from deepface_models.conversion.batches import decode_frames
from deepface_models.conversion.detail import AMOUNTS, Detail, mean_detail
from deepface_models.conversion.grain import Grain
from deepface_models.conversion.regions import Region, place_mask, region_of
from deepface_models.conversion.skin import features, skin


class Soft(TintModel):
    """Draws the face it is given, blurred."""

    def __init__(self, sigma=1.2):
        super().__init__(mask=1.0, tint=0.0)
        self.sigma = sigma

    def predict(self, images, identity):
        faces = super().predict(images, identity)
        return np.stack([cv2.GaussianBlur(one, (0, 0), self.sigma) for one in faces])


def seen(image, frame, face, sigma=1.2, sharpen="auto"):
    """Detail and noise of a face in an image, by its place in the frame."""
    decoded = Converter(Soft(sigma), "ben").decode([frame], [face])[0]
    inside = masks.erode(decoded.mask, 0.1)
    region = region_of(inside, decoded.matrix, frame.shape)
    gray = cv2.cvtColor(np.float32(image / 255), cv2.COLOR_RGB2GRAY)[region.slices]
    where = place_mask(inside, decoded.matrix, region) > 0.9
    weights = skin(face.landmarks_aligned, 96)
    smooth = where & (place_mask(weights, decoded.matrix, region) > 0.9)
    detail = cv2.Laplacian(gray, cv2.CV_32F)[where].var()
    return detail, grain.measure(gray, smooth)


def swapped(frame, face, sigma=1.2, **options):
    return Converter(Soft(sigma), "ben", **options).swap_faces([frame], [face])[0]


def noisy(frame, level, width=0.0):
    noise = np.random.default_rng(0).normal(0, 1, frame.shape[:2])
    if width:
        noise = cv2.GaussianBlur(noise, (0, 0), width)
    noise *= level / noise.std()
    return np.uint8(np.clip(np.rint(frame + noise[..., None]), 0, 255))


@pytest.mark.parametrize("sigma", [0.3, 0.5])
def test_a_soft_face_gets_the_detail_of_its_frame(frame, face, sigma):
    """`sharpen="auto"`, the default, matches the frame's sharpness."""
    expected, _ = seen(frame, frame, face)
    soft, _ = seen(swapped(frame, face, sigma, sharpen=0.0), frame, face)
    auto, _ = seen(swapped(frame, face, sigma), frame, face)
    assert soft < 0.6 * expected
    assert 0.8 * expected < auto < 1.2 * expected


def test_a_sharp_face_stays_as_it_is(frame, face):
    calm = cv2.GaussianBlur(frame, (0, 0), 2)
    decoded = Converter(Soft(0.01), "ben").decode([calm], [face])[0]
    assert abs(decoded.detail.solve()[0]) < 0.5


class Sharp(Soft):
    """Draws one face, whatever it is given."""

    def __init__(self, face):
        super().__init__()
        self.face = face

    def predict(self, images, identity):
        found = super().predict(images, identity)
        found[..., :3] = self.face
        return found


def test_a_face_sharper_than_its_frame_is_softened(frame, face):
    """A person recorded well, pasted into a soft frame, is not to stand out."""
    [crisp] = Converter(Soft(0.01), "ben").decode([frame], [face])
    calm = cv2.GaussianBlur(frame, (0, 0), 1)
    expected, _ = seen(calm, frame, face)
    options = {"color": "none", "aligner": None}
    plain, auto = (
        Converter(Sharp(crisp.image), "ben", sharpen=amount, **options)
        for amount in (0.0, "auto")
    )
    before, _ = seen(plain.swap_faces([calm], [face])[0], frame, face)
    after, _ = seen(auto.swap_faces([calm], [face])[0], frame, face)
    assert before > 1.5 * expected
    assert 0.7 * expected < after < 1.3 * expected
    assert auto.decode([calm], [face])[0].detail.solve()[0] < 0


def test_freckles_are_not_sharpened_into_blotches(frame, face):
    """A soft face of uneven skin, in a frame of smooth skin and sharp eyes."""
    [own] = Converter(Soft(0.01), "ben").decode([frame], [face])
    spots = np.random.default_rng(0).normal(0, 1, (96, 96)).astype(np.float32)
    eyes = features(own.landmarks, 96)[..., None]
    uneven = 0.3 * cv2.GaussianBlur(spots, (0, 0), 1.5)[..., None] * (1 - eyes)
    soft = np.clip(cv2.GaussianBlur(own.image, (0, 0), 1.0) - uneven, 0, 1)
    options = {"color": "none", "aligner": None}
    plain, auto, much = (
        Converter(Sharp(soft), "ben", sharpen=amount, **options)
        for amount in (0.0, "auto", 1.0)
    )
    needed = auto.decode([frame], [face])[0].detail.solve()
    assert 2 * needed.on_skin < needed.amount
    made = [one.swap_faces([frame], [face])[0] for one in (plain, auto, much)]
    before, after, rough = (seen(one, frame, face)[1].level for one in made)
    assert after < 1.3 * before < 0.95 * rough
    region = Region(0, 0, frame.shape[1], frame.shape[0])
    there = place_mask(eyes[..., 0], own.matrix, region) > 0.9
    clear = [cv2.Laplacian(one, cv2.CV_32F)[there].var() for one in made]
    assert clear[1] > 1.5 * clear[0]


def test_sharpening_is_bounded(frame, face):
    """A face without any detail is not torn apart."""
    decoded = Converter(Soft(8), "ben").decode([frame], [face])[0]
    assert decoded.detail.solve()[0] == AMOUNTS[-1]
    # Enlarged twice or four times, edges look cut out sooner.
    assert decoded.detail.solve(scale=2.0)[0] == pytest.approx(1.5)
    assert decoded.detail.solve(scale=4.0)[0] == 1


@pytest.mark.parametrize("width", [0.0, 1.0])
def test_a_clean_face_gets_the_noise_of_its_frame(frame, face, width):
    """The plate's grain, of its level and its correlation."""
    frame = noisy(cv2.GaussianBlur(frame, (0, 0), 1.5), 5, width)
    expected = seen(frame, frame, face)[1]
    plain = seen(swapped(frame, face, sharpen=0.0), frame, face)[1]
    auto = seen(swapped(frame, face), frame, face)[1]
    assert plain.level < 0.6 * expected.level
    assert auto.level == pytest.approx(expected.level, rel=0.2)
    assert auto.correlation == pytest.approx(expected.correlation, abs=0.15)


def test_no_grain_without_noise(frame, face):
    """Grain is kept out of images that have none."""
    calm = cv2.GaussianBlur(frame, (0, 0), 3)
    assert Converter(Soft(0.5), "ben").decode([calm], [face])[0].detail.solve()[1] < (
        0.5 / 255
    )


def test_grain_is_that_of_the_frame(frame, face):
    """The same frame gives the same result, another one other grain."""
    one = noisy(frame, 5)
    np.testing.assert_array_equal(swapped(one, face), swapped(one.copy(), face))
    pair = [
        Converter(Soft(), "ben").place(
            f, Converter(Soft(), "ben").decode([f], [face])[0]
        )
        for f in (one, noisy(one, 2))
    ]
    apart = pair[0].image - pair[1].image
    assert np.std(apart - cv2.GaussianBlur(apart, (0, 0), 2)) > 2 / 255


@pytest.mark.parametrize("width", [0.0, 0.7, 1.0, 1.5])
def test_the_width_of_noise_is_found(width):
    noise = np.random.default_rng(5).normal(0, 1, (300, 300)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), width) if width else noise
    found = grain.measure(noise / noise.std() * 0.02, np.ones(noise.shape, bool))
    assert grain.width_of(found.correlation) == pytest.approx(width, abs=0.16)


def test_parts_of_a_frame_get_the_grain_of_the_whole():
    one = Grain(0.02, 0.7, 3)
    image = np.full((700, 90, 3), 0.5, np.float32)
    whole = one.added(image, 11, 5)
    part = one.added(image[300:420], 11, 305)
    np.testing.assert_array_equal(part, whole[300:420])
    assert whole.std() > 0.01


def test_means_of_detail_ignore_what_is_not_known():
    first = Detail(1.0, np.zeros(3), 0.2, 1.0, 0.5)
    second = Detail(3.0, np.ones(3), 0.4, 1.0, 0.1)
    mean = mean_detail([(1.0, first), (1.0, second), (5.0, None)])
    assert mean.frame == 2 and mean.noise == pytest.approx(0.3)
    np.testing.assert_allclose(mean.face, 0.5)
    assert mean_detail([(1.0, None)]) is None


def test_detail_of_a_video_is_measured_now_and_then(frame, face):
    tracks = [0] * 6 + [1, 1, None, 1, 1, 1, 0, 0]
    faces = [None if track is None else (track, face) for track in tracks]
    items = [(number, frame, one) for number, one in enumerate(faces)]
    converter = Converter(Soft(), "ben", batch_size=3)
    found = decode_frames(items, converter)
    measured = [i for i, one in found if one is not None and one.detail is not None]
    assert measured == [0, 4, 6, 10, 12]

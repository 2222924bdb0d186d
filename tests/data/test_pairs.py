from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest

from deepface_models.data import Augmentation, SwapPairs, region_weights
from deepface_models.faces import Box, Face, FaceSet

NAMES = ("ana", "ben")
STILL = Augmentation.none()


def equal(a, b) -> bool:
    """Whether two batches are the same to the last bit."""
    return all(
        np.array_equal(x[name], y[name])
        for x, y in zip(a, b, strict=True)
        for name in {*x, *y}
    )


def painted(levels: list[tuple[int, int, int]], size: int = 64) -> FaceSet:
    """Faces of one color each, lightly checked so that colors have a spread."""
    checks = (np.indices((size, size)).sum(0) // 4 % 2)[..., None] * 20 - 10
    marks = [[0.68, 0.4], [0.58, 0.4], [0.32, 0.4], [0.42, 0.4], [0.5, 0.6]]
    points = np.array(marks, np.float32) * size
    face = Face(Box(0, 0, size, size), points, 1.0, "hand", np.eye(2, 3), size)
    made = FaceSet(image_size=size, landmarks=5)
    for level in levels:
        made.append(face, (np.array(level) + checks).astype("uint8"))
    return made


# Shapes, types, ranges


@pytest.mark.parametrize("size", [64, 96])
def test_batches_are_as_documented(people, size):
    data = SwapPairs(people, batch_size=7, image_size=size)
    assert data.identities == NAMES
    x, y = data[0]
    assert set(x) == set(y) == set(NAMES)
    for name in NAMES:
        assert x[name].shape == (7, size, size, 3)
        assert y[name].shape == (7, size, size, 5)
        assert x[name].dtype == y[name].dtype == np.float32
        assert 0 <= x[name].min() < x[name].max() <= 1
        assert 0 <= y[name][..., :4].min() < y[name][..., :4].max() <= 1
        assert y[name][..., 3].max() == 1
        assert 1 <= y[name][..., 4].min() + 1e-6
        assert y[name][..., 4].max() <= 3 + 1e-6
        assert not np.array_equal(x[name], y[name][..., :3])


def test_length_is_what_the_largest_set_fills(people):
    assert len(SwapPairs(people, batch_size=4)) == 3  # of ben's nine faces
    assert len(SwapPairs(people, batch_size=9)) == 1
    assert len(SwapPairs(people, batch_size=4, steps=17)) == 17


def test_size_is_that_of_the_sets_by_default(people):
    assert SwapPairs(people).image_size == 64
    assert SwapPairs(people, image_size=32)[0][0]["ana"].shape[1:3] == (32, 32)
    fitting = SwapPairs(people, image_size=96).fitting(people["ana"])
    assert fitting.shape == (6, 96, 96, 3)
    assert fitting.dtype == np.uint8


def test_masks_and_weights_are_those_of_the_faces(people):
    data = SwapPairs(people, batch_size=9, augmentation=STILL, eyes=4.0, mouth=1.5)
    _, y = data[0]
    ben = people["ben"]
    for target in y["ben"]:
        face = np.rint(target[..., :3] * 255).astype("uint8")
        (number,) = np.flatnonzero((ben.images == face).all((1, 2, 3)))
        np.testing.assert_allclose(target[..., 3], ben.masks()[number], atol=0.003)
        weights = region_weights(ben.landmarks_aligned[number], 64, 4.0, 1.5)
        np.testing.assert_allclose(target[..., 4], weights, atol=0.01)


@pytest.mark.parametrize("eyes", [1.0, 3.0, 12.0, 30.0])
def test_large_weights_stay_large(people, eyes):
    y = SwapPairs(people, augmentation=STILL, eyes=eyes, mouth=1.0)[0][1]["ana"]
    assert y[..., 4].min() == pytest.approx(1.0)
    assert y[..., 4].max() == pytest.approx(eyes, rel=0.05)


def test_masks_survive_enlarging(people):
    """Cubic interpolation overshoots, and a byte wraps round."""
    faces = {name: people[name].select([0]) for name in NAMES}
    _, y = SwapPairs(faces, image_size=192, augmentation=STILL)[0]
    for name in NAMES:
        linear = cv2.resize(faces[name].masks()[0], (192, 192))
        np.testing.assert_allclose(y[name][0, ..., 3], linear, atol=0.25)


@pytest.mark.parametrize(("size", "out"), [(32, 64), (64, 96), (64, 32)])
def test_targets_of_another_size_show_the_same(people, size, out):
    sizes = {"image_size": size, "output_size": out}
    x, y = SwapPairs(people, 7, augmentation=STILL, **sizes)[0]
    for name in NAMES:
        assert x[name].shape == (7, size, size, 3)
        assert y[name].shape == (7, out, out, 5)
        for given, target in zip(x[name], y[name], strict=True):
            small, large = sorted((given, target[..., :3]), key=len)
            shrunk = cv2.resize(large, small.shape[:2], interpolation=cv2.INTER_AREA)
            np.testing.assert_allclose(shrunk, small, atol=0.04)
        assert y[name][..., 3].max() == pytest.approx(1, abs=0.01)
    data = SwapPairs(people, 2, **sizes)
    assert data.fitting(people["ana"]).shape == (6, size, size, 3)
    moved, still = data[0][0]["ana"], data[0][1]["ana"]
    assert moved.shape[1:3] == (size, size)
    assert still.shape[1:3] == (out, out)


def test_equal_sizes_change_no_draw(people):
    plain = SwapPairs(people, 3, seed=4)[1]
    assert equal(plain, SwapPairs(people, 3, seed=4, output_size=64)[1])


# Augmentation


def test_none_gives_input_target_and_face_to_the_bit(people):
    x, y = SwapPairs(people, batch_size=9, augmentation=STILL)[3]
    for name in NAMES:
        np.testing.assert_array_equal(x[name], y[name][..., :3])
        faces = people[name].images.astype("float32") / 255
        for image in x[name]:
            assert (image == faces).all((1, 2, 3)).any()


def test_a_batch_holds_each_face_at_most_once_where_there_are_enough(people):
    x, _ = SwapPairs(people, batch_size=8, augmentation=STILL)[0]
    assert len({p.tobytes() for p in x["ben"]}) == 8
    assert x["ana"].shape[0] == 8  # more than ana has


def test_color_changes_only_the_input(people):
    plain = Augmentation(color=0.0, color_match=0.0)
    batches = [
        SwapPairs(people, augmentation=a, seed=3)[0]
        for a in (
            plain,
            replace(plain, color=0.2),
            replace(plain, color_match=1.0),
        )
    ]
    for name in NAMES:
        for x, y in batches[1:]:
            np.testing.assert_array_equal(y[name], batches[0][1][name])
            assert np.abs(x[name] - batches[0][0][name]).mean() > 0.01


def test_color_match_gives_the_other_persons_colors():
    faces = {
        "ana": painted([(150, 90, 60), (140, 100, 70)]),
        "ben": painted([(80, 90, 160), (90, 120, 150)]),
    }
    for share, expected in ((1.0, "ben"), (0.0, "ana")):
        a = replace(STILL, color_match=share)
        x, y = SwapPairs(faces, batch_size=12, augmentation=a)[0]
        inside = y["ana"][..., 3] > 0.99
        levels = faces[expected].images.mean((1, 2)) / 255
        for image, mask in zip(x["ana"], inside, strict=True):
            distance = np.abs(image[mask].mean(0) - levels).max(1)
            assert distance.min() < 0.015
    x, _ = SwapPairs(faces, 400, augmentation=replace(STILL, color_match=0.5))[0]
    bluish = x["ana"].mean((1, 2))
    assert np.mean(bluish[:, 2] > bluish[:, 0]) == pytest.approx(0.5, abs=0.08)


def test_color_jitter_has_the_stated_spread():
    level = [(128, 128, 128)]
    faces = {"ana": painted(level), "ben": painted(level)}
    a = replace(STILL, color=0.05)
    x, _ = SwapPairs(faces, 600, augmentation=a, seed=1)[0]
    means = x["ana"].mean((1, 2))
    # The gain is about the face's own mean, so that only the shift moves it.
    assert means.std(0) == pytest.approx([0.05] * 3, rel=0.15)
    spreads = x["ana"].std((1, 2)) / x["ana"].std((1, 2)).mean()
    assert spreads.std(0) == pytest.approx([0.05] * 3, rel=0.15)
    for values in (means, spreads):
        assert np.abs(np.corrcoef(values.T) - np.eye(3)).max() < 0.15


def test_nobodys_faces_are_in_anothers_batch():
    faces = {
        "ana": painted([(200, 60, 60), (190, 70, 50)]),
        "ben": painted([(60, 60, 200)] * 3),
        "zoe": painted([(60, 200, 60)]),
    }
    data = SwapPairs(faces, batch_size=6, augmentation=Augmentation(color_match=0.0))
    channels = {"ana": 0, "ben": 2, "zoe": 1}
    for index in range(3):
        for part in data[index]:
            for name, channel in channels.items():
                means = part[name][..., :3].mean((1, 2))
                assert (means.argmax(1) == channel).all()


# Repeatable


def test_same_seed_same_batches_in_any_order_and_from_threads(people):
    first = SwapPairs(people, 2, steps=6, seed=11)
    straight = [first[i] for i in range(6)]
    second = SwapPairs(dict(reversed(people.items())), 2, steps=6, seed=11, workers=4)
    backwards = {i: second[i] for i in reversed(range(6))}
    assert all(equal(straight[i], backwards[i]) for i in range(6))
    assert equal(straight[2], second[2])
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(second.__getitem__, [*range(6)] * 3))
    assert all(equal(straight[i % 6], batch) for i, batch in enumerate(threaded))


def test_other_seeds_epochs_and_batches_differ(people):
    data = SwapPairs(people, 2, steps=3, seed=1)
    other = SwapPairs(people, 2, steps=3, seed=2)
    first = data[0]
    assert not equal(first, data[1])
    assert not equal(first, other[0])
    data.on_epoch_end()
    assert not equal(first, data[0])
    batches = [first, data[0], data[1], other[0]]
    for name in NAMES:
        assert len({x[name].tobytes() for x, _ in batches}) == 4


def test_people_of_the_same_faces_are_drawn_apart(people):
    x, _ = SwapPairs({"a": people["ana"], "b": people["ana"]}, 4)[0]
    assert not np.array_equal(x["a"], x["b"])


def test_setting_the_epoch_goes_on_as_uninterrupted(people):
    straight = SwapPairs(people, 2, steps=2, seed=5)
    for _ in range(3):
        straight.on_epoch_end()
    resumed = SwapPairs(people, 2, steps=2, seed=5)
    resumed.epoch = 3
    assert all(equal(straight[i], resumed[i]) for i in range(2))


class Noted(SwapPairs):
    """Notes which batches of which epoch are asked for."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.asked: list[tuple[int, int]] = []
        self.lock = threading.Lock()

    def __getitem__(self, index):
        with self.lock:
            self.asked.append((self.epoch, index))
        return super().__getitem__(index)


@pytest.mark.parametrize("workers", [1, 2])
def test_fit_moves_on_to_new_draws_each_epoch(people, workers):
    inputs = {name: keras.Input((64, 64, 3), name=name) for name in NAMES}
    layer = keras.layers.Conv2D(5, 1, kernel_initializer="zeros")
    model = keras.Model(inputs, {name: layer(image) for name, image in inputs.items()})
    still = keras.optimizers.SGD(0.0)
    model.compile(optimizer=still, loss={name: "mse" for name in NAMES})
    data = Noted(people, 2, steps=4, workers=workers)
    epochs: list[int] = []
    model.fit(
        data,
        epochs=2,
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_begin=lambda epoch, logs: epochs.append(data.epoch)
            )
        ],
    )
    assert len(epochs) == 2
    assert epochs[1] == epochs[0] + 1
    assert data.epoch == epochs[1] + 1
    for epoch in epochs:
        assert sorted(i for e, i in data.asked if e == epoch)[-4:] == [0, 1, 2, 3]
    # The targets differ, and with them the loss of a model that does not learn.
    first, second = model.history.history["loss"]
    assert first != second


# Wrong input


@pytest.mark.parametrize("given", [{}, {"ana": 3}, {"ana": 3, "ben": 0}])
def test_too_few_people_or_faces_are_named(people, given):
    faces = {name: people[name].select(range(count)) for name, count in given.items()}
    with pytest.raises(ValueError, match=r"were given\. Expected two or more people"):
        SwapPairs(faces)


@pytest.mark.parametrize("given", [np.zeros((3, 64, 64, 3), "uint8"), "faces/ana"])
def test_arrays_and_paths_are_no_sets(people, given):
    """Arrays in `SwapPairs` had no message of ours."""
    kind = type(given).__name__
    with pytest.raises(ValueError, match=f"A {kind}.* was given for 'ana'.*FaceSet"):
        SwapPairs({"ana": given, "ben": people["ben"]})


def test_one_face_each_is_enough(people):
    faces = {name: people[name].select([0]) for name in NAMES}
    data = SwapPairs(faces, batch_size=3)
    assert len(data) == 1
    assert data[0][0]["ana"].shape[0] == 3

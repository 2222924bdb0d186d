"""What occluders, other warps, masks and balance do to the batches of SwapPairs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from deepface_models.data import Augmentation, SwapPairs
from deepface_models.data.augmentation import warp_pair
from deepface_models.faces import MEAN_FACE_68, Box, Face, FaceSet

NAMES = ("ana", "ben")
STILL = Augmentation.none()


def same(a, b) -> bool:
    """Whether two batches are the same to the last bit."""
    return all(
        np.array_equal(x[name], y[name])
        for x, y in zip(a, b, strict=True)
        for name in NAMES
    )


CHANGES = (
    {"lightness": 0.3, "tint": 0.08},
    {"clahe": 1.0},
    {"hsv": 0.3},
    {"motion_blur": 1.0, "defocus": 1.0, "shrink": 1.0},
    {"noise": 0.05},
    {"jpeg": 1.0},
    {"hands": 1.0, "sticks": 1.0, "glasses": 1.0, "occluded": "behind"},
)


@pytest.mark.parametrize("ranges", CHANGES, ids=lambda ranges: next(iter(ranges)))
def test_changes_of_the_input_leave_targets_and_other_draws_alone(people, ranges):
    for base in (Augmentation(), STILL):
        plain = SwapPairs(people, 4, augmentation=base, seed=2)[0]
        changed = SwapPairs(people, 4, augmentation=replace(base, **ranges), seed=2)[0]
        for name in NAMES:
            np.testing.assert_array_equal(changed[1][name], plain[1][name])
            assert np.abs(changed[0][name] - plain[0][name]).mean() > 0.002
            assert 0 <= changed[0][name].min() <= changed[0][name].max() <= 1


def test_one_change_does_not_shift_anothers_draws(people):
    """The noise of an image stays the same whatever lies under it."""
    base = replace(STILL, noise=0.02)
    plain, noisy, tinted, both = (
        SwapPairs(people, 4, augmentation=a)[0][0]["ana"]
        for a in (STILL, base, replace(STILL, hsv=0.05), replace(base, hsv=0.05))
    )
    room = (both > 0.2) & (both < 0.8) & (noisy > 0.2) & (noisy < 0.8)
    difference = (both - tinted) - (noisy - plain)
    assert np.abs(difference[room]).max() <= 1.5 / 255


def test_base_draws_are_those_of_the_documented_generator(people):
    """Whoever adds draws to this generator changes everybody's resumed runs."""
    a = Augmentation()
    _, y = SwapPairs(people, 4, augmentation=a, seed=6)[2]
    for number, name in enumerate(NAMES):
        rng = np.random.default_rng((6, 0, 2, number))
        for row, face in enumerate(rng.choice(len(people[name]), 4, False)):
            image = people[name].images[face]
            mask = np.rint(people[name].masks()[face] * 255).astype("uint8")
            layers = np.stack([mask, mask], axis=-1)
            _, target, moved = warp_pair(image, layers, rng, a)
            shown = np.rint(y[name][row] * 255).astype("uint8")
            np.testing.assert_array_equal(shown[..., :3], target)
            np.testing.assert_array_equal(shown[..., 3], moved[..., 0])


@pytest.mark.parametrize("occluded", ["mask", "behind", "ignore"])
def test_the_target_says_what_is_asked_for_of_what_is_hidden(people, occluded):
    a = replace(STILL, hands=1.0, occluded=occluded)
    clean = SwapPairs(people, 6, augmentation=STILL, seed=3)[0]
    x, y = SwapPairs(people, 6, augmentation=a, seed=3)[0]
    for name in NAMES:
        rgb, mask, weight = np.split(y[name], [3, 4], axis=-1)
        rgb0, mask0, weight0 = np.split(clean[1][name], [3, 4], axis=-1)
        np.testing.assert_array_equal(rgb, rgb0)
        # Pixels that the hand surely hides: shadows only darken.
        hand = (x[name] > clean[0][name] + 0.05).any(-1, keepdims=True)
        hand &= mask0 > 0.99
        assert hand.sum() > 50
        if occluded == "mask":
            assert mask[hand].max() < 0.9
            assert np.mean(mask[hand] == 0) > 0.8
        else:
            np.testing.assert_array_equal(mask, mask0)
        if occluded == "ignore":
            assert np.mean(weight[hand] == 0) > 0.8
        else:
            np.testing.assert_array_equal(weight, weight0)


def test_what_is_hidden_moves_with_the_target(people):
    """Mask and image are moved alike, mirrored ones too."""
    a = replace(STILL, rotation=20.0, shift=0.1, flip=0.5, glasses=1.0)
    for seed in range(3):
        x, y = SwapPairs(people, 6, augmentation=a, seed=seed)[0]
        behind = replace(a, occluded="behind")
        _, whole = SwapPairs(people, 6, augmentation=behind, seed=seed)[0]
        for name in NAMES:
            lost = whole[name][..., 3] - y[name][..., 3]
            change = np.abs(x[name] - y[name][..., :3]).max(-1)
            inside = whole[name][..., 3] > 0.99
            assert change[(lost > 0.9) & inside].mean() > 0.08
            assert np.mean(change[(lost == 0) & inside] > 0.2) < 0.01


def test_warping_to_landmarks_gives_the_others_face(people):
    a = replace(STILL, landmark_warp=1.0, landmark_noise=0.0)
    x, y = SwapPairs(people, 4, augmentation=a)[0]
    for name in NAMES:
        assert np.abs(x[name] - y[name][..., :3]).mean() > 0.002
    twins = {"a": people["ana"].select([0]), "b": people["ana"].select([0])}
    x, y = SwapPairs(twins, 2, augmentation=a)[0]
    for name in "ab":
        np.testing.assert_array_equal(x[name], y[name][..., :3])


def test_warping_to_landmarks_leaves_the_targets_of_a_still_grid(people):
    a = Augmentation(warp=1e-9, color=0.0, color_match=0.0)
    plain = SwapPairs(people, 4, augmentation=a)[0][1]
    other = SwapPairs(people, 4, augmentation=replace(a, landmark_warp=0.5))[0][1]
    for name in NAMES:
        np.testing.assert_allclose(other[name], plain[name], atol=0.1)


def test_warping_to_landmarks_needs_as_many(people):
    faces = {"ana": people["ana"], "bob": FaceSet(image_size=64)}
    points = MEAN_FACE_68.astype("float32") * 40 + 12
    face = Face(Box(0, 0, 64, 64), points, 1.0, "hand", np.eye(2, 3), 64)
    faces["bob"].append(face, np.zeros((64, 64, 3), "uint8"))
    with pytest.raises(
        ValueError, match=r"faces with .* landmarks\. Expected the same"
    ):
        SwapPairs(faces, augmentation=Augmentation(landmark_warp=0.5))


# Masks, balance, sheet


def test_masks_can_be_chosen_and_softened(people):
    plain = SwapPairs(people, 6, augmentation=STILL)[0][1]["ana"]
    full = SwapPairs(people, 6, augmentation=STILL, mask="full")[0][1]["ana"]
    assert (full[..., 3] == 1).all()
    wide = SwapPairs(people, 6, augmentation=STILL, mask_dilation=0.05)[0][1]["ana"]
    soft = SwapPairs(people, 6, augmentation=STILL, mask_feather=0.2)[0][1]["ana"]
    assert (wide[..., 3] >= plain[..., 3]).all()
    assert wide[..., 3].sum() > 1.1 * plain[..., 3].sum()
    between = [np.mean((m[..., 3] > 0.1) & (m[..., 3] < 0.9)) for m in (plain, soft)]
    assert between[1] > 3 * between[0]
    for y in (full, wide, soft):
        np.testing.assert_array_equal(y[..., [0, 1, 2, 4]], plain[..., [0, 1, 2, 4]])


def test_masks_of_ones_own(people):
    own = {name: np.zeros((len(faces), 64, 64)) for name, faces in people.items()}
    own["ben"][:, :32] = 1.0
    y = SwapPairs(people, 4, augmentation=STILL, mask=own)[0][1]
    assert (y["ana"][..., 3] == 0).all()
    assert (y["ben"][:, :32, :, 3] == 1).all()
    assert (y["ben"][:, 32:, :, 3] == 0).all()
    with pytest.raises(ValueError, match=r"Masks of \['ana'\].*\['ana', 'ben'\]"):
        SwapPairs(people, mask={"ana": own["ana"]})


def test_balance_draws_rare_poses_as_often(people):
    turned = {}
    for name, faces in people.items():
        turned[name] = FaceSet(image_size=64, landmarks=5)
        for number, (face, image) in enumerate(
            zip(faces.faces, faces.images, strict=True)
        ):
            yaw = 40.0 if number == 0 else 0.0
            turned[name].append(replace(face, yaw=yaw, pitch=0.0), image)
    plain, even = (
        SwapPairs(turned, 4, augmentation=STILL, balance=balance, seed=1)
        for balance in (None, "pose")
    )
    rare = people["ben"].images[0].astype("float32") / 255
    shares = [
        np.mean([(data[i][0]["ben"] == rare).all((1, 2, 3)).mean() for i in range(60)])
        for data in (plain, even)
    ]
    assert shares[0] == pytest.approx(1 / 9, abs=0.05)
    assert shares[1] == pytest.approx(1 / 2, abs=1e-6)  # two of each batch's four
    assert same(even[3], even[3])
    with pytest.raises(ValueError, match="have no yaw or pitch"):
        SwapPairs(people, balance="yaw")


def test_a_sheet_shows_inputs_targets_masks_and_weights(people):
    data = SwapPairs(people, 5, augmentation=Augmentation.strong(), seed=1)
    x, y = data[2]
    sheet = data.sheet(2, faces=3)
    assert sheet.dtype == np.uint8
    assert sheet.shape[0] == 8 * 66 - 2
    left = sheet.shape[1] - (3 * 66 - 2)  # of the labels
    cells = [
        [sheet[r : r + 64, c : c + 64] for c in (left, left + 66)]
        for r in range(0, 8 * 66, 66)
    ]
    for first, name in ((0, "ana"), (4, "ben")):
        for column in (0, 1):
            target = y[name][column]
            shown = [cells[first + row][column] / 255 for row in range(4)]
            np.testing.assert_allclose(shown[0], x[name][column], atol=0.01)
            np.testing.assert_allclose(shown[1], target[..., :3], atol=0.01)
            np.testing.assert_allclose(shown[2][..., 0], target[..., 3], atol=0.01)
            np.testing.assert_allclose(shown[3][..., 0], target[..., 4] / 3, atol=0.03)


@pytest.mark.parametrize("balance", [None, "pose"])
def test_all_changes_together_are_repeatable(people, balance):
    posed = {}
    for name, faces in people.items():
        posed[name] = FaceSet(image_size=64, landmarks=5)
        for face, image in zip(faces.faces, faces.images, strict=True):
            posed[name].append(replace(face, yaw=0.0, pitch=0.0), image)
    a = replace(Augmentation.strong(), landmark_warp=0.5)
    options = {"augmentation": a, "steps": 4, "seed": 9, "balance": balance}
    data = SwapPairs(posed, 3, **options)
    straight = [data[i] for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(SwapPairs(posed, 3, **options).__getitem__, range(4)))
    assert all(map(same, straight, threaded))
    assert not same(straight[0], straight[1])

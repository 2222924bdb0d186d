from __future__ import annotations

import os
from statistics import NormalDist

import numpy as np
import pytest
from drawing_helpers import SIZE, autoencoder, shapes

from deepface_models.callbacks.latent import LatentScatter, LatentWalk
from deepface_models.media import read_image
from deepface_models.models.autoencoders.images import latent_grid, latent_walk
from deepface_models.models.autoencoders.scatter import latent_scatter

LEFT, TOP, SIDE = 56, 12, 200  # of the plot in the sheet
BLUE, ORANGE, GREEN = (0, 114, 178), (230, 159, 0), (0, 158, 115)


@pytest.fixture(scope="module")
def model():
    return autoencoder()


def where(sheet: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Center of a color's pixels within the plot, x and y upwards, 0 to 1."""
    plot = sheet[TOP : TOP + SIDE, LEFT : LEFT + SIDE]
    y, x = np.nonzero((plot == color).all(axis=-1))
    assert len(x)
    return np.array([x.mean(), SIDE - 1 - y.mean()]) / SIDE


def test_points_lie_where_their_codes_are():
    codes = np.array([[0.0, 0.0], [10.0, 0.0], [5.0, -4.0]])
    sheet = latent_scatter(codes, ["a", "b", "c"], SIDE)
    margin = 0.05 / 1.1
    assert where(sheet, BLUE) == pytest.approx([margin, 1 - margin], abs=0.01)
    assert where(sheet, ORANGE) == pytest.approx([1 - margin, 1 - margin], abs=0.01)
    assert where(sheet, GREEN) == pytest.approx([0.5, margin], abs=0.01)


def test_each_class_has_its_color_in_the_legend():
    codes = np.random.default_rng(0).normal(size=(60, 2))
    plain = latent_scatter(codes, size=SIDE)
    sheet = latent_scatter(codes, np.arange(60) % 3, SIDE)
    legend = sheet[:, plain.shape[1] :]
    rows = [np.nonzero((legend == c).all(axis=-1))[0].mean() for c in (BLUE, ORANGE)]
    assert rows[1] - rows[0] == pytest.approx(20, abs=0.5)
    assert (legend < 60).all(axis=-1).any()  # names
    assert not (plain == ORANGE).all(axis=-1).any()
    crowded = latent_scatter(codes, np.arange(60), SIDE)  # more than there is room for
    assert crowded.shape[0] == sheet.shape[0]
    drawn = crowded[TOP : TOP + SIDE, LEFT : LEFT + SIDE].reshape(-1, 3)
    assert len(np.unique(drawn, axis=0)) > 60


def test_wide_codes_are_shown_by_their_principal_components():
    rng = np.random.default_rng(1)
    plane, _ = np.linalg.qr(rng.normal(size=(40, 2)))
    flat = np.array([[-9.0, 0], [9, 0], [0, 3], [0, -3.0], [0, 0]])
    narrow = flat @ plane.T + 100
    for codes in (narrow, narrow.reshape(5, 2, 4, 5), np.tile(narrow, (20, 1))):
        labels = np.arange(len(codes)) % 5
        sheet = latent_scatter(codes, labels, SIDE)
        ends = where(sheet, BLUE), where(sheet, ORANGE)
        assert abs(ends[0][0] - ends[1][0]) == pytest.approx(1 / 1.1, abs=0.02)
        assert [end[1] for end in ends] == pytest.approx([0.5, 0.5], abs=0.02)
        assert where(sheet, GREEN)[0] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("count", [3, 30])  # fewer and more codes than numbers
def test_principal_components_do_not_flip_from_one_image_to_the_next(count):
    direction = np.array([0.1, -0.5, 0.0, 0.8, -0.2, 0.1])  # strongest: to the right
    along = np.tile([-3.0, -1.0, 4.0], count // 3)
    for sign in (1, -1):
        codes = np.outer(sign * along, direction)
        sheet = latent_scatter(codes, np.arange(count) % 3, SIDE)
        assert sign * (where(sheet, GREEN)[0] - where(sheet, BLUE)[0]) > 0.8


def test_codes_of_one_number_are_spread_by_class():
    sheet = latent_scatter(np.arange(6.0)[:, None], [0, 0, 0, 1, 1, 1], SIDE)
    assert where(sheet, BLUE)[1] < 0.1 < 0.9 < where(sheet, ORANGE)[1]


def test_codes_that_cannot_be_placed_are_left_out_and_counted():
    codes = np.array([[0.0, 1], [1, 0], [np.nan, 0], [np.inf, 0], [1e300, 0]])
    whole = latent_scatter(codes[:2], size=SIDE)
    sheet = latent_scatter(codes, size=SIDE)
    bottom = TOP + SIDE + 20  # below the numbers
    assert np.array_equal(sheet[:bottom], whole[:bottom])
    assert (sheet[bottom:] < 128).sum() > (whole[bottom:] < 128).sum() + 50
    for odd in (np.full((3, 4), np.nan), np.ones((1, 4)), np.ones((4, 2))):
        assert latent_scatter(odd, size=SIDE).shape == whole.shape


def test_bad_codes_and_labels_are_refused(tmp_path):
    for codes in (np.zeros(5), np.zeros((0, 2)), 3.0):
        with pytest.raises(ValueError, match="Codes of shape"):
            latent_scatter(codes)
    with pytest.raises(ValueError, match="size=9"):
        latent_scatter(np.zeros((5, 2)), size=9)
    with pytest.raises(ValueError, match=r"shape \(3,\) were given for 5 codes"):
        latent_scatter(np.zeros((5, 2)), [1, 2, 3])
    with pytest.raises(ValueError, match=r"\(24, 10\) .* one-hot"):
        LatentScatter(shapes(), np.zeros((24, 10)), tmp_path)
    with pytest.raises(ValueError, match="x_test"):
        LatentScatter(shapes(0), [], tmp_path)


def test_scatter_keeps_images_and_labels_together(tmp_path, model):
    labels = np.array([f"number {i}" for i in range(24)])
    made = LatentScatter(shapes(), labels, tmp_path, every=3, max_images=4)
    index = [0, 8, 15, 23]
    assert np.array_equal(made.images, shapes()[index])
    assert np.array_equal(made.labels, labels[index])
    made.set_model(model)
    for epoch in range(4):
        made.on_epoch_end(epoch)
    assert sorted(os.listdir(tmp_path)) == ["000003.png", "latest.png"]
    expected = latent_scatter(model.encode(made.images), made.labels)
    assert np.array_equal(read_image(tmp_path / "latest.png"), expected)


def cells(sheet: np.ndarray, side: int, gap: int) -> np.ndarray:
    """(rows, columns, 8, 8) images of a sheet, [0, 1]."""
    step, times = side + gap, side // SIZE
    tops = range(0, sheet.shape[0], step)
    lefts = range(0, sheet.shape[1], step)
    one = [[sheet[t : t + side, x : x + side, 0] for x in lefts] for t in tops]
    return np.array(one)[:, :, ::times, ::times] / 255.0


def test_grid_spans_the_codes_of_the_images(model):
    sheet = latent_grid(model, shapes(), count=4)
    found = cells(sheet, 24, 0)
    assert found.shape[:2] == (4, 4)
    codes = model.encode(shapes())
    (left, bottom), (right, top) = codes.min(axis=0), codes.max(axis=0)
    corners = {(3, 0): (left, bottom), (0, 0): (left, top), (0, 3): (right, top)}
    for (row, column), code in corners.items():
        drawn = model.decode(np.array(code))[..., 0]
        assert np.abs(found[row, column] - drawn).max() < 1 / 255


def test_grid_takes_quantiles_where_there_is_a_prior(model, monkeypatch):
    with pytest.raises(ValueError, match="images=None was given for"):
        latent_grid(model)
    monkeypatch.setattr(model, "sample", lambda n: n, raising=False)
    found = cells(latent_grid(model, count=3), 24, 0)
    edge = NormalDist().inv_cdf(0.975)
    drawn = model.decode(np.array([[-edge, edge], [0, 0], [edge, 0]]))[..., 0]
    for image, place in zip(drawn, [(0, 0), (1, 1), (1, 2)], strict=True):
        assert np.abs(found[place] - image).max() < 1 / 255


def test_walk_goes_from_one_image_to_the_next():
    wide, images = autoencoder(latent_size=5), shapes(3)
    found = cells(latent_walk(wide, images, steps=3), 48, 2)
    assert found.shape[:2] == (2, 5)
    codes = wide.encode(images)
    middle = wide.decode((codes[1] + codes[2]) / 2)[..., 0]
    assert np.abs(found[1, 2] - middle).max() < 1 / 255
    for row, (column, image) in [(0, (0, 0)), (0, (4, 1)), (1, (4, 2))]:
        assert np.array_equal(found[row, column], images[image] / 255.0)
    ends = wide.reconstruct(images)[..., 0]
    assert np.abs(found[1, 1] - ends[1]).max() < 1 / 255
    assert np.abs(found[1, 3] - ends[2]).max() < 1 / 255


def test_walks_that_cannot_be_are_refused(tmp_path, model):
    wide, images = autoencoder(latent_size=5), shapes()
    for given, steps in ((images[:1], 3), (images[0], 3), (images, 1)):
        with pytest.raises(ValueError, match="two or more images and steps"):
            latent_walk(wide, given, steps)
    with pytest.raises(ValueError, match=r"shape \(5,\) were given.*latent_size=2"):
        latent_grid(wide, images)
    with pytest.raises(ValueError, match="count=1"):
        latent_grid(model, images, count=1)
    with pytest.raises(
        ValueError, match=r"images=None was given for a latent of shape \(5,\)"
    ):
        wide.fit(images, verbose=0, callbacks=[LatentWalk(tmp_path)])
    assert int(wide.optimizer.iterations) == 0
    with pytest.raises(ValueError, match="x_test"):
        LatentWalk(tmp_path, images[:0])


def test_a_walk_decodes_a_grid_or_rows_by_the_latent(tmp_path, model):
    images, wide = shapes(), autoencoder(latent_size=5)
    made = LatentWalk(tmp_path, images, count=3, max_images=2)
    made.set_model(model)
    assert np.array_equal(made.draw(), latent_grid(model, images, count=3))
    made.set_model(wide)
    made.on_epoch_end(0)
    expected = latent_walk(wide, images[[0, 23]], steps=3)
    assert np.array_equal(read_image(tmp_path / "latest.png"), expected)

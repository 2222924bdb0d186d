from __future__ import annotations

import os
import random
import struct
import sys

import numpy as np
import pytest
from drawing_helpers import SIZE, autoencoder, everything, shapes

from deepface_models.callbacks.latent import LatentScatter, LatentWalk
from deepface_models.callbacks.reconstruction import ReconstructionGrid
from deepface_models.core.errors import MissingDependencyError
from deepface_models.media import read_image, read_metadata
from deepface_models.models.autoencoders.denoising import DenoisingAutoencoder
from deepface_models.models.autoencoders.dense import DenseAutoencoder
from deepface_models.models.autoencoders.images import reconstruction_rows
from deepface_models.provenance import verify

CELL = 6 * SIZE  # images of 8 px are drawn 6 times as large


def cell(sheet: np.ndarray, row: int, column: int, columns: int) -> np.ndarray:
    """An image of the sheet in its own size, [0, 1]."""
    left = sheet.shape[1] - (columns - column) * (CELL + 2) + 2
    top = row * (CELL + 2)
    return sheet[top : top + CELL : 6, left : left + CELL : 6, 0] / 255.0


@pytest.mark.backend
@pytest.mark.slow_on_tensorflow
def test_training_is_the_same_to_the_last_bit(tmp_path, capsys):
    images, labels = shapes(), np.arange(24) % 3
    results = []
    for folder in (None, tmp_path):
        model = autoencoder(latent_size=2, noisy=True)
        calls = [] if folder is None else [
            ReconstructionGrid(images, folder / "rows"),
            LatentScatter(images, labels, folder / "scatter"),
            LatentWalk(folder / "walk", images, count=3),
        ]  # fmt: skip
        history = model.fit(
            images, batch_size=7, epochs=3, verbose=2, callbacks=calls
        ).history
        state = (np.random.get_state()[1].tolist(), random.getstate())
        results.append((everything(model), history, state))
    (plain, losses, drawn), (watched, same_losses, same_drawn) = results
    assert all(np.array_equal(a, b) for a, b in zip(plain, watched, strict=True))
    assert losses == same_losses and drawn == same_drawn
    for name in ("rows", "scatter", "walk"):
        assert len(os.listdir(tmp_path / name)) == 4
    assert "predict" not in capsys.readouterr().out


def test_rows_show_originals_over_reconstructions(tmp_path):
    model, images = autoencoder(), shapes()
    made = ReconstructionGrid(images, tmp_path, every=2, max_images=3)
    assert np.array_equal(made.images, images[[0, 12, 23]])  # 11.5 rounds to even
    model.fit(images, epochs=5, verbose=0, callbacks=[made])
    assert sorted(os.listdir(tmp_path)) == ["000002.png", "000004.png", "latest.png"]
    latest = read_image(tmp_path / "latest.png")
    assert np.array_equal(latest, read_image(tmp_path / "000004.png"))
    assert read_metadata(tmp_path / "latest.png")["description"].startswith("Synthetic")
    assert verify(tmp_path / "latest.png").synthetic

    sheet = reconstruction_rows(model, made.images)
    assert sheet.shape[0] == 2 * CELL + 2
    drawn = model.reconstruct(made.images)[..., 0]
    for column in range(3):
        original = made.images[column] / 255.0
        assert np.array_equal(cell(sheet, 0, column, 3), original)
        assert np.abs(cell(sheet, 1, column, 3) - drawn[column]).max() < 1 / 255
    assert sheet[: CELL // 2, :80].min() < 128  # a label


def test_denoising_shows_what_it_was_given():
    images = shapes(2)
    model = DenoisingAutoencoder(image_shape=(SIZE, SIZE), widths=(4,))
    sheet = reconstruction_rows(model, images)
    assert sheet.shape[0] == 3 * CELL + 4
    noisy = model.corrupt(images, seed=0)[..., 0]
    assert np.abs(cell(sheet, 1, 0, 2) - noisy[0]).max() < 1 / 255
    drawn = model.reconstruct(noisy)[..., 0]
    assert np.abs(cell(sheet, 2, 1, 2) - drawn[1]).max() < 1 / 255
    assert np.array_equal(sheet, reconstruction_rows(model, images))
    plain = DenoisingAutoencoder(image_shape=(SIZE, SIZE), widths=(4,), noise=None)
    assert reconstruction_rows(plain, images).shape[0] == 2 * CELL + 2


def test_rows_of_features_are_shown_as_images():
    color = np.random.default_rng(0).random((2, 12), "float32")
    model = DenseAutoencoder(image_shape=12, latent_size=2)
    sheet = reconstruction_rows(model, color)  # 12 = 2 x 2 x 3
    first = sheet[0, sheet.shape[1] - 2 * 50 + 2]
    assert np.abs(first / 255.0 - color[0, :3]).max() < 1 / 255
    wide = reconstruction_rows(model, color, image_shape=(2, 6))
    assert wide.shape[0] == 2 * 16 + 2
    one = reconstruction_rows(model, color[0].reshape(3, 4))
    assert one.shape[0] == 2 * 36 + 2
    odd = DenseAutoencoder(image_shape=30, latent_size=2)
    with pytest.raises(ValueError, match=r"shape \(30,\).* Use image_shape"):
        reconstruction_rows(odd, np.zeros((2, 30)))
    with pytest.raises(ValueError, match=r"image_shape=\(5, 5\)"):
        reconstruction_rows(odd, np.zeros((2, 30)), image_shape=(5, 5))


def test_images_that_do_not_fit_are_refused_before_training(tmp_path):
    model, images = autoencoder(), shapes()
    with pytest.raises(ValueError, match=r"Data of shape \(10, 9, 9\) .* Expected"):
        wrong = ReconstructionGrid(np.zeros((24, 9, 9), "uint8"), tmp_path)
        model.fit(images, verbose=0, callbacks=[wrong])
    assert int(model.optimizer.iterations) == 0
    assert not os.listdir(tmp_path)
    for empty in ([], images[:0], 3.0):
        with pytest.raises(ValueError, match=r"Use a few examples, such as x_test"):
            ReconstructionGrid(empty, tmp_path)
    with pytest.raises(ValueError, match="max_images=0 was given"):
        ReconstructionGrid(images, tmp_path, max_images=0)


def test_weights_that_are_not_finite_do_not_stop_previews(tmp_path):
    model, images = autoencoder(), shapes()
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    calls = [
        ReconstructionGrid(images, tmp_path),
        LatentScatter(images, None, tmp_path),
        LatentWalk(tmp_path, images, count=3),
    ]
    for call in calls:
        call.set_model(model)
        call.on_epoch_end(0)
        path = tmp_path / "000001.png"
        np.testing.assert_array_equal(read_image(path), call.draw())
        path.unlink()


def test_without_tensorboard_a_log_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    for name in [n for n in sys.modules if n.startswith("tensorboard.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingDependencyError, match=r"deepface_models\[tensorboard\]"):
        ReconstructionGrid(shapes(), tmp_path, log_dir=tmp_path / "log")
    ReconstructionGrid(shapes(), tmp_path)
    assert not os.listdir(tmp_path)


@pytest.mark.backend
def test_tensorboard_gets_the_same_images(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.compat.proto.event_pb2 import Event

    log = tmp_path / "log"
    call = ReconstructionGrid(shapes(), tmp_path / "rows", log_dir=log)
    assert not log.exists()  # nothing before there is an image
    autoencoder().fit(shapes(), epochs=2, verbose=0, callbacks=[call])
    (path,) = log.iterdir()
    assert "tfevents" in path.name
    data, events = path.read_bytes(), []
    while data:
        size = struct.unpack("<Q", data[:8])[0]
        events.append(Event.FromString(data[12 : 12 + size]))
        data = data[16 + size :]
    assert events[0].file_version == "brain.Event:2"
    assert [event.step for event in events[1:]] == [0, 1]
    (value,) = events[2].summary.value
    assert value.tag == "reconstruction"
    (tmp_path / "shown.png").write_bytes(value.image.encoded_image_string)
    shown = read_image(tmp_path / "shown.png")
    assert np.array_equal(shown, read_image(tmp_path / "rows" / "000002.png"))
    assert (value.image.height, value.image.width) == shown.shape[:2]

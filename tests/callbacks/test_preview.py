from __future__ import annotations

import os

import numpy as np
import pytest
from callback_helpers import SIZE, Faces, images, model, pairs, same

from deepface_models.callbacks import SwapPreview, TimeLapse
from deepface_models.media import probe, read_image, read_video


@pytest.fixture(scope="module")
def trained():
    made = model()
    made.fit(pairs(), epochs=2, verbose=0)
    return made


@pytest.mark.slow
@pytest.mark.backend
def test_previews_leave_training_as_it_is(tmp_path, trained, capsys):
    made = model()
    calls = [SwapPreview(tmp_path / "p", images()), TimeLapse(tmp_path, images())]
    state = np.random.get_state()[1].copy()
    history = made.fit(pairs(), epochs=2, verbose=2, callbacks=calls)
    assert same(made, trained)
    assert np.array_equal(np.random.get_state()[1], state)
    assert set(history.history) == {"loss", "ana_loss", "ben_loss"}
    assert history.history == trained.history.history
    shown = capsys.readouterr().out
    assert "Epoch 2/2" in shown and "predict" not in shown


def test_image_shows_source_reconstruction_and_swap_both_ways(tmp_path, trained):
    preview = SwapPreview(tmp_path, images(), max_faces=4)
    preview.set_model(trained)
    preview.on_epoch_end(11)
    sheet = read_image(tmp_path / "latest.png")
    assert sorted(os.listdir(tmp_path)) == ["000012.png", "latest.png"]
    assert np.array_equal(sheet, read_image(tmp_path / "000012.png"))
    assert sheet.shape[0] == 6 * (SIZE + 2) - 2
    right = sheet[:, -(4 * (SIZE + 2) - 2) :]
    margin = sheet[:, : sheet.shape[1] - right.shape[1]]
    assert all(
        margin[i * (SIZE + 2) : i * (SIZE + 2) + SIZE].min() < 128 for i in range(6)
    )
    faces = preview.faces["ana"]
    assert np.array_equal(right[:SIZE, :SIZE], faces[0])
    drawn = [
        trained.predict(faces[0], identity=name)[..., :3] for name in ("ana", "ben")
    ]
    for row, image in enumerate(drawn, start=1):
        top = row * (SIZE + 2)
        cell = right[top : top + SIZE, :SIZE] / 255.0
        assert np.abs(cell - image).max() < 1.01 / 255.0
    third = right[3 * (SIZE + 2) : 3 * (SIZE + 2) + SIZE, :SIZE]
    assert np.array_equal(third, preview.faces["ben"][0])


def test_every_and_the_faces_chosen(tmp_path):
    many = {"ana": Faces(0, count=9).images, "ben": Faces(1, count=2).images}
    preview = SwapPreview(tmp_path, many, every=2, max_faces=3)
    assert np.array_equal(preview.faces["ana"], many["ana"][[0, 4, 8]])
    assert len(preview.faces["ben"]) == 2
    model().fit(pairs(steps=1), epochs=4, verbose=0, callbacks=[preview])
    assert sorted(os.listdir(tmp_path)) == ["000002.png", "000004.png", "latest.png"]


@pytest.mark.parametrize("kind", [SwapPreview, TimeLapse])
def test_faces_that_do_not_fit_are_refused_before_training(tmp_path, kind):
    for faces in ({"cem": Faces(0).images}, {"ana": Faces(0, size=48).images}):
        made = model()
        with pytest.raises(ValueError, match="people among 'ana', 'ben'"):
            made.fit(pairs(), verbose=0, callbacks=[kind(tmp_path, faces)])
        assert int(made.optimizer.iterations) == 0
    for faces in ({}, {"ana": Faces(0).images[:0]}, {"ana": Faces(0).images[0]}):
        with pytest.raises(ValueError, match="Expected images"):
            kind(tmp_path, faces)
    with pytest.raises(ValueError, match="max_faces=0"):
        kind(tmp_path, images(), max_faces=0)


def test_time_lapse_shows_every_epoch_in_order(tmp_path):
    (tmp_path / "ana").mkdir()
    (tmp_path / "ana" / "000007.png").write_bytes(b"of an earlier training")
    lapse = TimeLapse(tmp_path, images(), fps=5)
    made = model()
    made.fit(pairs(steps=1), epochs=3, verbose=0, callbacks=[lapse])
    for name in ("ana", "ben"):
        numbered = [p.name for p in lapse.images(name)]
        assert numbered == ["000001.png", "000002.png", "000003.png"]
        info = probe(tmp_path / f"{name}.mp4")
        first = read_image(lapse.images(name)[0])
        assert first.shape[:2] == (3 * (SIZE + 2) - 2, 4 * (SIZE + 2) - 2)
        assert (info.height, info.width) == first.shape[:2]
        assert info.fps == 5
        frames = [frame.image for frame in read_video(tmp_path / f"{name}.mp4")]
        assert len(frames) == 3
        assert np.abs(frames[0].astype(int) - first).mean() < 12


def test_time_lapse_goes_on_after_a_resume(tmp_path):
    lapse = TimeLapse(tmp_path, {"ana": images()["ana"]})
    made, data = model(), pairs(steps=1)
    made.fit(data, epochs=2, verbose=0, callbacks=[lapse])
    made.fit(data, epochs=4, initial_epoch=2, verbose=0, callbacks=[lapse])
    assert len(lapse.images("ana")) == 4
    assert len(list(read_video(tmp_path / "ana.mp4"))) == 4

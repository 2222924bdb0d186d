from __future__ import annotations

import csv
from dataclasses import replace

import keras
import numpy as np
import pytest

from deepface_models import InUseError, load
from deepface_models.callbacks import TimeBudget
from deepface_models.core.locks import hold_folder
from deepface_models.data import Augmentation
from deepface_models.faces import FaceSet
from deepface_models.models.swap import FaceSwap, Original, Swift
from deepface_models.training import build, job, open_sets, train

pytestmark = pytest.mark.usefixtures("eager")

SETTINGS = {
    "image_size": 64,
    "batch_size": 2,
    "steps": 2,
    "checkpoint_every": 1,
    "preview_every": 1,
    "seed": 3,
    "verbose": 0,
}


class Stop(Exception):
    """Ends a training where a test has seen enough."""


@pytest.fixture(scope="module")
def runs(people, tmp_path_factory):
    """A training of three epochs, and one that ended after two and went on."""
    straight, broken = (tmp_path_factory.mktemp(name) for name in ("a", "b"))
    models = {"straight": train(people, straight, epochs=3, **SETTINGS)}
    train(people, broken, epochs=2, **SETTINGS)
    models["broken"] = train(people, broken, epochs=3, **SETTINGS)
    return models, {"straight": straight, "broken": broken}


@pytest.fixture
def calls(monkeypatch):
    """What `fit` is called with; nothing is trained."""
    seen: dict = {}

    def fit(self, x=None, y=None, **kwargs):
        seen.update(model=self, data=x, **kwargs)
        raise Stop

    monkeypatch.setattr(Swift, "fit", fit)
    monkeypatch.setattr(Original, "fit", fit)
    return seen


@pytest.mark.slow
def test_output_holds_what_is_promised(runs, people):
    models, folders = runs
    model, folder = models["straight"], folders["straight"]
    assert isinstance(model, Swift)
    assert set(model.identities) == set(people)
    loaded = load(folder / "model")
    assert model.loaded_from == loaded.loaded_from == str(folder / "model")
    face = people["ana"].images[0]
    for name in people:
        np.testing.assert_array_equal(
            loaded.predict(face, identity=name), model.predict(face, identity=name)
        )
    assert any((folder / "previews").iterdir())
    assert any((folder / "checkpoints").iterdir())
    with open(folder / "history.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2]
    for key in ("loss", "ana_loss", "ben_loss"):
        assert np.isfinite([float(row[key]) for row in rows]).all()


@pytest.mark.slow
def test_called_again_it_goes_on_as_if_uninterrupted(runs):
    models, folders = runs
    for name, part in models["straight"].parts.items():
        other = models["broken"].parts[name].get_weights()
        assert all(map(np.array_equal, part.get_weights(), other)), name
    histories = [
        (folders[n] / "history.csv").read_text(encoding="utf-8")
        for n in ("straight", "broken")
    ]
    assert histories[0] == histories[1]


@pytest.mark.slow
def test_a_finished_training_is_not_repeated(runs, people):
    models, folders = runs
    again = train(people, folders["straight"], epochs=3, **SETTINGS)
    for name, part in models["straight"].parts.items():
        same = map(np.array_equal, part.get_weights(), again.parts[name].get_weights())
        assert all(same), name


def test_held_out_faces_are_not_trained_on(people, tmp_path, monkeypatch):
    given = {}

    def noted(faces, *args, **kwargs):
        given.update(faces)
        raise Stop

    monkeypatch.setattr(job, "SwapPairs", noted)
    with pytest.raises(Stop):
        train(people, tmp_path, epochs=1, validation=0.3, **SETTINGS)
    for name, faces in people.items():
        trained, held_out = faces.split(0.3)
        assert given[name].frames.tolist() == trained.frames.tolist()
        assert not set(given[name].frames) & set(held_out.frames)
        assert len(held_out) > 0


def test_settings_reach_data_and_fit(people, tmp_path, calls):
    mine = keras.callbacks.Callback()
    wild = Augmentation(warp=0.1)
    with pytest.raises(Stop):
        train(
            people,
            tmp_path,
            epochs=7,
            augmentation=wild,
            callbacks=[mine],
            **{**SETTINGS, "architecture": "original", "image_size": 32},
        )
    assert isinstance(calls["model"], Original)
    data = calls["data"]
    assert (data.image_size, data.batch_size, data.steps, data.seed) == (32, 2, 2, 3)
    assert data.augmentation == wild
    assert calls["epochs"] == 7
    assert mine in calls["callbacks"]
    assert not any(isinstance(c, TimeBudget) for c in calls["callbacks"])


@pytest.mark.parametrize(
    ("given", "expected"), [({}, 6.0), ({"minutes": 2.5}, 2.5), ({"epochs": 3}, None)]
)
def test_time_is_six_minutes_where_nothing_is_said(
    people, tmp_path, calls, given, expected
):
    with pytest.raises(Stop):
        train(people, tmp_path, **given, **SETTINGS)
    budgets = [c for c in calls["callbacks"] if isinstance(c, TimeBudget)]
    assert [b.minutes for b in budgets] == ([] if expected is None else [expected])
    assert calls["data"].augmentation == Augmentation.light()


def test_folders_are_opened(people, tmp_path):
    made = FaceSet.create(tmp_path / "ana", image_size=64, landmarks=5)
    made.extend(people["ana"].records)
    sets = open_sets({"ana": tmp_path / "ana", "ben": people["ben"]})
    assert sets["ben"] is people["ben"]
    np.testing.assert_array_equal(sets["ana"].images, people["ana"].images)
    with pytest.raises(FileNotFoundError):
        open_sets({"ana": tmp_path / "nobody"})


def test_build_knows_its_architectures():
    assert type(build("swift", ["ana", "ben"], 96)) is Swift
    assert build("swift", ["ana", "ben"], 96).image_size == 96
    model = build("original", ("ana", "ben"), 16, face_type="half")
    assert isinstance(model, FaceSwap)
    assert (type(model), model.face_type) == (Original, "half")
    with pytest.raises(ValueError, match=r"'swfit' was given.*Did you mean 'swift'\?"):
        build("swfit", ("ana", "ben"))
    with pytest.raises(
        ValueError,
        match=r"Expected one of .*'original', .*'villain'\. Import the module",
    ):
        build("zzz", ("ana", "ben"))


def test_one_person_is_refused_before_anything_is_written(people, tmp_path):
    with pytest.raises(ValueError, match="two or more"):
        train({"ana": people["ana"]}, tmp_path / "out", epochs=1, **SETTINGS)
    assert not (tmp_path / "out").exists()


def test_one_training_writes_a_folder(people, tmp_path, calls, elsewhere):
    """One writer at a time; an error lets the next one go on."""
    with pytest.raises(Stop):
        train(people, tmp_path / "a", epochs=1, **SETTINGS)
    with pytest.raises(Stop):
        train(people, tmp_path / "a", epochs=1, **SETTINGS)
    elsewhere(hold_folder(tmp_path / "a"))
    calls.clear()
    with pytest.raises(InUseError, match="a is being written by another thread"):
        train(people, tmp_path / "a", epochs=1, **SETTINGS)
    assert not calls


def test_faces_cut_out_differently_are_refused(people, tmp_path):
    other = FaceSet(image_size=64, face_type="half", landmarks=5)
    other.extend(people["ben"].records)
    with pytest.raises(ValueError, match=r"types \['full', 'half'\]"):
        train({"ana": people["ana"], "ben": other}, tmp_path, epochs=1, **SETTINGS)


def test_the_model_knows_how_far_people_turned(people, tmp_path, calls):
    """Turned heads beyond the person's own range can be counted."""
    turned = {}
    for name, faces in people.items():
        turned[name] = FaceSet(faces.image_size, faces.face_type, faces.landmarks)
        for i, record in enumerate(faces.records):
            face = replace(record.face, yaw=float(i), pitch=-2.0 * i)
            turned[name].append(face, faces.images[i], record.source, record.frame)
    with pytest.raises(Stop):
        train(turned, tmp_path, epochs=1, **SETTINGS)
    poses = calls["model"].poses
    assert set(poses) == {"ana", "ben"}
    for least, most, low, high in poses.values():
        assert 0 <= least < 0.2 and most > 2.5 and low < -5 and -0.4 < high <= 0

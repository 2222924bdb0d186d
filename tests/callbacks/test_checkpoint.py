from __future__ import annotations

import csv
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import keras
import numpy as np
import pytest
from callback_helpers import images, model, pairs, same, schedule

from deepface_models import IntegrityError, InUseError, ModelFileError
from deepface_models.callbacks import (
    BestByMeasure,
    EpochTable,
    ResumableCheckpoint,
    StopOnNonFinite,
    SwapPreview,
    TimeBudget,
)
from deepface_models.callbacks._people import check_people
from deepface_models.models.swap import Swift

pytestmark = pytest.mark.usefixtures("eager")

backend = pytest.mark.backend


def train(folder, epochs, graph=False, first=()):
    data, made = pairs(), model(schedule(), graph=graph)
    callbacks = [*first, ResumableCheckpoint(folder, data)]
    history = made.fit(data, epochs=epochs, verbose=0, callbacks=callbacks)
    return made, history


@pytest.fixture(scope="module")
def straight():
    data, made = pairs(), model(schedule())
    history = made.fit(data, epochs=4, verbose=0)
    return made, history


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "run"
    train(folder, 2)
    return folder


@pytest.fixture
def run(two_epochs, tmp_path):
    """A folder with the checkpoints of two epochs, to be spoiled."""
    return Path(shutil.copytree(two_epochs, tmp_path / "run"))


@backend
@pytest.mark.slow
def test_resumed_is_uninterrupted_to_the_last_bit(tmp_path):
    straight, losses = train(tmp_path / "straight", 3, graph=True)
    train(tmp_path / "run", 1, graph=True)
    made, history = train(tmp_path / "run", 3, graph=True)
    assert same(made, straight)
    assert history.epoch == [1, 2]
    assert history.history["loss"] == losses.history["loss"][1:]
    assert int(made.optimizer.iterations) == 9


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
@pytest.mark.parametrize("number", [3])
def test_kill_9_while_a_checkpoint_is_written(tmp_path, straight, number):
    """Nothing is left behind, and no epoch is in the table twice."""
    script = Path(__file__).with_name("resume_script.py")
    command = [sys.executable, script, tmp_path / "run", str(number)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        command, capture_output=True, timeout=240, check=False, env=environment
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()[-2000:]
    assert sorted(os.listdir(tmp_path / "run")) == [
        ".epoch-000003.lock",
        ".epoch-000003.new",
        "epoch-000001",
        "epoch-000002",
    ]
    assert (tmp_path / "history.csv").read_bytes().count(b"\n") == 1 + 3
    table = EpochTable(tmp_path / "history.csv")
    made, history = train(tmp_path / "run", 4, first=[table])
    assert history.epoch == [2, 3]
    assert same(made, straight[0])
    assert sorted(os.listdir(tmp_path / "run")) == ["epoch-000003", "epoch-000004"]
    assert sorted(os.listdir(tmp_path)) == ["history.csv", "run"]
    with open(tmp_path / "history.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [0, 1, 2, 3]
    losses = [float(row["loss"]) for row in rows]
    assert losses == straight[1].history["loss"]


@pytest.mark.slow
def test_remains_of_an_epoch_that_is_not_saved_again_go_too(run):
    """Temporary files are swept by the next run."""
    (run / ".epoch-000009.new").mkdir()
    (run / ".epoch-000002.former").mkdir()
    (run / ".epoch-000009.lock").touch()
    train(run, 3)
    assert sorted(os.listdir(run)) == ["epoch-000002", "epoch-000003"]


def test_one_training_a_folder(run):
    """One writer at a time; the next may start when it ended."""
    before = sorted(os.listdir(run))
    seen: list[BaseException] = []

    def other() -> None:
        for callback in (ResumableCheckpoint(run), BestByMeasure(run, len)):
            try:
                callback.on_train_begin()
            except InUseError as error:
                seen.append(error)

    holding = ResumableCheckpoint(run)
    holding.hold()
    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert len(seen) == 2 and str(run) in str(seen[0])
    holding.let_go()
    assert train(run, 3)[1].epoch == [2]
    assert sorted(os.listdir(run.parent)) == ["run"]
    assert before[-1] in os.listdir(run)


@pytest.mark.slow
def test_crash_between_the_two_renames(run, straight):
    (run / "epoch-000002").rename(run / ".epoch-000002.former")
    made, history = train(run, 4)
    assert history.epoch == [2, 3]
    assert same(made, straight[0])


@pytest.mark.parametrize("name", ["state.npz", "checkpoint.json"])
@pytest.mark.parametrize("how", ["cut", "flip", "gone"])
@pytest.mark.slow
def test_damaged_newest_falls_back_to_the_one_before(run, straight, caplog, name, how):
    spoil(run / "epoch-000002" / name, how)
    with caplog.at_level(logging.WARNING):
        made, history = train(run, 4)
    assert "epoch-000002 is damaged" in caplog.text
    assert history.epoch == [1, 2, 3]
    assert same(made, straight[0])
    assert (run / "epoch-000002.damaged").is_dir()


def test_never_starts_afresh_over_damaged_checkpoints(run):
    for name in ("epoch-000001", "epoch-000002"):
        spoil(run / name / "state.npz", "flip")
    before = sorted(os.listdir(run))
    for _ in range(2):
        with pytest.raises(IntegrityError, match="all checkpoints are damaged"):
            train(run, 4)
    assert sorted(os.listdir(run)) == before


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "run").write_text("notes", encoding="utf-8")
    with pytest.raises(NotADirectoryError):
        train(tmp_path / "run", 1)


def test_another_model_or_optimizer_is_refused(run):
    data = pairs()
    other = model(schedule(), latent_size=20)
    sgd = model()
    sgd.compile(keras.optimizers.SGD(0.1))
    for made in (other, sgd):
        before = [w.copy() for w in made.get_weights()]
        checkpoint = ResumableCheckpoint(run, data)
        checkpoint.set_model(made)
        with pytest.raises(ModelFileError, match="another model"):
            checkpoint.on_train_begin()
        assert all(map(np.array_equal, before, made.get_weights()))


def test_exchanged_people_are_refused(run):
    """Ana's decoder would have been trained with ben's faces."""
    data = pairs()
    known = data.sketches
    assert set(known) == {"ana", "ben"} and all(known.values())
    data.sketches = {"ana": known["ben"], "ben": known["ana"]}
    checkpoint = ResumableCheckpoint(run, data)
    made = model(schedule())
    before = made.get_weights()
    with pytest.raises(ModelFileError, match=r"Faces of 'ben'.* given for 'ana'"):
        made.fit(data, epochs=3, verbose=0, callbacks=[checkpoint])
    for old, new in zip(before, made.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_more_and_fewer_faces_are_the_same_people():
    """Grown sets are accepted, as are unknown ones."""
    noted = {"ana": ["1", "2", "3"], "ben": ["7", "8", "9"]}
    for ana in (["1", "2"], ["0", "1", "2"], ["4", "5"]):
        check_people(noted, {"ana": ana, "ben": ["8"]}, Path("run"))
    check_people(None, {"ana": ["1"]}, Path("run"))
    with pytest.raises(ModelFileError, match="Exchange the names"):
        check_people(noted, {"ana": ["1", "2"], "ben": ["2", "3"]}, Path("run"))


@pytest.mark.slow
def test_reordered_identities_resume_the_same_people(run, straight):
    data, made = pairs(), model(schedule(), names=("ben", "ana"))
    made.fit(data, epochs=4, verbose=0, callbacks=[ResumableCheckpoint(run, data)])
    faces = images()["ana"]
    for name in ("ana", "ben"):
        drawn = made.predict(faces, identity=name)
        assert np.array_equal(drawn, straight[0].predict(faces, identity=name))


@pytest.mark.slow
def test_same_objects_may_go_on_and_later_fits_start_at_zero(tmp_path):
    data, made = pairs(steps=1), model()
    checkpoint = ResumableCheckpoint(tmp_path, data)
    made.fit(data, epochs=2, verbose=0, callbacks=[checkpoint])
    history = made.fit(data, epochs=3, verbose=0, callbacks=[checkpoint])
    assert history.epoch == [2]
    assert made.fit(data, epochs=2, verbose=0).epoch == [0, 1]
    done = made.fit(data, epochs=3, verbose=0, callbacks=[checkpoint])
    assert done.epoch == []
    assert made.fit(data, epochs=2, verbose=0).epoch == [0, 1]


@pytest.mark.slow
def test_every_and_keep(tmp_path):
    data, made = pairs(steps=1), model()
    checkpoint = ResumableCheckpoint(tmp_path, data, every=2, keep=3)
    made.fit(data, epochs=5, verbose=0, callbacks=[checkpoint])
    assert [p.name for p in checkpoint.checkpoints()] == [
        "epoch-000005",
        "epoch-000004",
        "epoch-000002",
    ]
    with pytest.raises(ValueError, match="keep=0"):
        ResumableCheckpoint(tmp_path, keep=0)


def test_epoch_with_nan_loss_is_not_saved(run):
    data, made = pairs(), model(schedule())
    made.compile(made.optimizer, loss={n: nan_loss for n in made.identities})
    made.fit(data, epochs=3, verbose=0, callbacks=[ResumableCheckpoint(run, data)])
    assert sorted(os.listdir(run)) == ["epoch-000001", "epoch-000002"]


def nan_loss(y_true, y_pred):
    return keras.ops.mean(y_pred, axis=(1, 2, 3)) * float("nan")


@backend
def test_seed_generators_and_plain_models_resume(tmp_path):
    def made():
        keras.utils.set_random_seed(3)
        layers = [keras.layers.Dense(8), keras.layers.Dropout(0.5)]
        net = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(1)])
        net.compile("adam", "mse")
        return net

    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    train_on = {"x": x, "y": x[:, :1], "shuffle": False, "verbose": 0}
    straight = made()
    straight.fit(epochs=4, **train_on)
    made().fit(epochs=2, callbacks=[ResumableCheckpoint(tmp_path)], **train_on)
    resumed = made()
    resumed.fit(epochs=4, callbacks=[ResumableCheckpoint(tmp_path)], **train_on)
    assert all(map(np.array_equal, straight.get_weights(), resumed.get_weights()))


@pytest.mark.slow
def test_also_keeps_what_is_left_of_a_time_budget(tmp_path, monkeypatch):
    from deepface_models.callbacks import budget as module

    now = [0.0]
    monkeypatch.setattr(module, "_CLOCK", lambda: now[0])
    data, made, budget = pairs(steps=1), model(), TimeBudget(1)

    class Tick(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            now[0] += 10.0

    checkpoint = ResumableCheckpoint(tmp_path, data, also=[budget])
    calls = [Tick(), budget, checkpoint]
    made.fit(data, epochs=2, verbose=0, callbacks=calls)
    assert budget.used == 20.0

    now[0] = 500.0
    again, budget = model(), TimeBudget(1)
    checkpoint = ResumableCheckpoint(tmp_path, data, also=[budget])
    calls = [Tick(), checkpoint, budget]
    history = again.fit(data, epochs=99, verbose=0, callbacks=calls)
    assert history.epoch == [2, 3, 4, 5]
    assert float(again.optimizer.learning_rate) == pytest.approx(1e-3)
    after, budget = model(), TimeBudget(1)
    checkpoint = ResumableCheckpoint(tmp_path, data, also=[budget])
    history = after.fit(data, epochs=99, verbose=0, callbacks=[checkpoint, budget])
    assert history.epoch == []


def test_stopped_within_an_epoch_it_continues_with_new_samples(tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = True

    data, made = pairs(), model()
    made.fit(data, verbose=0, callbacks=[Stop(), ResumableCheckpoint(tmp_path, data)])
    manifest = json.loads(
        (tmp_path / "epoch-000001" / "checkpoint.json").read_text(encoding="utf-8")
    )
    assert manifest["data_epoch"] == data.epoch + 1


@pytest.mark.slow
def test_swift_resumed_with_every_callback_is_swift_left_alone(tmp_path):
    def fit(epochs, *callbacks):
        arguments = {"image_size": 64, "latent_size": 8, "basis_size": 3}
        made, data = model(schedule(), kind=Swift, **arguments), pairs(2, size=64)
        checkpoints = [ResumableCheckpoint(tmp_path / "run", data)] if callbacks else []
        calls = [*callbacks, *checkpoints]
        history = made.fit(data, epochs=epochs, verbose=0, callbacks=calls)
        return made, history.history

    faces = images(64)
    others = [
        SwapPreview(tmp_path / "preview", faces),
        StopOnNonFinite(every=2),
        BestByMeasure(
            tmp_path / "best",
            lambda of: of.predict(faces["ana"], identity="ben").mean(),
        ),
    ]
    alone, history = fit(2)
    fit(1, *others)
    made, rest = fit(2, *others)
    assert same(made, alone)
    assert rest == {name: values[1:] for name, values in history.items()}


def spoil(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
    elif how == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

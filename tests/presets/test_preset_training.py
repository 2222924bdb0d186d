"""`train(preset=...)`: initial weights, frozen parts, and resuming."""

from __future__ import annotations

import json
import shutil

import keras
import numpy as np
import pytest
from preset_helpers import FACTS

from deepface_models import ModelFileError, load, presets
from deepface_models.callbacks import TimeBudget
from deepface_models.cli import main
from deepface_models.faces import FaceSet
from deepface_models.models.swap import Swift
from deepface_models.presets import registry
from deepface_models.training import fine_tuning as _fine_tuning
from deepface_models.training import train

pytestmark = pytest.mark.usefixtures("eager")

SETTINGS = {"batch_size": 2, "steps": 2, "checkpoint_every": 1, "seed": 3}
TRAINING = "deepface_models.training"
QUIET = {**SETTINGS, "preview_every": 9, "verbose": 0}


class Stop(Exception):
    """Ends a training where a test has seen enough."""


class Moved(keras.callbacks.Callback):
    """Which shared parts each batch changed."""

    def __init__(self):
        super().__init__()
        self.before, self.seen = {}, []

    def on_epoch_begin(self, epoch, logs=None):
        self.before = self.now()

    def on_train_batch_end(self, batch, logs=None):
        now = self.now()
        changed = [
            n for n in now if not all(map(np.array_equal, now[n], self.before[n]))
        ]
        self.seen.append(sorted(changed))
        self.before = now

    def now(self):
        parts = {n: self.model.parts[n] for n in ("encoder", "shared_decoder")}
        return {name: part.get_weights() for name, part in parts.items()}


@pytest.fixture
def started(monkeypatch):
    """The model and callbacks that `fit` gets; nothing is trained."""
    seen: dict = {}

    def fit(self, x=None, **kwargs):
        seen.update(model=self, **kwargs)
        raise Stop

    monkeypatch.setattr(Swift, "fit", fit)
    return seen


@pytest.mark.backend
@pytest.mark.slow
def test_frozen_parts_learn_after_their_share(packed, people, tmp_path, caplog):
    caplog.set_level("INFO", logger=TRAINING)
    moved = Moved()
    model = train(
        people,
        tmp_path,
        preset=packed / "shared",
        epochs=4,
        freeze={"encoder": 0.75, "shared_decoder": 0.25},
        lr_multipliers={"encoder": 0.01},
        callbacks=[moved],
        **{**SETTINGS, "preview_every": 9, "verbose": 2},
    )
    both = ["encoder", "shared_decoder"]
    assert moved.seen == [[]] * 2 + [["shared_decoder"]] * 4 + [both] * 2
    messages = [r.getMessage() for r in caplog.records if r.name.startswith(TRAINING)]
    assert messages == [
        "Training starts from shared: encoder is frozen for the first 75 %, "
        "shared_decoder is frozen for the first 25 %, "
        "encoder learns at 0.01 times the learning rate."
    ]
    assert model.optimizer.held == ()
    assert load(tmp_path / "model").started_from == model.started_from


def test_parts_that_never_learn_need_no_gradients(packed, people, tmp_path, started):
    expected = {
        "freeze": {"encoder": 1.0},
        "lr_multipliers": {"encoder": 0.1, "shared_decoder": 0.1},
    }
    with pytest.raises(Stop):
        train(people, tmp_path, preset=packed / "shared", epochs=1, **expected, **QUIET)
    model = started["model"]
    assert model.frozen == ("encoder",)
    assert dict(model.optimizer.lr_multipliers) == {"shared_decoder": 0.1}
    assert not [c for c in started["callbacks"] if hasattr(c, "shares")]


@pytest.mark.slow
def test_going_on_with_another_start_is_refused(
    packed, swift, people, tmp_path, started, monkeypatch
):
    (tmp_path / "checkpoints" / "epoch-000001").mkdir(parents=True)
    with pytest.raises(ModelFileError, match="from a new model, not from shared"):
        train(people, tmp_path, epochs=2, preset=packed / "shared", **QUIET)
    shutil.rmtree(tmp_path / "checkpoints")
    with pytest.raises(Stop):
        train(people, tmp_path, epochs=2, preset=packed / "shared", **QUIET)
    noted = json.loads((tmp_path / "start.json").read_text(encoding="utf-8"))
    assert noted == {"started_from": started["model"].started_from}
    (tmp_path / "checkpoints" / "epoch-000001").mkdir(parents=True)
    moved = shutil.copytree(packed / "shared", tmp_path / "elsewhere")
    with pytest.raises(Stop):
        train(people, tmp_path, epochs=3, preset=moved, **QUIET)
    with pytest.raises(ModelFileError, match=r"from shared#.*, not from a new model"):
        train(people, tmp_path, epochs=3, image_size=64, **QUIET)
    presets.save_preset(
        swift, tmp_path / "other", shared=True, **{**FACTS, "license": "MIT"}
    )
    with pytest.raises(ModelFileError, match=r"not from other#.*Start from that, or"):
        train(people, tmp_path, epochs=3, preset=tmp_path / "other", **QUIET)
    shutil.rmtree(tmp_path / "checkpoints")
    monkeypatch.setattr("deepface_models.training.build", lambda *a: started["model"])
    started["model"].started_from = None
    with pytest.raises(Stop):
        train(people, tmp_path, epochs=3, **QUIET)
    assert not (tmp_path / "start.json").exists()


def test_a_saved_model_of_the_same_people_is_trained_on(
    swift, people, tmp_path, started
):
    swift.save_parts(tmp_path / "former")
    with pytest.raises(Stop):
        train(people, tmp_path / "out", preset=tmp_path / "former", epochs=1, **QUIET)
    for name, part in swift.parts.items():
        mine = started["model"].parts[name].get_weights()
        assert all(map(np.array_equal, part.get_weights(), mine)), name
    assert started["model"].started_from.startswith("former#sha256=")


@pytest.mark.slow
def test_all_learns_by_default_and_for_less_time_where_much_is_known(
    packed, people, tmp_path, started
):
    expected = {**QUIET, "preset": packed / "shared"}
    with pytest.raises(Stop):
        train(people, tmp_path / "plain", **expected)
    first = started["model"], minutes_of(started)
    model = load(packed / "shared", identities=("ana", "ben"))
    model.build_decoder_initializers(["decoder_initializer"])
    folder = presets.save_preset(model, tmp_path / "more", shared=True, **FACTS)
    expected["preset"] = folder
    with pytest.raises(Stop):
        train(people, tmp_path, **expected)
    second = started["model"], minutes_of(started)
    assert (first[1], second[1]) == (_fine_tuning.FROM_SCRATCH, _fine_tuning.MINUTES)
    for model, _ in (first, second):
        assert type(model.optimizer) is type(keras.optimizers.Adam())
        assert model.frozen == ()
    with pytest.raises(Stop):
        train(people, tmp_path, freeze={"shared_decoder": 0.5}, epochs=8, **expected)
    assert started["model"].optimizer.lr_multipliers == {"shared_decoder": 1.0}
    (frozen,) = [c for c in started["callbacks"] if hasattr(c, "shares")]
    assert (frozen.shares, frozen.steps, frozen.budget) == (
        {"shared_decoder": 0.5},
        16,
        None,
    )


def minutes_of(started):
    (budget,) = [c for c in started["callbacks"] if isinstance(c, TimeBudget)]
    return budget.minutes


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"architecture": "original"},
            "holds a Swift. Expected a Original.*Leave `a",
        ),
        ({"architecture": "swfit"}, "Did you mean 'swift'"),
        ({"image_size": 96}, "a model of 64 pixels. Expected image_size=96"),
        ({"freeze": {"enc": 0.5}}, r"part='enc' was given.*'encoder'"),
        ({"lr_multipliers": {"enc": 0.5}}, "part='enc' was given"),
        (
            {"lr_multipliers": {"encoder": 0.0}},
            r"Expected numbers above 0.*model.freeze\('enc",
        ),
        ({"freeze": {"encoder": 1.5}}, "Expected fractions of the training"),
    ],
)
def test_what_does_not_fit_is_said(packed, people, tmp_path, started, asked, message):
    with pytest.raises(ValueError, match=message):
        train(people, tmp_path, preset=packed / "shared", epochs=1, **asked, **QUIET)
    assert not (tmp_path / "checkpoints").exists()


def test_faces_cut_out_otherwise_are_refused(people, tmp_path):
    model = Swift(("x", "y"), 64, latent_size=8, basis_size=2, face_type="half")
    presets.save_preset(model, tmp_path / "half", shared=True, **FACTS)
    with pytest.raises(ValueError, match=r"cropped as 'half'\. Expected 'full'"):
        train(people, tmp_path / "out", preset=tmp_path / "half", epochs=1, **QUIET)


def test_presets_that_are_no_face_swap_or_of_others_are_refused(
    packed, people, tmp_path
):
    with pytest.raises(ModelFileError, match="Expected a FaceSwap"):
        train(people, tmp_path, preset=packed / "dense", epochs=1, **QUIET)
    others = {"zoe": people["ana"], "joe": people["ben"]}
    with pytest.raises(ValueError, match="whose people are 'ana', 'ben'"):
        train(others, tmp_path, preset=packed / "people", epochs=1, **QUIET)


def test_the_command_starts_from_a_preset_by_name(
    packed, people, tmp_path, started, capsys, monkeypatch
):
    for name, faces in people.items():
        made = FaceSet.create(tmp_path / name, image_size=64, landmarks=5)
        made.extend(faces.records)
    presets.register(packed / "shared", ["https://nowhere.invalid/x"])
    monkeypatch.setattr(registry, "weights_folder", lambda: packed)
    words = ["train", *(f"{name}={tmp_path / name}" for name in people)]
    words += ["--output", str(tmp_path / "out"), "--epochs", "1"]
    with pytest.raises(Stop):
        main([*words, "--preset", "shared"])
    assert capsys.readouterr().out.splitlines()[-1] == (
        "Training starts from shared: all parts learn from the first step."
    )
    started["model"].save_parts(tmp_path / "former" / "model")
    with pytest.raises(Stop):
        main(
            [
                *words[:-4],
                "--output",
                str(tmp_path / "b"),
                "--preset",
                str(tmp_path / "former"),
            ]
        )
    assert started["model"].started_from.startswith("model#sha256=")
    assert main([*words, "--preset", "shred"]) == 2
    assert "Did you mean 'shared'?" in capsys.readouterr().err

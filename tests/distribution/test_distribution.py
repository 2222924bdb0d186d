"""Training on several devices and by several processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import deepface_models
from deepface_models.callbacks import EpochTable, ResumableCheckpoint, SwapPreview
from deepface_models.data import SwapPairs
from deepface_models.training import train
from deepface_models.training.devices import Devices, find_devices
from deepface_models.training.following import checkpoint_of, of_process

CHILD = Path(__file__).with_name("child.py")
ROOT = Path(deepface_models.__file__).parent.parent
# Compiling is most of the time, and what optimization saves is not needed here.
QUICK = "--xla_backend_optimization_level=0"


def start(backend: str, *words: str, **environment: str) -> subprocess.Popen[str]:
    own = {"KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT), "DEVICES": "2"}
    return subprocess.Popen(
        [sys.executable, str(CHILD), *words],
        env={**os.environ, "XLA_FLAGS": QUICK, **own, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def result(process: subprocess.Popen[str]) -> dict[str, float]:
    said, failed = process.communicate(timeout=600)
    assert process.returncode == 0, failed[-4000:]
    return json.loads(said.splitlines()[-1])


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def check_two(found):
    assert found["devices"] == 2
    assert found["steps"] < 1e-3
    assert found["losses"] < 1e-4


@pytest.mark.slow
def test_two_devices_of_tensorflow_step_as_one():
    """With discriminators, whose loss the model adds itself; see `adversarial`."""
    check_two(result(start("tensorflow", "compare", "adversarial")))


@pytest.mark.by_hand
@pytest.mark.slow
def test_two_devices_of_tensorflow_resume_as_they_were(tmp_path):
    found = result(start("tensorflow", "compare", "adversarial", str(tmp_path / "a")))
    check_two(found)
    assert found["epochs_resumed"] == 1
    assert found["resumed"] < 1e-3
    assert found["losses_resumed"] < 1e-4


@pytest.mark.slow
def test_two_devices_of_jax_step_as_one():
    pytest.importorskip("jax")
    flags = f"{QUICK} --xla_force_host_platform_device_count=2"
    check_two(result(start("jax", "compare", "swift", XLA_FLAGS=flags)))


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path):
    """As one process does that has the faces of both."""
    pytest.importorskip("jax")
    cluster = {
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{free_port()}",
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
    }
    words = ("run", str(tmp_path / "two"), "1")
    running = [
        start("jax", *words, "all", KERAS_DISTRIBUTION_PROCESS_ID=str(i), **cluster)
        for i in range(2)
    ]
    try:
        first, second = map(result, running)
    finally:
        for process in running:
            process.kill()
    assert first == second
    one = result(start("jax", "run", str(tmp_path / "one"), "1", "none"))
    assert first["sum"] == pytest.approx(one["sum"], rel=1e-5)
    for folder in ("one", "two"):
        made = {path.name for path in (tmp_path / folder).iterdir()}
        assert made == {"checkpoints", "history.csv", "model", "previews"}
    table = (tmp_path / "two" / "history.csv").read_text(encoding="utf-8")
    assert len(table.splitlines()) == 2


def test_each_process_has_faces_of_its_own(people):
    pairs = SwapPairs(people, 4, steps=2, seed=1)
    assert pairs.share(0, 1) is pairs
    assert pairs.whole is pairs
    parts = [pairs.share(number, 2) for number in range(2)]
    batches = [part[0][0]["ana"] for part in parts]
    assert [batch.shape for batch in batches] == [(2, 64, 64, 3)] * 2
    assert not np.array_equal(*batches)
    np.testing.assert_array_equal(parts[1][1][0]["ben"], parts[1][1][0]["ben"])
    np.testing.assert_array_equal(parts[0].whole[0][0]["ana"], pairs[0][0]["ana"])
    parts[0].on_epoch_end()
    assert not np.array_equal(parts[0][0][0]["ana"], batches[0])
    assert parts[0].whole.epoch == 1
    for index, count in ((2, 2), (0, 3)):
        with pytest.raises(ValueError, match="a batch that it divides"):
            pairs.share(index, count)


def test_only_the_first_process_writes(people, tmp_path):
    leader, follower = Devices(2, 1, 0), Devices(2, 1, 1)
    faces = {"ana": people["ana"].images}
    table, preview = EpochTable(tmp_path / "a.csv"), SwapPreview(tmp_path / "b", faces)
    stop = keras.callbacks.TerminateOnNaN()
    assert of_process(leader, [table, preview, stop]) == [table, preview, stop]
    assert of_process(follower, [table, preview, stop]) == [stop]

    def fit(*callbacks, epochs):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("adam", "mse", run_eagerly=True)
        x, y = np.ones((2, 2)), np.ones((2, 1))
        model.fit(x, y, epochs=epochs, verbose=0, callbacks=list(callbacks))
        return model.get_weights()

    folder = tmp_path / "checkpoints"
    fit(checkpoint_of(leader, folder), epochs=2)
    kept = sorted(path.name for path in folder.iterdir())
    expected = fit(epochs=3)
    for other in (follower, leader):
        found = fit(checkpoint_of(other, folder), epochs=3)
        for one, two in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-6)
        if other is follower:
            assert sorted(path.name for path in folder.iterdir()) == kept
    assert (folder / "epoch-000003").is_dir()
    assert isinstance(checkpoint_of(leader, folder), ResumableCheckpoint)


def test_what_devices_cannot_do_together_is_refused(people, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"3 devices.*Use batch_size=9"):
        Devices(3).check(8, 1.0, None)
    with pytest.raises(ValueError, match="whose clocks differ"):
        Devices(4, 2).check(8, 1.0, 5)
    with pytest.raises(ValueError, match="whose clocks differ"):
        Devices(4, 2).check(8, None, None)
    Devices(4, 2).check(8, None, 5)
    assert find_devices(None) == Devices()
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(ValueError, match="KERAS_BACKEND=jax"):
        train(people, tmp_path / "out", devices="all")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="refused")
@pytest.mark.parametrize("devices", ["gpu:9", ["cpu:0", "cpu:0"], []])
def test_unknown_devices_are_refused(devices):
    with pytest.raises(ValueError, match=r'Use devices="all"'):
        find_devices(devices)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="one CPU device")
def test_one_device_needs_no_strategy(people, tmp_path, monkeypatch):
    assert find_devices(["cpu:0"]) == Devices()
    assert not find_devices("all").processes > 1

from __future__ import annotations

import gzip
import struct
import sys
import types

import keras
import numpy as np
import pytest

from deepface_models.core.errors import MediaError, MissingDependencyError
from deepface_models.data.digits import (
    FASHION_NAMES,
    load_digits,
    load_fashion_mnist,
    load_mnist,
)
from deepface_models.data.idx import read_idx

CODES = {"u1": 8, ">i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}


def idx(array: np.ndarray, kind: str = "u1") -> bytes:
    head = bytes([0, 0, CODES[kind], array.ndim])
    return (
        head
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.astype(kind).tobytes()
    )


def write_mnist(folder, prefixes=("train", "t10k"), end=".gz", dot="-") -> dict:
    """Writes small files by MNIST's names; returns their images and labels."""
    rng, made = np.random.default_rng(3), {}
    folder.mkdir(exist_ok=True)
    for number, prefix in enumerate(prefixes):
        images = rng.integers(0, 256, (5 + number, 28, 28), "uint8")
        labels = rng.integers(0, 10, 5 + number, "uint8")
        made[prefix] = images, labels
        for kind, array in (("images", images), ("labels", labels)):
            name = f"{prefix}-{kind}{dot}idx{array.ndim}-ubyte{end}"
            data = idx(array)
            (folder / name).write_bytes(gzip.compress(data) if end else data)
    return made


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("packed", [True, False])
def test_idx_gives_back_what_was_written(tmp_path, kind, packed):
    values = np.array([[[1, 2], [-3, 100]], [[5, 6], [7, 8]], [[0, 1], [2, 3]]])
    values = np.abs(values) if kind == "u1" else values
    data = idx(values, kind)
    (tmp_path / "file").write_bytes(gzip.compress(data) if packed else data)
    found = read_idx(tmp_path / "file")
    assert np.array_equal(found, values) and found.shape == (3, 2, 2)
    assert found.dtype == np.dtype(kind).newbyteorder("=")
    found[0] = 0  # may be written to


def test_damaged_idx_files_are_refused(tmp_path):
    path, whole = tmp_path / "t10k-images-idx3-ubyte.gz", idx(np.ones((4, 3, 2)))
    packed = gzip.compress(whole)
    flipped = packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:]
    for data, says in (
        (whole[:-1], r"holds 39 bytes\. Expected 40 for the shape \(4, 3, 2\)"),
        (whole + b"\0", "holds 41 bytes"),
        (whole[:9], "holds 9 bytes"),
        (whole[:4], "holds 4 bytes"),
        (b"", "is no IDX file"),
        (b"<html>", "starts with the bytes '3c 68 74 6d'"),
        (b"\0\0\x0a\x01" + whole[4:], "is no IDX file"),
        (b"\0\0\x08\0", "is no IDX file"),
        (packed[:-9], "cannot be decompressed"),
        (packed[:3], "cannot be decompressed"),
        (flipped, "cannot be decompressed"),
    ):
        path.write_bytes(data)
        with pytest.raises(MediaError, match=says):
            read_idx(path)
    with pytest.raises(FileNotFoundError, match="No file is at"):
        read_idx(tmp_path / "nothing")


@pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist])
@pytest.mark.parametrize(("end", "dot"), [(".gz", "-"), ("", "-"), ("", ".")])
def test_a_folder_of_idx_files_is_read(tmp_path, load, end, dot):
    made = write_mnist(tmp_path, end=end, dot=dot)
    (x_train, y_train), (x_test, y_test) = load(tmp_path)
    assert np.array_equal(x_train, made["train"][0]) and x_train.dtype == np.uint8
    assert np.array_equal(y_train, made["train"][1]) and y_train.shape == (5,)
    assert np.array_equal(x_test, made["t10k"][0]) and x_test.shape == (6, 28, 28)
    assert np.array_equal(y_test, made["t10k"][1])
    assert np.array_equal(load(str(tmp_path), subset="train")[0], x_train)


def test_one_subset_needs_only_its_own_files(tmp_path):
    made = write_mnist(tmp_path, ("t10k",))
    images, labels = load_mnist(tmp_path, subset="test")
    assert np.array_equal(images, made["t10k"][0])
    assert np.array_equal(labels, made["t10k"][1])
    says = (
        r"has no train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz\. .*"
        'pass subset="test"'
    )
    with pytest.raises(FileNotFoundError, match=says):
        load_mnist(tmp_path)
    with pytest.raises(ValueError, match="subset='tests' was given"):
        load_mnist(tmp_path, subset="tests")


def test_files_that_do_not_belong_together_are_refused(tmp_path):
    write_mnist(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    for array in (np.zeros(5), np.zeros((6, 1))):
        labels.write_bytes(idx(array))
        with pytest.raises(
            MediaError, match=r"test files in .*\(6, 28, 28\) and labels"
        ):
            load_mnist(tmp_path)
    assert len(load_mnist(tmp_path, subset="train")[0]) == 5


@pytest.mark.parametrize(
    ("load", "module"), [(load_mnist, "mnist"), (load_fashion_mnist, "fashion_mnist")]
)
def test_without_a_folder_keras_downloads(monkeypatch, load, module):
    pairs = ((np.zeros((3, 28, 28), "uint8"), np.zeros(3)), (np.ones(2), np.ones(2)))
    online = getattr(keras.datasets, module)
    monkeypatch.setattr(online, "load_data", lambda: pairs)
    assert load() is not None and load()[0][0] is pairs[0][0]
    assert load(subset="test")[0] is pairs[1][0]

    def offline():
        raise Exception("URL fetch failure on https://storage: None -- no route")

    monkeypatch.setattr(online, "load_data", offline)
    with pytest.raises(ConnectionError, match="no route") as caught:
        load()
    for way in (
        *("train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
        *("apt install dataset-fashion-mnist", "/usr/share/datasets/fashion-mnist"),
        *("load_digits()", "pip install 'deepface_models[digits]'"),
    ):
        assert way in str(caught.value)


def test_fashion_has_a_name_for_each_label():
    assert len(FASHION_NAMES) == 10 and FASHION_NAMES[9] == "Ankle boot"


def test_digits_are_scaled_and_enlarged(monkeypatch):
    images = np.random.default_rng(0).integers(0, 17, (1797, 8, 8)).astype(float)
    images[0, 0, :3] = 0, 8, 16
    target = np.arange(1797) % 10
    found = types.SimpleNamespace(images=images, target=target)
    datasets = types.SimpleNamespace(load_digits=lambda: found)
    package = types.SimpleNamespace(datasets=datasets)
    monkeypatch.setitem(sys.modules, "sklearn", package)
    (x_train, y_train), (x_test, y_test) = load_digits()
    assert x_train.shape == (1500, 8, 8) and x_test.shape == (297, 8, 8)
    assert x_train[0, 0, :3].tolist() == [0, 128, 255]
    assert x_train.dtype == y_train.dtype == np.uint8
    assert np.array_equal(np.concatenate([y_train, y_test]), target)
    larger, labels = load_digits(28, subset="test")
    assert larger.shape == (297, 28, 28) and np.array_equal(labels, y_test)
    small = larger.reshape(297, 28, 28)[:, 1::7, 1::7]
    assert np.corrcoef(small.ravel(), x_test[:, ::2, ::2].ravel())[0, 1] > 0.8
    with pytest.raises(ValueError, match="image_size=7 was given"):
        load_digits(7)


def test_digits_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingDependencyError, match=r"deepface_models\[digits\]"):
        load_digits()


def test_the_digits_of_scikit_learn_are_complete():
    pytest.importorskip("sklearn")
    (x_train, y_train), (x_test, _) = load_digits()
    assert len(x_train) + len(x_test) == 1797
    assert y_train[:10].tolist() == list(range(10)) and x_train.max() == 255

"""Untrusted files raise only documented errors and allocate bounded memory."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import bytes_change, json_change, to_text

from deepface_models import (
    IntegrityError,
    MediaError,
    ModelFileError,
    ProvenanceError,
    load,
    presets,
)
from deepface_models.callbacks import ResumableCheckpoint
from deepface_models.conversion._progress_log import ProgressLog
from deepface_models.core.files import measure
from deepface_models.core.guards import check_weights, read_arrays
from deepface_models.faces import Box, Face, FaceSet, alignment_matrix
from deepface_models.models.autoencoders import DenseAutoencoder
from deepface_models.presets import record, registry
from deepface_models.provenance import Certificate, Record
from deepface_models.training import fine_tuning

FACTS: dict[str, Any] = {"license": "CC0-1.0", "data": "noise", "seed": 0}
FEW = settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One of each file of ours, in a folder. Not to change."""
    root = tmp_path_factory.mktemp("made")
    model = DenseAutoencoder((4, 4, 1), latent_size=3)
    model.save_parts(root / "model")
    model.save(root / "model.keras")
    presets.save_preset(model, root / "preset", **FACTS)
    model.compile("adam", "mse")
    checkpoint = ResumableCheckpoint(root / "checkpoints")
    data = np.zeros((4, 4, 4, 1), "float32")
    model.fit(data, data, verbose=0, callbacks=[checkpoint])
    points = np.random.default_rng(0).uniform(0, 32, (68, 2)).astype("float32")
    face = Face(Box(0, 0, 9, 9), points, 1.0, "made", alignment_matrix(points, 32), 32)
    faces = FaceSet.create(root / "faces", 32)
    faces.append(face, np.zeros((32, 32, 3), np.uint8), "a.mp4")
    progress = {"sha256": "0" * 64, "status": "done", "next_frame": 1}
    faces.progress["a.mp4"] = progress
    faces.save()
    Certificate.own(root / "certificate")
    return root


@pytest.fixture
def place(made, tmp_path):
    """Gives a fresh copy of one of them."""

    def fresh(name: str) -> Path:
        target = tmp_path / name
        if target.is_dir():
            shutil.rmtree(target)
        path = made / name
        (shutil.copytree if path.is_dir() else shutil.copy2)(path, target)
        return target

    return fresh


def opened_set(folder: Path) -> None:
    faces = FaceSet.open(folder)
    _ = faces.images, faces.landmarks_aligned, faces.embeddings, faces.table


def resumed(folder: Path) -> None:
    model = DenseAutoencoder((4, 4, 1), latent_size=3)
    model.compile("adam", "mse")
    callback = ResumableCheckpoint(folder)
    callback.set_model(model)
    callback.set_params({"epochs": 2})
    callback.on_train_begin()


def described(folder: Path) -> None:
    from deepface_models.presets.card import summary

    summary(presets.describe(folder))
    load(folder)


MODEL = (ModelFileError, IntegrityError)


@pytest.mark.parametrize(
    ("name", "file", "use", "allowed"),
    [
        ("faces", "faceset.json", opened_set, (MediaError,)),
        ("model", "config.json", load, MODEL),
        ("preset", "preset.json", described, MODEL),
        ("preset", "config.json", described, MODEL),
        ("checkpoints", "epoch-000001/checkpoint.json", resumed, MODEL),
    ],
)
def test_changed_json_raises_what_is_documented(place, name, file, use, allowed):
    """Wrong types, deep JSON, bytes that are not UTF-8, in each file."""
    former = (place(name) / file).read_bytes()
    both = st.one_of(json_change(json.loads(former)), bytes_change(former))

    @FEW
    @given(both)
    def change(new: Any) -> None:
        folder = place(name)
        content = new if isinstance(new, bytes) else _signed(file, new)
        (folder / file).write_bytes(content)
        if file == "config.json" and name == "preset":
            _sign_preset(folder)
        try:
            use(folder)
        except allowed:
            pass

    change()


def _signed(file: str, value: Any) -> bytes:
    """Returns the bytes of a value, with the right digest where it has one."""
    if not isinstance(value, dict) or "digest" not in value:
        return to_text(value)
    facts = {key: v for key, v in value.items() if key != "digest"}
    if file == "preset.json":
        text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        whole = {**facts, "digest": digest}
        text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
        return text.encode("utf-8", "surrogatepass")
    text = json.dumps(facts, sort_keys=True)
    return to_text({**facts, "digest": hashlib.sha256(text.encode()).hexdigest()})


def _sign_preset(folder: Path) -> None:
    """Gives a preset the record that fits its files."""
    facts = json.loads((folder / "preset.json").read_text(encoding="utf-8"))
    files = {name: measure(folder / name) for name in facts["files"]}
    facts = {k: v for k, v in facts.items() if k not in ("digest", "format")}
    signed = record.sign({**facts, "files": files})
    (folder / "preset.json").write_bytes(record.to_bytes(signed))


def test_changed_weights_with_the_right_hash(place):
    """Weights damaged behind a right hash."""
    file = "encoder.weights.h5"
    former = (place("model") / file).read_bytes()

    @FEW
    @given(bytes_change(former))
    def change(new: bytes) -> None:
        folder = place("model")
        (folder / file).write_bytes(new or b"x")
        _sign_model(folder)
        try:
            load(folder)
        except MODEL:
            pass

    change()


def _sign_model(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for name, part in config["parts"].items():
        part |= measure(folder / f"{name}.weights.h5")
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def test_changed_keras_files(place):
    """A .keras file with wrong arguments, or with other weights."""
    with zipfile.ZipFile(place("model.keras")) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    configs = json_change(json.loads(inside["config.json"])).map(to_text)
    weights = bytes_change(inside["model.weights.h5"])

    @FEW
    @given(
        st.one_of(
            configs.map(lambda new: {"config.json": new}),
            weights.map(lambda new: {"model.weights.h5": new}),
        )
    )
    def change(new: dict[str, bytes]) -> None:
        path = place("model.keras")
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in {**inside, **new}.items():
                archive.writestr(name, content)
        try:
            load(path)
        except ModelFileError:
            pass

    change()


@pytest.mark.parametrize("file", ["model.keras", "golden.npz", "state.npz"])
@pytest.mark.slow
def test_changed_archives_end_in_a_documented_error(place, file):
    """Archives of ours with other bytes, hashed anew."""
    if file == "model.keras":
        name, use = file, load
    elif file == "golden.npz":
        name, use = "preset", golden
    else:
        name, use = "checkpoints", resumed
    inside = {"checkpoints": "epoch-000001/state.npz", "preset": file}.get(name, "")
    former = (place(name) / inside).read_bytes()

    @FEW
    @given(bytes_change(former))
    def change(new: bytes) -> None:
        folder = place(name)
        (folder / inside).write_bytes(new or b"x")
        if name == "preset":
            _sign_preset(folder)
        if name == "checkpoints":
            manifest = folder / "epoch-000001/checkpoint.json"
            value = json.loads(manifest.read_text(encoding="utf-8"))
            value["sha256"] = measure(folder / inside)["sha256"]
            manifest.write_bytes(_signed("checkpoint.json", value))
        try:
            use(folder)
        except MODEL:
            pass

    change()


def golden(folder: Path) -> None:
    model = DenseAutoencoder((4, 4, 1), latent_size=3)
    presets.check_golden(model, folder)


def test_changed_small_files(place, tmp_path, monkeypatch):
    """Registry, start.json, progress log, certificate, record."""
    known = presets.describe(place("preset"))
    own = ("sources", "folder")
    facts = {key: value for key, value in known.items() if key not in own}
    entries = {"format": 1, "presets": {"x": {"sources": [], "record": facts}}}
    statement = Record("Both agreed", "a", "0" * 64, "m", "1" * 64).to_dict()
    line = {"output": "a", "source_sha256": "0" * 64, "settings": "1" * 64}
    pem = next(place("certificate").glob("*.pem"))
    monkeypatch.setattr(registry, "REGISTRY", tmp_path / "presets.json")

    def listed(path: Path) -> None:
        for name in presets.list_models():
            presets.describe(name)

    def stated(path: Path) -> None:
        Record.from_dict(json.loads(path.read_bytes()))

    def own_certificate(path: Path) -> None:
        Certificate.own(path.parent)

    kinds = {
        "presets.json": (to_text(entries), entries, listed, MODEL),
        "start.json": (b"{}", {"started_from": "x"}, fine_tuning._read, MODEL),
        "progress_log": (to_text(line), line, lambda path: ProgressLog(path, "s"), ()),
        pem.name: (pem.read_bytes(), None, own_certificate, (ProvenanceError,)),
        "statement": (None, statement, stated, (ProvenanceError,)),
    }

    @FEW
    @given(st.data())
    def change(data: Any) -> None:
        file = data.draw(st.sampled_from(list(kinds)))
        content, value, use, allowed = kinds[file]
        ways = [] if content is None else [bytes_change(content)]
        ways += [] if value is None else [json_change(value).map(to_text)]
        path = tmp_path / "small" / file
        path.parent.mkdir(exist_ok=True)
        if file == "presets.json":
            path = tmp_path / file
        path.write_bytes(data.draw(st.one_of(ways)))
        try:
            use(path)
        except allowed:
            pass

    change()


HUGE = [{"latent_size": 10**6}, {"latent_size": 10**12}]


@pytest.mark.parametrize("change", HUGE)
@pytest.mark.parametrize("name", ["model", "model.keras"])
def test_a_config_allocates_no_gigabytes(place, name, change):
    """Latent_size of 1e6 is refused before memory is taken."""
    path = place(name)
    if name == "model":
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        config["config"] |= change
        (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    else:
        with zipfile.ZipFile(path) as archive:
            inside = {n: archive.read(n) for n in archive.namelist()}
        config = json.loads(inside["config.json"])
        config["config"] |= change
        with zipfile.ZipFile(path, "w") as archive:
            for n, content in {**inside, "config.json": to_text(config)}.items():
                archive.writestr(n, content)
    with pytest.raises(ModelFileError, match=r"more than 1,000,000 param.*max_p"):
        load(path, max_parameters=10**6)


def test_the_limit_can_be_raised_and_does_not_bind_ones_own(place):
    """The limit is the caller's, and is over once a model is loaded."""
    folder = place("model")
    with pytest.raises(ModelFileError, match=r"larger max_parameters="):
        size = sum(path.stat().st_size for path in folder.glob("*.h5"))
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config["config"]["latent_size"] = size
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
        load(folder, max_parameters=10)
    assert load(place("model"), max_parameters=10).latent_size == 3
    assert keras.layers.Dense(7)(np.zeros((1, 10**3), "float32")).shape == (1, 7)


def test_weights_that_declare_more_than_they_hold(tmp_path):
    """An h5 file's declared shapes, links and outside values."""
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("vars/0", (10**6, 10**6), "float32", compression="gzip")
    with pytest.raises(ValueError, match="more values"):
        check_weights(path, 1000)
    with h5py.File(path, "w") as file:
        file["0"] = h5py.ExternalLink("other.h5", "/0")
    with pytest.raises(ValueError, match="link"):
        check_weights(path, 1000)
    with h5py.File(path, "w") as file:
        file.create_dataset("0", (4,), "uint8", external=[("/etc/passwd", 0, 4)])
    with pytest.raises(ValueError, match="other files"):
        check_weights(path, 1000)


def test_arrays_that_unpack_to_more_than_they_may(tmp_path):
    """Zip bombs and declared shapes in golden.npz and state.npz."""
    path = tmp_path / "x.npz"
    np.savez_compressed(path, a=np.zeros(10**7, "uint8"))
    assert path.stat().st_size < 20_000
    with pytest.raises(ValueError, match="unpacks to"):
        read_arrays(path, 1000)
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**9)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", header.getvalue())
    with pytest.raises(ValueError, match="claims the shape"):
        read_arrays(path, 1000)
    np.savez(path, a=np.array([{}], object))
    with pytest.raises(ValueError, match="claims the shape"):
        read_arrays(path, 1000)

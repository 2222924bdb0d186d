"""Settings saved beside an output, and conversions repeated with them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from convert_helpers import TintModel

import deepface_models as dfm
from deepface_models import MediaError, ModelFileError, ProvenanceError
from deepface_models.conversion import convert, replay
from deepface_models.conversion import settings as saving
from deepface_models.faces import FaceAligner
from deepface_models.media import read_image, write_image
from deepface_models.provenance import verify

TOLD = {"identity": "ben", "consent": "Both agreed", "progress": False}
LOOK = {"mask": "hull", "blend": "alpha", "sharpen": 0.5, "feather": 0.1}


@pytest.fixture
def done(frame, tmp_path):
    """A folder with an image, its swap and the settings of it."""
    write_image(tmp_path / "shots" / "ana.png", frame)
    output = tmp_path / "swap.png"
    source, model = tmp_path / "shots" / "ana.png", TintModel()
    report = convert(source, output, model, aligner=usual(), **TOLD, **LOOK)
    assert report.settings == tmp_path / "swap.settings.json"
    return tmp_path


def usual():
    return FaceAligner(96, landmarks=5, embeddings=False)


def test_the_file_says_what_was_done(done):
    text = (done / "swap.settings.json").read_text(encoding="utf-8")
    value = json.loads(text)
    arguments = value["arguments"]
    assert arguments["source"] == "shots/ana.png" and arguments["output"] == "swap.png"
    assert {name: arguments[name] for name in LOOK} == LOOK
    assert arguments["consent"] == "Both agreed" and arguments["landmarks"] == 5
    assert value["unsaved"] == [] and value["model"]["name"] == "tint"
    assert str(done) not in text  # the folder may be moved, and is private


def test_a_conversion_is_repeated(done):
    before = read_image(done / "swap.png")
    moved = done.parent / f"{done.name}_moved"
    shutil.move(done, moved)
    (moved / "swap.png").unlink()
    report = replay(moved / "swap.settings.json", TintModel(), progress=False)
    assert report.output == moved / "swap.png" and report.swapped == 1
    np.testing.assert_array_equal(read_image(moved / "swap.png"), before)
    assert verify(moved / "swap.png").record.details["blend"] == "alpha"


def test_changes_are_made(done):
    changes = {"output": done / "b.png", "blend": "poisson", "progress": False}
    report = replay(done / "swap.settings.json", TintModel(), **changes)
    assert report.output == done / "b.png"
    details = verify(done / "b.png").record.details
    assert (details["blend"], details["mask"]) == ("poisson", "hull")
    assert saving.read_settings(report.settings)["arguments"]["blend"] == "poisson"


@pytest.mark.parametrize("change", [{"identity": "ana"}, {"source": "x"}, {"tint": 1}])
def test_other_faces_need_another_consent(done, change):
    model = TintModel(tint=change.pop("tint", 0.25))
    if "source" in change:
        change["source"] = shutil.copy(done / "shots" / "ana.png", done / "x.png")
    path = done / "swap.settings.json"
    with pytest.raises(ProvenanceError, match=r"Another (identity|source|model) .*"):
        replay(path, model, output=done / "b.png", progress=False, **change)
    told = {"consent": "Ana agreed", "progress": False, **change}
    replay(path, model, output=done / "b.png", **told)
    assert verify(done / "b.png").consent == "Ana agreed"


def test_a_model_without_a_file_must_be_given(done):
    with pytest.raises(ModelFileError, match=r"where the model 'tint' is.*model="):
        replay(done / "swap.settings.json")


def test_what_json_cannot_hold_must_be_given(frame, model, aligner, tmp_path):
    write_image(tmp_path / "ana.png", frame)
    face = aligner.detect(frame)[0]
    from deepface_models.faces import embed

    options = {"aligner": aligner, "person": embed(frame, face), **TOLD}
    convert(tmp_path / "ana.png", tmp_path / "b.png", model, **options)
    path = tmp_path / "b.settings.json"
    unsaved = saving.read_settings(path)["unsaved"]
    assert unsaved == ["aligner", "person"]
    with pytest.raises(ValueError, match="lacks aligner, person, which JSON"):
        replay(path, model)
    told = {name: options[name] for name in ("aligner", "person", "consent")}
    assert replay(path, model, progress=False, **told).swapped == 1


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '{"version": 1, "model": 3}', '{"version": 9}']
)
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / "a.settings.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MediaError, match=r"Expected settings|Update deepface_models"):
        replay(path)


@pytest.mark.parametrize(
    ("output", "name"),
    [
        ("a/out.mp4", "a/out.settings.json"),
        ("out", "out.settings.json"),
        ("a/shot.%04d.png", "a/shot.settings.json"),
        ("a/%04d.png", "a/images.settings.json"),
    ],
)
def test_the_file_is_beside_the_output(output, name):
    assert saving.settings_path(Path(output)) == Path(name)


def test_every_kind_of_argument_comes_back(tmp_path, aligner):
    from fractions import Fraction

    from deepface_models.conversion import Converter

    (tmp_path / "ana.png").write_bytes(b"")
    given = {
        "source": tmp_path / "shot.%04d.png",
        "output": tmp_path / "out.mp4",
        "people": {str(tmp_path / "ana.png"): "ben", 3: "ana", "eva": "ben"},
        "frames": (1, None),
        "fps": Fraction(24000, 1001),
        "tracks": False,
    }
    path = tmp_path / "in" / "x.settings.json"
    converter = Converter(TintModel(), "ben", aligner=usual())
    saving.save_settings(path, converter, "0" * 64, given)
    known = saving.read_settings(path)["arguments"]
    assert {n: known[n] for n in given} == given | {
        "source": str(given["source"]),
        "output": str(given["output"]),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["model", "model.keras"])
def test_a_loaded_model_is_found_again(frame, tmp_path, name):
    model = dfm.Swift(identities=("ana", "ben"), image_size=64, examples=2)
    (model.save if "." in name else model.save_parts)(tmp_path / name)
    write_image(tmp_path / "ana.png", frame)
    loaded = dfm.load(tmp_path / name)
    aligner = FaceAligner(64, landmarks=5, embeddings=False)
    convert(tmp_path / "ana.png", tmp_path / "b.png", loaded, aligner=aligner, **TOLD)
    path = tmp_path / "b.settings.json"
    assert saving.read_settings(path)["model"]["loaded_from"] == str(tmp_path / name)
    before = read_image(tmp_path / "b.png")
    assert replay(path, progress=False).swapped == 1
    np.testing.assert_array_equal(read_image(tmp_path / "b.png"), before)
    other = dfm.Swift(identities=("ana", "ben"), image_size=64, examples=2)
    (other.save if "." in name else other.save_parts)(tmp_path / name)
    with pytest.raises(ModelFileError, match="has weights with SHA-256"):
        replay(path)


def test_a_start_without_people_is_no_place_of_a_model():
    started = dfm.Swift.from_preset("swift_64", identities=("ana", "ben"))
    assert not hasattr(started, "loaded_from")

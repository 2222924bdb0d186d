from __future__ import annotations

import json

import pytest

from deepface_models.core.errors import ProvenanceError
from deepface_models.core.files import sha256_file
from deepface_models.core.version import __version__
from deepface_models.provenance import Record

from .conftest import CLIP, CONSENT

FIELDS = {
    "consent": CONSENT,
    "source": "ana.mp4",
    "source_sha256": "0" * 64,
    "model": "swift_128",
    "model_sha256": "ab" * 32,
}


@pytest.mark.parametrize("consent", ["", "  \n\t", None, 3])
def test_consent_is_required(consent):
    with pytest.raises(ProvenanceError, match="Use, for example, consent='Both"):
        Record(**{**FIELDS, "consent": consent})


def test_consent_is_asked_for_before_the_source_is_read(tmp_path):
    with pytest.raises(ProvenanceError, match="consent=' ' was given"):
        Record.from_source(tmp_path / "no", consent=" ", model="m", model_sha256="x")


def test_missing_source_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no source file"):
        Record.from_source(
            tmp_path / "no.mp4", consent="yes", model="m", model_sha256="0" * 64
        )


@pytest.mark.parametrize("name", ["source", "model"])
def test_empty_names_are_refused(name):
    with pytest.raises(ProvenanceError, match=f"{name}='' was given"):
        Record(**{**FIELDS, name: ""})


@pytest.mark.parametrize("value", ["", "xyz", "AB" * 32, "ab" * 31, None])
def test_only_a_sha256_passes_for_one(value):
    with pytest.raises(ProvenanceError, match="64 lower-case hexadecimal"):
        Record(**{**FIELDS, "model_sha256": value})


@pytest.mark.parametrize("details", [{"x": float("nan")}, {"x": {1}}, ["x"], None])
def test_details_must_be_json(details):
    with pytest.raises(ProvenanceError, match="cannot be written as JSON"):
        Record(**FIELDS, details=details)


def test_from_source_hashes_the_file_and_hides_its_folder(record):
    assert record.source == CLIP.name
    assert record.source_sha256 == sha256_file(CLIP)
    assert record.software == f"deepface_models {__version__}"
    assert str(CLIP.parent) not in json.dumps(record.to_dict())


def test_dict_round_trip(record):
    assert Record.from_dict(json.loads(json.dumps(record.to_dict()))) == record


@pytest.mark.parametrize("value", [{}, {"consent": "x", "source": "y"}, []])
def test_foreign_dicts_are_refused(value):
    with pytest.raises(ProvenanceError, match=r"Record\.to_dict"):
        Record.from_dict(value)


def test_plain_metadata_is_ascii_text_that_says_it_is_synthetic(record):
    tags = record.plain_metadata()
    assert all(value.isascii() for value in tags.values())
    assert "Synthetic" in tags["description"]
    statement = json.loads(tags["comment"])
    assert statement["synthetic"] is True
    assert statement["consent"] == CONSENT

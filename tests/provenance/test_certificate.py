from __future__ import annotations

import multiprocessing
import os
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deepface_models.core.errors import ProvenanceError
from deepface_models.provenance import Certificate, config_folder


def save(certificate, folder, password=None, form="TraditionalOpenSSL"):
    """Writes chain and key as an authority would hand them over."""
    key = serialization.load_pem_private_key(certificate.key.encode(), None)
    lock = (
        serialization.BestAvailableEncryption(password.encode())
        if password
        else serialization.NoEncryption()
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), lock
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chain.pem").write_text(certificate.chain, encoding="utf-8")
    (folder / "key.pem").write_bytes(pem)
    return folder / "chain.pem", folder / "key.pem"


def test_own_is_made_once_where_the_variable_says(home):
    assert config_folder() == home
    first = Certificate.own()
    assert Certificate.own() == first
    assert [path.name for path in home.iterdir()] == ["signing.pem"]


def test_default_folder_is_in_the_users_config(monkeypatch):
    monkeypatch.delenv("DEEPFACE_MODELS_HOME")
    assert config_folder().parts[-2:] == (".config", "deepface_models")


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_private_key_is_readable_by_its_owner_only(home):
    previous = os.umask(0)
    try:
        Certificate.own()
    finally:
        os.umask(previous)
    assert stat.S_IMODE((home / "signing.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_private_key_is_not_shown(home):
    assert "PRIVATE" not in repr(Certificate.own())


def test_certificate_names_no_user_and_no_computer(home):
    certificate = Certificate.own()
    assert certificate.name.startswith("Self-made certificate ")
    subject = x509.load_pem_x509_certificate(certificate.chain.encode()).subject
    assert {item.value for item in subject} == {"deepface_models", certificate.name}


def _own_name(folder):
    return Certificate.own(folder).serial


def test_processes_that_start_together_get_the_same_certificate(home):
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        serials = pool.map(_own_name, [str(home)] * 8, chunksize=1)
    assert len(set(serials)) == 1
    assert [path.name for path in home.iterdir()] == ["signing.pem"]


@pytest.mark.parametrize("text", ["", "rubbish", "half"])
def test_damaged_file_says_what_to_do(home, text):
    Certificate.own()
    path = home / "signing.pem"
    whole = path.read_text(encoding="utf-8")
    path.write_text(
        whole[: len(whole) // 3] if text == "half" else text, encoding="utf-8"
    )
    with pytest.raises(ProvenanceError, match="Delete it to create a new one"):
        Certificate.own()


def test_folder_that_cannot_be_made_says_what_to_do(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(ProvenanceError, match="Set DEEPFACE_MODELS_HOME"):
        Certificate.own(tmp_path / "file" / "below")


@pytest.mark.parametrize("form", ["TraditionalOpenSSL", "PKCS8"])
@pytest.mark.parametrize("password", [None, "secret"])
def test_load_takes_any_pem_key(home, tmp_path, form, password):
    own = Certificate.own()
    chain, key = save(own, tmp_path / "given", password, form)
    assert Certificate.load(chain, key, password) == own


def test_load_without_the_password_says_so(home, tmp_path):
    chain, key = save(Certificate.own(), tmp_path / "given", "secret", "PKCS8")
    with pytest.raises(ProvenanceError, match="pass password="):
        Certificate.load(chain, key)


def test_load_refuses_a_key_of_another_certificate(home, tmp_path):
    one, two = Certificate.own(tmp_path / "1"), Certificate.own(tmp_path / "2")
    with pytest.raises(ProvenanceError, match="does not belong"):
        Certificate(one.chain, two.key)


def test_load_refuses_a_chain_without_certificates(home):
    with pytest.raises(ProvenanceError, match="Export both as PEM"):
        Certificate("", Certificate.own().key)


def test_algorithm_follows_the_key(home):
    certificate = Certificate.own()
    assert certificate.algorithm == "es256"
    key = serialization.load_pem_private_key(certificate.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)

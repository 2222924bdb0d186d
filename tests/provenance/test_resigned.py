"""Files whose credentials were removed, changed or replaced by somebody else."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import c2pa
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image, PngImagePlugin

from deepface_models.cli import main
from deepface_models.core.errors import ProvenanceError
from deepface_models.provenance import Certificate, sign, verify
from deepface_models.provenance.sign import SIGNABLE_SUFFIXES

from .conftest import CONSENT, _certificate, issued, write

FORMATS = ["swap.png", "swap.jpg", "swap.webp", "swap.mp4"]
PHOTOGRAPH = "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"


@pytest.fixture(params=FORMATS)
def stripped(request, tmp_path, frames, record):
    """A file of this package whose credentials were removed; its tags are left."""
    return write(tmp_path / request.param, frames, record.plain_metadata())


@pytest.fixture
def stranger(tmp_path):
    return Certificate.own(tmp_path / "stranger")


def sign_as(path, certificate, origin):
    """Signs with another program, which states its own origin of the file."""
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["source"]}}
    created = {"action": "c2pa.created", "digitalSourceType": origin}
    actions = [created if origin else opened]
    source = {"title": "x.mpg", "format": "video/mpeg", "relationship": "parentOf"}
    source |= {"label": "source", "instance_id": "source"}
    manifest = {
        "claim_generator_info": [{"name": "Camera", "version": "2"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": actions}}],
        "ingredients": [] if origin else [source],
    }
    info = c2pa.C2paSignerInfo(
        *(certificate.algorithm, certificate.chain.encode()),
        *(certificate.key.encode(), None),
    )
    signed = path.with_name(f"signed{path.suffix}")
    with (
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(manifest) as builder,
        open(path, "rb") as source,
        open(signed, "w+b") as target,
    ):
        builder.sign(signer, SIGNABLE_SUFFIXES[path.suffix], source, target)
    shutil.move(signed, path)


def make_own(certificate, home):
    """Makes a certificate this computer's own."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "signing.pem").write_text(
        certificate.key + certificate.chain, encoding="utf-8"
    )


def test_synthetic_file_signed_anew_as_a_photograph(stripped, stranger, capsys):
    """It was called 'names no trained model, unchanged'."""
    sign_as(stripped, stranger, PHOTOGRAPH)
    found = verify(stripped)
    assert (found.state, found.trust) == ("valid", "unknown")
    assert (found.synthetic, found.signed_synthetic) == (True, False)
    assert "digitalCapture" in found.conflicts[0]
    text = found.summary()
    assert text.startswith("swap" + stripped.suffix + ": CONTRADICTORY.")
    assert "Take it for synthetic media" in text
    assert "names no trained model" not in text
    assert main(["verify", str(stripped)]) == 5
    capsys.readouterr()
    assert main(["verify", "--json", str(stripped)]) == 5
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["synthetic"], told["statement_signed"]) == (True, False)


def test_tags_of_another_signer_are_claims(stripped, stranger, record):
    """Tags of another signer were printed as if proven."""
    sign_as(stripped, stranger, None)
    found = verify(stripped)
    assert (found.record, found.claimed) == (None, record)
    assert (found.consent, found.statement_signed) == (CONSENT, False)
    assert (found.synthetic, found.signed_synthetic) == (True, None)
    text = found.summary()
    assert "its plain tags say it is synthetic media" in text.splitlines()[0]
    assert "by somebody unknown here" in text.splitlines()[0]
    stated, claimed = text.split("Only claimed, by plain tags that anyone can write:")
    assert CONSENT not in stated and "Camera 2" in stated
    assert CONSENT in claimed


def test_record_that_a_stranger_signed_is_the_strangers(stripped, stranger, record):
    """Say what is signed, what is claimed and where both disagree."""
    forged = replace(record, consent="Everybody agreed")
    sign(stripped, forged, stranger)
    found = verify(stripped)
    assert (found.record, found.claimed) == (forged, record)
    assert f"consent is '{CONSENT}' in its plain tags and 'Everybody" in str(
        found.conflicts
    )
    text = found.summary()
    assert "CONTRADICTORY" in text.splitlines()[0]
    assert "Stated by its signer, who may be anybody:" in text
    assert found.fingerprint == stranger.fingerprint
    assert stranger.fingerprint in text


def test_own_signature_has_neither_conflicts_nor_claims(stripped, record):
    """Equal statements are shown once."""
    sign(stripped, record)
    found = verify(stripped)
    assert (found.trust, found.conflicts, found.problems) == ("own", (), ())
    assert found.statement_signed
    assert found.fingerprint == Certificate.own().fingerprint
    assert found.summary().count(CONSENT) == 1
    assert main(["verify", str(stripped)]) == 0


def test_altered_file_of_a_stranger_keeps_both_warnings(stripped, stranger, record):
    """Never weaker than the strongest warning present."""
    sign(stripped, record, stranger)
    with open(stripped, "ab") as stream:
        stream.write(b"extra")
    found = verify(stripped)
    assert (found.state, found.synthetic) == ("altered", True)
    first = found.summary().splitlines()[0]
    assert "ALTERED" in first and "It says it is synthetic media" in first
    assert not found.statement_signed


def test_certificate_with_the_same_name_and_serial_number(
    stripped, home, record, tmp_path
):
    """`trust="own"` compared the serial number only."""
    own, twin = issued("p384"), issued("p384")
    assert (own.serial, own.name) == (twin.serial, twin.name)
    make_own(own, home)
    sign(stripped, record, twin)
    found = verify(stripped)
    assert (found.state, found.trust) == ("valid", "unknown")
    assert "the name and the serial number of the one made on this computer" in str(
        found.conflicts
    )
    assert "CONTRADICTORY" in found.summary()
    (tmp_path / "twin.pem").write_text(twin.authority_pem, encoding="utf-8")
    known = verify(stripped, trust=tmp_path / "twin.pem")
    assert known.trust == "listed" and known.conflicts
    # An authority of the same name is another one.
    (tmp_path / "own.pem").write_text(own.authority_pem, encoding="utf-8")
    assert verify(stripped, trust=tmp_path / "own.pem").trust == "unknown"
    sign(stripped, record, own)
    assert (verify(stripped).trust, verify(stripped).conflicts) == ("own", ())


def test_authority_that_issues_one_serial_number_twice(
    stripped, home, record, tmp_path
):
    """One authority, one number, two certificates."""
    authority = ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Authority", authority, authority, True)
    pair = []
    for _ in range(2):
        key = ec.generate_private_key(ec.SECP256R1())
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        leaf = _certificate("Studio Beispiel", key, authority, True)
        pair.append(Certificate(leaf + root, secret.decode()))
    make_own(pair[0], home)
    sign(stripped, record, pair[1])
    (tmp_path / "root.pem").write_text(root, encoding="utf-8")
    assert verify(stripped).trust == "unknown"
    assert verify(stripped, trust=tmp_path / "root.pem").trust == "listed"
    sign(stripped, record, pair[0])
    assert verify(stripped).trust == "own"
    assert verify(stripped, trust=tmp_path / "root.pem").trust == "own"


def test_chain_of_certificates_that_do_not_belong_together():
    """The chain's signatures are checked."""
    one, other = issued("p384"), issued("p384")
    leaf = one.chain.split("-----END CERTIFICATE-----\n")[0]
    chain = f"{leaf}-----END CERTIFICATE-----\n{other.authority_pem}"
    with pytest.raises(ProvenanceError, match="is not issued by the next one"):
        Certificate(chain, one.key)


@pytest.mark.parametrize("name", ["swap.jpg", "swap.png"])
def test_notice_alone_says_synthetic(tmp_path, frames, stranger, name):
    """A damaged record still warns, and so does the IPTC tag."""
    path = tmp_path / name
    term = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    xmp = f"<x:xmpmeta><Iptc4xmpExt:DigitalSourceType>{term}</x:xmpmeta>"
    if path.suffix == ".png":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp)
        Image.fromarray(frames[0]).save(path, pnginfo=text)
    else:
        Image.fromarray(frames[0]).save(path, xmp=xmp.encode())
    assert (verify(path).state, verify(path).synthetic) == ("unsigned", True)
    assert "synthetic media" in verify(path).summary()
    sign_as(path, stranger, PHOTOGRAPH)
    assert verify(path).conflicts


def test_another_suffix_hides_neither_tags_nor_credentials(stripped, record):
    """The content decides what is read, not the name."""
    renamed = stripped.with_suffix(".jpg" if stripped.suffix != ".jpg" else ".png")
    sign(stripped, record)
    shutil.copy(stripped, renamed)
    found = verify(renamed)
    assert (found.claimed, found.synthetic) == (record, True)


def test_conflicts_cannot_steer_a_terminal(stripped, stranger, record):
    """Statements that disagree are untrusted text, too."""
    sign(stripped, replace(record, consent="\x1b[2J\n  Signed by: you"), stranger)
    text = verify(stripped).summary()
    assert "\x1b" not in text
    assert not any(line.startswith("  Signed by: you") for line in text.splitlines())

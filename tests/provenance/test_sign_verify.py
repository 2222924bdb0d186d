from __future__ import annotations

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from deepface_models.core.errors import ProvenanceError
from deepface_models.core.files import sha256_file
from deepface_models.provenance import (
    SIGNABLE_SUFFIXES,
    Certificate,
    Record,
    Verification,
    sign,
    verify,
)
from deepface_models.provenance.verify import _findings

from .conftest import CLIP, CONSENT, issued, write

FORMATS = ["swap.png", "swap.jpg", "swap.webp", "swap.mp4", "swap.mov"]


@pytest.fixture(params=FORMATS)
def unsigned(request, tmp_path, frames, record):
    return write(tmp_path / request.param, frames, record.plain_metadata())


def pixels(path):
    if path.suffix in (".mp4", ".mov"):
        with av.open(str(path)) as container:
            frames = container.decode(video=0)
            return np.stack([frame.to_ndarray(format="rgb24") for frame in frames])
    return np.asarray(Image.open(path))


def flip_in_the_image(path, unsigned_content):
    """Changes one bit in the middle of the image data, wherever it went."""
    middle = len(unsigned_content) // 2
    content = bytearray(path.read_bytes())
    at = content.index(unsigned_content[middle : middle + 32])
    content[at] ^= 1
    path.write_bytes(content)


def test_signed_file_says_it_all_and_looks_the_same(unsigned, record):
    before = pixels(unsigned)
    sign(unsigned, record)
    np.testing.assert_array_equal(pixels(unsigned), before)
    found = verify(unsigned)
    assert found.state == "valid"
    assert found.synthetic is True
    assert found.record == record
    assert found.claimed == record
    assert found.made_by == record.software
    assert found.actions == ("c2pa.opened", "c2pa.edited")
    assert (found.consent, found.model) == (CONSENT, "swift_128")
    assert found.model_sha256 == "ab" * 32
    assert found.source_sha256 == sha256_file(CLIP)
    assert found.certificate == Certificate.own().name
    assert (found.trust, found.trusted) == ("own", True)
    assert found.problems == ()


def test_summary_of_a_valid_file(unsigned, record):
    sign(unsigned, record)
    text = verify(unsigned).summary()
    headline = "synthetic media made with a trained model, unchanged since"
    for part in (headline, CONSENT, "swift_128", CLIP.name, "made on this computer"):
        assert part in text


def test_one_changed_byte_shows(unsigned, record):
    before = unsigned.read_bytes()
    sign(unsigned, record)
    flip_in_the_image(unsigned, before)
    found = verify(unsigned)
    assert found.state == "altered"
    assert any("ash.mismatch" in problem for problem in found.problems)
    assert "ALTERED" in found.summary()


def test_changed_consent_shows(unsigned, record):
    sign(unsigned, record)
    content = unsigned.read_bytes()
    # The last of them is in the credentials or in the tags; both are protected.
    at = content.rindex(b"GRID corpus")
    unsigned.write_bytes(content[:at] + b"GRAD" + content[at + 4 :])
    assert verify(unsigned).state == "altered"


@pytest.mark.parametrize("box", [b"c2pa\0\x11", b"c2ma\0\x11", b"c2cs\0\x11"])
def test_garbled_credentials_are_not_taken_for_none(unsigned, record, box):
    sign(unsigned, record)
    content = unsigned.read_bytes()
    unsigned.write_bytes(content.replace(box, b"d" + box[1:], 1))
    assert verify(unsigned).state == "altered"


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.99])
def test_truncated_file_shows(unsigned, record, kept):
    sign(unsigned, record)
    content = unsigned.read_bytes()
    unsigned.write_bytes(content[: int(len(content) * kept)])
    state = verify(unsigned).state
    # WebP keeps its credentials at the end, so a short file may have lost them.
    allowed = {"altered", "unsigned"} if unsigned.suffix == ".webp" else {"altered"}
    assert state in allowed


def test_appended_bytes_show(unsigned, record):
    sign(unsigned, record)
    with open(unsigned, "ab") as stream:
        stream.write(b"extra")
    assert verify(unsigned).state == "altered"


@pytest.mark.parametrize("name", ["swap.png", "swap.jpg", "swap.mp4"])
def test_reencoded_copy_is_unsigned(tmp_path, frames, record, name):
    signed = write(tmp_path / name, frames)
    sign(signed, record)
    seen = pixels(signed)
    seen = seen if seen.ndim == 4 else seen[None]
    copy = write(tmp_path / f"copy-{name}", seen)
    found = verify(copy)
    assert (found.state, found.synthetic, found.statement) == ("unsigned", None, None)
    assert "says nothing about how it was made" in found.summary()


def test_plain_tags_alone_prove_nothing_but_are_told(unsigned, record):
    found = verify(unsigned)
    assert (found.state, found.record) == ("unsigned", None)
    assert found.claimed == record
    assert (found.synthetic, found.consent) == (True, CONSENT)
    assert found.certificate is None
    assert "nothing is proven" in found.summary()
    assert CONSENT in found.summary()


@pytest.mark.parametrize("name", FORMATS)
def test_file_without_anything(tmp_path, frames, name, home):
    found = verify(write(tmp_path / name, frames))
    assert (found.state, found.synthetic, found.problems) == ("unsigned", None, ())
    assert not home.exists()  # looking makes no certificate


@pytest.mark.parametrize("content", [b"", b"just text", b"\x89PNG\r\n\x1a\nbroken"])
@pytest.mark.parametrize("suffix", [".txt", ".png", ".mp4", ".jpg", ""])
def test_any_file_can_be_verified(tmp_path, content, suffix):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    assert verify(path).state == "unsigned"


def test_a_container_that_cannot_be_signed_is_unsigned():
    assert verify(CLIP).state == "unsigned"


def test_nothing_to_verify(tmp_path):
    with pytest.raises(FileNotFoundError, match="is missing"):
        verify(tmp_path / "no.png")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        verify(tmp_path)


def test_nothing_to_sign(tmp_path, record):
    with pytest.raises(FileNotFoundError, match="no file"):
        sign(tmp_path / "no.png", record)


def test_a_file_that_cannot_be_signed_is_refused(tmp_path, record):
    path = tmp_path / "swap.avi"
    shutil.copy(CLIP, path)
    with pytest.raises(ProvenanceError, match=r"format '\.avi' cannot.*\.mp4"):
        sign(path, record)
    assert ".avi" not in SIGNABLE_SUFFIXES


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".mp4"])
def test_a_damaged_file_is_refused_and_kept(tmp_path, record, suffix):
    path = tmp_path / f"swap{suffix}"
    path.write_bytes(b"not what its name says")
    with pytest.raises(ProvenanceError, match="could not be signed"):
        sign(path, record)
    assert path.read_bytes() == b"not what its name says"
    assert [item for item in tmp_path.iterdir() if item.is_file()] == [path]


def test_another_persons_certificate(tmp_path, frames, record, monkeypatch):
    friend = Certificate.own(tmp_path / "friend")
    path = write(tmp_path / "swap.png", frames)
    sign(path, record, friend)
    found = verify(path)
    assert (found.state, found.trust) == ("valid", "unknown")
    assert found.certificate == friend.name
    assert "nobody here vouches" in found.summary()
    (tmp_path / "friend.pem").write_text(friend.authority_pem, encoding="utf-8")
    known = verify(path, trust=tmp_path / "friend.pem")
    assert (known.trust, known.trusted) == ("listed", True)
    assert "on your trust list" in known.summary()


def test_trust_list_must_hold_certificates(tmp_path, frames):
    (tmp_path / "empty.pem").write_text("nothing", encoding="utf-8")
    path = write(tmp_path / "swap.png", frames)
    with pytest.raises(ProvenanceError, match="contains no certificates"):
        verify(path, trust=tmp_path / "empty.pem")


def test_damaged_own_certificate_does_not_hinder_verifying(
    tmp_path, frames, record, home
):
    path = write(tmp_path / "swap.png", frames)
    sign(path, record)
    (home / "signing.pem").write_text("rubbish", encoding="utf-8")
    assert (verify(path).state, verify(path).trust) == ("valid", "unknown")


@pytest.mark.parametrize("kind", ["rsa", "ed25519", "p384"])
def test_certificate_from_an_authority(tmp_path, frames, record, kind):
    path = write(tmp_path / "swap.mp4", frames)
    sign(path, record, issued(kind))
    found = verify(path)
    assert (found.state, found.certificate) == ("valid", "Studio Beispiel")


def test_certificate_that_does_not_suit_is_refused(tmp_path, frames, record):
    path = write(tmp_path / "swap.png", frames)
    before = path.read_bytes()
    with pytest.raises(ProvenanceError, match="digitalSignature and emailProtection"):
        sign(path, record, issued("p384", suitable=False))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("codes", "state"),
    [
        (["signingCredential.untrusted", "signingCredential.expired"], "valid"),
        (["signingCredential.expired", "assertion.dataHash.mismatch"], "altered"),
    ],
)
def test_an_expired_certificate_alone_is_no_alteration(codes, state):
    results = {
        "success": [{"code": "claimSignature.validated"}],
        "failure": [{"code": code} for code in codes],
    }
    store = {
        "active_manifest": "a",
        "manifests": {"a": {"claim_generator_info": [{"name": "x"}]}},
        "validation_state": "Invalid",
        "validation_results": {"activeManifest": results},
    }
    findings = _findings(store, [], None)
    assert (findings["state"], findings["signed_synthetic"]) == (state, None)
    assert "signingCredential.expired" in findings["problems"]


def test_credentials_of_another_maker():
    action = {"action": "c2pa.created", "digitalSourceType": "http://x/digitalCapture"}
    manifest = {
        "claim_generator_info": [{"name": "Camera", "version": "2"}],
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [action]}}],
        "signature_info": {"issuer": "Camera Works"},
    }
    store = {
        "active_manifest": "a",
        "manifests": {"a": manifest},
        "validation_state": "Valid",
    }
    found = Verification(path=Path("photo.jpg"), **_findings(store, [], None))
    assert (found.signed_synthetic, found.made_by) == (False, "Camera 2")
    assert (found.record, found.consent) == (None, None)
    assert "its signer names no trained model" in found.summary()


def test_created_instead_of_edited(tmp_path, frames, record):
    path = write(tmp_path / "face.png", frames)
    sign(path, record, action="c2pa.created")
    found = verify(path)
    assert (found.state, found.actions) == ("valid", ("c2pa.created",))


def test_signing_again_replaces_the_record(tmp_path, frames, record):
    path = write(tmp_path / "swap.jpg", frames)
    sign(path, record)
    again = Record.from_dict({**record.to_dict(), "consent": "A second release"})
    sign(path, again)
    assert (verify(path).state, verify(path).consent) == ("valid", "A second release")


def test_credentials_of_the_source_are_kept(tmp_path, frames, record):
    first = write(tmp_path / "first.png", frames)
    sign(first, record)
    second = write(tmp_path / "second.mp4", frames)
    fields = {"consent": "Again", "model": "other", "model_sha256": "cd" * 32}
    sign(second, Record.from_source(first, **fields))
    assert verify(second).state == "valid"
    assert CONSENT.encode() in second.read_bytes()


def test_a_source_that_c2pa_cannot_parse_is_still_named(tmp_path, frames, record):
    source = tmp_path / "odd.png"
    source.write_bytes(b"no image at all")
    fields = {"consent": "Yes", "model": "m", "model_sha256": "cd" * 32}
    path = write(tmp_path / "swap.png", frames)
    sign(path, Record.from_source(source, **fields))
    assert verify(path).record.source == "odd.png"
    assert verify(path).state == "valid"


def test_summary_cannot_steer_a_terminal(tmp_path, frames, record):
    hostile = Record.from_dict({**record.to_dict(), "consent": "\x1b[2Jgone\r" * 99})
    path = write(tmp_path / "swap.png", frames)
    sign(path, hostile)
    text = verify(path).summary()
    assert "\x1b" not in text and "\r" not in text
    assert max(map(len, text.splitlines())) < 500


def test_no_thumbnail_is_embedded(tmp_path, frames, record):
    path = write(tmp_path / "swap.mp4", frames)
    size = path.stat().st_size
    sign(path, record)
    assert b"thumbnail" not in path.read_bytes()
    assert path.stat().st_size - size < 16_000


def test_file_mode_is_kept(tmp_path, frames, record):
    path = write(tmp_path / "swap.png", frames)
    path.chmod(0o640)
    sign(path, record)
    assert path.stat().st_mode & 0o777 == 0o640

"""Real frames of a clip in the package, written as the formats that get signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image, PngImagePlugin

import deepface_models
from deepface_models.provenance import Certificate, Record

CLIP = Path(deepface_models.__file__).parent / "demo" / "clips" / "mb" / "sbia1a.mpg"
CONSENT = "Both speakers, GRID corpus license, Zürich 2026"


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Keeps every certificate out of the real home folder."""
    folder = tmp_path / "home" / "deepface"
    monkeypatch.setenv("DEEPFACE_MODELS_HOME", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path / "must-not-appear"))
    yield folder
    assert not (tmp_path / "must-not-appear").exists()


@pytest.fixture(scope="session")
def frames():
    with av.open(str(CLIP)) as container:
        images = []
        for frame in container.decode(video=0):
            images.append(frame.to_ndarray(format="rgb24"))
            if len(images) == 12:
                return np.stack(images)


@pytest.fixture
def record():
    return Record.from_source(
        CLIP,
        consent=CONSENT,
        model="swift_128",
        model_sha256="ab" * 32,
        details={
            "identity": "ben",
            "frames": 12,
            "feather": 0.25,
            "names": ["ana", "ben"],
        },
    )


def write(path, frames, metadata=None):
    """Writes the first frame, or all of them as a video, with plain metadata."""
    metadata = metadata or {}
    suffix = path.suffix.lower()
    if suffix in (".mp4", ".m4v", ".mov"):
        _write_video(path, frames, metadata)
    elif suffix == ".png":
        text = PngImagePlugin.PngInfo()
        for key, value in metadata.items():
            text.add_text(key, value)
        Image.fromarray(frames[0]).save(path, pnginfo=text)
    else:
        exif = Image.Exif()
        if metadata:
            exif[0x010E] = json.dumps(metadata)
        Image.fromarray(frames[0]).save(path, quality=95, exif=exif)
    return path


def _write_video(path, frames, metadata):
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        container.metadata.update(metadata)
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, 25)
        for image in frames:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def issued(kind, suitable=True):
    """Returns a certificate as an authority issues it, with its own kind of key."""
    key = {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    }[kind]()
    authority = ec.generate_private_key(ec.SECP256R1())
    chain = _certificate("Studio Beispiel", key, authority, suitable)
    chain += _certificate("Authority", authority, authority, suitable)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Certificate(chain, secret.decode())


def _certificate(name, key, issuer_key, suitable):
    root, now = key is issuer_key, datetime.now(UTC)
    subject, issuer = (
        x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
                x509.NameAttribute(NameOID.COMMON_NAME, common),
            ]
        )
        for common in (name, "Authority")
    )
    usage = [not root, False, False, False, False, root, root, False, False]
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), 1000 + root)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(root, None), critical=True)
        .add_extension(x509.KeyUsage(*usage), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            False,
        )
    )
    if not root and suitable:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, False)
    signed = builder.sign(issuer_key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()

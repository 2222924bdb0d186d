"""The signing certificate: created on first use, or one from an authority."""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deepface_models.core.errors import ProvenanceError
from deepface_models.core.files import atomic_path

FILE_NAME = "signing.pem"
# Without a time-stamp authority a signature is valid only as long as its certificate,
# so the own certificate has to outlive the files.
VALID_FOR = timedelta(days=30 * 365)


def config_folder() -> Path:
    """Returns the folder of the user's signing certificate.

    It is the one that the environment variable `DEEPFACE_MODELS_HOME` names, else
    `~/.config/deepface_models`.

    Example:
        >>> config_folder().is_absolute()
        True
    """
    chosen = os.environ.get("DEEPFACE_MODELS_HOME")
    return Path(chosen) if chosen else Path.home() / ".config" / "deepface_models"


@dataclass(frozen=True)
class Certificate:
    """A certificate chain with the private key of its first certificate.

    Use `Certificate.own()` for the one created on this computer, or
    `Certificate.load(...)` for one issued by an authority.

    Args:
        chain: PEM certificates, the signing one first, each next its issuer.
        key: PEM private key in PKCS #8, not encrypted. Never shown.

    Raises:
        ProvenanceError: If either is unreadable, the key belongs to another
            certificate, or a certificate is not signed by the next one.

    Example:
        >>> certificate = Certificate.own()
        >>> len(certificate.fingerprint)
        64
    """

    chain: str
    key: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            leaf, *issuers = self._certificates()
            key = serialization.load_pem_private_key(self.key.encode(), None)
        except (ValueError, TypeError) as error:
            raise _unreadable(str(error) or "no certificate in it") from error
        if _public_bytes(key.public_key()) != _public_bytes(leaf.public_key()):
            raise ProvenanceError(
                "The private key does not belong to the first certificate of the "
                f"chain, {self.name!r}. Expected the signing certificate first and "
                "its issuers after it. Reorder the chain or pass the matching key."
            )
        _check_issuers(leaf, issuers)

    @classmethod
    def load(
        cls,
        chain_path: str | Path,
        key_path: str | Path,
        password: str | None = None,
    ) -> Certificate:
        """Reads a chain and its private key from two PEM files.

        Args:
            chain_path: Signing certificate first, then its issuers. For C2PA it needs
                the key usage digitalSignature and an extended key usage such as
                emailProtection or documentSigning.
            key_path: EC (P-256, P-384, P-521), RSA or Ed25519 private key.
            password: Password of an encrypted key.

        Raises:
            ProvenanceError: If a file is unreadable or the two do not match.
            FileNotFoundError: If one is missing.
        """
        secret = password.encode() if password else None
        chain, pem = Path(chain_path).read_bytes(), Path(key_path).read_bytes()
        try:
            key = serialization.load_pem_private_key(pem, secret)
            # C2PA accepts PKCS #8 only.
            plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            return cls(chain.decode(), plain.decode())
        except (ValueError, TypeError) as error:
            if isinstance(error, ProvenanceError):
                raise
            raise _unreadable(str(error)) from error

    @classmethod
    def own(cls, folder: str | Path | None = None) -> Certificate:
        """Returns the certificate of this computer's user, created on first use.

        Two processes that call it at once get the same certificate.

        Args:
            folder: Its folder; `config_folder()` by default. The file contains the
                private key and is readable by its owner only.

        Raises:
            ProvenanceError: If the file is damaged or the folder cannot be written.
        """
        path = Path(folder or config_folder()) / FILE_NAME
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with suppress(FileExistsError):
                    _put_once(path, _make())
            return cls._from_text(path.read_text(encoding="utf-8"))
        except (ProvenanceError, UnicodeDecodeError) as error:
            raise ProvenanceError(
                f"The signing certificate {path} is damaged: {error} Expected the file "
                "that this package created. Delete it to create a new one; files "
                "signed with the old one stay readable."
            ) from error
        except OSError as error:
            raise ProvenanceError(
                f"The signing certificate {path} cannot be read or created: {error}. "
                "Expected a writable folder. Set DEEPFACE_MODELS_HOME to one, or pass "
                "certificate=Certificate.load(chain, key)."
            ) from error

    @classmethod
    def _from_text(cls, text: str) -> Certificate:
        start = text.find("-----BEGIN CERTIFICATE-----")
        return cls(text[start:] if start > 0 else "", text[: max(start, 0)])

    def _certificates(self) -> list[x509.Certificate]:
        return x509.load_pem_x509_certificates(self.chain.encode())

    @property
    def name(self) -> str:
        """Common name of the signing certificate, or its whole subject."""
        subject = self._certificates()[0].subject
        names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else subject.rfc4514_string()

    @property
    def serial(self) -> str:
        """Serial number of the signing certificate, in decimal."""
        return str(self._certificates()[0].serial_number)

    @property
    def der(self) -> list[bytes]:
        """The chain's certificates as bytes, the signing one first."""
        return [item.public_bytes(Encoding.DER) for item in self._certificates()]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the signing certificate, to compare with that of `verify`."""
        return hashlib.sha256(self.der[0]).hexdigest()

    @property
    def authority_pem(self) -> str:
        """Last certificate of the chain, with which others can verify your files."""
        return self._certificates()[-1].public_bytes(Encoding.PEM).decode()

    @property
    def algorithm(self) -> str:
        """C2PA name of the key's signature algorithm."""
        key = self._certificates()[0].public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            name = {256: "es256", 384: "es384", 521: "es512"}.get(key.curve.key_size)
            if name:
                return name
        if isinstance(key, rsa.RSAPublicKey):
            return "ps256"
        if isinstance(key, ed25519.Ed25519PublicKey):
            return "ed25519"
        raise ProvenanceError(
            f"The certificate {self.name!r} has a {type(key).__name__}. Expected EC "
            "(P-256, P-384, P-521), RSA or Ed25519. Ask for a certificate with one "
            "of these keys."
        )


def _unreadable(reason: str) -> ProvenanceError:
    return ProvenanceError(
        f"The certificate or its private key cannot be read: {reason}. Expected PEM "
        "text ('-----BEGIN ...'). Export both as PEM and pass password= if the key is "
        "encrypted."
    )


def _check_issuers(leaf: x509.Certificate, issuers: list[x509.Certificate]) -> None:
    """Checks that each certificate is signed by the next."""
    for lower, upper in itertools.pairwise([leaf, *issuers]):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise ProvenanceError(
                f"The certificate {lower.subject.rfc4514_string()!r} is not issued by "
                f"the next one of the chain, {upper.subject.rfc4514_string()!r}. "
                "Expected the signing certificate first and its issuers in order "
                "after it. Reorder the chain or remove other certificates."
            ) from error


def _public_bytes(key: object) -> bytes:
    form = PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(Encoding.DER, form)  # type: ignore[attr-defined]


def _put_once(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, unless it exists."""
    with atomic_path(path) as temporary:
        if path.exists():  # another process was first
            raise FileExistsError(path)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)


def _make() -> str:
    """Returns a new private key with its certificate and authority, as PEM text."""
    tag = secrets.token_hex(4)  # no user or host name, because it is published
    authority_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    issuer, subject = _name(f"authority {tag}"), _name(f"certificate {tag}")
    authority = _issue(issuer, authority_key, issuer, authority_key)
    leaf = _issue(subject, key, issuer, authority_key)
    # The authority's key is not stored, so nothing else can be signed with it.
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    parts = (secret, *(c.public_bytes(Encoding.PEM) for c in (leaf, authority)))
    return b"".join(parts).decode()


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "deepface_models"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Self-made {common}"),
        ]
    )


def _issue(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """Returns a certificate for `key`; an authority's if both names are equal."""
    authority = subject == issuer
    public, now = key.public_key(), datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    limits = x509.BasicConstraints(ca=authority, path_length=0 if authority else None)
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(
        issuer_key.public_key()
    )
    builder = (
        x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # other clocks may be behind
        .not_valid_after(now + VALID_FOR)
        .add_extension(limits, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(issuer_id, False)
    )
    if not authority:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        builder = builder.add_extension(purpose, False)
    return builder.sign(issuer_key, hashes.SHA256())

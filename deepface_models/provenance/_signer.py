"""The signing certificates in the Content Credentials of a file."""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Iterator
from typing import Any

import c2pa
import cbor2

_SIGNATURE = "c2pa.signature"
_COSE_SIGN1 = 18
_X5CHAIN = (33, "x5chain")  # RFC 9360 and the label that went before it


def signing_chain(reader: Any, manifest: str) -> list[bytes]:
    """Returns the certificates that a manifest is signed with, as DER, leaf first.

    c2pa's reports give a certificate's name and serial number only, and anyone can
    make a certificate with the same ones.

    Args:
        reader: The c2pa reader of the file.
        manifest: Label of the manifest.

    Returns:
        The certificates; empty if they cannot be read unambiguously.
    """
    content = io.BytesIO()
    try:
        reader.resource_to_stream(f"self#jumbf=/c2pa/{manifest}", content)
        return _certificates(_signature(content.getvalue(), manifest))
    except (c2pa.C2paError, ValueError, TypeError, RecursionError, struct.error):
        return []


def fingerprint(certificate: bytes) -> str:
    """Returns the SHA-256 of a certificate in DER."""
    return hashlib.sha256(certificate).hexdigest()


def _signature(store: bytes, manifest: str) -> bytes:
    """Returns the COSE signature of the only manifest that has the label."""
    (whole,) = _inside(store, "c2pa")
    (signed,) = _inside(whole, manifest)
    (box,) = _inside(signed, _SIGNATURE)
    (content,) = (body for kind, body in _boxes(box) if kind == b"cbor")
    return content


def _inside(content: bytes, label: str) -> list[bytes]:
    """Returns what the JUMBF superboxes with a label hold (ISO 19566-5)."""
    found = []
    for kind, body in _boxes(content):
        description = next(_boxes(body), (b"", b"")) if kind == b"jumb" else (b"", b"")
        name = description[1][17:].split(b"\0")[0]  # after type and toggles
        if description[0] == b"jumd" and name == label.encode():
            found.append(body)
    return found


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yields type and body of the boxes in a row."""
    at = 0
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        start = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, start)
            start += 8
        end = at + size if size else len(content)
        if not start <= end <= len(content):
            raise ValueError(f"a box ends at {end} of {len(content)} bytes")
        yield kind, content[start:end]
        at = end


def _certificates(signature: bytes) -> list[bytes]:
    value = cbor2.loads(signature)
    if isinstance(value, cbor2.CBORTag) and value.tag == _COSE_SIGN1:
        value = value.value
    protected, unprotected = cbor2.loads(value[0]), value[1]
    places = [h[k] for h in (protected, unprotected) for k in _X5CHAIN if k in h]
    (chain,) = places  # two would leave open which of them was checked
    chain = [chain] if isinstance(chain, bytes) else list(chain)
    if not all(isinstance(item, bytes) for item in chain):
        raise TypeError("a certificate that is no bytes")
    return chain

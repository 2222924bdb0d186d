"""Provenance of files: source, model, consent and signature.

`Record` is the statement, `sign` adds it to an image or a video as Content Credentials
(C2PA), and `verify` reads it from any file.
"""

from __future__ import annotations

from deepface_models.provenance.certificate import Certificate, config_folder
from deepface_models.provenance.record import Record
from deepface_models.provenance.sign import SIGNABLE_SUFFIXES, sign
from deepface_models.provenance.verify import Verification, verify

__all__ = [
    "SIGNABLE_SUFFIXES",
    "Certificate",
    "Record",
    "Verification",
    "config_folder",
    "sign",
    "verify",
]

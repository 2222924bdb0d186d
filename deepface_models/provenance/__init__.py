"""Who made a file, from what, with which model and with whose consent.

`Record` is the statement, `sign` fastens it to an image or a video as Content
Credentials (C2PA), `verify` reads it back from any file.
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

"""Who made a file, from what, with which model and with whose consent.

`Record` is the statement, `sign` fastens it to a picture or a video as Content
Credentials (C2PA), `verify` reads it back from any file.
"""

from __future__ import annotations

from .certificate import Certificate, config_folder
from .record import Record
from .sign import SIGNABLE_SUFFIXES, sign
from .verify import Verification, verify

__all__ = [
    "SIGNABLE_SUFFIXES",
    "Certificate",
    "Record",
    "Verification",
    "config_folder",
    "sign",
    "verify",
]

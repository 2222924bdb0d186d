"""`preset.json`: a preset's description, training, and the hashes of its files."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deepface_models.core.checked import check, decode
from deepface_models.core.errors import IntegrityError, ModelFileError
from deepface_models.core.files import check_bytes
from deepface_models.core.names import CONFIG, PRESET_NAME, weights_file

RECORD = "preset.json"
CARD = "README.md"
GOLDEN = "golden.npz"
FORMAT = 1

Record = dict[str, Any]

_REMEDY = (
    "Copy it again, or fetch it with deepface_models.presets.fetch(name, force=True)."
)


def check_name(name: Any) -> str:
    """Returns a preset's name after checking it.

    Raises:
        ValueError: It is not valid.
    """
    if not is_name(name):
        raise ValueError(
            f"The preset name {name!r} was given. Expected lower-case letters, digits, "
            "'_', '.' and '-', beginning with a letter or digit. Use a name such as "
            '"vae_mnist".'
        )
    return str(name)


def is_name(name: Any) -> bool:
    """Whether a value is a valid name of a preset, and not a path."""
    return isinstance(name, str) and re.fullmatch(PRESET_NAME, name) is not None


def sign(facts: Record) -> Record:
    """Returns the facts with format and digest; the digest covers all values."""
    record = {"format": FORMAT, **facts}
    return {**record, "digest": _digest(record)}


def to_bytes(record: Record) -> bytes:
    """Returns the bytes of a record's `preset.json`, which are unique."""
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def has_record(folder: str | Path) -> bool:
    """Whether a folder is a preset rather than only a saved model."""
    return (Path(folder) / RECORD).is_file()


def read_record(folder: str | Path) -> Record:
    """Returns the record of a preset's folder after checking it.

    Raises:
        FileNotFoundError: There is no `preset.json`.
        IntegrityError: It was changed.
        ModelFileError: It has another format.
    """
    path = Path(folder) / RECORD
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} has no {RECORD}. Expected the folder of a preset. Create one "
            "with deepface_models.presets.save_preset(model, folder, ...)."
        )
    return parse(path.read_bytes(), path)


def parse(content: bytes, where: str | Path) -> Record:
    """Returns the record in the bytes of a `preset.json`; see `read_record`."""
    try:
        record = decode(content)
    except ValueError:
        record = None
    # The bytes of a record are unique, so any change can be detected.
    if not isinstance(record, dict) or not _is_text_of(record, content):
        raise IntegrityError(
            f"{where} is damaged. Expected exactly the bytes that save_preset wrote. "
            "Copy or fetch the preset again."
        )
    return check_record(record, where)


def check_record(record: Any, where: str | Path) -> Record:
    """Returns a record after checking its digest, keys and file names.

    Raises:
        IntegrityError: The digest does not match the values.
        ModelFileError: It has another format, or other files than a preset.
    """
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        found = record.get("format") if isinstance(record, dict) else None
        raise ModelFileError(
            f"{where} has format {found!r}. Expected format {FORMAT} of a preset. "
            "Install a newer version of deepface_models."
        )
    if record.get("digest") != _digest(record):
        raise IntegrityError(
            f"{where} was changed: its digest does not match its values. Expected "
            f"{record.get('digest')}. Copy or fetch the preset again."
        )
    try:
        check(record, "preset")
        wrong = ", ".join(ascii(name) for name in _wrong_files(record))
    except ValueError as error:
        wrong = str(error)
    if wrong:
        raise ModelFileError(
            f"{where} is not a valid record of a preset ({wrong[:200]} cannot be "
            "used). Expected the output of save_preset. Copy the preset again from its "
            "source."
        )
    return record


def check_files(
    folder: str | Path, record: Record, names: Iterable[str] | None = None
) -> None:
    """Checks the size and SHA-256 of a preset's files.

    Args:
        folder: The preset's folder.
        record: The record.
        names: Names of the files to check; all by default.

    Raises:
        IntegrityError: A file is missing or has other bytes.
    """
    for name in record["files"] if names is None else names:
        origin = f"of the preset {record['name']!r}"
        check_bytes(Path(folder) / name, record["files"][name], origin, _REMEDY)


def _is_text_of(record: Record, content: bytes) -> bool:
    try:
        return to_bytes(record) == content
    except ValueError:  # an unpaired surrogate cannot be encoded
        return False


def _digest(record: Record) -> str:
    values = {key: value for key, value in record.items() if key != "digest"}
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _wrong_files(record: Record) -> list[str]:
    """Returns a record's superfluous and missing files.

    Names of parts have been validated, so they cannot be paths to other folders.
    """
    expected = {CONFIG, CARD, GOLDEN, *map(weights_file, record["parts"])}
    return sorted(expected.symmetric_difference(record["files"]))

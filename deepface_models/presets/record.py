"""`preset.json`: what a preset is, who made it how, and the bytes of its files."""

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
    """Returns a preset's name, or says what is wrong with it."""
    if not is_name(name):
        raise ValueError(
            f"The preset name {name!r} was given. Expected small letters, digits, "
            "'_', '.' and '-', beginning with a letter or digit. Use a name such as "
            '"vae_mnist".'
        )
    return str(name)


def is_name(name: Any) -> bool:
    """Whether it can be a preset's name, and is no path."""
    return isinstance(name, str) and re.fullmatch(PRESET_NAME, name) is not None


def sign(facts: Record) -> Record:
    """Returns the facts with format and digest, which every other value enters."""
    record = {"format": FORMAT, **facts}
    return {**record, "digest": _digest(record)}


def to_bytes(record: Record) -> bytes:
    """Returns the only bytes that a `preset.json` of this record may have."""
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def has_record(folder: str | Path) -> bool:
    """Whether a folder is a preset, and not only a saved model."""
    return (Path(folder) / RECORD).is_file()


def read_record(folder: str | Path) -> Record:
    """Returns a folder's `preset.json`, checked.

    Raises:
        FileNotFoundError: There is none.
        IntegrityError: A byte of it was changed.
        ModelFileError: It is not one of this format.
    """
    path = Path(folder) / RECORD
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} holds no {RECORD}. Expected the folder of a preset. Make one "
            "with deepface_models.presets.save_preset(model, folder, ...)."
        )
    return parse(path.read_bytes(), path)


def parse(content: bytes, where: str | Path) -> Record:
    """Returns the record that the bytes of a `preset.json` hold; see `read_record`."""
    try:
        record = decode(content)
    except ValueError:
        record = None
    # Only one text stands for a record, so that no byte of it is free to change.
    if not isinstance(record, dict) or not _is_text_of(record, content):
        raise IntegrityError(
            f"{where} is damaged. Expected the JSON that save_preset writes, to the "
            "byte. Copy or fetch the preset again."
        )
    return check_record(record, where)


def check_record(record: Any, where: str | Path) -> Record:
    """Returns a record whose digest, keys and file names are in order.

    Raises:
        IntegrityError: Its digest is not that of its values.
        ModelFileError: It is of another format, or names files that no preset has.
    """
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        found = record.get("format") if isinstance(record, dict) else None
        raise ModelFileError(
            f"{where} is a preset of format {found!r}. Expected format {FORMAT}. "
            "Install a newer deepface_models."
        )
    if record.get("digest") != _digest(record):
        raise IntegrityError(
            f"{where} was changed: its digest is not that of its values. Expected "
            f"{record.get('digest')}. Copy or fetch the preset again."
        )
    try:
        check(record, "preset")
        wrong = ", ".join(ascii(name) for name in _wrong_files(record))
    except ValueError as error:
        wrong = str(error)
    if wrong:
        raise ModelFileError(
            f"{where} is no record of a preset ({wrong[:200]} cannot be used). "
            "Expected what save_preset writes. Ask for it where the preset came from."
        )
    return record


def check_files(
    folder: str | Path, record: Record, names: Iterable[str] | None = None
) -> None:
    """Compares files with a record, sizes first; nothing of them is interpreted.

    Args:
        folder: Where they are.
        record: The record.
        names: Which of the record's files; all by default.

    Raises:
        IntegrityError: A file is missing or has other bytes.
    """
    for name in record["files"] if names is None else names:
        origin = f"of the preset {record['name']!r}"
        check_bytes(Path(folder) / name, record["files"][name], origin, _REMEDY)


def _is_text_of(record: Record, content: bytes) -> bool:
    try:
        return to_bytes(record) == content
    except ValueError:  # half a surrogate pair is no text
        return False


def _digest(record: Record) -> str:
    values = {key: value for key, value in record.items() if key != "digest"}
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _wrong_files(record: Record) -> list[str]:
    """Returns files of a record that no preset has, or that it lacks.

    The names of parts are checked before; none of them can lead elsewhere.
    """
    expected = {CONFIG, CARD, GOLDEN, *map(weights_file, record["parts"])}
    return sorted(expected.symmetric_difference(record["files"]))

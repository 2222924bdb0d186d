"""Publishing of presets on the Hugging Face hub."""

from __future__ import annotations

import tempfile
from pathlib import Path

from deepface_models.presets import hub
from deepface_models.presets.fetching import RECORD_LIMIT
from deepface_models.presets.record import (
    RECORD,
    Record,
    check_files,
    parse,
    read_record,
)
from deepface_models.presets.registry import check_stated


def upload(
    folder: str | Path, address: str, *, private: bool = False, message: str = ""
) -> str:
    """Publishes a preset on the Hugging Face hub, in one commit.

    Its files are checked first, and only they are uploaded. Files of a former version
    of the preset at this address are deleted in the same commit if the new one has no
    such files. Log in before with `hf auth login`, or set `HF_TOKEN`; `HF_ENDPOINT`
    selects another server that speaks the hub's protocol.

    Args:
        folder: The folder that `save_preset` wrote.
        address: "hf://owner/name[/folder][@branch]". The repository and the branch are
            created if they do not exist.
        private: Whether a new repository can be read by its owner alone.
        message: Message of the commit; by default it names the preset.

    Returns:
        The address of exactly this version, with its commit and digest, for `fetch`,
        `load` and `register`.

    Raises:
        ConnectionError: The hub refuses it or cannot be reached.
        FileNotFoundError: The folder is no preset.
        IntegrityError: A file of the preset was changed.
        MissingDependencyError: huggingface-hub is not installed.
        ValueError: The address has another form, or the record does not state what
            others need to assess the preset.

    Example:
        >>> upload("swap_ana_ben", "hf://ana/swap_ana_ben")  # doctest: +SKIP
        'hf://ana/swap_ana_ben@0b1c...#sha256=3f5a...'
    """
    record = read_record(folder)
    check_files(folder, record)
    check_stated(record)
    place = _place(address)
    files = {name: Path(folder) / name for name in [*record["files"], RECORD]}
    former = _former(place)
    superseded = sorted(set(former["files"]) - set(files)) if former else []
    text = message or f"Publish the preset {record['name']}"
    commit = hub.publish(place, files, superseded, text, private)
    return f"{address.partition('@')[0]}@{commit}#sha256={record['digest']}"


def _place(address: str) -> hub.Place:
    place = hub.parse_place(address)
    if place is None:
        raise ValueError(
            f"{address!r} was given as the address to publish at. Expected "
            '"hf://owner/name[/folder][@branch]". Use, for example, '
            '"hf://your-name/my_faces_64".'
        )
    return place


def _former(place: hub.Place) -> Record | None:
    """Returns the record of the preset that is there, if there is one."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / RECORD
        try:
            hub.download(place, RECORD, path, RECORD_LIMIT)
            return parse(path.read_bytes(), RECORD)
        except (OSError, ValueError):  # also what is not a preset
            return None

"""The model card of a preset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deepface_models.core.display import layout, message
from deepface_models.core.names import weights_file
from deepface_models.presets.hub_header import header
from deepface_models.presets.record import Record

_UNSTATED = "Not stated."
_WIDTH = 14  # of the column of names in a terminal


def write_card(
    path: Path, record: Record, started_from: str | None = None, base_model: str = ""
) -> None:
    """Writes a preset's README.md, with the header for the Hugging Face hub.

    Args:
        path: The file.
        record: The preset's record, as far as it is known.
        started_from: The preset that the training started from, or None.
        base_model: Its repository on the hub, "owner/name", or "".
    """
    lines = [*header(record, base_model), *_card(record, started_from)]
    path.write_bytes("\n".join(lines).encode())


def summary(record: Mapping[str, Any]) -> str:
    """Returns a preset's facts as lines for a terminal."""
    rows = ((key, value) for key, value in _facts(record) if value)
    return "\n".join(f"{key:<{_WIDTH}}{_shown(value)}" for key, value in rows)


def _card(record: Record, started_from: str | None) -> Iterator[str]:
    yield from (f"# {record['name']}", "", layout(record["description"]), "")
    yield from _usage(record)
    yield from ("| what | value |", "|---|---|")
    yield from (f"| {_cell(k)} | {_cell(v)} |" for k, v in _facts(record) if v)
    if started_from:
        yield f"| started from | {_cell(started_from)} |"
    titles = {"use": "Intended use", "not_for": "Not for", "limits": "Limits"}
    for key, title in {**titles, "data": "Training data"}.items():
        yield from ("", f"## {title}", "", layout(record[key]) or _UNSTATED)
    yield from ("", "## Measured", "")
    rows = list(_rows(record["results"]))
    yield from ("| measure | value |", "|---|---|") if rows else (_UNSTATED,)
    yield from (f"| {_cell(name)} | {_cell(value)} |" for name, value in rows)
    yield from ("", "## Files", "", "| file | bytes | SHA-256 |", "|---|---|---|")
    for part in record["parts"]:
        file = record["files"][weights_file(part)]
        yield f"| {weights_file(part)} | {file['size']} | {file['sha256']} |"
    yield ""


def _usage(record: Record) -> Iterator[str]:
    model = record["architecture"].rpartition(">")[2]
    people = ', identities=("ana", "ben")' if record["shared"] else ""
    family = "swap" if record["shared"] or record["identities"] else "autoencoders"
    yield from ("```python", f"from deepface_models.{family} import {model}", "")
    yield f'model = {model}.from_preset("{record["name"]}"{people})'
    yield from ("```", "")


def _facts(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    size = record["config"].get("image_size") or record["config"].get("image_shape")
    yield "name", record["name"]
    yield "description", record["description"]
    yield "architecture", record["architecture"].rpartition(">")[2]
    yield "size", "x".join(map(str, size)) if isinstance(size, list) else size
    yield "people", ", ".join(record["identities"] or ())
    yield "holds", f"{', '.join(record['parts'])}{_only(record)}"
    yield "parameters", f"{record['parameters']:,}"
    yield "bytes", f"{record['bytes']:,}, {record['dtype']}"
    yield "rounding", f"{record['rounding']:.2g}" if record["rounding"] else ""
    yield "license", record["license"]
    yield "data", record["data"]
    yield "seed", "" if record["seed"] is None else str(record["seed"])
    yield "commit", record["commit"]
    yield "command", record["command"]
    yield "made with", f"deepface_models {record['version']}, Keras {record['keras']}"
    if "digest" in record:  # not in the card, which has sections for these
        yield from (("use", record["use"]), ("not for", record["not_for"]))
        yield "limits", record["limits"]
        yield "results", [f"{k}: {v}" for k, v in _rows(record["results"])]
        yield "digest", record["digest"]
        yield "sources", ", ".join(record.get("sources", ()))
        yield "folder", record.get("folder") or ""


def _only(record: Mapping[str, Any]) -> str:
    return " (shared parts; people start afresh)" if record["shared"] else ""


def _rows(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yields measures by name; names of groups come first, as in "women, SSIM"."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _rows(value, f"{before}{name}, ")
        else:
            yield f"{before}{name}", value


def _shown(value: Any) -> str:
    """Returns a value for a terminal, with each item of a list on its own line."""
    items = value if isinstance(value, list) else [value]
    return f"\n{'':<{_WIDTH}}".join(map(message, items))


def _cell(value: Any) -> str:
    return message(" ".join(str(value).split())).replace("|", "\\|")

"""What is to be done: the clips, the names of their results, and which are finished."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deepface_models.core.files import sha256_path
from deepface_models.fleet.addresses import (
    Source,
    base_name,
    is_remote,
    joined,
    names_in,
    stamps_in,
)
from deepface_models.fleet.rows import DONE, NO_FACE, Item, Row

_OWN = ("fleet.", ".fleet")  # beginnings of names that a fleet itself uses


def items_for(
    sources: Sequence[Source], output: str, name: Callable[[str], str]
) -> list[Item]:
    """Returns the clips with the addresses of their results.

    Args:
        sources: The clips.
        output: Address of the output folder.
        name: Gives the name of a result, by that of the clip. Results of one name get
            a part of the hash of their clips' addresses, so that the name of none
            depends on the order.
    """
    wanted = [name(base_name(source.address)) for source in sources]
    taken = Counter(map(str.casefold, wanted))
    return [
        Item(source.address, joined(output, _unique(one, source, taken)), source.stamp)
        for one, source in zip(wanted, sources, strict=True)
    ]


def unfinished(
    items: Sequence[Item], rows: Mapping[str, Row], output: str
) -> list[Item]:
    """Returns the clips that an earlier run has not finished with these settings.

    Args:
        items: The clips.
        rows: Rows of earlier runs that had the same settings, by source.
        output: The output folder, in which finished results must still be.
    """
    there = names_in(output)

    def is_finished(item: Item) -> bool:
        row = rows.get(item.source)
        if row is None or row["stamp"] != item.stamp or not item.stamp:
            return False
        if row["status"] == NO_FACE:
            return True
        kept = row["status"] == DONE and row["output"] == item.output
        return kept and base_name(item.output) in there

    return [item for item in items if not is_finished(item)]


def digest_of(kind: str, spec: Mapping[str, Any], files: Sequence[str]) -> str:
    """Returns a digest of everything that the results depend on, besides the clips.

    Args:
        kind: The kind of work.
        spec: Its settings, as JSON values.
        files: Addresses of models, face sets and images among them; their content
            counts.
    """
    content = {one: _content(one) for one in files}
    text = json.dumps([kind, spec, content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _content(address: str) -> str:
    """Returns the SHA-256 of a plain path, else of names and versions of files."""
    if not is_remote(address):
        return sha256_path(Path(address)) if os.path.exists(address) else ""
    return hashlib.sha256(json.dumps(stamps_in(address)).encode()).hexdigest()


def _unique(name: str, source: Source, taken: Mapping[str, int]) -> str:
    if taken[name.casefold()] == 1 and not name.startswith(_OWN):
        return name
    digest = hashlib.sha256(source.address.encode("utf-8", "surrogateescape"))
    path = Path(name)
    return f"{path.stem}-{digest.hexdigest()[:8]}{path.suffix}"

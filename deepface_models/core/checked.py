"""Parsing and validation of JSON files, which may come from untrusted sources.

Every error is a `ValueError` with a short reason; callers convert it to the error that
they document, or use `read_versioned`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deepface_models.core.display import one_line
from deepface_models.core.errors import MediaError
from deepface_models.core.files import regular

DEEPEST = 64  # levels of nesting; the package's files have less than ten
_LONGEST = 200


def decode(content: bytes | str, kind: str | None = None) -> Any:
    """Returns the value of a JSON text.

    Args:
        content: The text; bytes are UTF-8.
        kind: Name of the schema, a key of `schemas._KINDS`; None for any value.

    Raises:
        ValueError: It is not JSON or UTF-8, nested too deeply, or does not match the
            schema.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8")
        value = json.loads(text)
    except RecursionError:
        raise ValueError(f"nested more than {DEEPEST} times") from None
    _check_depth(value)
    return value if kind is None else check(value, kind)


def read(path: str | Path, kind: str | None = None) -> Any:
    """Returns the value of a JSON file; see `decode`.

    Raises:
        OSError: The file cannot be read.
        ValueError: As in `decode`.
    """
    return decode(regular(path).read_bytes(), kind)


def read_versioned(path: Path, kind: str, version: int, expected: str) -> Any:
    """Returns the value of a file of this package that states its version.

    Args:
        path: The JSON file.
        kind: As in `decode`.
        version: The latest version that is understood.
        expected: What the file should be and how to get it, for the error message.

    Raises:
        OSError: The file cannot be read.
        MediaError: It is damaged or from a later version.
    """
    try:
        value = read(path)
        found = value["version"]
        if not (isinstance(found, int) and found > version):
            return check(value, kind)
    except (KeyError, TypeError, ValueError) as error:
        raise MediaError(f"{path} is damaged ({error}). {expected}") from error
    raise MediaError(
        f"{path} has version {found}. Expected at most {version}. Update "
        "deepface_models."
    )


def check(value: Any, kind: str) -> Any:
    """Returns a value after validating it by a schema.

    Raises:
        ValueError: It does not match; the message has the place and the expectation.
    """
    return _validated(value, kind, value)


def convert(value: Any, kind: str) -> Any:
    """Returns a value with its texts converted, such as "1.0" to 1.0; see `check`."""
    return _validated(value, kind, None)


def _validated(value: Any, kind: str, instead: Any) -> Any:
    from pydantic import ValidationError

    from deepface_models.core.schemas import adapter

    try:
        found = adapter(kind).validate_python(value)
    except ValidationError as error:
        raise ValueError(_reason(error)) from None
    return found if instead is None else instead


def _reason(error: Any) -> str:
    """Returns the first validation error, safe to show."""
    first = error.errors(include_url=False, include_input=False, include_context=False)
    place = ".".join(str(part) for part in first[0]["loc"])
    return one_line(
        f"{place}: {first[0]['msg']}" if place else first[0]["msg"], _LONGEST
    )


def first_line(error: BaseException) -> str:
    """Returns the first line of an error's message, shortened and safe to show."""
    line = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    return one_line(line or type(error).__name__, _LONGEST)


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        inner = [v for v in level if isinstance(v, dict | list)]
        level = [v for o in inner for v in (o.values() if isinstance(o, dict) else o)]
        if not level:
            return
    raise ValueError(f"nested more than {DEEPEST} times")

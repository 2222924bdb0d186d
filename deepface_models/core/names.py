"""Names of people, parts and presets, and of the files that hold them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

CONFIG = "config.json"  # of a saved model and of a preset
# "encoder", "decoder.ana": never a path, a hidden file or a drive.
PART_NAME = r"[\w+][\w+-]*(\.[\w+][\w+-]*)*"
PRESET_NAME = r"[a-z0-9][a-z0-9_.-]*"
# File names can have 255 bytes, and the temporary name of "decoder.<name>.weights.h5"
# is longer.
LONGEST_NAME = 100


def weights_file(part: str) -> str:
    """Returns the file name of a part's weights, such as "encoder.weights.h5"."""
    return f"{part}.weights.h5"


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """Returns people's names as a tuple after checking them.

    Raises:
        ValueError: A name cannot be that of a file and of a model's output, is too
            long, or differs from another one in upper and lower case only, which many
            file systems do not distinguish.
    """
    found = tuple(names)
    known: dict[str, str] = {}
    for name in found:
        _check_name(name)
        former = known.setdefault(name.lower(), name)
        if former != name:
            raise ValueError(
                f"The names {former!r} and {name!r} were given. Expected names that "
                "differ in more than upper and lower case, which many file systems do "
                f"not distinguish. Rename one, such as {name[: LONGEST_NAME - 2]}_2."
            )
    return found


def _check_name(name: object) -> None:
    # ASCII, because TensorFlow accepts no other letters in names of outputs. It also
    # avoids letters that have several forms in Unicode.
    if not isinstance(name, str) or not name.isascii() or not _is_word(name):
        raise ValueError(
            f"The identity {ascii(name)[:60]} was given. Expected letters from a to z, "
            "digits, '-' and '_', beginning with a letter, because it becomes the name "
            f"of files and outputs. Use, for example, {_like(str(name))!r}."
        )
    if len(name) > LONGEST_NAME:
        raise ValueError(
            f"A name of {len(name)} letters, {name[:20]!r}..., was given. Expected at "
            f"most {LONGEST_NAME}, because it becomes part of a file's name. Use a "
            "shorter one, such as 'ana'."
        )


def _like(name: str) -> str:
    """Returns a similar name that is valid."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    near = "".join(c if c.isalnum() or c in "-_" else "_" for c in letters)[:20]
    return near if _is_word(near) else "ana_2"


def _is_word(name: str) -> bool:
    return name[:1].isalpha() and name.replace("-", "_").isidentifier()

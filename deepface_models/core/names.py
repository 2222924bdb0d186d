"""Names of people, parts and presets, and of the files that hold them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

CONFIG = "config.json"  # of a saved model and of a preset
# "encoder", "decoder.ana": never a path, a hidden file or a drive.
PART_NAME = r"[\w+][\w+-]*(\.[\w+][\w+-]*)*"
PRESET_NAME = r"[a-z0-9][a-z0-9_.-]*"
# A file's name may have 255 bytes, and "decoder.<name>.weights.h5" is written under a
# longer, temporary one.
LONGEST_NAME = 100


def weights_file(part: str) -> str:
    """Returns the file name of a part's weights, such as "encoder.weights.h5"."""
    return f"{part}.weights.h5"


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """Returns people's names as a tuple, or says what is wrong with them.

    Raises:
        ValueError: A name cannot be that of a file and of a model's output, is too
            long, or differs from another one by capital letters alone, which many
            disks do not tell apart.
    """
    found = tuple(names)
    known: dict[str, str] = {}
    for name in found:
        _check_name(name)
        former = known.setdefault(name.lower(), name)
        if former != name:
            raise ValueError(
                f"The names {former!r} and {name!r} were given. Expected names that "
                "differ by more than capital letters, as many disks would give both "
                f"the same file. Rename one, such as {name[: LONGEST_NAME - 2]}_2."
            )
    return found


def _check_name(name: object) -> None:
    # ASCII, as TensorFlow takes no other letters in the name of an output. That also
    # leaves a name one form only, where Unicode has several of one letter.
    if not isinstance(name, str) or not name.isascii() or not _is_word(name):
        raise ValueError(
            f"The identity {ascii(name)[:60]} cannot be the name of a file and of a "
            "model's output. Use letters from a to z, digits, '-' and '_', beginning "
            f"with a letter, such as {_like(str(name))!r}."
        )
    if len(name) > LONGEST_NAME:
        raise ValueError(
            f"A name of {len(name)} letters was given, {name[:20]!r} and more. "
            f"Expected at most {LONGEST_NAME}, as it becomes part of a file's "
            "name. Use a shorter one, such as 'ana'."
        )


def _like(name: str) -> str:
    """Returns a name that can be used, as near as may be."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    near = "".join(c if c.isalnum() or c in "-_" else "_" for c in letters)[:20]
    return near if _is_word(near) else "ana_2"


def _is_word(name: str) -> bool:
    return name[:1].isalpha() and name.replace("-", "_").isidentifier()

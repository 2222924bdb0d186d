"""`replay`: converts again with the settings that an earlier conversion saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from deepface_models.conversion._outputs import model_sha256
from deepface_models.conversion.converter import aligner_of
from deepface_models.conversion.job import convert
from deepface_models.conversion.report import ConversionReport
from deepface_models.conversion.settings import load_model, read_settings
from deepface_models.core.errors import ProvenanceError

# Another one of these may be another person's face, to which nobody has agreed yet.
_CONSENTED = ("source", "identity", "person", "people", "source_identity")


def replay(settings: str | Path, model: Any = None, **changes: Any) -> ConversionReport:
    """Converts again with the settings that `convert` saved beside its output.

    Args:
        settings: The file, such as "out.settings.json".
        model: The model; by default it is loaded from where it was loaded before, and
            must have the same weights.
        **changes: Arguments of `convert` that differ, such as output="other.mp4" or
            blend="poisson", and `landmarks`. Whoever changes the source, the model or
            the people states the consent again.

    Returns:
        The report of the conversion.

    Raises:
        FileNotFoundError: There is no such file, source or model.
        MediaError: It is not a file of settings.
        ModelFileError: The model is not known any more, or has other weights.
        ProvenanceError: The consent is missing.
        ValueError: An argument that could not be saved is missing.

    Example:
        >>> changes = {"output": "again.mp4", "blend": "poisson"}
        >>> report = replay("ben.settings.json", model=model, **changes, progress=False)
    """
    path = Path(settings)
    saved = read_settings(path)
    arguments = saved["arguments"]
    _check_unsaved(path, saved["unsaved"], changes)
    if model is None:
        model, same = load_model(saved, path), True
    else:
        same = model_sha256(model) == saved["model"]["sha256"]
    _check_consent(path, arguments, changes, same)
    merged = {**arguments, **changes}
    landmarks = merged.pop("landmarks", 68)
    if "aligner" not in merged:
        merged["aligner"] = aligner_of(model, landmarks)
    return convert(model=model, **merged)


def _check_unsaved(
    path: Path, unsaved: Collection[str], changes: Mapping[str, Any]
) -> None:
    missing = [name for name in unsaved if name not in changes]
    if missing:
        raise ValueError(
            f"{path} lacks {', '.join(missing)}, which JSON cannot hold. Expected it "
            f"as an argument. Pass {missing[0]}=."
        )


def _check_consent(
    path: Path, arguments: Mapping[str, Any], changes: Mapping[str, Any], same: bool
) -> None:
    other = [
        name
        for name in _CONSENTED
        if name in changes and not _same(changes[name], arguments.get(name))
    ]
    other += [] if same else ["model"]
    if other and "consent" not in changes:
        raise ProvenanceError(
            f"Another {other[0]} than that of {path} was given. Expected a consent "
            "statement for it, as the saved one is about other faces. Pass consent=."
        )


def _same(one: Any, other: Any) -> bool:
    """Whether two arguments are surely the same; paths to one file are."""
    if isinstance(one, str | Path) and isinstance(other, str | Path):
        return str(one) == str(other) or Path(one).resolve() == Path(other).resolve()
    plain = one is None or isinstance(one, str | dict)
    return plain and bool(one == other)

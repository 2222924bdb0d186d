"""Pydantic schemas of the package's files; imported on first use."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from deepface_models.core.names import PART_NAME, PRESET_NAME

_strict = with_config(ConfigDict(strict=True, extra="allow"))
_pairs = with_config(ConfigDict(extra="allow"))  # JSON has no tuples
_lax = with_config(ConfigDict(strict=False, extra="ignore", allow_inf_nan=False))

Text = Annotated[str, Field(max_length=10_000)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PartName = Annotated[str, Field(pattern=f"^{PART_NAME}$", max_length=200)]
PresetName = Annotated[str, Field(pattern=f"^{PRESET_NAME}$", max_length=200)]


@_strict
class FileRecord(TypedDict):
    """Size and SHA-256 of a file."""

    size: Annotated[int, Field(gt=0, le=2**53)]
    sha256: Sha256


@_strict
class PartRecord(FileRecord):
    """Weights file of a part."""

    structure: Sha256


@_strict
class ModelConfig(TypedDict):
    """`config.json` of a saved model; `parts.registered` checks its key "class"."""

    format: int
    config: dict[str, Any]
    parts: Annotated[dict[PartName, PartRecord], Field(min_length=1)]
    identities: NotRequired[Annotated[list[str], Field(max_length=1000)] | None]
    version: NotRequired[Text | None]
    metadata: NotRequired[dict[str, Any] | None]


@_strict
class PresetRecord(TypedDict):
    """`preset.json`; format and digest are checked before."""

    name: PresetName
    architecture: Text
    config: dict[str, Any]
    identities: Annotated[list[str], Field(max_length=1000)] | None
    shared: bool
    parts: Annotated[list[PartName], Field(min_length=1)]
    parameters: Count
    dtype: Literal["float32", "float16"]
    rounding: float
    bytes: Count
    files: dict[str, FileRecord]
    description: str
    license: str
    data: str
    use: str
    limits: str
    not_for: str
    seed: int | None
    commit: str
    command: str
    results: dict[str, Any]
    version: Text
    keras: Text


@_strict
class RegistryEntry(TypedDict):
    """A preset in the registry."""

    sources: list[Text]
    record: dict[str, Any]


@_strict
class Registry(TypedDict):
    """`presets.json`."""

    format: Literal[1]
    presets: dict[PresetName, RegistryEntry]


@_strict
class SourceProgress(TypedDict):
    """Progress of the extraction from one image or video."""

    sha256: Sha256
    status: Literal["partial", "done", "unreadable"]
    next_frame: Count


@_strict
class FaceSetInfo(TypedDict):
    """`faceset.json`; its version is checked before."""

    version: Count
    image_size: Annotated[int, Field(ge=1, le=2**14)]
    face_type: Annotated[str, Field(max_length=100)]
    landmarks: Literal[5, 68, "mesh"]
    options: NotRequired[dict[str, Any]]
    sources: dict[str, SourceProgress]


@_strict
class ExportInfo(TypedDict):
    """The metadata inside an exported network."""

    format: Literal[1]
    kind: Literal["swap", "encoder", "decoder", "autoencoder", "landmarks"]
    name: Text
    image_size: Annotated[int, Field(ge=1, le=2**14)] | None
    output_size: Annotated[int, Field(ge=1, le=2**14)] | None
    face_type: Annotated[str, Field(max_length=100)] | None
    identity: Annotated[str, Field(min_length=1, max_length=1000)] | None
    source_identity: Text | None
    poses: dict[str, Any]
    started_from: Text | None
    weights_sha256: Sha256
    dtype: Literal["float32", "float16", "int8"]
    values: Text
    license: Text
    consent: Text
    notice: Text
    software: Text


@_strict
class FileName(TypedDict):
    """Name and SHA-256 of a source or a model."""

    name: Text
    sha256: Sha256


Number = Annotated[float, Field(ge=-1e9, le=1e9)]


@_lax
class MeasuredFace(TypedDict):
    """A face in a row of a table, whose values are text; "" means no value."""

    frame: Count
    time: Number
    left: Number
    top: Number
    right: Number
    bottom: Number
    score: Number
    detector: Annotated[str, Field(max_length=100)]
    blur: Number | Literal[""]
    yaw: Number | Literal[""]
    pitch: Number | Literal[""]
    roll: Number | Literal[""]
    m00: Number
    m01: Number
    m02: Number
    m10: Number
    m11: Number
    m12: Number
    landmarks: Annotated[str, Field(max_length=10_000)]
    embedding: Annotated[str, Field(max_length=10_000)]


@_lax
class FaceRow(MeasuredFace):
    """A row of the `table.csv` of a face set."""

    file: Annotated[str, Field(pattern=r"^faces/[0-9]{6,12}\.png$")]
    source: str


@_lax
class TrackedFaceRow(MeasuredFace):
    """A row of the `faces.csv` of a tracks folder."""

    track: Count


@_strict
class TracksInfo(TypedDict):
    """`tracks.json`; its version is checked before."""

    version: Count
    source: FileName
    settings: dict[str, Any]
    status: Literal["partial", "done"]
    frames: Count
    span: NotRequired[Annotated[list[Count | None], Field(min_length=2, max_length=2)]]
    cuts: list[Count]
    skipped: list[Count]
    merged: dict[str, Count]
    people: dict[str, Text]


Point = tuple[Number, Number]
Landmarks = (
    Annotated[list[Point], Field(min_length=5, max_length=5)]
    | Annotated[list[Point], Field(min_length=68, max_length=68)]
)


@_pairs
class Randoms(TypedDict):
    """The state of the global random generators."""

    python: tuple[int, list[Count], float | None]
    numpy: tuple[Text, list[Count], int, int, float]
    torch: NotRequired[list[Annotated[int, Field(ge=0, le=255)]]]


@_strict
class Checkpoint(TypedDict):
    """`checkpoint.json`; its format and digest are checked before."""

    epoch: Count
    data_epoch: Count | None
    also: dict[str, dict[str, Any]]
    random: Randoms
    fits: dict[str, Any]
    sha256: Sha256


@_strict
class Start(TypedDict):
    """`start.json` of a training from a preset."""

    started_from: Text


@_strict
class ProgressLogEntry(TypedDict):
    """A line of `conversion.jsonl`."""

    output: Text
    source_sha256: Sha256
    settings: Sha256


@_strict
class FleetRow(TypedDict):
    """A line of `fleet.jsonl`; further columns are numbers."""

    source: Text
    output: Text
    status: Literal["done", "no_face", "failed"]
    error: Text
    seconds: float
    frames: Count
    sha256: Sha256 | Literal[""]
    worker: Text
    stamp: Text
    settings: Sha256


@_strict
class ModelOrigin(TypedDict):
    """The model in a settings file."""

    name: Text
    sha256: Sha256
    loaded_from: NotRequired[Text | None]


@_strict
class Settings(TypedDict):
    """Settings of a conversion; their version is checked before."""

    model: ModelOrigin
    arguments: dict[Text, Any]
    unsaved: list[Text]


@_strict
class Statement(TypedDict):
    """The record that a synthetic file carries."""

    consent: str
    source: FileName
    model: FileName
    software: Text
    created: Text
    details: NotRequired[dict[str, Any]]


@_strict
class JobEnd(TypedDict):
    """How the last attempt of a job ended."""

    attempt: Count
    state: Literal["done", "failed", "cancelled"]
    message: Text
    time: float


@_strict
class Job(TypedDict):
    """A job's file; its folder tells its state."""

    format: int
    number: Annotated[int, Field(ge=1, le=2**53)]
    words: Annotated[list[Text], Field(min_length=1, max_length=100_000)]
    folder: Text
    added: float
    attempt: Count
    crashes: Count
    held: bool
    ended: JobEnd | Annotated[dict[str, Any], Field(max_length=0)]


@_strict
class JobProgress(TypedDict):
    """What a running job has told."""

    attempt: Count
    task: Text
    done: float
    total: float | None
    first: float
    begun: float
    now: float


@_strict
class KerasArchive(TypedDict):
    """`config.json` in a `.keras` file."""

    registered_name: Text
    config: dict[str, Any]


_KINDS: dict[str, Any] = {
    "checkpoint": Checkpoint,
    "export": ExportInfo,
    "progress_log": ProgressLogEntry,
    "face": FaceRow,
    "faceset": FaceSetInfo,
    "fleet_row": FleetRow,
    "job": Job,
    "job_progress": JobProgress,
    "keras": KerasArchive,
    "landmarks": Landmarks,
    "model": ModelConfig,
    "preset": PresetRecord,
    "registry": Registry,
    "settings": Settings,
    "start": Start,
    "statement": Statement,
    "tracked_face": TrackedFaceRow,
    "tracks": TracksInfo,
}
_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


def adapter(kind: str) -> TypeAdapter[Any]:
    """Returns the validator of a kind, created on first use."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(_KINDS[kind])
    return _ADAPTERS[kind]

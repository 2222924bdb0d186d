"""What is done with each clip: faces extracted, converted or evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from deepface_models.core.errors import MediaError
from deepface_models.core.progress import Progress
from deepface_models.fleet.transfers import fetched

Facts = dict[str, Any]
_FETCHED = ("hf://", "https://")


class Task(Protocol):
    """Works on one clip after the other; what all of them need is loaded once."""

    def run(self, source: Path, output: Path, address: str) -> Facts:
        """Works on a clip.

        Args:
            source: The clip, on this machine.
            output: What to write.
            address: Where the clip comes from.

        Returns:
            Further columns of its row, "frames" among them.
        """


class ExtractTask:
    """Extracts the faces of each clip into a face set of its own."""

    def __init__(self, spec: Mapping[str, Any], folder: Path) -> None:
        from deepface_models.faces import FaceAligner
        from deepface_models.faces._reference import reference_embedding

        self._aligner = FaceAligner(**spec["aligner"])
        self._options = dict(spec["options"])
        self._options["workers"] = spec["threads"]
        person = self._options.pop("person")
        place = person and fetched(person, folder / "person")
        self._person = reference_embedding(place, self._aligner)

    @staticmethod
    def result_name(name: str) -> str:
        """Returns the name of a clip's face set."""
        return name

    def run(self, source: Path, output: Path, address: str) -> Facts:
        """Extracts the faces of a clip."""
        counted = [0]
        faces = self._aligner.extract(
            source,
            output,
            person=self._person,
            progress=lambda done, total: counted.append(done),
            **self._options,
        )
        if faces.failed:
            raise MediaError(next(iter(faces.failed.values())))
        local = str(source.resolve())
        if local in faces.progress and local != address:
            faces.move({local: address})
        return {"frames": counted[-1], "faces": len(faces)}


class ConvertTask:
    """Swaps a face in each clip, by the job that converts the files of a folder."""

    def __init__(self, spec: Mapping[str, Any], folder: Path) -> None:
        from deepface_models.conversion import Converter
        from deepface_models.conversion._file import FileJob
        from deepface_models.conversion.converter import aligner_of
        from deepface_models.provenance import Certificate

        model = _model(spec, folder)
        options = {"aligner": aligner_of(model, spec["landmarks"]), **spec["options"]}
        given = spec["people"]
        people = given and {
            str(fetched(who, folder / f"people-{number}")): name
            for number, (who, name) in enumerate(given.items())
        }
        person = spec["person"] and _person(fetched(spec["person"], folder / "person"))
        signer = spec["certificate"]
        self._job = FileJob(
            Converter(model, spec["identity"], **options),
            spec["consent"],
            person,
            signer and Certificate(**signer),
            {**spec["writer"], "bits": None, "alpha": False},
            people,
            tracks=False,
        )

    @staticmethod
    def result_name(name: str) -> str:
        """Returns the name of a result: of the clip, or with .png or .mp4."""
        from deepface_models.conversion._outputs import result_name

        return result_name(name)

    def run(self, source: Path, output: Path, address: str) -> Facts:
        """Converts a clip."""
        from deepface_models.conversion._outputs import check_apart

        check_apart(source, output)
        report = self._job.file(source, output, Progress(False), must_swap=True)
        return {"frames": report.frames, "swapped": report.swapped}


class EvaluateTask:
    """Measures a swap on each clip."""

    def __init__(self, spec: Mapping[str, Any], folder: Path) -> None:
        from deepface_models.faces import FaceSet

        self._model = _model(spec, folder)
        self._options = dict(spec["options"])
        for name in ("target_faces", "source_faces"):
            place = fetched(spec[name], folder / name)
            faces = self._options[name] = FaceSet.open(place)
            _ = faces.mean_embedding  # raises if there is none

    @staticmethod
    def result_name(name: str) -> str:
        """Returns the name of the measures of a clip."""
        return f"{name}.json"

    def run(self, source: Path, output: Path, address: str) -> Facts:
        """Evaluates a clip."""
        from deepface_models.evaluation import evaluate

        found = evaluate(self._model, source, progress=False, **self._options)
        found = replace(found, frames=[(address, number) for _, number in found.frames])
        values = found.to_json(output)
        return {**values["measures"]["swap"], "frames": len(found.frames)}


TASKS: dict[str, Any] = {
    "extract": ExtractTask,
    "convert": ConvertTask,
    "evaluate": EvaluateTask,
}


def _model(spec: Mapping[str, Any], folder: Path) -> Any:
    """Returns the model, or loads it from its address."""
    from deepface_models.presets.loading import load

    source = spec["model"]
    if not isinstance(source, str) or is_preset(source):
        return load(source) if isinstance(source, str) else source
    return load(model_in(fetched(source, folder / "model")))


def model_in(place: Path) -> Path:
    """Returns the model's folder inside of a folder that `train` wrote."""
    inside = place / "model"
    return inside if inside.is_dir() and not (place / "config.json").exists() else place


def is_preset(model: str) -> bool:
    """Whether a model is one that `load` finds by itself, by name or address."""
    from deepface_models.presets import list_models

    return model.startswith(_FETCHED) or model in list_models()


def _person(place: Path) -> Any:
    """Returns the face set of a folder, opened once for all clips; else the path."""
    from deepface_models.faces import FaceSet

    return FaceSet.open(place) if place.is_dir() else place

"""A pretraining: its settings, its folder, and the facts for the model card."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from deepface_models import presets
from deepface_models.callbacks import (
    EpochTable,
    ResumableCheckpoint,
    StopOnNonFinite,
    TimeBudget,
)
from deepface_models.core.errors import ModelFileError
from deepface_models.core.files import write_json
from deepface_models.presets import registry
from deepface_models.presets.common_files import delete_borrowed
from deepface_models.presets.record import read_record
from deepface_models.pretraining.facts import LICENSES, LIMITS, NOT_FOR, USE
from deepface_models.pretraining.machine import commit, machine
from deepface_models.pretraining.recipes import Recipe, command

MANY_EPOCHS = 99_999  # never reached: the time budget ends the training first
TRAINING, MODEL = "training.json", "model"
_HOW = ("minutes", "steps", "batch_size", "dtype", "backend", "machine")


@dataclass(frozen=True)
class Job:
    """A preset to train, and how; see `pretrain` for the settings.

    Attributes:
        name: Name of the preset.
        recipe: Its recipe, with given settings in place of its own.
        settings: The settings that change the result.
        run: Folder of the training.
        data: DATA or a file of gathered faces; None downloads digits.
        weights: Folder that receives the preset; None for `run`.
        pack_only: Whether to skip the training.
        workers: Threads or processes that prepare batches; None for the default.
        distribute: Whether to distribute each batch over all devices.
        results: More measures for the model card.
    """

    name: str
    recipe: Recipe
    settings: Mapping[str, Any]
    run: Path
    data: Path | None
    weights: Path | None = None
    pack_only: bool = False
    workers: int | None = None
    distribute: bool = False
    results: Mapping[str, Any] | None = None

    @property
    def gathered(self) -> Path | None:
        """The file of gathered faces, if one was given."""
        return self.data if self.data and self.data.is_file() else None

    @property
    def folder(self) -> Path:
        """The folder DATA.

        Raises:
            ValueError: None or a file was given.
        """
        if self.data is None or self.gathered:
            raise ValueError(
                f"data={self.data} was given for {self.name}. Expected a folder with "
                "portraits/, synthetic_people/ or talkers/. Use --data FOLDER."
            )
        return self.data

    @property
    def recorded(self) -> dict[str, Any]:
        """The facts of the finished training; empty before it is finished."""
        path = self.run / TRAINING
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    @property
    def finished(self) -> bool:
        """Whether the training is finished."""
        facts = self.recorded
        return bool(facts) and (self.pack_only or facts["minutes"] >= self.minutes)

    @property
    def minutes(self) -> float:
        """Duration of the training."""
        return self.recipe.minutes

    def facts(self, data: str, devices: int = 1, code: str = "") -> dict[str, Any]:
        """Returns the facts of the training, at its beginning.

        Args:
            data: Description of the data.
            devices: Number of devices.
            code: Commit of the code that gathered the data; by default the current one.
        """
        return {
            "minutes": self.minutes,
            "batch_size": self.recipe.batch_size,
            "seed": self.settings["seed"],
            "dtype": self.settings["dtype"],
            "devices": devices,
            "backend": keras.backend.backend(),
            "machine": machine(),
            "date": time.strftime("%Y-%m-%d"),
            "commit": code or commit(),
            "command": command(self.name, self.settings),
            "data": data,
        }

    def fit(
        self,
        model: keras.Model,
        data: Any,
        *,
        every: int = 1,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> int:
        """Trains a model, or resumes; returns the number of steps.

        Args:
            model: A compiled model.
            data: A data set whose batches depend on its attribute `epoch`.
            every: Epochs between checkpoints.
            callbacks: Further callbacks.
        """
        budget = TimeBudget(self.minutes)
        folder = self.run / "checkpoints"
        checkpoint = ResumableCheckpoint(folder, data, every=every, also=[budget])
        # With pack_only the checkpoint is only restored.
        epochs = 1 if self.pack_only else self.settings["epochs"] or MANY_EPOCHS
        table = EpochTable(self.run / "history.csv")
        model.fit(
            data,
            epochs=epochs,
            verbose=2,
            shuffle=False,
            callbacks=[table, checkpoint, budget, StopOnNonFinite(), *callbacks],
        )
        keras.distribution.set_distribution(None)
        return int(model.optimizer.iterations)

    def record(self, facts: Mapping[str, Any]) -> None:
        """Writes the facts of the finished training."""
        write_json(self.run / TRAINING, dict(facts))

    def check_data(self, text: str) -> None:
        """Checks that the model was trained on the same data.

        Raises:
            ModelFileError: It was trained on other data.
        """
        known = self.recorded.get("data", text)
        if known != text:
            raise ModelFileError(
                f"{self.run} was trained on other data: {known} Expected these: {text} "
                "Use the folder of the training data, or another --output."
            )

    def pack(
        self, model: Any, data: str, results: Mapping[str, Any], **options: Any
    ) -> Path:
        """Saves the preset and returns its folder.

        Args:
            model: The trained model, in float32.
            data: Description of the training data.
            results: The measures.
            **options: Further arguments of `save_preset`.
        """
        facts, about = self.recorded, self.settings["about"]
        kind = self.recipe.data
        folder = presets.save_preset(
            model,
            self.weights / self.name if self.weights else self.run / "preset",
            name=self.name,
            description=self.recipe.description,
            license=self.settings["license"] or LICENSES[kind],
            data=f"{about} {data}" if about else data,
            use=USE[kind],
            limits=LIMITS[kind],
            not_for=NOT_FOR[kind],
            seed=facts["seed"],
            commit=facts["commit"],
            command=facts["command"],
            results={
                **results,
                **(self.results or {}),
                "training": {key: facts[key] for key in _HOW},
            },
            **options,
        )
        registry.check_stated(read_record(folder))
        if self.weights:
            delete_borrowed(folder)
        return folder

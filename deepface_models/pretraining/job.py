"""One pretraining: what was asked for, where it is kept, how it came about."""

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
from deepface_models.presets.record import read_record
from deepface_models.pretraining.facts import LICENSES, LIMITS, NOT_FOR, USE
from deepface_models.pretraining.machine import commit, machine
from deepface_models.pretraining.recipes import Recipe, command

MANY_EPOCHS = 99_999  # the minutes end the training
TRAINING, MODEL = "training.json", "model"
_HOW = ("minutes", "steps", "batch_size", "dtype", "backend", "machine")


@dataclass(frozen=True)
class Job:
    """What to make and how; see `pretrain` for the settings.

    Attributes:
        name: The preset's.
        recipe: How it is made, with the settings that were given in place of its own.
        settings: Those that change the result.
        run: Folder of the training.
        data: DATA or a file of gathered faces; None downloads digits.
        weights: Folder that the preset is packed into; None for `run`.
        pack_only: Whether to train no more.
        workers: That make batches; None for the recipe's own choice.
        distribute: Whether to share each batch between all devices.
        results: Measures for the card.
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
        """DATA.

        Raises:
            ValueError: None was given.
        """
        if self.data is None or self.gathered:
            raise ValueError(
                f"{self.name} was asked for with data={self.data}. Expected a folder "
                "with portraits/, synthetic_people/ or talkers/. Give --data FOLDER."
            )
        return self.data

    @property
    def told(self) -> dict[str, Any]:
        """What is known of the finished training; nothing before."""
        path = self.run / TRAINING
        return json.loads(path.read_text("utf-8")) if path.is_file() else {}

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train."""
        told = self.told
        return bool(told) and (self.pack_only or told["minutes"] >= self.minutes)

    @property
    def minutes(self) -> float:
        """Time to train."""
        return self.recipe.minutes

    def facts(self, data: str, devices: int = 1, code: str = "") -> dict[str, Any]:
        """Returns how the training comes about; asked at its beginning.

        Args:
            data: What it is trained on.
            devices: How many share each batch.
            code: Commit of the code that gathered the data; this code's by default.
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
        """Trains, or goes on where it was; returns how many steps it has taken.

        Args:
            model: Compiled.
            data: Its batches, whose draws depend on `epoch`.
            every: Epochs between checkpoints.
            callbacks: More of them.
        """
        budget = TimeBudget(self.minutes)
        folder = self.run / "checkpoints"
        checkpoint = ResumableCheckpoint(folder, data, every=every, also=[budget])
        # With pack_only the checkpoint is restored, and its epochs are done already.
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

    def note(self, facts: Mapping[str, Any]) -> None:
        """Says that the training is finished, and how."""
        write_json(self.run / TRAINING, dict(facts))

    def check_data(self, text: str) -> None:
        """Refuses to measure a model on other data than it was trained on.

        Raises:
            ModelFileError: The training's data were others.
        """
        known = self.told.get("data", text)
        if known != text:
            raise ModelFileError(
                f"{self.run} was trained on: {known} Expected the data given now: "
                f"{text} Give the folder that was gathered from, or another --output."
            )

    def pack(
        self, model: Any, data: str, results: Mapping[str, Any], **options: Any
    ) -> Path:
        """Writes the preset; one among those that ship is entered under its name.

        Args:
            model: The trained model, in float32.
            data: What it was trained on.
            results: What was measured.
            **options: Of `save_preset`.
        """
        told, about = self.told, self.settings["about"]
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
            seed=told["seed"],
            commit=told["commit"],
            command=told["command"],
            results={
                **results,
                **(self.results or {}),
                "training": {key: told[key] for key in _HOW},
            },
            **options,
        )
        registry.check_stated(read_record(folder))
        return folder

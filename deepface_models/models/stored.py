"""Models that take weights from presets, from files and from each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras

from deepface_models.core.guards import MAX_PARAMETERS
from deepface_models.core.model import PartModel
from deepface_models.models import transfer
from deepface_models.presets import loading


class StoredModel(PartModel):
    """Base of both families: weights come from presets, files and other models."""

    def take_parts(
        self,
        source: keras.Model | str | Path,
        parts: str | Sequence[str] | Mapping[str, str] | None = None,
    ) -> tuple[str, ...]:
        """Copies weights of another model's parts, of any class, into this one's.

        Args:
            source: A model, or what `save_parts` or `save("x.keras")` wrote.
            parts: Names of the parts, the same here and there; by default those
                that both have in the same structure and that are nobody's own. A
                dictionary takes parts of other names and of other people: this
                model's part to the source's, `{"decoder.zoe": "decoder.ana"}`.

        Returns:
            This model's parts that were taken.

        Raises:
            FileNotFoundError: Nothing is at `source`.
            ModelFileError: It is no model of this package.
            ValueError: A part is missing, differs in structure, or is another
                person's and was not given in a dictionary. Nothing was copied.
        """
        return transfer.take_parts(self, source, parts)

    @classmethod
    def from_preset(
        cls,
        source: str | Path,
        *,
        identities: Sequence[str] | None = None,
        load_weights: bool = True,
        max_parameters: int = MAX_PARAMETERS,
    ) -> Any:
        """Builds a model of this class from a preset; it is not compiled.

        Args:
            source: A name of `presets.list_models()`, a folder that `save_parts` or
                `presets.save_preset` wrote, "https://host/folder" or
                "hf://owner/repo[/folder][@revision]".
            identities: The people of a face swap: new ones where the preset holds
                only what people share, else the preset's own in any order.
            load_weights: False for the architecture alone, with fresh weights.
            max_parameters: The most parameters to allocate memory for; see
                `deepface_models.load`.

        Raises:
            FileNotFoundError: There is no such preset.
            ConnectionError: It cannot be fetched.
            IntegrityError: A file is missing, damaged or changed.
            ModelFileError: It holds no model of this class and version.
            ValueError: `identities` are not the preset's, or are missing.
        """
        return loading.load_as(
            cls,
            source,
            identities=identities,
            load_weights=load_weights,
            max_parameters=max_parameters,
        )

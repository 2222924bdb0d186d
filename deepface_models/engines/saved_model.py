"""Runs a SavedModel in TensorFlow, after looking at what it would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.errors import ModelFileError
from deepface_models.core.extras import need
from deepface_models.engines.metadata import KEY

METADATA = Path("assets.extra") / f"{KEY}.json"
SIGNATURE = "serving_default"
# Words in the names of operations that read, write or run something else. TensorFlow
# saves the variables of a model by "SaveV2" and restores them by "RestoreV2".
_FOREIGN = ("File", "PyFunc", "Library", "Record", "Sql", "Tcp", "Rpc", "Remote")


class SavedModelRuntime:
    """Runs the folder of a SavedModel in TensorFlow; see `Runtime`.

    Raises:
        ModelFileError: It has operations that have no place in a network.
    """

    def __init__(self, path: Path) -> None:
        tensorflow = need("tensorflow", "tensorflow", "export", f"{path.name}")
        _check_operations(path)
        # Kept, because TensorFlow forgets the functions with it.
        self._loaded = tensorflow.saved_model.load(str(path))
        self._run = self._loaded.signatures[SIGNATURE]
        specs = self._run.structured_input_signature[1]
        self.inputs = {name: tuple(spec.shape) for name, spec in specs.items()}
        place = path / METADATA
        self.metadata: str | None = None
        if place.is_file():
            self.metadata = place.read_text(encoding="utf-8")

    def run(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Returns the outputs by name."""
        import tensorflow

        given = {name: tensorflow.constant(one) for name, one in arrays.items()}
        return {name: np.array(one) for name, one in self._run(**given).items()}


def _check_operations(path: Path) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    content = saved_model_pb2.SavedModel()
    content.ParseFromString((path / "saved_model.pb").read_bytes())
    for name in _operations(content):
        if any(word in name for word in _FOREIGN) and name != "ShardedFilename":
            raise ModelFileError(
                f"{path} contains the operation {name}, which reads, writes or runs "
                "something else. Expected a network that deepface_models.export "
                "wrote. Do not load this one."
            )


def _operations(content: Any) -> Iterator[str]:
    for graph in content.meta_graphs:
        nodes = [graph.graph_def.node]
        nodes += [one.node_def for one in graph.graph_def.library.function]
        for each in nodes:
            yield from (node.op for node in each)

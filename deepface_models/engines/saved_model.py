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
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")
# TensorFlow adds them to each model, for its variables.
_OF_VARIABLES = ("MergeV2Checkpoints", "RestoreV2", "SaveV2")
# What reads files counts as stateless in TensorFlow.
_READING = ("File", "Immutable")


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
    """Refuses what a network does not need: state, files, and resources to create."""
    from tensorflow.core.protobuf import saved_model_pb2

    content = saved_model_pb2.SavedModel()
    content.ParseFromString((path / "saved_model.pb").read_bytes())
    for graph in content.meta_graphs:
        for name in _foreign(graph):
            raise ModelFileError(
                f"{path} contains {name}, which reads, writes or runs something else. "
                "Expected a network that deepface_models.export wrote. Do not load "
                "this one."
            )


def _foreign(graph: Any) -> Iterator[str]:
    """Yields what a graph should not contain."""
    library = {
        one.signature.name: one.node_def for one in graph.graph_def.library.function
    }
    saving = {
        name
        for name, nodes in library.items()
        if any(node.op in _OF_VARIABLES for node in nodes)
    }
    for nodes in [graph.graph_def.node, *library.values()]:
        yield from (f"the operation {n.op}" for n in nodes if not _is_plain(n.op))
    # Functions for variables may be called by TensorFlow only.
    outputs = graph.signature_def[SIGNATURE].outputs.values()
    asked = {one.name.partition(":")[0] for one in outputs}
    top = [node for node in graph.graph_def.node if node.name in asked]
    for nodes in [top, *library.values()]:
        called = {name for node in nodes for name in _called(node)}
        yield from (f"the operation {name}" for name in sorted(called & saving))
    for node in graph.object_graph_def.nodes:
        if node.WhichOneof("kind") in ("asset", "resource"):
            yield f"the {node.WhichOneof('kind')} of another program"


def _is_plain(operation: str) -> bool:
    """Whether an operation only computes, or is one that each model has."""
    from tensorflow.python.framework import op_def_registry

    if operation in (*_CALLS, *_OF_VARIABLES, "ShardedFilename"):
        return True
    found = op_def_registry.get(operation)
    known = found is not None and not found.is_stateful
    return known and not any(word in operation for word in _READING)


def _called(node: Any) -> Iterator[str]:
    """Yields the functions that a node calls."""
    for value in node.attr.values():
        yield from (one.name for one in (value.func, *value.list.func) if one.name)

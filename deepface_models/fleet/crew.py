"""Who works: the engine, and how many workers with how many cores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepface_models.core.choices import choose
from deepface_models.core.whole import whole_number
from deepface_models.fleet import local
from deepface_models.fleet.rows import Item, Rows

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Crew:
    """The engine and its workers; the arguments of `fleet.convert`.

    Raises:
        ValueError: A number is not positive, there is no such engine, or the local one
            was given an address or GPUs.
    """

    engine: str = "local"
    workers: int | None = None
    cpus: int | None = None
    gpus: float = 0
    address: str | None = None

    def __post_init__(self) -> None:
        choose("engine", self.engine, ENGINES)
        for name in ("workers", "cpus"):
            if getattr(self, name) is not None:
                whole_number(name, getattr(self, name))
        if self.gpus < 0:
            raise ValueError(
                f"gpus={self.gpus} was given. Expected 0 or more for each worker. "
                "Leave it out to use none."
            )
        if self.engine == "local" and (self.gpus or self.address is not None):
            raise ValueError(
                f"gpus={self.gpus} and address={self.address!r} were given for the "
                'local engine. Expected them for a cluster only. Pass engine="ray".'
            )

    @property
    def is_here(self) -> bool:
        """Whether the worker is this process."""
        alone = self.workers in (None, 1) and self.cpus is None
        return self.engine == "local" and alone

    @property
    def threads(self) -> int | None:
        """How many cores each worker keeps to; None for all of this process."""
        if self.is_here:
            return None
        if self.engine == "ray":
            return self.cpus or 1
        return self.cpus or max(1, local.cores() // (self.workers or 1))

    def rows(self, kind: str, spec: Mapping[str, Any], items: Sequence[Item]) -> Rows:
        """Yields the rows of clips as they end, or why no clip can be worked on."""
        cpus = self.threads
        if cpus is None:
            return local.here(kind, spec, items)
        if self.engine == "local":
            return local.in_processes(kind, spec, items, self.workers or 1, cpus)
        from deepface_models.fleet.on_ray import on_cluster

        return on_cluster(
            kind,
            spec,
            items,
            workers=self.workers,
            cpus=cpus,
            gpus=self.gpus,
            address=self.address,
        )

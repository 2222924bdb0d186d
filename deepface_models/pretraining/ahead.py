"""Batches that threads or processes prepare in advance."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from concurrent.futures import Executor, Future
from typing import Any


class Ahead:
    """Prepares batches in advance.

    Args:
        pool: Executor of the threads or processes.
        make: Function that returns the batch of a key.
    """

    def __init__(self, pool: Executor, make: Callable[[Any], Any]) -> None:
        self._pool, self._make = pool, make
        self._coming: dict[Any, Future[Any]] = {}

    def order(self, keys: Iterable[Hashable]) -> None:
        """Submits the batches of these keys in this order, and drops all others."""
        old, self._coming = self._coming, {}
        for key in keys:
            ready = old.pop(key) if key in old else self._pool.submit(self._make, key)
            self._coming[key] = ready
        for future in old.values():
            future.cancel()

    def result(self, key: Hashable, timeout: float | None = None) -> Any:
        """Returns the batch of a submitted key, within `timeout` seconds."""
        return self._coming[key].result(timeout)

    def close(self) -> None:
        """Stops the threads or processes and drops their batches."""
        self._pool.shutdown(cancel_futures=True)

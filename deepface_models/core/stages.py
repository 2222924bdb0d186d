"""Stages of a pipeline that work at the same time, each in a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")
_PATIENCE = 2.0  # seconds to wait for a thread whose item does not come


class _Queue(Generic[T]):
    """Items from one thread to another; their weight is bounded."""

    def __init__(self, limit: int, weigh: Callable[[T], int]) -> None:
        self._limit, self._weigh = limit, weigh
        self._items: deque[T] = deque()
        self._weight = 0
        self._changed = threading.Condition()
        self._ended = self.stopped = False
        self._error: BaseException | None = None

    def put(self, item: T) -> None:
        """Adds an item once there is room; an empty queue takes any item."""
        weight = self._weigh(item)
        with self._changed:
            while (
                self._items and self._weight + weight > self._limit and not self.stopped
            ):
                self._changed.wait()
            self._items.append(item)
            self._weight += weight
            self._changed.notify_all()

    def end(self, error: BaseException | None = None) -> None:
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self.stopped = True
            self._items.clear()
            self._changed.notify_all()

    def take(self) -> Iterator[T]:
        while True:
            with self._changed:
                while not self._items and not self._ended:
                    self._changed.wait()
                if not self._items:
                    break
                item = self._items.popleft()
                self._weight -= self._weigh(item)
                self._changed.notify_all()
            yield item
            del item
        if self._error is not None:
            raise self._error


def ahead(
    items: Iterable[T], limit: int, weigh: Callable[[T], int]
) -> Generator[T, None, None]:
    """Yields the items, which a thread of its own makes in advance.

    An error in that thread is raised here, after the items before it. Close the
    iterator to stop the thread.

    Args:
        items: Iterated, and closed, in the thread.
        limit: Largest sum of the weights of the items that wait.
        weigh: Returns the weight of an item, such as its bytes.
    """
    queue: _Queue[T] = _Queue(limit, weigh)
    thread = threading.Thread(target=_run, args=(items, queue), daemon=True)
    thread.start()
    try:
        yield from queue.take()
    finally:
        queue.stop()
        thread.join()


def _run(items: Iterable[Any], queue: _Queue[Any]) -> None:
    try:
        with ExitStack() as stack:
            if isinstance(items, Generator):
                stack.enter_context(closing(items))
            for item in items:
                queue.put(item)
                del item
                if queue.stopped:
                    break
    except BaseException as error:
        queue.end(error)
    else:
        queue.end()


class OneAhead(Generic[T]):
    """Yields the items; the next one is made while the last one is used.

    A thread makes it. Unlike `ahead`, it begins only when an item has been taken, so
    that no item waits long. Use it as a context manager.

    Args:
        items: Iterated in the thread.
    """

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._wanted, self._made = threading.Semaphore(1), threading.Semaphore(0)
        self._next: T | None = None
        self._error: BaseException | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopped = True
        self._wanted.release()
        self._thread.join(_PATIENCE)

    def __iter__(self) -> Iterator[T]:
        while True:
            self._made.acquire()
            item, self._next = self._next, None
            if self._error is not None:
                raise self._error
            if item is None:
                return
            self._wanted.release()
            yield item

    def _run(self) -> None:
        while True:
            self._wanted.acquire()
            try:
                self._next = None if self._stopped else next(self._items, None)
            except BaseException as error:
                self._error = error
            ended = self._next is None
            self._made.release()
            if ended:
                break
        if isinstance(self._items, Generator):
            self._items.close()

"""Stages that work at the same time, with bounded queues."""

from __future__ import annotations

import itertools
import threading
import time
import weakref

import numpy as np
import pytest

from deepface_models.core.stages import OneAhead, ahead


class Held:
    """Makes arrays and counts how many of them are alive."""

    def __init__(self):
        self.alive = self.most = 0
        self.lock = threading.Lock()

    def make(self, count):
        for number in range(count):
            item = np.full(1000, number, np.uint8)
            with self.lock:
                self.alive += 1
                self.most = max(self.most, self.alive)
            weakref.finalize(item, self.gone)
            yield item
            del item

    def gone(self):
        with self.lock:
            self.alive -= 1


def test_all_items_in_order_and_few_of_them_alive():
    held = Held()
    for number, item in enumerate(ahead(held.make(50), 3000, lambda a: a.nbytes)):
        assert item[0] == number
        if number == 10:
            time.sleep(0.1)
    assert number == 49 and held.most <= 3 + 3


def test_an_item_larger_than_the_limit_passes():
    assert list(ahead(iter([5, 7]), 1, lambda item: item)) == [5, 7]


def test_the_stage_is_ahead_of_its_reader():
    made = threading.Semaphore(0)

    def items():
        for number in range(3):
            made.release()
            yield number

    stream = ahead(items(), 10, lambda item: 1)
    assert next(stream) == 0
    assert all(made.acquire(timeout=10) for _ in range(3))
    assert list(stream) == [1, 2]


def test_errors_arrive_after_the_items_before_them():
    def items():
        yield 1
        raise ValueError("no more")

    stream = ahead(items(), 10, lambda item: 1)
    assert next(stream) == 1
    with pytest.raises(ValueError, match="no more"):
        next(stream)


def test_closing_stops_every_stage_and_closes_its_source():
    closed = []

    def items():
        try:
            number = 0
            while True:
                number += 1
                yield number
        finally:
            closed.append(threading.current_thread().name)

    before = threading.active_count()
    first = ahead(items(), 2, lambda item: 1)
    second = ahead((2 * item for item in first), 2, lambda item: 1)
    assert [next(second), next(second)] == [2, 4]
    second.close()
    first.close()
    assert len(closed) == 1 and closed[0] != threading.current_thread().name
    assert threading.active_count() == before


def test_one_ahead_makes_one_item_while_the_last_one_is_used():
    made = []
    ready = threading.Semaphore(0)

    def count():
        for number in range(5):
            made.append(number)
            ready.release()
            yield number

    with OneAhead(count()) as items:
        for place, number in enumerate(items):
            assert number == place
            while len(made) < min(place + 2, 5):
                assert ready.acquire(timeout=10)
            time.sleep(0.01)
            assert len(made) == min(place + 2, 5)


def test_one_ahead_raises_what_the_thread_raised():
    def broken():
        yield 1
        raise ValueError("broken")

    with OneAhead(broken()) as items, pytest.raises(ValueError, match="broken"):
        assert list(items) == [1]


def test_one_ahead_closes_the_items_when_it_is_left():
    closed = threading.Event()

    def endless():
        try:
            yield from itertools.count(1)
        finally:
            closed.set()

    with OneAhead(endless()) as items:
        assert next(iter(items)) == 1
    assert closed.wait(10)

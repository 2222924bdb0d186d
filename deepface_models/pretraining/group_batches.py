"""Batches of groups for the training, made ahead by other processes."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from deepface_models.pretraining.groups import GroupSampler
from deepface_models.pretraining.views import Views

Array = NDArray[Any]

_SAMPLER: list[GroupSampler] = []  # of this process; forked, so that images are shared


def _batch(seed: tuple[int, ...], groups: int) -> dict[str, Array]:
    return _SAMPLER[0].batch(seed, groups)


class Groups(keras.utils.PyDataset):
    """Batches for the training model of `pretraining.swift`.

    `x["image"]` and `x["face"]`, and `y["rendered"]` and `y["points"]`; see
    `GroupSampler.batch`. They depend on seed, epoch and number alone. Make it before
    Keras touches a device: its processes are forks of this one.

    Args:
        views: Whose faces.
        seed: Makes the batches repeatable.
        groups: In a batch.
        steps: Batches an epoch.
        reuse: Epochs that show the same batches, in other orders: where making them is
            slower than learning.
        workers: Processes that make them; None for one each core.
    """

    def __init__(
        self,
        views: Views,
        seed: int,
        groups: int = 6,
        steps: int = 50,
        reuse: int = 1,
        workers: int | None = None,
    ) -> None:
        super().__init__(workers=1, max_queue_size=4)
        self.seed, self.groups, self.steps, self.reuse = seed, groups, steps, reuse
        self.epoch = 0
        _SAMPLER[:] = [GroupSampler(views)]
        self._pool = ProcessPoolExecutor(
            workers or os.cpu_count(), multiprocessing.get_context("fork")
        )
        self._ahead: dict[tuple[int, int], Future[dict[str, Array]]] = {}
        self._order(0)

    def close(self) -> None:
        """Ends the processes; what they were making is lost."""
        self._pool.shutdown(cancel_futures=True)

    def __len__(self) -> int:
        return self.steps

    def on_epoch_end(self) -> None:
        """Goes on to the next epoch's order."""
        self.epoch += 1

    def __getitem__(self, index: int) -> tuple[dict[str, Array], dict[str, Array]]:
        shown = self.epoch // self.reuse
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.steps)
        self._order(shown)
        made = self._ahead[shown, int(order[index])].result()
        x = {"image": made["image"], "face": made["target"][..., :4]}
        return x, {"rendered": made["target"], "points": made["points"]}

    def _order(self, shown: int) -> None:
        """Has this and the next epoch's batches made; drops what is over."""
        if (shown + 1, self.steps - 1) in self._ahead:
            return
        for key in [key for key in self._ahead if key[0] < shown]:
            self._ahead.pop(key).cancel()
        for epoch in (shown, shown + 1):
            for number in range(self.steps):
                if (epoch, number) not in self._ahead:
                    seed = (self.seed, epoch, number)
                    self._ahead[epoch, number] = self._pool.submit(
                        _batch, seed, self.groups
                    )

"""Batches of groups of views, prepared in advance by other processes."""

from __future__ import annotations

import itertools
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import keras
import numpy as np

from deepface_models.core.arrays import Array
from deepface_models.core.threads import one_opencv_thread
from deepface_models.pretraining.ahead import Ahead
from deepface_models.pretraining.groups import GroupSampler
from deepface_models.pretraining.views import Views

_SAMPLER: list[GroupSampler] = []  # global, so that forked processes share the images


def _batch(groups: int, seed: tuple[int, ...]) -> dict[str, Array]:
    return _SAMPLER[0].batch(seed, groups)


class Groups(keras.utils.PyDataset):
    """Batches for the training model of `pretraining.swift`.

    A batch has `x["image"]`, `x["face"]`, `y["rendered"]` and `y["points"]`; see
    `GroupSampler.batch`. It depends only on seed, epoch and index. Create the data set
    before Keras uses a device, because its processes are forks of this one.

    Args:
        views: The faces.
        seed: Seed of the batches.
        groups: Groups per batch.
        steps: Batches per epoch.
        reuse: Epochs with the same batches in another order, if preparing batches is
            slower than training.
        workers: Processes that prepare batches; None for one per core.
        image_size: Side of the inputs in pixels; by default that of the faces.
    """

    def __init__(
        self,
        views: Views,
        seed: int,
        groups: int = 6,
        steps: int = 50,
        reuse: int = 1,
        workers: int | None = None,
        image_size: int | None = None,
    ) -> None:
        super().__init__(workers=1, max_queue_size=4)
        self.seed, self.steps, self.reuse, self.epoch = seed, steps, reuse, 0
        _SAMPLER[:] = [GroupSampler(views, image_size)]
        pool = ProcessPoolExecutor(
            workers or os.cpu_count(), multiprocessing.get_context("fork")
        )
        self._ahead = Ahead(pool, partial(_batch, groups))
        with one_opencv_thread():  # a fork would wait for them
            self._order(0)  # forks the processes

    def close(self) -> None:
        """Stops the processes and drops their batches."""
        self._ahead.close()

    def __len__(self) -> int:
        return self.steps

    def on_epoch_end(self) -> None:
        """Advances to the next epoch."""
        self.epoch += 1

    def __getitem__(self, index: int) -> tuple[dict[str, Array], dict[str, Array]]:
        shown = self.epoch // self.reuse
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.steps)
        self._order(shown)
        made = self._ahead.result((self.seed, shown, int(order[index])))
        x = {"image": made["image"], "face": made["target"][..., :4]}
        return x, {"rendered": made["target"], "points": made["points"]}

    def _order(self, shown: int) -> None:
        """Submits the batches of this and the next epoch; drops earlier ones."""
        both = itertools.product((shown, shown + 1), range(self.steps))
        self._ahead.order((self.seed, *one) for one in both)
